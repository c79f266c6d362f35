"""What must always hold, checked in every run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from finsim.analysis.observe import Extremes
from finsim.economics import ledger
from finsim.scenario.resolved import HeldPressure
from finsim.simulation.arrangement import Arrangement
from finsim.simulation.comparisons import compared_with
from finsim.simulation.evaluate import Outcome
from finsim.simulation.plan import FloatArray, Plan
from finsim.simulation.pressure import gap_of

TOLERANCE = 1e-9
ROUNDING = 1e-12


class Check(Struct, frozen=True):
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
        *_each_agreement(arrangement, extremes, tolerance),
        *_placed(arrangement, extremes),
        *_funded(arrangement, extremes, tolerance),
        _removed(extremes),
        _finite(extremes, (central, planned)),
        *_published(plan, central),
        *_plausible(plan, central, planned),
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


def _each_agreement(
    arrangement: Arrangement, extremes: Extremes, tolerance: float
) -> Iterator[Check]:
    """Where there are several risk shares, or one with partners: each by itself."""
    agreements = arrangement.agreements
    if len(agreements) < 2 and not any(agreement.with_partners for agreement in agreements):
        return
    for agreement, worst in zip(agreements, extremes.agreements, strict=True):
        whose = "with partners" if agreement.with_partners else "among parties"
        name = f"Transfers {whose} net to zero: {agreement.name}"
        yield _balance(name, worst, tolerance, extremes.draws)


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
    worst = max(map(abs, (off, *_off_by_body(plan, held, central))))
    if worst <= max(TOLERANCE, ROUNDING * abs(held.published_gap)) * 10:
        each = ", by organisation too" if held.by_body else ""
        detail = f"the central do-nothing gap is £{found:,.1f}m, as published{each}"
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


def _plausible(plan: Plan, central: Outcome, planned: Outcome) -> list[Check]:
    """Figures that others published: told, with whether the model is near, and never a failure."""
    return [
        Check(f"Plausible: {item.stated.name}", True, item.words)
        for item in compared_with(plan, central, planned)
    ]


def _off_by_body(plan: Plan, held: HeldPressure, central: Outcome) -> list[float]:
    """How far the central gap is from each that was published by organisation, £m."""
    at, position = plan.years.index(held.in_year), central.position_do_nothing[:, :, 0]
    return [
        float(gap_of(plan, word, position)[at]) - published
        for word, published in held.by_body.items()
    ]


def _disputes(plan: Plan) -> list[Check]:
    disputed = [c for c in plan.resolved.book.contracts if abs(c.mismatch) > ROUNDING]
    if not disputed:
        return []
    total = sum(abs(contract.mismatch) for contract in disputed)
    detail = f"{len(disputed)} contracts are booked at different values, £{total:,.1f}m in all"
    return [Check("Contract values disputed (settled as agreed)", True, detail)]
