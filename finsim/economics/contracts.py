"""Contracts: the value of one contract under each form of payment.

A value is one number, an expenditure of the payer and an income of the provider. The baseline B is
the value in the base year, £m; activity A and the tariff τ are indices, 1 in the base year. The
names ``plan`` and ``central activity`` mean the activity expected when the contract was agreed.
"""

from __future__ import annotations

import math

import numpy as np

from finsim.economics.arrays import FloatArray, Quantity


def activity(demand: FloatArray, non_demographic: Quantity, removed: Quantity) -> FloatArray:
    """Activity index: `A = D · N · (1 − R)`.

    Args:
        demand: [..., year, draw], D, the demand index.
        non_demographic: N, the index of growth that population does not explain.
        removed: R, the share of activity that schemes remove; negative when they add some.

    Returns:
        [..., year, draw], dimensionless.
    """
    return demand * non_demographic * (1.0 - removed)


def tariff(baseline: Quantity, activity: FloatArray, tariff_index: Quantity) -> FloatArray:
    """Payment by results, `B · A · τ`: every unit of activity at the full tariff.

    Args:
        baseline: B, £m, in the base year.
        activity: [..., year, draw], A, an index.
        tariff_index: τ, an index: inflation less the efficiency factor.

    Returns:
        [..., year, draw], £m.
    """
    return baseline * activity * tariff_index


def block(baseline: Quantity, uplift_index: FloatArray) -> FloatArray:
    """Block contract, `B · agreed uplifts`: the same whatever the activity.

    Args:
        baseline: B, £m, in the base year.
        uplift_index: [..., year, draw], the agreed yearly uplifts compounded.

    Returns:
        [..., year, draw], £m.
    """
    return baseline * uplift_index


def blended(
    baseline: Quantity,
    activity: FloatArray,
    central_activity: Quantity,
    tariff_index: Quantity,
    marginal_rate: Quantity,
    break_glass: Quantity = math.inf,
) -> FloatArray:
    """Blended payment: fixed on planned activity, part of the tariff on the deviation from it.

    ``plan + m · deviation``, where ``plan = B · central activity · τ`` and
    ``deviation = B · A · τ − plan``. Past the break-glass threshold, on either side, the part of
    the deviation beyond ``break_glass · plan`` is paid in full: a kink at the threshold, no jump.

    Args:
        baseline: B, £m, in the base year; not zero.
        activity: [..., year, draw], A, an index.
        central_activity: the activity planned for, an index.
        tariff_index: τ, an index.
        marginal_rate: m, the share of tariff on a deviation; 0.2 in 2019/20.
        break_glass: the threshold as a fraction of plan; none by default.

    Returns:
        [..., year, draw], £m.

    Raises:
        ValueError: the break-glass threshold is negative.

    Source: blended payment for emergency care, 2019/20.
    """
    _require_not_negative("a break-glass threshold", break_glass)
    plan = baseline * central_activity * tariff_index
    deviation = tariff(baseline, activity, tariff_index) - plan
    if np.all(np.isposinf(break_glass)):
        return plan + marginal_rate * deviation
    threshold = plan * break_glass
    at_marginal_rate = np.clip(deviation, -threshold, threshold)
    at_full_rate = deviation - at_marginal_rate
    return plan + marginal_rate * at_marginal_rate + at_full_rate


def marginal(
    baseline: Quantity,
    activity: FloatArray,
    tariff_index: Quantity,
    rate: Quantity,
    threshold_activity: Quantity = 1.0,
) -> FloatArray:
    """Marginal-rate tariff: the full tariff up to a threshold, part of it above.

    ``B · τ · [min(A, θ) + r · max(A − θ, 0)]``

    Args:
        baseline: B, £m, in the base year.
        activity: [..., year, draw], A, an index.
        tariff_index: τ, an index.
        rate: r, the share of tariff above the threshold; 0.3, later 0.7.
        threshold_activity: θ, an index; 1 is the activity of the base year.

    Returns:
        [..., year, draw], £m.

    Source: marginal-rate emergency tariff.
    """
    at_full_rate = np.minimum(activity, threshold_activity)
    above = activity - at_full_rate
    return baseline * tariff_index * (at_full_rate + rate * above)


def capitated(
    baseline: Quantity, weighted_population_index: FloatArray, tariff_index: Quantity
) -> FloatArray:
    """Capitated budget, `B · weighted population · τ`: follows need, not activity.

    Args:
        baseline: B, £m, in the base year.
        weighted_population_index: [..., year, draw], of the payer, 1 in the base year.
        tariff_index: τ, an index.

    Returns:
        [..., year, draw], £m.
    """
    return baseline * weighted_population_index * tariff_index


def cap_and_collar(
    baseline: Quantity,
    activity: FloatArray,
    central_activity: Quantity,
    tariff_index: Quantity,
    collar: Quantity,
    cap: Quantity,
    payer_share_below: Quantity,
    payer_share_above: Quantity,
) -> FloatArray:
    """Cap and collar: the tariff between two edges around plan, the payer's share outside them.

    With ``plan = B · central activity · τ`` and ``V = B · A · τ``:

    * between ``floor = plan · (1 − collar)`` and ``ceiling = plan · (1 + cap)``: V;
    * above the ceiling the payer bears ``payer_share_above`` of the excess, and the provider treats
      the rest unpaid: ``ceiling + share · (V − ceiling)``. A share of 0 is a hard cap, 1 is no cap;
    * below the floor the payer bears ``payer_share_below`` of the shortfall, which it pays for
      activity that did not happen, and the provider loses the rest:
      ``floor − (1 − share) · (floor − V)``. A share of 1 guarantees the floor, 0 is no collar.

    Args:
        baseline: B, £m, in the base year.
        activity: [..., year, draw], A, an index.
        central_activity: the activity planned for, an index.
        tariff_index: τ, an index.
        collar: how far below plan the tariff holds, as a fraction of plan.
        cap: how far above plan the tariff holds, as a fraction of plan.
        payer_share_below: the payer's share of the shortfall below the floor, 0 to 1.
        payer_share_above: the payer's share of the excess above the ceiling, 0 to 1.

    Returns:
        [..., year, draw], £m.

    Raises:
        ValueError: the cap or the collar is negative.
    """
    _require_not_negative("a collar", collar)
    _require_not_negative("a cap", cap)
    plan = baseline * central_activity * tariff_index
    floor = plan * (1.0 - collar)
    ceiling = plan * (1.0 + cap)
    at_tariff = tariff(baseline, activity, tariff_index)
    excess = np.maximum(at_tariff - ceiling, 0.0)
    shortfall = np.maximum(floor - at_tariff, 0.0)
    inside = np.clip(at_tariff, floor, ceiling)
    return inside + payer_share_above * excess - (1.0 - payer_share_below) * shortfall


def settled(
    payer_value: Quantity, provider_value: Quantity, agreed_value: Quantity
) -> tuple[Quantity, Quantity]:
    """A disputed contract: the value that enters the ledger, and what the books disagree by.

    The ledger takes the agreed value on both sides, so that it nets to zero; the mismatch,
    ``provider − payer``, is reported beside it.

    Args:
        payer_value: what the payer books as expenditure, £m.
        provider_value: what the provider books as income, £m.
        agreed_value: what the two settle at, £m.

    Returns:
        The agreed value and the mismatch, £m. The mismatch is positive when the provider counts on
        more than the payer has set aside.
    """
    return agreed_value, provider_value - payer_value


def _require_not_negative(what: str, edge: Quantity) -> None:
    if not np.all(np.greater_equal(edge, 0.0)):
        raise ValueError(f"{what} must be zero or more, as a fraction of plan")
