"""Networks and localities in the terminal: the last year, one line for each."""

from __future__ import annotations

from finsim.analysis.results import Results
from finsim.outputs.levels import TITLES, bodies_of, budgets_of, how_to_read
from finsim.outputs.terminal_tables import NARROW, heading, row, wrapped
from finsim.outputs.words import signed
from finsim.simulation.levels import Budget

SHOWN = (
    ("expenditure", "mean"),
    ("position_do_nothing", "mean"),
    ("position_before_risk_share", "mean"),
    ("position_before_risk_share", "p10"),
    ("position_before_risk_share", "p90"),
    ("budget", "mean"),
    ("variance_to_budget", "mean"),
)
COLUMNS = ("spends ", "nothing ", "schemes ", "P10 ", "P90 ", "budget ", "variance ")


def level_tables(results: Results) -> str:
    """A table for each level; nothing for a scenario without budgets."""
    return "\n\n".join(_table(results, budget) for budget in budgets_of(results))


def _table(results: Results, budget: Budget) -> str:
    year, kind = results.years[-1], budget.view.kind
    lines = [heading(f"{TITLES[kind]} {year}, £m", COLUMNS, NARROW)]
    alike: dict[tuple[str, ...], list[str]] = {}
    for body, title in bodies_of(budget):
        cells = []
        for measure, statistic in SHOWN:
            value = getattr(results.figure(measure, year, body, kind), statistic)
            cells.append("– " if value is None else signed(value))
        if any(cell not in {"0.0 ", "– "} for cell in cells):
            alike.setdefault(tuple(cells), []).append(title)
    lines += [row(_label(titles), cells, NARROW) for cells, titles in alike.items()]
    lines.append(wrapped("", how_to_read(results, budget)))
    return "\n".join(lines)


def _label(titles: list[str]) -> str:
    """One body, or the first of those with the same figures: each has them."""
    return titles[0] if len(titles) == 1 else f"{titles[0]} (each of {len(titles)})"
