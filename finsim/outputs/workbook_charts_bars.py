"""Charts of bars: estimates with their ranges, what was planned beside it, a bridge, a tornado."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

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
    round_axis,
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
MOST_ALT = 2000
HEADROOM = 0.1


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
    ends = [*_ends(values, spread), *(beside[1].numbers if beside is not None else [])]
    low, high, step = round_axis(min(ends), max(ends))
    framed(
        chart,
        title,
        {
            "name": unit,
            "num_format": MONEY,
            "major_gridlines": GRID,
            "min": low,
            "max": high,
            "major_unit": step,
            **AT_FOOT,
        },
        FROM_TOP,
        size=size or (WIDE, height_of(len(names.values), 1 if beside is None else 2)),
    )
    said = "; ".join(
        f"{name} {pounds(value)}" for name, value in zip(names.values, values.numbers, strict=True)
    )
    sheet.chart(
        chart, row, f"Horizontal bars with ranges, £m. {title}. {shown}: {said}."[:MOST_ALT], left
    )


def _ends(values: Span, spread: tuple[Span, Span]) -> list[float]:
    """Where the lines from P10 to P90 end."""
    above, below = spread
    tops = [value + more for value, more in zip(values.numbers, above.numbers, strict=True)]
    return [*tops, *(v - less for v, less in zip(values.numbers, below.numbers, strict=True))]


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
    ends = _ends(values, spread)
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
    sheet.chart(chart, row, f"Points with ranges, £m. {title}. {shown}: {said}."[:MOST_ALT])


# bridge


class Step(Struct, frozen=True):
    """One column of a bridge, £m: from a level to the next, or a level from nought."""

    name: str
    start: float
    end: float
    is_level: bool = False

    @property
    def amount(self) -> float:
        """What it adds."""
        return self.end - self.start


SIDES = ("above nil", "below nil")
DRAWN = ("Level", "Rise", "Fall")
BRIDGE_COLUMNS = (
    Column("Step drawn", "wrapped", 34),
    Column("Amount", "money", 13),
    Column("Top", "money", 13),
    Column("Left free", "money", 13),
    *(Column(f"{kind} {side}", "money", 13) for kind in DRAWN for side in SIDES),
)


def bridge_rows(steps: Sequence[Step]) -> Iterator[list[Cell]]:
    """The table under a bridge: what each column adds, and the parts that are drawn of it.

    Stacked columns put what is positive above nought and what is negative below. So a column that
    crosses nought has a part above and a part below, and one that does not stands on, or hangs
    from, an unseen column of what is left free.
    """
    for step in steps:
        low, high = min(step.start, step.end), max(step.start, step.end)
        free = low if low > 0 else min(high, 0.0)
        kind = 0 if step.is_level else 1 if step.amount >= 0 else 2
        drawn = [0.0] * (len(DRAWN) * len(SIDES))
        drawn[2 * kind] = max(high, 0.0) - max(low, 0.0)
        drawn[2 * kind + 1] = min(low, 0.0) - min(high, 0.0)
        yield [step.name, step.amount, high, free, *drawn]


def bridge(sheet: Sheet, row: int, title: str, placed: Placed, better: str, worse: str) -> None:
    """Columns that step from the first level to the last, on either side of nought."""
    rows = range(len(placed.rows))
    names, tops, free, amounts = (
        span(placed, header, rows) for header in ("Step drawn", "Top", "Left free", "Amount")
    )
    looks = (solid(palette.BLUE), solid(palette.TEAL), hatched(palette.PLUM))
    chart = new(sheet, "column", "stacked")
    chart.add_series({"name": "left free", **points(names, free), **unseen(), "gap": 30})
    for kind, words, look in zip(DRAWN, ("Position", better, worse), looks, strict=True):
        for side in SIDES:
            drawn = span(placed, f"{kind} {side}", rows)
            chart.add_series({"name": words, **points(names, drawn), **look})
    labels = [{"value": pounds(value, 0), "font": font(10)} for value in amounts.numbers]
    unmarked = {"line": {"none": True}, "marker": {"type": "none"}}
    told = {"value": True, "position": "above", "font": font(10), "custom": labels}
    above = new(sheet, "line")
    above.add_series({"name": "amounts", **points(names, tops), **unmarked, "data_labels": told})
    chart.combine(above)
    low = min(top - abs(value) for top, value in zip(tops.numbers, amounts.numbers, strict=True))
    high = max(tops.numbers)
    least, most, step = round_axis(low, max(high, 0.0) + HEADROOM * (high - low))
    framed(
        chart,
        title,
        {"num_font": font(10), "interval_unit": 1},
        {
            "name": "Position, £m (a deficit is in brackets)",
            "num_format": MONEY,
            "major_gridlines": GRID,
            "min": least,
            "max": most,
            "major_unit": step,
        },
        size=(max(WIDTH, 150 + 80 * len(rows)), HEIGHT + 120),
        left_out=[0, 2, 4, 6, 7],
    )
    said = "; ".join(
        f"{name} {pounds(value)}" for name, value in zip(names.values, amounts.numbers, strict=True)
    )
    sheet.chart(chart, row, f"Bridge of columns, £m. {title}. {said}."[:MOST_ALT])


# tornado


class Swing(Struct, frozen=True):
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
    sheet.chart(chart, row, f"Tornado of bars, £m. {title}. Widest: {widest}."[:MOST_ALT])
