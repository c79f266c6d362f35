"""What each scheme does to the system's position: parts that sum to the whole in every draw.

Where a removal and an efficiency act on one cost their product is shared equally (Shapley). Where
several schemes make one removal, their overlap `R − Σ R_j` is shared by the size of each `R_j`.
Neither depends on an order. What a contract with the outside pays may follow an agreed plan as well
as the activity: the plan's part goes to schemes by their central effects, the rest by the draw's.
"""

from __future__ import annotations

import numpy as np

from finsim.economics.arrays import weighted
from finsim.simulation.evaluate import OwnCosts, SchemeResults, planned_values
from finsim.simulation.factors import Factors
from finsim.simulation.plan import Contracts, FloatArray, IntArray, Plan

FOLLOWING_PLANS = frozenset({"blended", "cap and collar"})


def scheme_results(
    plan: Plan, factors: Factors, before: FloatArray, change: FloatArray, costs: OwnCosts
) -> SchemeResults:
    """The net saving of every scheme to the system before its costs, [scheme, year, draw], £m.

    `before` are the flows before schemes, `change` what schemes do to the touched ones.
    """
    crossing = plan.crossing[plan.flows.touched]
    inside = plan.bodies.in_perimeter[plan.unit_organisation]
    outside = np.flatnonzero(crossing)
    paid = plan.flows.removal[plan.flows.touched[outside]]
    by_activity = change[outside]
    by_activity *= crossing[outside, None, None]
    agreed = np.zeros_like(by_activity)
    following = np.flatnonzero(np.isin(outside, following_plans(plan.flows)))
    if following.size:
        unchanged = before[plan.flows.touched[outside[following]]]
        agreed = planned_values(plan.flows, factors, outside[following]) - unchanged
        agreed *= crossing[outside[following], None, None]
        by_activity[following] -= agreed
    worth = _worth(plan, factors, costs, inside)
    worth += _by_removal(plan, paid, ratio(by_activity, factors.removed[paid]))
    activity = _activity_savings(plan, factors, worth)
    if following.size:
        parts = plan.removals.central_parts[:, paid[following]]
        activity += weighted(parts.transpose(2, 0, 1), agreed)
    efficient = _efficiency_savings(plan, factors, costs, inside)
    net = np.concatenate([activity, efficient])
    kept = factors.efficiency[plan.unit_scope] * (costs.do_nothing - costs.released)
    total = (costs.do_nothing - kept)[inside].sum(axis=0) + weighted(crossing[None, :], change)[0]
    return SchemeResults(
        gross=factors.gross,
        net=net,
        cost_of_delivery=factors.cost_of_delivery,
        other=total - net.sum(axis=0),
    )


def following_plans(flows: Contracts) -> IntArray:
    """Which touched flows are paid, in some year, by an agreed plan as well as the activity."""
    following = np.zeros(len(flows.touched), dtype=bool)
    for group in flows.touched_payments:
        if group.form.form in FOLLOWING_PLANS:
            following[group.rows] = True
    return np.flatnonzero(following)


def _by_removal(plan: Plan, removal: IntArray, values: FloatArray) -> FloatArray:
    """Values [row, year, draw] summed by the removal of each row."""
    count = len(plan.removals.activity)
    belongs = (removal == np.arange(count)[:, None]).astype(np.float64)
    return weighted(belongs, values)


def ratio(value: FloatArray, by: FloatArray) -> FloatArray:
    """value / by, and nought where by is nought."""
    return np.divide(value, by, out=np.zeros_like(value), where=by != 0)


def _worth(plan: Plan, factors: Factors, costs: OwnCosts, inside: np.ndarray) -> FloatArray:
    """What a unit of each removal frees of own costs: [removal, year, draw], £m."""
    rows = np.flatnonzero(inside[plan.releases.unit])
    removal = plan.releases.removal[rows]
    scope = plan.unit_scope[plan.releases.unit[rows]]
    freed = np.where(factors.removed[removal] > 0, costs.going[rows], costs.whole[rows])
    freed *= (1 + factors.efficiency[scope]) / 2
    return _by_removal(plan, removal, freed)


def _activity_savings(plan: Plan, factors: Factors, worth: FloatArray) -> FloatArray:
    """`Σ_c (R_jc + overlap_c · |R_jc| / Σ_k |R_kc|) · worth_c`, as matrix products."""
    coefficients = plan.removals.coefficients
    stated = weighted(coefficients.T, factors.gross) * factors.reach
    sizes = weighted(np.abs(coefficients).T, np.abs(factors.gross)) * np.abs(factors.reach)
    overlap = ratio(factors.removed[: len(stated)] - stated, sizes)
    worth = worth * factors.reach
    own = factors.gross * weighted(coefficients, worth)
    overlap *= worth
    shared = np.abs(factors.gross) * weighted(np.abs(coefficients), overlap)
    result: FloatArray = own + shared
    return result


def _efficiency_savings(
    plan: Plan, factors: Factors, costs: OwnCosts, inside: np.ndarray
) -> FloatArray:
    """`(1 − E) · (cost − released / 2)`, shared between the schemes of a scope by their size."""
    savings = np.zeros_like(factors.scheme_efficiency)
    for number, scope in enumerate(plan.scopes):
        units = np.flatnonzero((plan.unit_scope == number) & inside)
        if not scope or not units.size:
            continue
        cost = (costs.do_nothing[units] - costs.released[units] / 2).sum(axis=0)
        saved = (1 - factors.efficiency[number]) * cost
        sizes = np.abs(1 - factors.scheme_efficiency[list(scope)])
        shares = ratio(sizes, np.broadcast_to(sizes.sum(axis=0), sizes.shape))
        savings[list(scope)] += shares * saved
    return savings
