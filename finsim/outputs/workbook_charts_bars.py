"""Charts of bars: estimates with their ranges, what was planned beside it, a bridge, a tornado."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from finsim.outputs import palette
from finsim.outputs.words import pounds
from finsim.outputs.workbook_chart import (
    GRID,
    HEIGHT,
    MONEY,
    WIDTH,
    Span,
    axis_about,
    font,
    framed,
    hatched,
    new,
    points,
    solid,
    span,
    unseen,
    whiskers,
)
from finsim.outputs.workbook_sheet import Cell, Column, Placed, Sheet

FROM_TOP = {"reverse": True, "crossing": "max"}
AT_FOOT = {"label_position": "next_to"}
"""Of horizontal bars: the first on top, and the axis of values at the foot all the same."""
BAR_PIXELS = 26
FRAME_PIXELS = 150
TALLEST = 900
WIDE = 1100


def height_of(bars: int, series: int = 1) -> int:
    """How high a chart of horizontal bars is, so that each can be read."""
    return min(TALLEST, max(300, FRAME_PIXELS + bars * (BAR_PIXELS + 12 * (series - 1))))


def ranged_bars(
    sheet: Sheet,
    row: int,
    title: str,
    unit: str,
    names: Span,
    estimate: tuple[str, Span],
    spread: tuple[Span, Span],
    beside: tuple[str, Span] | None = None,
    left: int = 0,
    size: tuple[int, int] | None = None,
) -> None:
    """A bar for each estimate with a line from P10 to P90, and a hatched one for what is beside it.

    `spread` is how far P90 lies above the estimate and P10 below it.
    """
    chart = new(sheet, "bar")
    shown, values = estimate
    if beside is not None:
        chart.add_series(
            {"name": beside[0], **points(names, beside[1]), **hatched(palette.ORANGE), "gap": 40}
        )
    chart.add_series(
        {
            "name": f"{shown}, with P10 to P90",
            **points(names, values),
            **solid(palette.TEAL),
            "y_error_bars": whiskers(*spread),
            "gap": 60 if beside is None else 40,
        }
    )
    framed(
        chart,
        title,
        {"name": unit, "num_format": MONEY, "major_gridlines": GRID, **AT_FOOT},
        FROM_TOP,
        size=size or (WIDE, height_of(len(names.values), 1 if beside is None else 2)),
    )
    said = "; ".join(
        f"{name} {pounds(value)}" for name, value in zip(names.values, values.numbers, strict=True)
    )
    sheet.chart(
        chart, row, f"Horizontal bars with ranges, £m. {title}. {shown}: {said}."[:2000], left
    )


def ranged_points(
    sheet: Sheet,
    row: int,
    title: str,
    unit: str,
    names: Span,
    estimate: tuple[str, Span],
    spread: tuple[Span, Span],
    beside: tuple[str, Span] | None = None,
) -> None:
    """A point for each estimate with a line from P10 to P90, and a dash for what is beside it.

    The axis need not begin at nought, so that estimates far from it can be told apart.
    """
    shown, values = estimate
    above, below = spread
    chart = new(sheet, "line")
    chart.add_series(
        {
            "name": f"{shown}, with P10 to P90",
            **points(names, values),
            "line": {"none": True},
            "marker": {
                "type": "circle",
                "size": 9,
                "fill": {"color": palette.TEAL},
                "border": {"color": palette.TEXT},
            },
            "y_error_bars": whiskers(above, below),
            "data_labels": {
                "value": True,
                "position": "right",
                "font": font(),
                "custom": [{"value": pounds(v, 0), "font": font()} for v in values.numbers],
            },
        }
    )
    ends = [v + a for v, a in zip(values.numbers, above.numbers, strict=True)]
    ends += [v - b for v, b in zip(values.numbers, below.numbers, strict=True)]
    if beside is not None:
        name, totals = beside
        dash = {"type": "long_dash", "size": 20, "fill": {"color": palette.ORANGE}}
        border = {"border": {"color": palette.ORANGE, "width": 2.5}}
        look = {"line": {"none": True}, "marker": {**dash, **border}}
        chart.add_series({"name": name, **points(names, totals), **look})
        ends += totals.numbers
    low, high, step = axis_about(ends)
    framed(
        chart,
        title,
        {"interval_unit": 1},
        {
            "name": unit,
            "num_format": MONEY,
            "major_gridlines": GRID,
            "min": low,
            "max": high,
            "major_unit": step,
            "crossing": low,
        },
        size=(max(WIDTH, 120 + 120 * len(names.values)), HEIGHT),
    )
    said = "; ".join(
        f"{name} {pounds(value)}" for name, value in zip(names.values, values.numbers, strict=True)
    )
    sheet.chart(chart, row, f"Points with ranges, £m. {title}. {shown}: {said}."[:2000])


# bridge


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a bridge, £m: what it adds on average, and its range; the last is the result."""

    name: str
    mean: float
    p10: float | None = None
    p90: float | None = None


BRIDGE_COLUMNS = (
    Column("Step", "wrapped", 40),
    Column("Mean", "money", 12),
    Column("P10", "money", 12),
    Column("P90", "money", 12),
    Column("After it", "money", 12),
    *(
        Column(f"Drawn: {part}", "money", 12)
        for part in (
            "top", "nothing", "level above nil", "level below nil",
            "rise above nil", "rise below nil", "fall above nil", "fall below nil",
        )
    ),
)  # fmt: skip


def bridge_rows(steps: Sequence[Step]) -> Iterator[list[Cell]]:
    """The table under a bridge: each step, where it leads, and the parts that are drawn of it.

    The first step and the last are levels and stand on nought. A step between runs from one level
    to the next; where those lie on both sides of nought, a part of it stands above and a part hangs
    below.
    """
    level = 0.0
    for number, step in enumerate(steps):
        is_level = number in {0, len(steps) - 1}
        start, end = (0.0, step.mean) if is_level else (level, level + step.mean)
        low, high = min(start, end), max(start, end)
        nothing = low if low > 0 else min(high, 0.0)
        above = max(high, 0.0) - max(low, 0.0)
        below = min(low, 0.0) - min(high, 0.0)
        kind = 0 if is_level else 1 if step.mean >= 0 else 2
        drawn = [0.0] * 6
        drawn[2 * kind : 2 * kind + 2] = [above, below]
        yield [step.name, step.mean, step.p10, step.p90, end, high, nothing, *drawn]
        level = end


def bridge(
    sheet: Sheet,
    row: int,
    title: str,
    unit: str,
    placed: Placed,
    rows: Sequence[int],
    rise: str,
    fall: str,
) -> None:
    """Columns that step from the first level to the last, on either side of nought."""
    names = span(placed, "Step", rows)
    looks = {
        "level": solid(palette.BLUE),
        "rise": hatched(palette.PLUM),
        "fall": solid(palette.TEAL),
    }
    words = {"level": "Level", "rise": rise, "fall": fall}
    chart = new(sheet, "column", "stacked")
    nothing = span(placed, "Drawn: nothing", rows)
    chart.add_series({"name": "nothing", **points(names, nothing), **unseen(), "gap": 35})
    for kind, look in looks.items():
        for side in ("above", "below"):
            drawn = span(placed, f"Drawn: {kind} {side} nil", rows)
            chart.add_series({"name": words[kind], **points(names, drawn), **look})
    top = span(placed, "Drawn: top", rows)
    means = span(placed, "Mean", rows)
    tops = new(sheet, "line")
    tops.add_series(
        {
            "name": "amount",
            **points(names, top),
            "line": {"none": True},
            "marker": {"type": "none"},
            "data_labels": {
                "value": True,
                "position": "above",
                "font": font(bold=True),
                "custom": [
                    {"value": _amount(value, n in {0, len(rows) - 1}), "font": font(bold=True)}
                    for n, value in enumerate(means.numbers)
                ],
            },
        }
    )
    chart.combine(tops)
    framed(
        chart,
        title,
        {"num_font": font(10), "interval_unit": 1},
        {"name": unit, "num_format": MONEY, "major_gridlines": GRID},
        size=(max(WIDTH, 150 + 88 * len(rows)), HEIGHT + 80),
        left_out=[0, 2, 4, 6, 7],
    )
    said = "; ".join(
        f"{name} {pounds(value)}" for name, value in zip(names.values, means.numbers, strict=True)
    )
    sheet.chart(chart, row, f"Bridge of columns, £m. {title}. {said}."[:2000])


def _amount(value: float, is_level: bool) -> str:
    return pounds(value, 0) if is_level or value < 0 else f"+{pounds(value, 0)}"


# tornado


@dataclass(frozen=True, slots=True)
class Swing:
    """How far a result moves, £m, with an input at its low and at its high value."""

    name: str
    low: float
    high: float


TORNADO_COLUMNS = (
    Column("Input", "wrapped", 44),
    Column("At its low value", "money", 14),
    Column("At its high value", "money", 14),
)


def tornado_rows(swings: Sequence[Swing]) -> Iterator[list[Cell]]:
    """The table under a tornado, the widest first."""
    for swing in sorted(swings, key=lambda swing: -max(abs(swing.low), abs(swing.high))):
        yield [swing.name, swing.low, swing.high]


def tornado(
    sheet: Sheet, row: int, title: str, unit: str, placed: Placed, rows: Sequence[int]
) -> None:
    """Bars on both sides of nought, the widest on top."""
    names = span(placed, "Input", rows)
    chart = new(sheet, "bar")
    for header, look in zip(
        ("At its low value", "At its high value"),
        (hatched(palette.ORANGE), solid(palette.BLUE)),
        strict=True,
    ):
        series = {"name": header, **points(names, span(placed, header, rows)), **look}
        chart.add_series({**series, "gap": 40, "overlap": 100})
    framed(
        chart,
        title,
        {"name": unit, "num_format": MONEY, "major_gridlines": GRID, **AT_FOOT},
        FROM_TOP,
        size=(1000, height_of(len(rows))),
    )
    widest = "; ".join(
        f"{row[0]} {pounds(float(row[1]))} to {pounds(float(row[2]))}"  # type: ignore[arg-type]
        for row in list(placed.rows)[:3]
    )
    sheet.chart(chart, row, f"Tornado of bars, £m. {title}. Widest: {widest}."[:2000])
