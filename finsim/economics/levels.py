"""Networks and localities: how money is spread over places, and what a budget is given.

A *level* is a way to divide the system into bodies (networks or localities) that sum to it. The
last body of a level is what no tag assigns.
"""

from __future__ import annotations

import numpy as np

from finsim.economics.arrays import FloatArray, MaskArray, Quantity, weighted


def area_shares(parts: FloatArray, there: MaskArray) -> FloatArray:
    """The share of each area's people that live in each locality.

    ``s(l, a, t) = p(l, a) · there(l, t) / Σ_k p(k, a) · there(k, t)``

    Args:
        parts: [locality, area], p, parts of an area's people in any unit.
        there: [locality, year], whether the locality is there in the year.

    Returns:
        [locality, area, year]; over the localities it sums to 1, or to 0 for an area without any.
    """
    stated = parts[:, :, None] * there[:, None, :]
    return _parts_of(stated, stated.sum(axis=0))


def spread_by_weighted_population(
    shares: FloatArray, weighted: FloatArray, footprint: FloatArray
) -> FloatArray:
    """The part of a footprint's money that falls to each locality.

    ``W(l, t) = Σ_a ω(a) · s(l, a, t) · w(a, t) / Σ_a ω(a) · w(a, t)``

    Args:
        shares: [locality, area, year], s, as `area_shares` gives them.
        weighted: [area, year], w, people weighted by age cost.
        footprint: [area], ω, the part of each area that the money is for.

    Returns:
        [locality, year]; it sums to 1 where every area of the footprint has localities.
    """
    served = footprint[:, None] * weighted
    return _parts_of(np.einsum("lat,at->lt", shares, served), served.sum(axis=0))


def convergence(years: tuple[int, ...], start: int, by: int) -> FloatArray:
    """How far each year is from historic shares: ``λ(t) = (t − start) / (by − start)``, 0 to 1.

    Args:
        years: of the model.
        start: the last year of historic shares.
        by: the first year of shares by weighted population.

    Returns:
        [year].
    """
    return np.minimum(1.0, np.maximum(0.0, (np.array(years) - start) / (by - start)))


def converging_shares(historic: FloatArray, weighted: FloatArray, to: FloatArray) -> FloatArray:
    """Shares on their way to weighted population: ``(1 − λ) · historic + λ · weighted``.

    Args:
        historic: [body, year], shares that sum to 1.
        weighted: [body, year], shares by weighted population that sum to 1.
        to: [year], λ.

    Returns:
        [body, year]; it sums to 1.
    """
    return (1.0 - to) * historic + to * weighted


def allotted(earned: FloatArray, general_income: FloatArray, shares: FloatArray) -> FloatArray:
    """What a body has to spend: what is paid for its services, and its share of the rest.

    ``earned + κ · general income``

    Args:
        earned: [body, year, draw], income from outside that carries the body's tag, £m.
        general_income: [year, draw], allocations, grants and other income without a tag, £m.
        shares: [body], κ, the body's part of base-year expenditure less what was earned.

    Returns:
        [body, year, draw], £m.
    """
    return earned + shares[:, None, None] * general_income


def moved_between(
    budget: FloatArray,
    giver: int,
    receiver: int,
    amount: FloatArray,
    of_budget: bool,
) -> FloatArray:
    """Money that moves from one budget to another, £m; it sums to zero over the bodies.

    Args:
        budget: [body, year, draw], before any move, £m.
        giver: the body that gives.
        receiver: the body that receives.
        amount: [year], £m, or parts of the giver's budget.
        of_budget: whether the amount is a part of the giver's budget.

    Returns:
        [body, year, draw], £m, what is received positive.
    """
    size: Quantity = amount[:, None]
    if of_budget:
        size = size * np.maximum(budget[giver], 0.0)
    moved = np.zeros_like(budget)
    moved[giver] = -size
    moved[receiver] = size
    return moved


def by_body(spread: FloatArray, values: FloatArray) -> FloatArray:
    """What is known by footprint, by body: ``Σ_f W(b, f, t) · v(f, t)``.

    Args:
        spread: [body, footprint, year], W; over the bodies it sums to 1.
        values: [footprint, year, draw], v.

    Returns:
        [body, year, draw].
    """
    return weighted(spread.transpose(2, 0, 1), values)


def _parts_of(values: FloatArray, total: FloatArray) -> FloatArray:
    """values / total, and nought where the total is nought."""
    spread = np.broadcast_to(total, values.shape)
    return np.divide(values, spread, out=np.zeros_like(values), where=spread != 0)
