"""The sheet Sensitivity: what one input at a time does to the gap."""

from __future__ import annotations

from collections.abc import Sequence

from finsim.analysis.results import Results
from finsim.analysis.strands import standing_of
from finsim.analysis.study import Case
from finsim.analysis.tornado import Ends, with_others_central
from finsim.analysis.watched import watched
from finsim.outputs.sensitivity import in_unit
from finsim.outputs.words import pounds
from finsim.outputs.workbook_chart import short
from finsim.outputs.workbook_charts_bars import Swing, height_of, tornado
from finsim.outputs.workbook_sheet import Cell, Column, Sheet

SHOWN = 20
NIL = 1e-9
LOW, HIGH = "Low (P10)", "High (P90)"
AT_LOW, AT_HIGH = "Gap at low, less central", "Gap at high, less central"


def sensitivity(sheet: Sheet, results: Sequence[Results]) -> None:
    """The inputs that move the first option's gap most, one at a time, with their chart."""
    result = results[0]
    year = result.years[-1]
    sheet.title(f"Sensitivity: the gap in {year}")
    sheet.lines(
        "The gap after schemes with one input at its P10 and at its P90, and every other one as in "
        "the central case, £m. An event does not happen, or it does. A shared factor moves all "
        "that depend on it. finsim sensitivity says more: over the draws, and by group."
    )
    if len(results) > 1:
        sheet.lines(f"This is the option '{result.option}'.")
    centre = result.figure("gap", year).central
    assert centre is not None
    case = Case(result.plan, result.arrangement)
    found = [ends for ends in with_others_central(case, watched(case, "gap")) if _moves(ends)]
    if not found:
        sheet.lines("No input is uncertain: there is nothing to show.")
    shown = found[:SHOWN]
    room = sheet.room(height_of(len(shown))) if shown else 0
    heading = f"What moves the gap in {year} most, one input at a time, £m"
    columns = [
        Column("Input", "wrapped", 44),
        Column("Standing", "wrapped", 24),
        Column(LOW, "text", 13),
        Column(HIGH, "text", 13),
        *(Column(name, "money", 14) for name in (AT_LOW, AT_HIGH, "Swing")),
    ]
    rows: list[list[Cell]] = [
        [
            ends.title,
            standing_of(result.plan, ends.name),
            in_unit(ends, ends.low),
            in_unit(ends, ends.high),
            ends.at_low - centre,
            ends.at_high - centre,
            ends.swing,
        ]
        for ends in shown
    ]
    placed = sheet.table("Sensitivity", heading, columns, rows)
    sheet.repeat(placed)
    if shown:
        widest = shown[0]
        title = (
            f"{short(widest.title)} moves the gap in {year} most: between its P10 and its P90 "
            f"from {pounds(widest.at_low, 0)} to {pounds(widest.at_high, 0)}"
        )
        swings = [Swing(e.title, e.at_low - centre, e.at_high - centre) for e in shown]
        unit = f"Gap in {year} less the central gap of {pounds(centre, 0)}, £m"
        tornado(sheet, room, title, unit, placed, (AT_LOW, AT_HIGH), swings)


def _moves(ends: Ends) -> bool:
    return abs(ends.swing) > NIL
