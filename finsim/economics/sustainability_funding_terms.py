"""The terms of sustainability funding, year by year, and what can be wrong with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from finsim.economics.arrays import FloatArray, MaskArray
from finsim.economics.control_totals import has_total, system_total

FINANCE = "finance"
"""The name of the part that the control total alone decides."""

WEIGHTS_TOLERANCE = 1e-9


class FundingTermsError(ValueError):
    """Terms of a fund, or what is given with them, that cannot be paid on."""


class WeightsDoNotSumToOne(FundingTermsError):
    """Weights of parts or of quarters are negative or do not sum to one."""


class FundedWithoutTotal(FundingTermsError):
    """An organisation has a fund in a year in which there is no total to judge it by."""


class QuarterProfile(Struct, frozen=True):
    """How a year builds up: the part of it that has arisen by the end of each quarter.

    Attributes:
        position: cumulative, of the year's position; the last is 1.
        total: cumulative, of the control total as phased in the plan; the last is 1.
    """

    position: tuple[float, ...]
    total: tuple[float, ...]


class FundingTerms(Struct, frozen=True):
    """The terms of the fund in one year.

    Attributes:
        parts: the weight of each part, summing to one; the one named "finance" is compulsory, the
            others are performance.
        quarters: the weight of each quarter, summing to one.
        finance_recovers: whether a later quarter recovers the finance part, so that the year-end
            position decides.
        profile: how the year builds up, used when the finance part is not recovered; none for an
            even year, in which every quarter is judged like the year end.
        performance_needs_finance: whether performance is paid only as far as finance is.
        own_taper: £m below its own total at which an organisation's gate is nil; 0 is a cliff.
        system_taper: the same for the system's total.
        bonus_rate: £ of bonus for each £1 above the control total; 1 in 2016/17.
        shares_residual: whether money that the system did not earn goes to those at or above their
            totals, in proportion to their funds, as far as the national pot allows.
    """

    parts: Mapping[str, float]
    quarters: tuple[float, ...] = (0.15, 0.20, 0.30, 0.35)
    finance_recovers: bool = True
    profile: QuarterProfile | None = None
    performance_needs_finance: bool = True
    own_taper: float = 0.0
    system_taper: float = 0.0
    bonus_rate: float = 0.0
    shares_residual: bool = False

    def __post_init__(self) -> None:
        _check_terms(self)


def performance_parts(terms: Sequence[FundingTerms]) -> list[str]:
    """The parts of any year but finance, in the order in which they first appear."""
    named = dict.fromkeys(part for term in terms for part in term.parts)
    return [part for part in named if part != FINANCE]


def check_funding(
    terms: Sequence[FundingTerms],
    offered: FloatArray,
    totals: FloatArray,
    in_system: MaskArray,
    attainment: Mapping[str, FloatArray],
    link_share: FloatArray,
    pot: FloatArray,
) -> None:
    """Raises an error where terms and what is given with them do not fit.

    Raises:
        FundingTermsError: as `sustainability_funding` says.
    """
    if len(terms) != totals.shape[1]:
        raise FundingTermsError(f"there are terms for {len(terms)} of {totals.shape[1]} years")
    if not np.all((link_share >= 0.0) & (link_share <= 1.0)):
        raise FundingTermsError("the link share must be from 0 to 1")
    if not (np.all(offered >= 0.0) and np.all(pot >= 0.0)):
        raise FundingTermsError("a fund and the national pot must be nil or more")
    judged_alone = (offered > 0.0) & ~has_total(totals) & (link_share < 1.0)
    judged_together = (offered > 0.0) & np.isnan(system_total(totals, in_system)) & (link_share > 0)
    for organisation, year in np.argwhere(judged_alone | judged_together):
        raise FundedWithoutTotal(
            f"organisation {organisation + 1} has a fund in year {year + 1} and no total to judge "
            "it by"
        )
    for part in performance_parts(terms):
        if part not in attainment:
            raise FundingTermsError(f"the attainment of “{part}” is missing")
        if not np.all((attainment[part] >= 0.0) & (attainment[part] <= 1.0)):
            raise FundingTermsError(f"the attainment of “{part}” must be from 0 to 1")


def _check_terms(term: FundingTerms) -> None:
    if FINANCE not in term.parts:
        raise FundingTermsError(f"the parts need one named “{FINANCE}”")
    for what, weights in (("parts", tuple(term.parts.values())), ("quarters", term.quarters)):
        total = math.fsum(weights)
        if min(weights, default=-1.0) < 0.0 or not abs(total - 1.0) <= WEIGHTS_TOLERANCE:
            raise WeightsDoNotSumToOne(
                f"the weights of {what} sum to {total:.10g}; they must be nil or more and sum to 1"
            )
    if not min(term.own_taper, term.system_taper, term.bonus_rate) >= 0.0:
        raise FundingTermsError("a taper and a bonus rate must be nil or more")
    if term.profile is not None:
        for profile in (term.profile.position, term.profile.total):
            if len(profile) != len(term.quarters) or profile[-1] != 1.0:
                raise FundingTermsError(
                    f"a profile needs one cumulative part for each of {len(term.quarters)} "
                    "quarters, the last of them 1"
                )
