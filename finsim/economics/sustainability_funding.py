"""Sustainability funding: what is paid for meeting control totals, after settling and judging.

The order is settle, judge, fund. The fund, the bonus and the residual come from outside the system.
An annual model reads the quarters so: where a later quarter recovers the finance part, it is judged
once, on the year-end position; where not, each quarter is judged on the position to date, from a
stated profile of the year, and earns its own weight.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from finsim.economics.arrays import FloatArray, MaskArray, Quantity
from finsim.economics.control_totals import met, system_position, system_total, variance
from finsim.economics.sustainability_funding_terms import (
    FINANCE,
    FundingTerms,
    check_funding,
    performance_parts,
)


class Funding(Struct, frozen=True):
    """What is received, [organisation, year, draw], £m each.

    Attributes:
        paid: of the organisation's own fund, never more than it.
        bonus: for each £1 above the control total, from the national pot.
        residual: of money not earned, from the national pot.
    """

    paid: FloatArray
    bonus: FloatArray
    residual: FloatArray

    @property
    def total(self) -> FloatArray:
        """[organisation, year, draw], £m: paid, bonus and residual."""
        return self.paid + self.bonus + self.residual


def cliff(variance: FloatArray) -> FloatArray:
    """The gate of a cliff: 1 at the control total or above, 0 below it."""
    return met(variance, np.zeros(variance.shape[:-1])).astype(float)


def taper(variance: FloatArray, width: Quantity) -> FloatArray:
    """The gate of a taper: 1 at the total, falling in a straight line to 0 a width below it.

    `clip(1 + variance / width, 0, 1)`, the variance to the total being negative below it.

    Args:
        variance: £m, to the control total.
        width: £m, more than nil; broadcasts against the variance.

    Source: 2020/21, a taper in place of the cliff (HSJ).
    """
    return np.clip(1.0 + variance / width, 0.0, 1.0)


def gate(variance: FloatArray, width: FloatArray) -> FloatArray:
    """A taper where there is a width, a cliff where it is nil; nil where there is no total.

    Args:
        variance: [..., year, draw], £m, NaN where there is no total.
        width: [year], £m.
    """
    tapers = width[:, None] > 0.0
    tapered = taper(variance, np.where(tapers, width[:, None], 1.0))
    opened = np.where(tapers, tapered, cliff(variance))
    return np.where(np.isnan(variance), 0.0, opened)


def linked_gate(own: FloatArray, system: FloatArray, link_share: FloatArray) -> FloatArray:
    """The gate of a fund partly tied to the system: `(1 − s) · own + s · system`.

    Args:
        own: [organisation, year, draw], 0 to 1.
        system: [year, draw], 0 to 1.
        link_share: s, [year].
    """
    s = link_share[:, None]
    return (1.0 - s) * own + s * system


def quarterly_attainment(attainment: FloatArray, quarters: Sequence[float]) -> FloatArray:
    """A year's attainment of a performance part, `Σ quarter weight × attained in the quarter`.

    Args:
        attainment: [quarter, organisation, year, draw], 0 to 1.
        quarters: the weight of each quarter.

    Returns:
        [organisation, year, draw], 0 to 1.
    """
    return np.tensordot(np.asarray(quarters), attainment, axes=1)


def bonus_from_pot(
    variance: FloatArray, qualifies: MaskArray, rate: FloatArray, pot: FloatArray
) -> FloatArray:
    """The £-for-£ bonus: `rate × max(variance, 0)`, cut for all alike where the pot is too small.

    Args:
        variance: [organisation, year, draw], £m, to the control total.
        qualifies: [organisation, year, draw].
        rate: [year], £ for each £1.
        pot: [year], £m.

    Source: 2016/17, £1 for each £1 above the control total, never more than the fund (HSJ).
    """
    claimed = np.where(qualifies, rate[:, None] * np.maximum(variance, 0.0), 0.0)
    return _within(claimed, pot[:, None])


def residual_from_pot(
    unearned: FloatArray, met: MaskArray, fund: FloatArray, pot_left: FloatArray
) -> FloatArray:
    """The residual: unearned money shared by those at or above their totals, by their funds.

    Args:
        unearned: [year, draw], £m, of the system's funds.
        met: [organisation, year, draw], who shares.
        fund: [organisation, year], £m.
        pot_left: [year, draw], £m, after the bonus.

    Source: 2016/17, unearned money shared by those at or above their totals (HSJ).
    """
    weights = np.where(met, fund[:, :, None], 0.0)
    sharers = weights.sum(axis=0)
    shares = weights / np.where(sharers > 0.0, sharers, 1.0)
    return shares * np.minimum(unearned, pot_left)


def sustainability_funding(
    position: FloatArray,
    totals: FloatArray,
    in_scope: MaskArray,
    fund: FloatArray,
    terms: Sequence[FundingTerms],
    attainment: Mapping[str, FloatArray],
    link_share: Quantity = 0.0,
    in_system: MaskArray | None = None,
    national_pot: Quantity = 0.0,
) -> Funding:
    """What the fund pays: `gate × fund × Σ_parts weight × achieved`, bonus and residual.

    Finance is achieved as far as the gate is open. Performance parts pay their attainment, through
    the gate where performance needs finance. The bonus and the residual go to those at or above
    their own totals, and together are never more than the national pot.

    Args:
        position: [organisation, year, draw], £m, after transfers and support, before funding.
        totals: [organisation, year], £m, NaN where none.
        in_scope: [organisation], who is offered the fund.
        fund: [organisation, year], £m, nil or positive.
        terms: one for each year.
        attainment: for each performance part, [organisation or 1, year, draw or 1], 0 to 1.
        link_share: s, the share of the fund tied to the system total, a number or [year], 0 to 1.
        in_system: [organisation], whose totals make up the system's; none for all that have one.
        national_pot: £m for bonus and residual, a number or [year].

    Returns:
        Paid, bonus and residual.

    Raises:
        FundingTermsError: terms are not one for each year, attainment of a part is missing or
            outside 0 to 1, or s, the fund or the pot is out of range.
        FundedWithoutTotal: an organisation has a fund and no total to judge it by.

    Source: sustainability and transformation fund, 2016/17 to 2018/19 (HFMA, HSJ).
    """
    years = totals.shape[1]
    link = np.broadcast_to(np.asarray(link_share, dtype=float), years)
    pot = np.broadcast_to(np.asarray(national_pot, dtype=float), years)
    counted = np.ones(len(totals), dtype=bool) if in_system is None else in_system
    offered = np.where(in_scope[:, None], fund, 0.0)
    check_funding(terms, offered, totals, counted, attainment, link, pot)

    some: MaskArray = np.any(offered, axis=1)
    opened = year_gate(position, totals, counted, terms, link, some)
    whole = (len(totals), 1, 1)
    attained = {
        part: np.broadcast_to(stated, np.broadcast_shapes(stated.shape, whole))[some]
        for part, stated in attainment.items()
    }
    paid = np.zeros_like(position)
    paid[some] = offered[some, :, None] * _earned(opened, terms, attained)
    rate = np.array([term.bonus_rate for term in terms])
    shares_residual = np.array([term.shares_residual for term in terms])
    if not (pot.any() and (rate.any() or shares_residual.any())):
        nothing = np.zeros_like(paid)
        return Funding(paid, nothing, nothing)

    at_or_above = met(position, totals) & (offered > 0.0)[:, :, None]
    bonus = bonus_from_pot(variance(position, totals), at_or_above, rate, pot)
    not_paid = (offered[:, :, None] - paid).sum(axis=0)
    unearned = np.where(shares_residual[:, None], not_paid, 0.0)
    pot_left = np.maximum(pot[:, None] - bonus.sum(axis=0), 0.0)
    residual = residual_from_pot(unearned, at_or_above, offered, pot_left)
    return Funding(paid, bonus, residual)


def year_gate(
    position: FloatArray,
    totals: FloatArray,
    in_system: MaskArray,
    terms: Sequence[FundingTerms],
    link_share: FloatArray,
    asked: MaskArray,
) -> FloatArray:
    """How far the gate of each organisation asked for is open over the year, 0 to 1.

    `Σ_quarters weight × [(1 − s) · own + s · system]`, judged on the position and total to date;
    the year-end position alone where a later quarter recovers.

    Args:
        position: [organisation, year, draw], £m, before funding.
        totals: [organisation, year], £m, NaN where none.
        in_system: [organisation], whose totals make up the system's.
        terms: one for each year.
        link_share: s, [year].
        asked: [organisation], whose gates.

    Returns:
        [organisation asked for, year, draw].
    """
    own_width = np.array([term.own_taper for term in terms])
    system_width = np.array([term.system_taper for term in terms])
    joint = system_position(position, totals, in_system)
    joint_total = system_total(totals, in_system)
    position, totals = position[asked], totals[asked]
    opened = np.zeros_like(position)
    for weight, of_position, of_total in _judgements(terms):
        own = gate(of_position[:, None] * position - (of_total * totals)[:, :, None], own_width)
        system = gate(
            of_position[:, None] * joint - (of_total * joint_total)[:, None], system_width
        )
        opened += weight[:, None] * linked_gate(own, system, link_share)
    return np.minimum(opened, 1.0)


def _judgements(
    terms: Sequence[FundingTerms],
) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    """Each time the finance part is judged: weight, part of the position and of the total, [year].

    Years with fewer judgements than others have weight nil in the ones that they lack.
    """
    by_year = [_judgements_of_year(term) for term in terms]
    most = max(len(year) for year in by_year)
    padded = [year + [(0.0, 1.0, 1.0)] * (most - len(year)) for year in by_year]
    columns = np.array(padded)
    return [(judged[:, 0], judged[:, 1], judged[:, 2]) for judged in columns.transpose(1, 0, 2)]


def _judgements_of_year(term: FundingTerms) -> list[tuple[float, float, float]]:
    if term.finance_recovers or term.profile is None:
        return [(1.0, 1.0, 1.0)]
    whole = math.fsum(term.quarters)
    weights = [quarter / whole for quarter in term.quarters]
    return list(zip(weights, term.profile.position, term.profile.total, strict=True))


def _earned(
    opened: FloatArray, terms: Sequence[FundingTerms], attainment: Mapping[str, FloatArray]
) -> FloatArray:
    """The part of the fund that is earned, 0 to 1, [organisation, year, draw]."""
    needs_finance = np.array([term.performance_needs_finance for term in terms])[:, None]
    performance_gate = np.where(needs_finance, opened, 1.0)
    earned = _weights(FINANCE, terms) * opened
    for part in performance_parts(terms):
        earned = earned + _weights(part, terms) * performance_gate * attainment[part]
    return np.minimum(earned, 1.0)


def _weights(part: str, terms: Sequence[FundingTerms]) -> FloatArray:
    """[year, 1]: the weight of a part, nil in a year without it."""
    of_part = [term.parts.get(part, 0.0) / math.fsum(term.parts.values()) for term in terms]
    return np.array(of_part)[:, None]


def _within(claimed: FloatArray, pot: FloatArray) -> FloatArray:
    """Claims, cut in proportion where together they exceed the pot."""
    together = claimed.sum(axis=0)
    short = together > pot
    part = np.where(short, pot / np.where(short, together, 1.0), 1.0)
    return claimed * part
