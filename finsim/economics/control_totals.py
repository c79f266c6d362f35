"""Control totals: the position each NHS body, and the system, must reach before funding.

A total is judged on the position before sustainability funding, after any risk share; the same
functions on the position before risk share say what was met before transfers. Councils have no
control total but a legal duty to balance, a line at nil beside the totals. Where there is no total
an array of totals holds NaN.
"""

from __future__ import annotations

import numpy as np

from finsim.economics.arrays import FloatArray, MaskArray, Quantity

TOLERANCE = 1e-9
"""£m by which a position may miss a total, or offsets may miss nil, by rounding alone."""


class OffsetsDoNotNet(ValueError):
    """Offsets between organisations' totals do not sum to zero in a year."""


class OffsetWithoutTotal(ValueError):
    """An offset is given to an organisation that has no control total in that year."""


def has_total(totals: FloatArray) -> MaskArray:
    """[organisation, year]: where there is a total to meet."""
    return ~np.isnan(totals)


def with_balanced_budget_line(totals: FloatArray, councils: MaskArray) -> FloatArray:
    """Totals with the councils' balanced-budget line: nil where a council has no total.

    Args:
        totals: [organisation, year], £m, NaN where none.
        councils: [organisation], who must by law balance.

    Returns:
        [organisation, year], £m: the line that each is judged against, NaN for who has neither.
    """
    return np.where(councils[:, None] & ~has_total(totals), 0.0, totals)


def with_offsets(totals: FloatArray, offsets: FloatArray) -> FloatArray:
    """Totals after offsets agreed between organisations, which leave the system total unchanged.

    An organisation allowed a deficit has a negative offset; those that make up for it have positive
    ones.

    Args:
        totals: [organisation, year], £m, NaN where none.
        offsets: [organisation, year], £m, nil where none.

    Returns:
        [organisation, year], £m.

    Raises:
        OffsetsDoNotNet: they do not sum to zero in every year.
        OffsetWithoutTotal: an organisation without a total has an offset.

    Source: 2017/18, net-neutral offsets within a system's total by agreement (HSJ, HFMA).
    """
    over = offsets.sum(axis=0)
    for year in np.flatnonzero(~(np.abs(over) <= TOLERANCE)):
        raise OffsetsDoNotNet(
            f"the offsets sum to £{over[year]:.6g}m in year {year + 1}; they must sum to nil"
        )
    for organisation, year in np.argwhere((offsets != 0.0) & ~has_total(totals)):
        raise OffsetWithoutTotal(
            f"organisation {organisation + 1} has an offset but no control total in year {year + 1}"
        )
    return totals + offsets


def system_total(totals: FloatArray, in_system: MaskArray) -> FloatArray:
    """The system control total: the sum of its organisations'.

    Args:
        totals: [organisation, year], £m, NaN where none.
        in_system: [organisation], whose totals count.

    Returns:
        [year], £m, NaN in a year when nobody has a total.
    """
    counted = in_system[:, None] & has_total(totals)
    total = np.where(counted, totals, 0.0).sum(axis=0)
    return np.where(counted.any(axis=0), total, np.nan)


def system_position(position: FloatArray, totals: FloatArray, in_system: MaskArray) -> FloatArray:
    """The joint position of those whose totals make up the system total.

    Args:
        position: [organisation, year, draw], £m, before funding.
        totals: [organisation, year], £m, NaN where none.
        in_system: [organisation], whose totals count.

    Returns:
        [year, draw], £m.
    """
    counted = in_system[:, None] & has_total(totals)
    joint: FloatArray = np.where(counted[:, :, None], position, 0.0).sum(axis=0)
    return joint


def variance(position: FloatArray, totals: FloatArray) -> FloatArray:
    """Variance to the control total, `position − total`, favourable positive.

    Args:
        position: [..., year, draw], £m, before risk share or before funding.
        totals: [..., year], £m, NaN where none.

    Returns:
        [..., year, draw], £m, NaN where there is no total.
    """
    return position - totals[..., None]


def met(position_before_funding: FloatArray, totals: FloatArray) -> MaskArray:
    """Whether a control total is met: at it or above it, before sustainability funding.

    The same for an organisation and for the system (`system_position` and `system_total`).

    Args:
        position_before_funding: [..., year, draw], £m.
        totals: [..., year], £m, NaN where none.

    Returns:
        [..., year, draw]; false where there is no total, for `has_total` to tell apart.

    Source: 2016/17 control totals are measured excluding the fund (HFMA).
    """
    least = totals - TOLERANCE
    return position_before_funding >= least[..., None]


def met_both(
    position_before_funding: FloatArray, totals: FloatArray, in_system: MaskArray
) -> MaskArray:
    """Whether an organisation meets its own total and the system meets its total too.

    Args:
        position_before_funding: [organisation, year, draw], £m.
        totals: [organisation, year], £m, NaN where none.
        in_system: [organisation], whose totals count in the system's.

    Returns:
        [organisation, year, draw].
    """
    joint = system_position(position_before_funding, totals, in_system)
    system_met = met(joint, system_total(totals, in_system))
    return met(position_before_funding, totals) & system_met


def chance_of_meeting(met: MaskArray) -> FloatArray:
    """The chance of meeting a total: the part of the draws that meet it.

    Args:
        met: [..., draw].

    Returns:
        [...], 0 to 1.
    """
    chance: FloatArray = met.mean(axis=-1)
    return chance


def chance_of_meeting_by_total(position: FloatArray, totals_grid: FloatArray) -> FloatArray:
    """The chance of meeting each of a range of totals, as one total decides any probability.

    Args:
        position: [draw] or [year, draw], £m, before funding.
        totals_grid: [total], £m.

    Returns:
        [total] or [year, total], 0 to 1; it falls as the total rises.
    """
    draws = position.shape[-1]
    in_order = np.sort(position, axis=-1).reshape(-1, draws)
    below = np.stack([np.searchsorted(row, totals_grid - TOLERANCE, "left") for row in in_order])
    chance: FloatArray = ((draws - below) / draws).reshape(*position.shape[:-1], len(totals_grid))
    return chance


def ccg_reserve(allocation: FloatArray, uncommitted: Quantity, contingency: Quantity) -> FloatArray:
    """What a CCG must hold back: `allocation · (uncommitted + contingency)`.

    Args:
        allocation: [organisation, year] or [organisation, year, draw], £m.
        uncommitted: the uncommitted (non-recurrent) reserve, a rate for each year in the shape of
            the allocation: 1% in 2016/17.
        contingency: the contingency, likewise: 0.5% in 2016/17.

    Returns:
        £m, in the shape of the allocation.

    Source: NHS England planning guidance: 1% and 0.5% in 2016/17, 0.5% and 0.5% in 2017/18, lifted
    in 2018/19.
    """
    return allocation * (uncommitted + contingency)
