"""What is said of networks and localities, the same in the terminal and in the workbook."""

from __future__ import annotations

from collections.abc import Iterator

from finsim.analysis.results import Results
from finsim.book.quantities import financial_year_text
from finsim.simulation.levels import Budget

TITLES = {"network": "Network", "locality": "Locality"}


def budgets_of(results: Results) -> tuple[Budget, ...]:
    """The budgets that an option chose, networks first."""
    return results.arrangement.levels.budgets


def in_force(results: Results, budget: Budget) -> str:
    """From when a budget moves money, in words."""
    years = [year for year, live in zip(results.plan.years, budget.live, strict=True) if live]
    if not years:
        return f"{budget.name}: in shadow (reported, no money moves)"
    return f"{budget.name}: live from {financial_year_text(years[0])}"


def bodies_of(budget: Budget) -> Iterator[tuple[str, str]]:
    """The id and name of each body of a level, the unassigned last."""
    yield from zip(budget.view.bodies, budget.view.titles, strict=True)
