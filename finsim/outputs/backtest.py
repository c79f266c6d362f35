"""A backtest in the terminal (at most 100 columns), as JSON and as tidy rows."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from finsim.analysis.backtest import Backtest, Test
from finsim.analysis.results import Results
from finsim.outputs.findings import master_check
from finsim.outputs.words import percent, signed

WIDTH = 100
LABEL = 36
CELL = 9
FEW = 10
TEST_FIELDS = (
    "id", "name", "kind", "year", "unit", "outturn", "expected", "mean", "sd", "p10", "p90",
    "place", "z", "inside", "counts", "is_forecast", "se_mean", "se_place", "source", "standing",
    "note",
)  # fmt: skip


def backtest_text(results: Results, found: Backtest) -> str:
    """The whole answer for the terminal."""
    draws = f"{results.sampling.draws:,} draws of {results.inputs} random numbers"
    head = [
        results.plan.resolved.scenario.title,
        f"{results.option} · {draws} · seed {results.sampling.design.seed}",
        "Were the ranges wide enough to hold what happened?",
    ]
    parts = [
        "\n".join(head),
        _money(found),
        _people(found),
        _verdict(found),
        _notes(found),
        master_check(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _money(found: Backtest) -> str:
    tests = [test for test in found.tests if test.kind != "population"]
    if not tests:
        return ""
    lines = [_line("Positions, £m", _columns())]
    lines += ["─" * (LABEL + 7 * CELL), *(_row(test, signed) for test in tests)]
    if any(test.is_forecast for test in tests):
        lines.append("f: a later forecast of the year; no final account was found")
    return "\n".join(lines)


def _people(found: Backtest) -> str:
    tests = [test for test in found.tests if test.kind == "population"]
    if not tests:
        return ""

    def thousands(value: float) -> str:
        return f"{value / 1000:,.1f} "

    lines = [_line("Population, thousands", _columns()), "─" * (LABEL + 7 * CELL)]
    return "\n".join([*lines, *(_row(test, thousands) for test in tests)])


def _columns() -> list[str]:
    return ["happened ", "mean ", "P10 ", "P90 ", "place ", "z ", "inside "]


def _row(test: Test, write: Any) -> str:
    mark = " f" if test.is_forecast else ""
    figures = (test.outturn_tested, test.mean, test.p10, test.p90)
    cells = [
        *(write(value) for value in figures),
        f"{place(test)} ",
        f"{test.z:+.1f} ".replace("-", "−"),
        "yes " if test.is_inside else "no ",
    ]
    return _line(test.name + mark, cells)


def place(test: Test) -> str:
    """The share of draws below the outturn; beyond every draw it says so."""
    if test.place == 0:
        return "below all"
    if test.place == 1:
        return "above all"
    return percent(test.place)


def _verdict(found: Backtest) -> str:
    text = (
        f"{found.inside} of {found.counted} that count lie from P10 to P90; ranges that are right "
        f"hold {0.8 * found.counted:.1f} of them on average. If they were, {found.inside} or fewer "
        f"would be inside {percent(found.as_few)} of the time."
    )
    lines = textwrap.wrap(text, WIDTH)
    judged = [test for test in found.tests if test.counts and not test.is_inside]
    if judged:
        names = "; ".join(f"{test.name} (z {test.z:+.1f})".replace("-", "−") for test in judged)
        lines += textwrap.wrap(f"Too narrow, or in the wrong place: {names}.", WIDTH)
    if found.counted < FEW:
        lines += textwrap.wrap(
            f"{found.counted} tests prove little: read each by itself; do not tune ranges to them.",
            WIDTH,
        )
    return "\n".join(lines)


def _notes(found: Backtest) -> str:
    notes = [
        "place: the share of draws below what happened; near 0% or 100% the range was too narrow "
        "or lay wrong. z: how many standard deviations it is from the mean.",
        "against plan: outturn less plan, against the draws less their mean; it counts instead of "
        "the position. Of a population's years the last counts.",
    ]
    if found.left_out:
        notes.append(f"Not in the years of this scenario: {', '.join(found.left_out)}.")
    return "\n".join(textwrap.fill(note, WIDTH, subsequent_indent="  ") for note in notes)


def _line(label: str, cells: Sequence[str]) -> str:
    kept = label if len(label) <= LABEL else label[: LABEL - 1] + "…"
    return (f"{kept:<{LABEL}}" + "".join(f"{cell:>{CELL}}" for cell in cells)).rstrip()


def rows_of(found: Backtest) -> list[dict[str, Any]]:
    """The tests as tidy rows with the fields of `TEST_FIELDS`."""
    return [
        {name: test.is_inside if name == "inside" else getattr(test, name) for name in TEST_FIELDS}
        for test in found.tests
    ]


def backtest_json(found: Backtest) -> dict[str, Any]:
    """What `--json` adds to the envelope under `backtest`."""
    return {
        "counted": found.counted,
        "inside": found.inside,
        "expected_inside": 0.8 * found.counted,
        "as_few": found.as_few,
        "left_out": list(found.left_out),
        "tests": rows_of(found),
    }
