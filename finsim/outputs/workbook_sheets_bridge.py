"""The sheet Bridge: from the base-year position to the position, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from finsim.analysis.bridge_rows import Bridge, BridgeRow
from finsim.analysis.observe import SYSTEM
from finsim.analysis.results import Results
from finsim.outputs.bridge import (
    bars,
    is_nil,
    name_of,
    projected_years,
    steps_in_order,
    title_of,
)
from finsim.outputs.findings import pressure_of
from finsim.outputs.words import pounds
from finsim.outputs.workbook_chart import HEIGHT
from finsim.outputs.workbook_charts_bars import BRIDGE_COLUMNS, Step, bridge_rows
from finsim.outputs.workbook_charts_bars import bridge as draw_bridge
from finsim.outputs.workbook_sheet import Cell, Column, Placed, Sheet
from finsim.simulation.steps import BASE

STEP = Column("Step", "text", 34)
NUMBER = 13.0


def bridge(sheet: Sheet, results: Sequence[Results]) -> Placed:
    """The bridge of the first option: the system's steps, by body, and by year.

    Gives the place of the system's table, whose rows a chart can draw.
    """
    result = results[0]
    found = result.bridge
    assert found is not None
    year, base = result.years[-1], result.years[0]
    sheet.title(f"Bridge: from {base} to {year}")
    sheet.lines(
        "What takes the position of the base year to that of the last one. Favourable is positive. "
        "Means add up from top to bottom; percentiles do not. Causes of growth have no order among "
        f"them: each is its mean over every order. From {found.draws:,} draws."
    )
    if len(results) > 1:
        sheet.lines(f"This is the option '{result.option}'.")
    pressure = pressure_of(result)
    if pressure is not None and pressure.is_large:
        sheet.lines("Ranges are conditional on the published figure [note 6].", "strong")
    room = sheet.room(HEIGHT + 120)
    placed = _of_system(sheet, result, found, year)
    _across(
        sheet,
        "Bridge_by_body",
        f"Steps by body in {year}, mean, £m",
        {name_of(result, body): _means(found, body, year) for body in _bodies(result)},
        lambda step: title_of(step, base),
        list(steps_in_order(found, year)),
    )
    _across(
        sheet,
        "Bridge_by_year",
        "Steps of the system by year, mean, £m",
        {each: _means(found, SYSTEM, each) for each in projected_years(result)},
        lambda step: title_of(step, base),
        list(steps_in_order(found, year)),
    )
    _draw(sheet, room, found, base, year)
    return placed


def _draw(sheet: Sheet, room: int, found: Bridge, base: str, year: str) -> None:
    """The chart of the system's steps, with the table that it is drawn from."""
    steps = bars(found, SYSTEM, year, base)
    heading = "What the chart is drawn from, £m"
    sheet.heading(heading)
    drawn = [Step(bar.title, bar.start, bar.end, bar.is_total) for bar in steps]
    placed = sheet.table("Bridge_drawn", heading, BRIDGE_COLUMNS, bridge_rows(drawn))
    first, last = steps[0].row.mean, steps[-1].row.mean
    worst = min((bar for bar in steps if not bar.is_total), key=lambda bar: bar.row.mean)
    title = (
        f"From {pounds(first, 0)} in {base} to {pounds(last, 0)} in {year} on average; the largest "
        f"step down is {worst.title.lower()}, {pounds(worst.row.mean, 0)}"
    )
    draw_bridge(sheet, room, title, placed, "Improves the position", "Worsens it")


def _bodies(result: Results) -> tuple[str, ...]:
    return (SYSTEM, *result.plan.bodies.ids)


def _of_system(sheet: Sheet, result: Results, found: Bridge, year: str) -> Placed:
    heading = f"Steps of the system in {year}, £m"
    sheet.heading(heading)
    columns = [
        STEP,
        *(Column(name, "money", NUMBER) for name in ("Mean", "P10", "P90", "From", "To")),
        *(Column(f"Standard error of {name}", "error", NUMBER) for name in ("mean", "P10", "P90")),
    ]
    rows: list[list[Cell]] = []
    for bar in bars(found, SYSTEM, year, result.years[0]):
        row = bar.row
        title = bar.title if bar.step == BASE or not bar.is_total else f"= {bar.title}"
        figures: list[Cell] = [row.mean, row.p10, row.p90, bar.start, bar.end]
        rows.append([title, *figures, row.se, row.se_p10, row.se_p90])
    return sheet.table("Bridge_system", heading, columns, rows)


def _means(found: Bridge, body: str, year: str) -> dict[str, BridgeRow]:
    return {row.step: row for row in found.of(body, year)} | found.totals_of(body, year)


def _across(
    sheet: Sheet,
    name: str,
    heading: str,
    columns: dict[str, dict[str, BridgeRow]],
    titled: Callable[[str], str],
    order: Sequence[str],
) -> None:
    """Steps down, bodies or years across; a step that is nil throughout is left out."""
    sheet.heading(heading)
    rows: list[list[Cell]] = [
        [titled(step), *(of[step].mean for of in columns.values())]
        for step in order
        if not all(is_nil(of[step]) for of in columns.values())
    ]
    sheet.table(name, heading, [STEP, *(Column(label, "money", NUMBER) for label in columns)], rows)
