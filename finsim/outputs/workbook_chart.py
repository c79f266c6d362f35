"""What every chart of a workbook shares: where its numbers stand, its fonts, axes and looks.

Colours are those of the palette, and never tell anything alone: lines differ in dashes and markers,
bars in their pattern, and the title says in words what is to be seen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from finsim.outputs import palette
from finsim.outputs.workbook_sheet import Cell, Placed, Sheet, Shown
from finsim.outputs.workbook_style import FONT

WIDTH, HEIGHT = 780, 400
TEXT_SIZE, TITLE_SIZE = 11, 13
TITLE_LETTERS = 72
LONGEST_NAME = 40
_REFERENCE = re.compile(r"!(?=[$A-Z])")
GRID = {"visible": True, "line": {"color": palette.RULE, "width": 0.5}}
MONEY = "#,##0;(#,##0);0"
CHANCE = "0%"
DASHES = ("solid", "dash", "round_dot", "long_dash_dot")
MARKERS = ("circle", "square", "diamond", "triangle")


class Span(Struct, frozen=True):
    """Cells beside each other down one column of a table, and what they hold."""

    reference: str
    values: tuple[Cell, ...]

    @property
    def numbers(self) -> list[float]:
        """What the cells hold, as numbers."""
        return [float(value) for value in self.values if isinstance(value, (int, float))]


def span(placed: Placed, header: str, rows: Sequence[int]) -> Span:
    """A column of a table in rows that stand one under the other, counted from its first."""
    assert list(rows) == list(range(rows[0], rows[-1] + 1))
    column = placed.columns.index(header)
    name = _letters(column)
    first, last = (placed.first_row + 1 + row for row in (rows[0], rows[-1]))
    values = (placed.rows[row][column] for row in rows)
    return Span(
        f"='{placed.sheet}'!${name}${first}:${name}${last}",
        tuple(value.value if isinstance(value, Shown) else value for value in values),
    )


def _letters(column: int) -> str:
    first, second = divmod(column, 26)
    return (chr(64 + first) if first else "") + chr(65 + second)


def rows_where(placed: Placed, **wanted: Cell) -> list[int]:
    """The rows of a table that hold certain values; a header's spaces are underscores here."""
    columns = {placed.columns.index(name.replace("_", " ")): cell for name, cell in wanted.items()}
    return [
        number
        for number, row in enumerate(placed.rows)
        if all(row[column] == cell for column, cell in columns.items())
    ]


def points(categories: Span, values: Span) -> dict[str, Any]:
    """Where a series takes its categories and values, with what is stored for previews."""
    return {
        "categories": categories.reference,
        "categories_data": list(categories.values),
        "values": values.reference,
        "values_data": list(values.values),
    }


def whiskers(above: Span, below: Span) -> dict[str, Any]:
    """Bars from P10 to P90, given by what lies above and below a value."""
    return {
        "type": "custom",
        "plus_values": above.reference,
        "plus_data": list(above.values),
        "minus_values": below.reference,
        "minus_data": list(below.values),
        "line": {"color": palette.TEXT, "width": 1.5},
    }


# looks


def lines(number: int, *, marker: bool = True) -> dict[str, Any]:
    """The look of the n-th line: colour, dashes and marker all differ."""
    colour = palette.SERIES[number % 4]
    line = {"color": colour, "width": 2.25, "dash_type": DASHES[(number + number // 4) % 4]}
    shape = {
        "type": MARKERS[(number + number // 4) % 4],
        "size": 7,
        "fill": {"color": palette.PAPER},
        "border": {"color": colour, "width": 1.5},
    }
    return {"line": line, "marker": shape if marker else {"type": "none"}}


def solid(colour: str) -> dict[str, Any]:
    """A bar in one colour."""
    return {"fill": {"color": colour}, "border": {"color": palette.TEXT, "width": 0.75}}


def hatched(colour: str, pattern: str = "wide_upward_diagonal") -> dict[str, Any]:
    """A bar that greyscale tells from a solid one."""
    return {
        "pattern": {"pattern": pattern, "fg_color": colour, "bg_color": palette.PAPER},
        "border": {"color": colour, "width": 1.25},
    }


def unseen() -> dict[str, Any]:
    """What only holds others up."""
    return {"fill": {"none": True}, "border": {"none": True}}


def font(size: int = TEXT_SIZE, **more: Any) -> dict[str, Any]:
    """The font of a chart's words."""
    return {"name": FONT, "size": size, "color": palette.TEXT, "bold": False, **more}


# the frame


def new(sheet: Sheet, kind: str, subtype: str | None = None) -> Any:
    """An empty chart."""
    options = {"type": kind} if subtype is None else {"type": kind, "subtype": subtype}
    return sheet.formats.workbook.add_chart(options)


def framed(
    chart: Any,
    title: str,
    across: Mapping[str, Any],
    up: Mapping[str, Any],
    *,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    left_out: Iterable[int] = (),
    legend: bool = True,
) -> None:
    """Title, axes and legend; `left_out` are the series that the legend does not name."""
    chart.set_title({"name": wrapped(title, size[0]), "name_font": font(TITLE_SIZE, bold=True)})
    chart.set_x_axis(_axis(across))
    chart.set_y_axis(_axis(up))
    if legend:
        options = {"position": "bottom", "font": font(), "delete_series": list(left_out)}
        chart.set_legend(options)
    else:
        chart.set_legend({"none": True})
    chart.set_size({"width": size[0], "height": size[1]})
    chart.set_chartarea({"border": {"color": palette.RULE}, "fill": {"color": palette.PAPER}})
    chart.show_na_as_empty_cell()


def _axis(options: Mapping[str, Any]) -> dict[str, Any]:
    """An axis with its title; labels stand at the edge, so that no bar runs over them."""
    return {
        "name_font": font(),
        "num_font": font(),
        "label_position": "low",
        "line": {"color": palette.TEXT},
        **options,
    }


def wrapped(title: str, width: int) -> str:
    """A title in lines that fit a chart of a width."""
    import textwrap

    return "\n".join(textwrap.wrap(_as_words(title), max(20, TITLE_LETTERS * width // WIDTH)))


def short(name: str) -> str:
    """A name that a legend and a title have room for."""
    return _as_words(name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…")


def _as_words(text: str) -> str:
    """Text that XlsxWriter does not take for a reference, as it does whatever holds `x!A1`."""
    return _REFERENCE.sub("! ", text)


def labels_at_end(count: int, text: str) -> dict[str, Any]:
    """A label on the last of the points alone."""
    custom: list[dict[str, Any]] = [{"delete": True} for _ in range(count - 1)]
    return {
        "value": True,
        "position": "right",
        "custom": [*custom, {"value": text, "font": font()}],
        "font": font(),
    }


def far_enough(values: Sequence[float], span_of_axis: float, share: float = 0.06) -> list[bool]:
    """Which of the values, the first before the others, can be labelled without overlap."""
    kept: list[float] = []
    told = []
    for value in values:
        clear = all(abs(value - other) >= share * span_of_axis for other in kept)
        told.append(clear)
        kept += [value] if clear else []
    return told


def round_axis(low: float, high: float, steps: int = 6) -> tuple[float, float, float]:
    """The ends of an axis that holds all values and nought, and its step, in round numbers."""
    low, high = min(low, 0.0), max(high, 0.0)
    high = high if high > low else low + 1.0
    rough = (high - low) / steps
    unit: float = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * n for n in (1, 2, 2.5, 5, 10) if unit * n >= rough)
    return math.floor(low / step) * step, math.ceil(high / step) * step, step


def axis_about(values: Sequence[float]) -> tuple[float, float, float]:
    """The ends of an axis about values that may be far from nought, and its step."""
    low, high = min(values), max(values)
    _, _, step = round_axis(0.0, high - low)
    return math.floor(low / step) * step, math.ceil(high / step) * step, step
