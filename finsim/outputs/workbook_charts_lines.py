"""Charts of lines: the gap by year with its range, and curves of chances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from finsim.outputs import palette
from finsim.outputs.words import percent, pounds
from finsim.outputs.workbook_chart import (
    CHANCE,
    GRID,
    HEIGHT,
    MONEY,
    WIDTH,
    Span,
    axis_about,
    far_enough,
    font,
    framed,
    labels_at_end,
    lines,
    new,
    points,
    round_axis,
    unseen,
)
from finsim.outputs.workbook_sheet import Sheet

BAND_CLEARNESS = 70


def gap_fan(
    sheet: Sheet,
    row: int,
    title: str,
    years: Span,
    band: tuple[Span, Span],
    shown: Mapping[str, Span],
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> None:
    """The gap by year: the band from P10 to P90, given as P10 and its height, and lines.

    A band whose P10 is below nought stands on the right values too: areas add up with their signs.
    """
    low, height = band
    chart = new(sheet, "area", "stacked")
    chart.add_series({"name": "P10", **points(years, low), **unseen()})
    fill = {"color": palette.BLUE, "transparency": BAND_CLEARNESS}
    chart.add_series({"name": "P10 to P90", **points(years, height), "fill": fill})
    drawn = new(sheet, "line")
    tops = [b + h for b, h in zip(low.numbers, height.numbers, strict=True)]
    every = [*low.numbers, *tops, *(value for line in shown.values() for value in line.numbers)]
    least, most, step = round_axis(min(every), max(every))
    ends = [line.numbers[-1] for line in shown.values()]
    told = far_enough(ends, most - least)
    for number, (name, line) in enumerate(shown.items()):
        labels = labels_at_end(len(years.values), pounds(ends[number], 0)) if told[number] else None
        drawn.add_series(
            {
                "name": name,
                **points(years, line),
                **lines(number, marker=number > 0),
                "data_labels": labels,
            }
        )
    chart.combine(drawn)
    framed(
        chart,
        title,
        {"name": "Financial year", "position_axis": "on_tick"},
        {
            "name": "Gap, £m (a shortfall is positive)",
            "num_format": MONEY,
            "major_gridlines": GRID,
            "min": least,
            "max": most,
            "major_unit": step,
        },
        left_out=[0],
        size=size,
    )
    chart.set_plotarea({"layout": {"x": 0.11, "y": 0.15, "width": 0.77, "height": 0.57}})
    spread = (
        f"P10 to P90 in {years.values[-1]}: {pounds(low.numbers[-1], 0)} to {pounds(tops[-1], 0)}"
    )
    finals = "; ".join(f"{n} {pounds(line.numbers[-1], 0)}" for n, line in shown.items())
    alt = f"Lines by financial year with a band, £m. {title}. {spread}. {finals}."
    sheet.chart(chart, row, alt)


def chance_curves(
    sheet: Sheet,
    row: int,
    title: str,
    across: str,
    up: str,
    curves: Mapping[str, tuple[Span, Span]],
    marks: Sequence[tuple[str, Span, Span, str]] = (),
    size: tuple[int, int] = (1000, HEIGHT),
) -> None:
    """Curves of chances over £m; marks are single points with a label."""
    chart = new(sheet, "scatter", "straight")
    for number, (name, (values, chances)) in enumerate(curves.items()):
        look = lines(number, marker=False)
        chart.add_series({"name": name, **points(values, chances), **look})
    for name, value, chance, text in marks:
        chart.add_series({"name": name, **points(value, chance), **_mark(text)})
    numbers = [number for values, _ in curves.values() for number in values.numbers]
    low, high, step = axis_about(numbers)
    framed(
        chart,
        title,
        {
            "name": across,
            "num_format": MONEY,
            "min": low,
            "max": high,
            "major_unit": step,
            "crossing": low,
        },
        {
            "name": up,
            "num_format": CHANCE,
            "min": 0,
            "max": 1,
            "major_unit": 0.2,
            "major_gridlines": GRID,
            "crossing": low,
        },
        size=size,
    )
    words = [f"{name}: {_ends(values, chances)}" for name, (values, chances) in curves.items()]
    sheet.chart(chart, row, f"Curves of chances over £m. {title}. {'. '.join(words)}.")


def _mark(text: str) -> dict[str, Any]:
    return {
        "line": {"none": True},
        "marker": {
            "type": "diamond",
            "size": 11,
            "fill": {"color": palette.ORANGE},
            "border": {"color": palette.TEXT},
        },
        "data_labels": {
            "value": True,
            "position": "right",
            "font": font(bold=True),
            "custom": [{"value": text, "font": font(bold=True)}],
        },
    }


def _ends(values: Span, chances: Span) -> str:
    pairs = zip(
        (values.numbers[0], values.numbers[-1]),
        (chances.numbers[0], chances.numbers[-1]),
        strict=True,
    )
    return " to ".join(f"{percent(chance)} at {pounds(value, 0)}" for value, chance in pairs)
