"""From an outcome to the rows that are reported, and to the checks of every draw."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from finsim.analysis.measures import MEASURES, Row
from finsim.economics import ledger
from finsim.simulation.evaluate import Outcome
from finsim.simulation.plan import FloatArray, Plan

SYSTEM = "system"
OBSERVED = (
    "income",
    "expenditure",
    "position_do_nothing",
    "position_before_risk_share",
    "saving",
    "stranded_cost",
    "cost_of_delivery",
)
SYSTEM_ONLY = ("do_nothing_gap", "gap", "gap_local_share")
ALIASES = {"position": "position_before_risk_share", "gap_after_support": "gap"}
ABSENT = ("transfer", "external_support", "sustainability_funding")


@dataclass(slots=True)
class Extremes:
    """The worst of each check over the draws seen so far."""

    contract_imbalance: float = 0.0
    consolidation: float = 0.0
    schemes: float = 0.0
    removed: float = 0.0
    finite: bool = True
    scale: float = 1.0
    draws: int = field(default=0)

    def merged(self, other: Extremes) -> Extremes:
        """The worse of two."""
        return Extremes(
            max(self.contract_imbalance, other.contract_imbalance),
            max(self.consolidation, other.consolidation),
            max(self.schemes, other.schemes),
            max(self.removed, other.removed),
            self.finite and other.finite,
            max(self.scale, other.scale),
            self.draws + other.draws,
        )


def observed_rows(plan: Plan) -> tuple[Row, ...]:
    """The rows that draws move, in the order in which `observe` gives them."""
    bodies, years = plan.bodies, plan.years
    rows = [Row("system", SYSTEM, year, name) for name in SYSTEM_ONLY for year in years]
    for name in OBSERVED:
        rows += [Row("system", SYSTEM, year, name) for year in years]
        rows += [
            Row("organisation", body, year, name, bool(inside))
            for body, inside in zip(bodies.ids, bodies.in_perimeter, strict=True)
            for year in years
        ]
    rows += [Row("theme", theme, year, "saving") for theme in themes(plan) for year in years]
    for name in ("saving", "cost_of_delivery"):
        rows += [Row("scheme", scheme.id, year, name) for scheme in plan.schemes for year in years]
    return tuple(rows)


def themes(plan: Plan) -> tuple[str, ...]:
    """The themes of the schemes, in the order of the schemes."""
    return tuple(dict.fromkeys(scheme.theme for scheme in plan.schemes))


def observe(plan: Plan, outcome: Outcome) -> FloatArray:
    """The observed rows of an outcome that recorded its schemes: [row, draw]."""
    inside = plan.bodies.in_perimeter
    before = outcome.position_before_risk_share
    local = plan.bodies.local_share * inside
    parts = [
        ledger.gap(outcome.position_do_nothing, inside),
        ledger.gap(before, inside),
        -np.tensordot(local, before, axes=1),
    ]
    for name in OBSERVED:
        values: FloatArray = getattr(outcome, name)
        total = values[inside].sum(axis=0)
        if name in {"income", "expenditure"}:
            total = total - outcome.internal_contracts
        parts += [total, values]
    parts += _scheme_rows(plan, outcome)
    draws = before.shape[2]
    return np.concatenate([part.reshape(-1, draws) for part in parts])


def _scheme_rows(plan: Plan, outcome: Outcome) -> list[FloatArray]:
    results = outcome.schemes
    assert results is not None
    by_theme = [
        results.net[[n for n, s in enumerate(plan.schemes) if s.theme == theme]].sum(axis=0)
        for theme in themes(plan)
    ]
    return [*by_theme, results.net, results.cost_of_delivery]


def extremes(plan: Plan, outcome: Outcome, values: FloatArray) -> Extremes:
    """How far an outcome is from what must always hold."""
    inside = plan.bodies.in_perimeter
    incoming = outcome.income[inside].sum(axis=0) - outcome.internal_contracts
    outgoing = outcome.expenditure[inside].sum(axis=0) - outcome.internal_contracts
    gap = ledger.gap(outcome.position_before_risk_share, inside)
    results = outcome.schemes
    assert results is not None
    attributed = results.net.sum(axis=0) + results.other
    return Extremes(
        contract_imbalance=outcome.contract_imbalance,
        consolidation=float(np.abs(incoming - outgoing + gap).max()),
        schemes=float(np.abs(attributed - outcome.saving[inside].sum(axis=0)).max()),
        removed=outcome.removed,
        finite=bool(np.isfinite(values).all()),
        scale=float(np.abs(outcome.income).sum(axis=0).max()),
        draws=values.shape[1],
    )


def all_measures_of(level: str) -> list[str]:
    """Every measure that is reported at a level, in the order of the list."""
    return [m.name for m in MEASURES if level == SYSTEM or not m.system_only]
