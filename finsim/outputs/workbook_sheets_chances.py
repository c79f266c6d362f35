"""The sheet Chances: how much hangs on the total that the system is judged against."""

from __future__ import annotations

from collections.abc import Sequence

from finsim.analysis.results import Results
from finsim.outputs.workbook_sheet import Cell, Column, Sheet
from finsim.outputs.workbook_style import Style

CHANCE: Style = "chance"
CHANCE_ERROR: Style = "chance_error"
MOST_HEADER = 200
CHANCE_WIDTH = 13.0
CHANCE_COLUMNS = (("Chance", CHANCE, "chance"), ("SE", CHANCE_ERROR, "error"))


def chances(sheet: Sheet, results: Sequence[Results]) -> None:
    """The chance that the system reaches its total, had that been lower or higher."""
    year = results[0].years[-1]
    sheet.title(f"Chances: the system total in {year}")
    sheet.lines(
        "One total decides any chance: this is the chance that the system reaches its control "
        "total had that been moved. Moved down (in brackets) it is easier to reach. SE: standard "
        "error."
    )
    if len(_totals(results)) > 1:
        sheet.lines("Options have different totals: the sheet Options gives each one's own.")
    heading = f"Chance that the system reaches its control total in {year}, moved"
    placed = sheet.table("Chances", heading, *_chance_table(results))
    sheet.freeze(placed, 1)
    sheet.repeat(placed)


def _totals(results: Sequence[Results]) -> set[float]:
    return {at.total for result in results for at in result.chances if at.around == 0}


def _chance_table(results: Sequence[Results]) -> tuple[list[Column], list[list[Cell]]]:
    """Moves of the total down, options across; the total itself where all have the same."""
    judged = [(f": [{n}] {r.option}", r) for n, r in enumerate(results, 1) if r.chances]
    columns = [Column("Total moved by, £m", "step", CHANCE_WIDTH)]
    if not judged:
        return columns, []
    steps = judged[0][1].chances
    rows: list[list[Cell]] = [[at.around] for at in steps]
    if len(_totals(results)) == 1:
        columns.append(Column("System total, £m", "money", CHANCE_WIDTH))
        rows = [[*row, at.total] for row, at in zip(rows, steps, strict=True)]
    for lead, style, name in CHANCE_COLUMNS:
        for label, result in judged:
            header = f"{lead}{label if len(results) > 1 else ''}"[:MOST_HEADER]
            columns.append(Column(header, style, CHANCE_WIDTH))
            rows = [[*row, getattr(at, name)] for row, at in zip(rows, result.chances, strict=True)]
    return columns, rows
