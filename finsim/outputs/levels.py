"""What is said of networks and localities, the same in the terminal and in the workbook."""

from __future__ import annotations

from collections.abc import Iterator

from finsim.analysis.results import Results
from finsim.book.quantities import financial_year_text
from finsim.simulation.levels import Budget

SPREAD = "What names no place is spread by people weighted by age: need is not counted"
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


def how_to_read(results: Results, budget: Budget) -> str:
    """Whether money moves, what the budget is for, and how money without a place is spread."""
    (stated,) = (item for item in results.plan.resolved.book.budgets if item.id == budget.id)
    tags = {} if stated.covers is None else stated.covers.stated()
    covered = "; ".join(f"{name} {', '.join(words)}" for name, words in tags.items())
    words = f"{in_force(results, budget)}. Variance: budget less spending"
    if covered:
        words += f", both on {covered} alone"
    if budget.view.kind == "locality":
        words += f". {SPREAD}"
    return words


def bodies_of(budget: Budget) -> Iterator[tuple[str, str]]:
    """The id and name of each body of a level, the unassigned last."""
    yield from zip(budget.view.bodies, budget.view.titles, strict=True)
