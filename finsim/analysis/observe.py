"""From an outcome to the rows that are reported, and to the checks of every draw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from finsim.analysis.measures import BY_NAME, CHANCE, Row
from finsim.economics import ledger
from finsim.economics.arrays import MaskArray, weighted
from finsim.simulation.arrangement import Arrangement, Settled
from finsim.simulation.evaluate import Outcome
from finsim.simulation.plan import FloatArray, IntArray, Plan

SYSTEM = "system"
ECONOMICS = (
    "income",
    "expenditure",
    "position_do_nothing",
    "position_before_risk_share",
    "saving",
    "stranded_cost",
    "cost_of_delivery",
)
CONSOLIDATED: dict[str, Callable[[FloatArray, MaskArray, FloatArray], FloatArray]] = {
    **dict.fromkeys(ECONOMICS, lambda values, inside, _: ledger.system_total(values, inside)),
    "income": ledger.system_income,
    "expenditure": ledger.system_expenditure,
}
SYSTEM_ONLY = ("do_nothing_gap", "gap", "gap_local_share")
BY_ROLE = ("transfer_among_parties", "transfer_with_partners")
MONEY_SETTLED = ("transfer", "external_support", "sustainability_funding", "position")
CHANCES = ("control_total_met", "control_total_met_before_transfer", "control_total_met_both")
UNSETTLED = {"position": "position_before_risk_share", "gap_after_support": "gap"}


class Extremes(Struct):
    """The worst of each check over the draws seen so far."""

    contract_imbalance: float = 0.0
    consolidation: float = 0.0
    schemes: float = 0.0
    removed: float = 0.0
    transfers: float = 0.0
    agreements: tuple[float, ...] = ()
    unplaced: float = 0.0
    overpaid: float = 0.0
    levels: float = 0.0
    budgets: float = 0.0
    finite: bool = True
    scale: float = 1.0
    draws: int = 0

    def with_settled(self, settled: Settled) -> Extremes:
        """The same with what an option settled."""
        return replace(
            self,
            transfers=float(np.abs(settled.transfer.sum(axis=0)).max()),
            agreements=settled.imbalance,
            unplaced=float(np.abs(settled.unplaced).max()),
            overpaid=settled.overpaid,
        )

    def merged(self, other: Extremes) -> Extremes:
        """The worse of two."""
        worse = {name: max(getattr(self, name), getattr(other, name)) for name in LARGEST}
        return Extremes(
            **worse,
            agreements=tuple(map(max, self.agreements, other.agreements)),
            finite=self.finite and other.finite,
            draws=self.draws + other.draws,
        )


NOT_LARGEST = ("agreements", "finite", "draws")
LARGEST = tuple(name for name in Extremes.__struct_fields__ if name not in NOT_LARGEST)


# the economics, which options share


def economics_rows(plan: Plan) -> tuple[Row, ...]:
    """The rows that `observe_economics` gives, in its order."""
    years = plan.years
    rows = [Row("system", SYSTEM, year, name) for name in SYSTEM_ONLY for year in years]
    for name in ECONOMICS:
        rows += _both_levels(plan, name)
    rows += [Row("theme", theme, year, "saving") for theme in themes(plan) for year in years]
    for name in ("saving", "cost_of_delivery"):
        rows += [Row("scheme", scheme.id, year, name) for scheme in plan.schemes for year in years]
    return tuple(rows)


def _both_levels(plan: Plan, name: str) -> list[Row]:
    bodies, years = plan.bodies, plan.years
    return [
        *(Row("system", SYSTEM, year, name) for year in years),
        *(
            Row("organisation", body, year, name, bool(inside))
            for body, inside in zip(bodies.ids, bodies.in_perimeter, strict=True)
            for year in years
        ),
    ]


def themes(plan: Plan) -> tuple[str, ...]:
    """The themes of the schemes, in the order of the schemes."""
    return tuple(dict.fromkeys(scheme.theme for scheme in plan.schemes))


def observe_economics(plan: Plan, outcome: Outcome, out: FloatArray | None = None) -> FloatArray:
    """The rows of an outcome that recorded its schemes: [row, draw], written to `out` if given."""
    inside = plan.bodies.in_perimeter
    before = outcome.position_before_risk_share
    local = plan.bodies.local_share * inside
    parts = [
        ledger.gap(outcome.position_do_nothing, inside),
        ledger.gap(before, inside),
        -weighted(local[None, :], before)[0],
    ]
    for name in ECONOMICS:
        values: FloatArray = getattr(outcome, name)
        total = CONSOLIDATED[name](values, inside, outcome.internal_contracts)
        parts += [total, values]
    parts += _scheme_rows(plan, outcome)
    return _stacked(parts, before.shape[2], out)


def _stacked(parts: list[FloatArray], draws: int, out: FloatArray | None) -> FloatArray:
    rows = [part.reshape(-1, draws) for part in parts]
    return np.concatenate(rows) if out is None else np.concatenate(rows, out=out)


def _scheme_rows(plan: Plan, outcome: Outcome) -> list[FloatArray]:
    results = outcome.schemes
    assert results is not None
    by_theme = [
        results.net[[n for n, s in enumerate(plan.schemes) if s.theme == theme]].sum(axis=0)
        for theme in themes(plan)
    ]
    return [*by_theme, results.net, results.cost_of_delivery]


# what an option settles


def settled_rows(plan: Plan, arrangement: Arrangement) -> tuple[Row, ...]:
    """The rows that `observe_settled` gives, in its order; none where nothing is settled."""
    if not arrangement.has_totals:
        return ()
    chances = [row for name in CHANCES for row in _both_levels(plan, name)]
    return (*money_rows(plan), *chances)


def money_rows(plan: Plan) -> tuple[Row, ...]:
    """The rows that `observe_money` gives, in its order."""
    rows = [Row("system", SYSTEM, year, "gap_after_support") for year in plan.years]
    for name in (*MONEY_SETTLED, *roles_told(plan)):
        rows += _both_levels(plan, name)
    return tuple(rows)


def roles_told(plan: Plan) -> tuple[str, ...]:
    """Transfers by whose agreement moved them, where the book has partners beside parties."""
    roles = {body.role for body in plan.resolved.book.organisations}
    return BY_ROLE if len(roles) > 1 else ()


def observe_settled(plan: Plan, settled: Settled) -> FloatArray:
    """The rows of a settled outcome: [row, draw]; chances as ones and noughts."""
    money = observe_money(plan, settled)
    met = [judged.reshape(-1, money.shape[1]) for judged in _judged(settled)]
    return np.concatenate([money, *met])


def observe_money(plan: Plan, settled: Settled, out: FloatArray | None = None) -> FloatArray:
    """The rows of the money settled: [row, draw], written to `out` if given."""
    inside = plan.bodies.in_perimeter
    parts = [ledger.gap(settled.position, inside)]
    for name in (*MONEY_SETTLED, *roles_told(plan)):
        values: FloatArray = getattr(settled, name)
        parts += [ledger.system_total(values, inside), values]
    return _stacked(parts, settled.position.shape[2], out)


def times_met(settled: Settled) -> IntArray:
    """In how many draws each total is met, in the order of the chances' rows: [row]."""
    return np.concatenate([judged.sum(axis=-1).ravel() for judged in _judged(settled)])


def _judged(settled: Settled) -> tuple[NDArray[np.bool_], ...]:
    """Whether totals are met, the system's before those of the bodies, in the order of CHANCES."""
    return (
        settled.system_met,
        settled.met,
        settled.system_met_before_transfer,
        settled.met_before_transfer,
        settled.all_met,
        settled.met_both,
    )


def is_chance(row: Row) -> bool:
    """Whether a row holds ones and noughts."""
    return BY_NAME[row.measure].unit == CHANCE


# checks


def extremes(plan: Plan, outcome: Outcome) -> Extremes:
    """How far the economics of an outcome is from what must always hold."""
    inside = plan.bodies.in_perimeter
    incoming = ledger.system_income(outcome.income, inside, outcome.internal_contracts)
    outgoing = ledger.system_expenditure(outcome.expenditure, inside, outcome.internal_contracts)
    gap = ledger.gap(outcome.position_before_risk_share, inside)
    consolidated = np.maximum(
        np.abs(incoming - outcome.external_income), np.abs(incoming - outgoing + gap)
    )
    results = outcome.schemes
    assert results is not None
    attributed = results.net.sum(axis=0)
    return Extremes(
        contract_imbalance=outcome.contract_imbalance,
        consolidation=float(consolidated.max()),
        schemes=float(np.abs(attributed - ledger.system_total(outcome.saving, inside)).max()),
        removed=outcome.removed,
        scale=float(np.abs(outcome.income).sum(axis=0).max()),
        draws=outcome.income.shape[2],
    )
