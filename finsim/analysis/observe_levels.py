"""Networks and localities as the rows that are reported, and whether they sum to the system."""

from __future__ import annotations

import numpy as np

from finsim.analysis.measures import Row
from finsim.economics import ledger
from finsim.simulation.evaluate import Outcome
from finsim.simulation.levels import Budget, LevelOutcome, Levels
from finsim.simulation.plan import FloatArray, Plan

IN_SHADOW = (
    "income",
    "expenditure",
    "position_do_nothing",
    "position_before_risk_share",
    "saving",
    "budget",
    "variance_to_budget",
)
LIVE = ("transfer", "external_support", "position")


def level_rows(plan: Plan, levels: Levels) -> tuple[Row, ...]:
    """The rows that `observe_levels` gives, in its order."""
    return tuple(
        Row(budget.view.kind, body, year, name)
        for budget in levels.budgets
        for name in _measured(budget)
        for body in budget.view.bodies
        for year in plan.years
    )


def _measured(budget: Budget) -> tuple[str, ...]:
    """What money moves is reported of live budgets."""
    return (*IN_SHADOW, *LIVE) if budget.is_live else IN_SHADOW


def observe_levels(
    levels: Levels, outcomes: tuple[LevelOutcome, ...], out: FloatArray | None = None
) -> FloatArray:
    """The rows of the levels: [row, draw], written to `out` if given."""
    parts = [
        getattr(outcome, name).reshape(-1, outcome.income.shape[2])
        for budget, outcome in zip(levels.budgets, outcomes, strict=True)
        for name in _measured(budget)
    ]
    return np.concatenate(parts) if out is None else np.concatenate(parts, out=out)


def off_the_system(plan: Plan, outcome: Outcome, levels: tuple[LevelOutcome, ...]) -> float:
    """The largest difference between the sum of a level's bodies and the system, £m."""
    inside = plan.bodies.in_perimeter
    system = {
        "income": ledger.system_income(outcome.income, inside, outcome.internal_contracts),
        "expenditure": ledger.system_expenditure(
            outcome.expenditure, inside, outcome.internal_contracts
        ),
        **{
            name: ledger.system_total(getattr(outcome, name), inside)
            for name in ("position_do_nothing", "position_before_risk_share", "saving")
        },
    }
    return max(
        (
            float(np.abs(getattr(level, name).sum(axis=0) - total).max())
            for level in levels
            for name, total in system.items()
        ),
        default=0.0,
    )


def off_nought(levels: tuple[LevelOutcome, ...]) -> float:
    """The largest sum of what budgets move between bodies, or between their holders, £m."""
    moved = [a for level in levels for a in (level.transfer, level.moved, level.to_organisations)]
    return max((float(np.abs(a.sum(axis=0)).max()) for a in moved), default=0.0)
