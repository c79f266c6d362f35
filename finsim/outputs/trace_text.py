"""The text of a trace: headings, tables and wrapped lines of at most 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from msgspec import Struct

from finsim.outputs.trace_case import Case, run_words
from finsim.outputs.words import signed
from finsim.simulation.plan import FloatArray

WIDTH = 100
CELL = 10
LEAST_LABEL = 20
TAG = 11
ROUNDED = "Figures are rounded; every sum is of the figures before rounding."


class Row(Struct, frozen=True):
    """A row of a table: a label, cells that align on the right, and a note after them."""

    label: str
    cells: tuple[str, ...] = ()
    note: str = ""


RULE = Row("─")


def heading(case: Case, title: str) -> list[str]:
    """What is traced, in which scenario, option, case and year."""
    scenario = case.resolution.resolved.scenario.title
    option = case.resolution.resolved.option
    return [
        *wrapped(title),
        *wrapped(scenario),
        *wrapped(f"{option} · {run_words(case)} · {case.year}"),
    ]


def table(title: str, columns: Sequence[str], rows: Iterable[Row]) -> list[str]:
    """A table with its heading; labels are shortened when they do not fit."""
    body = list(rows)
    notes = max((len(row.note) + 2 for row in body if row.note), default=0)
    count = max([len(columns), *(len(row.cells) for row in body)])
    room = max(LEAST_LABEL, WIDTH - count * CELL - notes)
    label = min(room, max([len(title) + 1, *(len(row.label) for row in body)]))
    head = _line(Row(title, tuple(_column(column) for column in columns)), label)
    rule = "─" * max(len(head), label + count * CELL)
    lines = [_line(row, label) if row is not RULE else rule for row in body]
    return [head, rule, *lines]


def _column(name: str) -> str:
    return f"{name} " if len(name) < CELL else name


def _line(row: Row, label: int) -> str:
    cells = "".join(f"{cell:>{CELL}}" for cell in row.cells)
    note = f"  {row.note}" if row.note else ""
    return f"{shortened(row.label, label):<{label}}{cells}{note}".rstrip()


def shortened(text: str, room: int) -> str:
    """Text that fits."""
    return text if len(text) <= room else text[: max(room - 1, 0)] + "…"


def wrapped(text: str, indent: str = "  ") -> list[str]:
    """Text in lines; the second and later are indented."""
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_on_hyphens=False, break_long_words=True
    )


def tagged(tag: str, text: str) -> list[str]:
    """A line that begins with a word in its own column."""
    return wrapped(f"{tag:<{TAG}}{text}", " " * TAG)


def factor(value: float) -> str:
    """An index, to four decimals."""
    return f"{value:.4f} "


def money(value: float) -> str:
    """£m for a table."""
    return signed(float(value))


def rate(value: float) -> str:
    """A rate as `2.35%`, a negative one with a minus sign."""
    return _minus(f"{100 * value + 0.0:.2f}%")


def rate_cell(value: float) -> str:
    """A rate for a table."""
    return f"{rate(value)} "


def share(value: float) -> str:
    """A share as `12.3%`."""
    return _minus(f"{100 * value + 0.0:.1f}%")


def share_cell(value: float) -> str:
    """A share for a table."""
    return f"{share(value)} "


def months(value: float) -> str:
    """A duration as `8.0 months`."""
    return f"{value:.1f} months"


def _minus(text: str) -> str:
    digits = text.strip("-%0.")
    return text.replace("-", "−") if digits else text.lstrip("-")


def year_row(case: Case, label: str, values: FloatArray, kind: str = "money") -> Row:
    """A row of a table over the years that are shown; values are [year]."""
    show = {"money": money, "index": factor, "rate": rate_cell, "share": share_cell}[kind]
    return Row(label, tuple(show(float(values[t])) for t in case.shown))


def listed(words: Sequence[str], most: int = 12) -> str:
    """Words with commas; a long list ends in how many more there are."""
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most} more"
