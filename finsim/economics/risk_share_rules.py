"""The arithmetic of a risk share: one small pure function for each rule, on arrays.

All organisations stand on the first axis, members of an arrangement or not: who is not a member has
a contribution and a share of nil. Variances and transfers are [organisation, year, draw], £m,
favourable and received positive; pools are [year, draw]; shares are [organisation, year or 1,
draw or 1]. Every transfer here sums to zero over organisations in every year and draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from finsim.economics.arrays import FloatArray, MaskArray, Quantity
from finsim.economics.risk_share_terms import Direction

Bands: TypeAlias = Sequence[tuple[Quantity, Quantity, float]]
"""Low and high, £m, which broadcast against what they band, and the pooled share."""


def adverse(variance: FloatArray) -> FloatArray:
    """The adverse part of a variance, `min(v, 0)`, nil or negative."""
    return np.minimum(variance, 0.0)


def favourable(variance: FloatArray) -> FloatArray:
    """The favourable part of a variance, `max(v, 0)`, nil or positive."""
    return np.maximum(variance, 0.0)


def in_direction(variance: FloatArray, direction: Direction) -> FloatArray:
    """The part of each variance that a pool takes: adverse, favourable or both."""
    if direction == "adverse":
        return adverse(variance)
    if direction == "favourable":
        return favourable(variance)
    return variance


def in_proportion(weights: FloatArray) -> FloatArray:
    """Shares in proportion to weights that are not negative: `w / Σw`, nil where all are nil.

    Args:
        weights: [organisation, ...].
    """
    total = weights.sum(axis=0)
    safe = np.where(total > 0.0, total, 1.0)
    shares: FloatArray = weights / safe
    return shares


def net(by_organisation: FloatArray) -> FloatArray:
    """Over all organisations, [year, draw], £m: of contributions, the pool."""
    total: FloatArray = by_organisation.sum(axis=0)
    return total


def marginal_bands(amount: FloatArray, bands: Bands) -> FloatArray:
    """What bands take of an amount, each its own slice: `Σ rate · clip(x − low, 0, high − low)`.

    Args:
        amount: x, £m; bands start at nil or above, so that they take nothing of a negative one.
        bands: low, high and rate of each, £m; low and high broadcast against the amount.

    Returns:
        £m, in the shape of the amount.
    """
    taken = np.zeros_like(amount)
    for low, high, rate in bands:
        if rate == 0.0:
            continue
        within = np.clip(amount - low, 0.0, high - low)
        within *= rate
        taken += within
    return taken


def corridor(
    variance: FloatArray,
    adverse_bands: Bands,
    favourable_bands: Bands,
) -> FloatArray:
    """The pooled part of each variance; the rest stays with its owner.

    `pooled(v) = bands(v)` of a favourable variance, `−bands(−v)` of an adverse one.

    Args:
        variance: v, [..., year, draw], £m.
        adverse_bands: low, high and pooled share for adverse variances.
        favourable_bands: the same for favourable ones.
    """
    pooled_gain = marginal_bands(variance, favourable_bands)
    pooled_loss = marginal_bands(-variance, adverse_bands)
    return pooled_gain - pooled_loss


def corridor_on_pool(
    contributions: FloatArray,
    adverse_bands: Bands,
    favourable_bands: Bands,
) -> FloatArray:
    """A corridor on the net pool: each member leaves in the same part of its contribution.

    `contribution · pooled(P) / P`, with P the net pool. A pool that nets to nil is in the first
    band.

    Args:
        contributions: [organisation, year, draw], £m.
        adverse_bands: low, high and pooled share for a pool that is adverse in total.
        favourable_bands: the same for one that is favourable.
    """
    pool = net(contributions)
    first_rate = max(adverse_bands[0][2], favourable_bands[0][2])
    pooled = corridor(pool, adverse_bands, favourable_bands)
    part = np.full_like(pool, first_rate)
    np.divide(pooled, pool, out=part, where=pool != 0.0)
    return contributions * part


def shared(contributions: FloatArray, shares: FloatArray) -> FloatArray:
    """Transfers when a pool is shared: `share · Σ contributions − own contribution`.

    Args:
        contributions: [organisation, year, draw], £m.
        shares: sum to one over organisations.
    """
    return shares * net(contributions) - contributions


def room_in_total(room: FloatArray, shares: FloatArray) -> FloatArray:
    """How much the sharers can take together, [year, draw], £m."""
    return net(np.where(shares > 0.0, room, 0.0))


def beyond_room(amount: FloatArray, room: FloatArray, shares: FloatArray) -> FloatArray:
    """The part of an amount that no sharer has room for, [year, draw], £m."""
    capacity = room_in_total(room, shares)
    return np.where(amount > capacity, amount - capacity, 0.0)


def spread_until_placed(amount: FloatArray, room: FloatArray, shares: FloatArray) -> FloatArray:
    """Spreads an amount in proportion to shares; who is full takes no more, the others take on.

    `placed_i = min(λ · share_i, room_i)` with λ such that the sum is the amount, or all the room.
    Each pass fills at least one sharer or places all, so there are no more passes than sharers.

    Args:
        amount: [year, draw], £m, nil or positive.
        room: what each can take, [organisation, year, draw], £m, infinity for no limit.
        shares: the proportions; nil for who takes no part.

    Returns:
        [organisation, year, draw], £m: what each takes.
    """
    room_left = np.where(shares > 0.0, np.broadcast_to(room, (len(room), *amount.shape)), 0.0)
    placed = np.zeros_like(room_left)
    left = amount
    for _ in range(len(room)):
        offered = left * in_proportion(np.where(room_left > 0.0, shares, 0.0))
        taken = np.minimum(offered, room_left)
        some_full = np.any((offered > 0.0) & (taken == room_left), axis=0)
        placed += taken
        room_left -= taken
        left = np.where(some_full, favourable(left - net(taken)), 0.0)
        if not left.any():
            break
    return placed


def cap_losses(
    transfer: FloatArray, limit: FloatArray, shares: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Holds what each member pays to its limit and spreads the excess over the others.

    Who still has room under its own limit takes on the excess in proportion to shares until it is
    placed. What nobody can take stays where it arose: those due to receive get that much less, in
    proportion to what they are due.

    Args:
        transfer: of one arrangement, [organisation, year, draw], £m.
        limit: the most each may pay, [organisation, year or 1, draw or 1], £m, infinity for none.
        shares: of the arrangement.

    Returns:
        The transfers within the limits, and the amount that nobody could take, [year, draw], £m.
    """
    capped = np.maximum(transfer, -limit)
    excess = net(capped - transfer)
    if not excess.any():
        return transfer, excess
    room = capped + limit
    unplaced = beyond_room(excess, room, shares)
    capped = capped - spread_until_placed(excess, room, shares)
    return capped - unplaced * in_proportion(favourable(capped)), unplaced


def cap_gains(
    transfer: FloatArray, limit: FloatArray, shares: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Holds what each member receives to its limit: the mirror image of `cap_losses`."""
    capped, unplaced = cap_losses(-transfer, limit, shares)
    return -capped, unplaced


def draw_on(uncovered: FloatArray, source: Quantity) -> tuple[FloatArray, FloatArray]:
    """What a source covers of an overspend, and what is then still uncovered, [year, draw], £m."""
    covered = np.minimum(uncovered, source)
    return covered, uncovered - covered


def waterfall(
    contributions: FloatArray,
    reserves: Sequence[tuple[FloatArray, FloatArray]],
    outside: FloatArray,
) -> FloatArray:
    """Transfers when overspends are met in order: underspends, reserves, then outside the pool.

    Args:
        contributions: what each member over- or underspent, [organisation, year, draw], £m.
        reserves: for each the amount, [year, 1], £m, and its holders' shares.
        outside: shares of what is still uncovered.

    Source: Section 75 agreements and the Better Care Fund.
    """
    overspend, underspend = -adverse(contributions), favourable(contributions)
    covered, uncovered = draw_on(net(overspend), net(underspend))
    paid = covered * in_proportion(underspend)
    for amount, held_by in reserves:
        covered, uncovered = draw_on(uncovered, amount)
        paid = paid + covered * held_by
    return overspend - paid - uncovered * outside


def layered_protection(
    contributions: FloatArray, reduction: FloatArray, protected: MaskArray, shares: FloatArray
) -> FloatArray:
    """Transfers when partners are protected until the others have borne a reduction.

    A shortfall falls first on the others in proportion to their shares, on each up to its
    reduction; what is beyond falls on all by their shares. A gain is the others'. Where nobody but
    partners has a share there is nobody to protect them, and they count as the others.

    Args:
        contributions: [organisation, year, draw], £m.
        reduction: what each bears first, [organisation, year or 1, draw or 1], £m.
        protected: [organisation, 1, 1], the partners.
        shares: of all, partners too.
    """
    pool = net(contributions)
    shortfall = -adverse(pool)
    others = in_proportion(np.where(protected, 0.0, shares))
    others = np.where(net(others) > 0.0, others, shares)
    borne_first = spread_until_placed(shortfall, reduction, others)
    borne_by_all = beyond_room(shortfall, reduction, others) * shares
    return favourable(pool) * others - borne_first - borne_by_all - contributions


def shared_savings(
    savings: FloatArray,
    benchmark: FloatArray,
    share: Quantity,
    minimum_rate: float,
    cap: float,
) -> FloatArray:
    """Savings paid to providers, from the first pound once the minimum savings rate is met.

    `min(share · savings, cap · benchmark)` if `savings ≥ minimum rate · benchmark`, else nil.

    Args:
        savings: benchmark less spend, [year, draw], £m.
        benchmark: [year, draw or 1], £m.
        share: the maximum share × quality.
        minimum_rate: as a fraction of benchmark.
        cap: as a fraction of benchmark, infinity for none.

    Source: CMS Medicare Shared Savings Program, 42 CFR 425.604 to 425.610.
    """
    qualifies = (savings > 0.0) & (savings >= minimum_rate * benchmark)
    most = np.full_like(benchmark, np.inf) if np.isinf(cap) else cap * benchmark
    return np.where(qualifies, np.minimum(share * favourable(savings), most), 0.0)


def loss_share_for(share: Quantity, least: float, most: float) -> Quantity:
    """The share of losses under CMS rules: one less the final share of savings, within bounds."""
    return np.minimum(np.maximum(1.0 - share, least), most)


def guaranteed(
    variance: FloatArray, threshold: Quantity, limit: Quantity, share: float
) -> FloatArray:
    """What a guarantor pays: its share of the joint shortfall past a threshold, to a limit.

    `min(share · max(−Σv − threshold, 0), limit)`, to those in shortfall in proportion to it.

    Args:
        variance: of those guaranteed, nil for others, [organisation, year, draw], £m.
        threshold: [year, draw or 1], £m.
        limit: [year, draw or 1], £m.
        share: of the shortfall past the threshold.

    Returns:
        [organisation, year, draw], £m of external support, nil or positive.
    """
    past_threshold = favourable(-net(variance) - threshold)
    paid = np.minimum(share * past_threshold, limit)
    return paid * in_proportion(-adverse(variance))
