"""The sheet Chances: how much hangs on the total that the system is judged against."""

from __future__ import annotations

from collections.abc import Sequence

from finsim.analysis.results import Results
from finsim.outputs.words import percent, pounds
from finsim.outputs.workbook_chart import HEIGHT, Span, short, span
from finsim.outputs.workbook_charts_lines import chance_curves
from finsim.outputs.workbook_sheet import Cell, Column, Placed, Sheet
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
    room = sheet.room(HEIGHT) if any(result.chances for result in results) else 0
    placed = sheet.table("Chances", heading, *_chance_table(results))
    if room:
        _draw(sheet, room, results, placed)
    sheet.freeze(placed, 1)
    sheet.repeat(placed)


def _totals(results: Sequence[Results]) -> set[float]:
    return {at.total for result in results for at in result.chances if at.around == 0}


def _draw(sheet: Sheet, row: int, results: Sequence[Results], placed: Placed) -> None:
    """The chance of reaching each total, with the control total itself marked."""
    judged = [(n, r) for n, r in enumerate(results, 1) if r.chances]
    first, year = judged[0][1], results[0].years[-1]
    alike = "System total, £m" in placed.columns
    every = range(len(placed.rows))
    totals = span(placed, _totals_header(alike), every)
    names = [column for column in placed.columns if column.startswith("Chance")]
    labels = {
        name: short(f"[{n}] {result.option}") if len(results) > 1 else "Chance of reaching it"
        for name, (n, result) in zip(names, judged, strict=True)
    }
    at = next(number for number, chance in enumerate(first.chances) if chance.around == 0)
    own = first.chances[at]
    marks: list[tuple[str, Span, Span, str]] = []
    if len({result.chances[at].chance for _, result in judged}) == 1:
        text = f"{pounds(own.total, 0)}: {percent(own.chance)}"
        total, chance = (span(placed, name, [at]) for name in (_totals_header(alike), names[0]))
        marks = [("Control total", total, chance, text)]
    whose = f"{short(first.option)}: the" if len(judged) > 1 else "The"
    lower, higher = (_chance_at(first, around) for around in (-50.0, 50.0))
    title = (
        f"{whose} system reaches its control total of {pounds(own.total, 0)} in {year} with a "
        f"chance of {percent(own.chance)}: {lower} if it were £50m lower, {higher} if £50m higher"
    )
    across = f"System total in {year}, £m" if alike else "Control total moved by, £m"
    curves = {labels[name]: (totals, span(placed, name, every)) for name in names}
    chance_curves(sheet, row, title, across, "Chance of reaching it", curves, marks)


def _totals_header(alike: bool) -> str:
    return "System total, £m" if alike else "Total moved by, £m"


def _chance_at(result: Results, around: float) -> str:
    return next(percent(at.chance) for at in result.chances if at.around == around)


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
