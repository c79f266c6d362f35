"""The sheet Levels: networks and localities by year, and who holds their budgets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from finsim.analysis.measures import BY_NAME
from finsim.analysis.results import Results
from finsim.outputs.levels import TITLES, bodies_of, budgets_of, how_to_read
from finsim.outputs.words import percent
from finsim.outputs.workbook_sheet import Cell, Column, Sheet
from finsim.outputs.workbook_sheets_results import ERRORS as ESTIMATE_ERRORS
from finsim.outputs.workbook_sheets_results import (
    ESTIMATES,
    MARKS,
    Group,
    errors,
    estimates,
    later_options,
    of_options,
    with_option,
)
from finsim.simulation.levels import Budget

HELD_WIDTH = 40
"""Of the measures and, below them, of who holds a budget: the two tables share a column."""


def has_levels(results: Sequence[Results]) -> bool:
    """Whether any option reports networks or localities."""
    return any(budgets_of(result) for result in results)


def levels(sheet: Sheet, results: Sequence[Results]) -> None:
    """Income, expenditure, position and budget of each network and locality by year."""
    sheet.title("Levels")
    sheet.lines(
        "The same money as By organisation, seen by network and by locality, £m, cash. Each level "
        "sums to the system in every draw; what no tag assigns is the row Unassigned. Surplus "
        "positive, deficit in brackets [note 1]. Percentiles do not add up [note 4]."
    )
    sheet.lines(f"{MARKS}{later_options(results)}")
    first = next(result for result in results if budgets_of(result))
    for budget in budgets_of(first):
        sheet.lines(f"{how_to_read(first, budget)}.")
    columns = [Column("Level"), Column("Body", width=36), Column("Measure", width=HELD_WIDTH)]
    columns += [Column("Year", width=10), *ESTIMATES, *ESTIMATE_ERRORS]
    placed = sheet.table(
        "Levels",
        "Networks and localities by year",
        with_option(results, columns),
        of_options(results, _groups),
        filtered=True,
    )
    sheet.freeze(placed, 2)
    sheet.paged(placed, len(with_option(results, [])) + 4)
    sheet.heading("Bodies of each level")
    held = [Column("Level"), Column("Body", width=36)]
    held += [Column("Budget held by", "wrapped", HELD_WIDTH), Column("Id")]
    sheet.table(
        "Level_bodies",
        "Bodies of each level",
        with_option(results, held),
        of_options(results, lambda result: [_holders(result)]),
    )


def _groups(result: Results) -> Iterator[Group]:
    """The years of each body and measure."""
    for budget in budgets_of(result):
        kind = budget.view.kind
        measures = dict.fromkeys(f.measure for f in result.figures if f.level == kind)
        for body, title in bodies_of(budget):
            for name in measures:
                yield [
                    [TITLES[kind], title, BY_NAME[name].title, year, *estimates(f), *errors(f)]
                    for year in result.years
                    for f in (result.figure(name, year, body, kind),)
                ]


def _holders(result: Results) -> Group:
    return [
        [TITLES[budget.view.kind], title, _held(result, budget, number), body]
        for budget in budgets_of(result)
        for number, (body, title) in enumerate(bodies_of(budget))
    ]


def _held(result: Results, budget: Budget, number: int) -> Cell:
    shares = zip(result.plan.bodies.names, budget.holders[:, number], strict=True)
    return "; ".join(f"{name} {percent(share, 1)}" for name, share in shares if share) or None
