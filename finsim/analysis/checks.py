"""What must always hold, checked in every run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.analysis.observe import Extremes
from finsim.economics import ledger
from finsim.simulation.arrangement import Arrangement
from finsim.simulation.evaluate import Outcome
from finsim.simulation.plan import FloatArray, Plan

TOLERANCE = 1e-9
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold, whether it does, and how that was judged, in words."""

    name: str
    passed: bool
    detail: str


def checks_of(
    plan: Plan,
    arrangement: Arrangement,
    extremes: Extremes,
    central: Outcome,
    planned: Outcome,
) -> tuple[Check, ...]:
    """Every check of a run, in every draw and in the two cases without chance."""
    tolerance = max(TOLERANCE, ROUNDING * extremes.scale)
    return (
        _balance(
            "Contracts net to zero",
            max(extremes.contract_imbalance, central.contract_imbalance),
            tolerance,
            extremes.draws,
        ),
        _balance(
            "Organisations sum to the system", extremes.consolidation, tolerance, extremes.draws
        ),
        _balance("Schemes sum to the system's saving", extremes.schemes, tolerance, extremes.draws),
        _balance("Transfers net to zero", extremes.transfers, tolerance, extremes.draws),
        *_levels(arrangement, extremes, tolerance),
        *_placed(arrangement, extremes),
        *_funded(arrangement, extremes, tolerance),
        _removed(extremes),
        _finite(extremes, (central, planned)),
        *_published(plan, central),
        *_disputes(plan),
    )


def _balance(name: str, worst: float, tolerance: float, draws: int) -> Check:
    detail = f"largest difference £{worst * 1e6:,.4f} in {draws:,} draws"
    return Check(name, bool(worst <= tolerance), detail)


def _levels(arrangement: Arrangement, extremes: Extremes, tolerance: float) -> list[Check]:
    """Networks and localities sum to the system, and what budgets move sums to zero."""
    if not arrangement.levels.budgets:
        return []
    names = {"network": "networks", "locality": "localities"}
    seen = " and ".join(names[budget.view.kind] for budget in arrangement.levels.budgets)
    name = f"{seen.capitalize()} sum to the system"
    found = [_balance(name, extremes.levels, tolerance, extremes.draws)]
    if arrangement.levels.is_live or extremes.budgets > tolerance:
        found.append(
            _balance(
                "Transfers between budgets net to zero",
                extremes.budgets,
                tolerance,
                extremes.draws,
            )
        )
    return found


def _placed(arrangement: Arrangement, extremes: Extremes) -> list[Check]:
    """What caps sent on and nobody could take stays where it arose, and is told."""
    if extremes.unplaced <= TOLERANCE:
        return []
    detail = f"up to £{extremes.unplaced:,.1f}m in a draw that no member could take stays put"
    return [Check(f"Caps of {arrangement.name}", True, detail)]


def _funded(arrangement: Arrangement, extremes: Extremes, tolerance: float) -> list[Check]:
    if arrangement.funding is None:
        return []
    detail = f"at most £{extremes.overpaid * 1e6:,.4f} over what was offered"
    passed = bool(extremes.overpaid <= tolerance)
    return [Check("Funding paid is at most the fund", passed, detail)]


def _removed(extremes: Extremes) -> Check:
    detail = f"at most {extremes.removed:.1%} of any contract or line was removed"
    return Check("Removed activity is at most the activity", bool(extremes.removed <= 1), detail)


def _finite(extremes: Extremes, cases: tuple[Outcome, ...]) -> Check:
    whole = extremes.finite and all(
        bool(np.isfinite(case.position_before_risk_share).all()) for case in cases
    )
    return Check("Every figure is a number", whole, f"{extremes.draws:,} draws and the two cases")


def _published(plan: Plan, central: Outcome) -> list[Check]:
    """The calibrating file's central do-nothing gap is the published one; others inherit."""
    held = plan.resolved.held.unattributed
    if held is None:
        return []
    gaps: FloatArray = ledger.gap(central.position_do_nothing, plan.bodies.in_perimeter)
    if held.in_year not in plan.years:
        return [Check("Published gap", True, f"inherited from {held.solved_in}; year not modelled")]
    found = float(gaps[plan.years.index(held.in_year), 0])
    off = found - held.published_gap
    if abs(off) <= max(TOLERANCE, ROUNDING * abs(held.published_gap)) * 10:
        detail = f"the central do-nothing gap is £{found:,.1f}m, as published"
        return [Check("Published gap", True, detail)]
    if plan.resolved.calibrating:
        detail = f"the central do-nothing gap is £{found:,.3f}m, not the published figure"
        return [Check("Published gap", False, detail)]
    detail = (
        f"inherited from {held.solved_in}: the central do-nothing gap is £{found:,.1f}m, "
        f"£{abs(off):,.1f}m {'above' if off > 0 else 'below'} the published £"
        f"{held.published_gap:,.1f}m that the pressure was solved for"
    )
    return [Check("Published gap", True, detail)]


def _disputes(plan: Plan) -> list[Check]:
    disputed = [c for c in plan.resolved.book.contracts if abs(c.mismatch) > ROUNDING]
    if not disputed:
        return []
    total = sum(abs(contract.mismatch) for contract in disputed)
    detail = f"{len(disputed)} contracts are booked at different values, £{total:,.1f}m in all"
    return [Check("Contract values disputed (settled as agreed)", True, detail)]
