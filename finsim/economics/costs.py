"""Costs: what an organisation spends itself, line by line."""

from __future__ import annotations

import numpy as np

from finsim.economics.arrays import FloatArray, Quantity


def cost_line(
    baseline: Quantity,
    demand: FloatArray,
    non_demographic: Quantity,
    price: Quantity,
    efficiency: Quantity,
    released: Quantity,
) -> FloatArray:
    """Cost of a line: `C = B · D · N · Q · E · (1 − released)`.

    Growth costs in full; removed activity takes only its cash-releasing cost with it.

    Args:
        baseline: B, £m, in the base year.
        demand: [..., year, draw], D, the demand index.
        non_demographic: N, the index of growth that population does not explain.
        price: Q, the pay and price index.
        efficiency: E, the efficiency index; 1 without schemes.
        released: the share of cost that goes with removed activity; 0 without schemes.

    Returns:
        [..., year, draw], £m.
    """
    return baseline * demand * non_demographic * price * efficiency * (1.0 - released)


def released_share(cash_release: Quantity, removed: FloatArray) -> FloatArray:
    """Share of a line's cost that goes when a share R of its activity goes.

    ``cash_release · R`` where activity is removed; R itself where it is added (R below zero),
    because added activity costs in full.

    Args:
        cash_release: the part of the cost of removed activity that goes in the time, 0 to 1.
        removed: [..., year, draw], R.

    Returns:
        [..., year, draw], dimensionless.
    """
    return cash_release * np.maximum(removed, 0.0) + np.minimum(removed, 0.0)


def stranded_cost(
    cost_before_removal: FloatArray, cash_release: Quantity, removed: FloatArray
) -> FloatArray:
    """Cost of removed activity that stays behind: `cost · (1 − cash_release) · max(R, 0)`.

    £10m of activity removed at tariff with half its cost released saves the payer £10m, leaves the
    provider £5m worse off, its stranded cost, and the system £5m better.

    Args:
        cost_before_removal: [..., year, draw], B · D · N · Q · E, £m.
        cash_release: the part of the cost of removed activity that goes in the time, 0 to 1.
        removed: [..., year, draw], R.

    Returns:
        [..., year, draw], £m.
    """
    return cost_before_removal * (1.0 - cash_release) * np.maximum(removed, 0.0)


def social_care_cost(
    baseline: Quantity,
    real_growth_index: FloatArray,
    price_index: Quantity,
    efficiency: Quantity,
) -> FloatArray:
    """Cost of adult social care: `C = B · G · Q · E`.

    The published real growth G already includes demand, so it replaces demographic and
    non-demographic growth (D · N) and is not added to them.

    Args:
        baseline: B, £m, in the base year.
        real_growth_index: [..., year, draw], G.
        price_index: Q, the pay and price index.
        efficiency: E, the efficiency index; 1 without schemes.

    Returns:
        [..., year, draw], £m.

    Source: PSSRU projections for England: 3.9% a year for older people, 3.5% for younger adults.
    """
    return baseline * real_growth_index * price_index * efficiency


def unattributed_pressure(
    amount: float, share: Quantity, base_year_index: int, target_index: int, years: int
) -> FloatArray:
    """An organisation's share of the pressure that public drivers do not explain.

    Nil to the base year, equal steps to ``amount · share`` in the target year, flat after:
    ``amount · share · min(max((t − base) / (target − base), 0), 1)``. Schemes do not act on it.

    Args:
        amount: £m in the target year, for the whole system.
        share: the organisation's share of it, or [organisation].
        base_year_index: the index of the base year, 0.
        target_index: the index of the year whose gap was published.
        years: the number of years, the base year included.

    Returns:
        [year], or [organisation, year], £m.

    Raises:
        ValueError: the target year is not after the base year.
    """
    if target_index <= base_year_index:
        raise ValueError("unattributed pressure needs a target year after the base year")
    steps = (np.arange(years) - base_year_index) / (target_index - base_year_index)
    return amount * np.asarray(share)[..., np.newaxis] * np.clip(steps, 0.0, 1.0)


def shock(turnover: Quantity, deviation: FloatArray) -> FloatArray:
    """What no plan foresaw, in the position of a year: `turnover · deviation`.

    Args:
        turnover: the organisation's turnover, £m.
        deviation: [..., year, draw], as a fraction of turnover, favourable positive.

    Returns:
        [..., year, draw], £m, favourable positive.
    """
    return turnover * deviation
