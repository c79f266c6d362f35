"""What the words of a term mean in numbers: names, years, shares and amounts as arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from finsim.economics import risk_share_rules as rules
from finsim.economics.arrays import FloatArray, MaskArray, Quantity
from finsim.economics.risk_share_checks import BasisMissing, RiskShareError
from finsim.economics.risk_share_terms import (
    Amount,
    Amounts,
    Band,
    Basis,
    ByYear,
    Shares,
)


def members_mask(members: Iterable[str], basis: Basis) -> MaskArray:
    """[organisation, 1, 1]: which organisations are named."""
    named = set(members)
    return np.array([[[name in named]] for name in basis.organisations])


def years_mask(years: Sequence[str], basis: Basis) -> MaskArray:
    """[year, 1]: which years are named, or every year when none is."""
    return np.array([[not years or year in years] for year in basis.years])


def fixed_shares(shares: Mapping[str, float], basis: Basis) -> FloatArray:
    """[organisation, 1, 1]: the share of each, nil for who is not named."""
    by_row = [[[shares.get(name, 0.0)]] for name in basis.organisations]
    return rules.in_proportion(np.array(by_row, dtype=float))


def pool_shares(term: Shares, pool_members: Sequence[str], basis: Basis) -> FloatArray:
    """The share of each organisation in a pool, summing to one.

    Args:
        term: fixed shares, or what shares are in proportion to.
        pool_members: who shares when the term does not say.
        basis: income and weighted population.

    Returns:
        [organisation, year or 1, draw or 1].

    Raises:
        BasisMissing: what shares are in proportion to is negative for a sharer, or nil for all.
    """
    sharers = members_mask(term.members or pool_members, basis)
    if term.by == "fixed":
        return fixed_shares(term.shares, basis)
    if term.by == "equal":
        return rules.in_proportion(sharers.astype(float))
    by_income = term.by == "income"
    size = income_of(basis) if by_income else weighted_population_of(basis)
    weights = size if sharers.all() else np.where(sharers, size, 0.0)
    if weights.min() < 0.0 or not np.all(weights.sum(axis=0) > 0.0):
        raise BasisMissing(f"shares by {term.by}: it is negative for a sharer, or nil for all")
    return rules.in_proportion(weights)


def income_of(basis: Basis) -> FloatArray:
    """[organisation, year, draw or 1], £m."""
    if basis.income is None:
        raise BasisMissing("these terms need income")
    return basis.income


def weighted_population_of(basis: Basis) -> FloatArray:
    """[organisation, year, 1]."""
    if basis.weighted_population is None:
        raise BasisMissing("these terms need weighted population")
    return basis.weighted_population[:, :, None]


def by_year(value: ByYear, basis: Basis) -> FloatArray:
    """[year, 1]: a number for each year."""
    return np.broadcast_to(np.asarray(value, dtype=float), len(basis.years))[:, None]


def measure(value: ByYear | str, basis: Basis) -> FloatArray:
    """[year, draw or 1]: numbers by year, or the measure of that name."""
    return basis.measures[value] if isinstance(value, str) else by_year(value, basis)


def each_in_money(amounts: Amounts | None, basis: Basis, otherwise: float) -> FloatArray:
    """An amount for each organisation, £m.

    Args:
        amounts: one for all, or one for each of those named; none for nobody.
        basis: income.
        otherwise: £m, for who has no amount.

    Returns:
        [organisation, year or 1, draw or 1], £m.
    """
    if amounts is None:
        return np.full((len(basis.organisations), 1, 1), otherwise)
    if isinstance(amounts, Amount):
        amounts = dict.fromkeys(basis.organisations, amounts)
    rows = [
        _in_money(amounts[name], basis, row) if name in amounts else np.array([[otherwise]])
        for row, name in enumerate(basis.organisations)
    ]
    return np.stack(np.broadcast_arrays(*rows))


def total_in_money(amount: Amount, members: MaskArray, basis: Basis) -> FloatArray:
    """One amount for members together, £m; a fraction of income is of their joint income.

    Args:
        amount: in £m or as a fraction of income.
        members: [organisation, 1, 1].
        basis: income.

    Returns:
        [year, draw or 1], £m.
    """
    value = by_year(amount.value, basis)
    return value if amount.unit == "£m" else _fraction(value, joint_income(members, basis))


def bands_in_money(bands: Sequence[Band], income: FloatArray | None) -> rules.Bands:
    """Bands as low, high (£m) and pooled share.

    Args:
        bands: in £m, or in fractions of income.
        income: what they are fractions of, [year, draw or 1], £m; none for bands in £m.
    """

    def edge(at: float) -> Quantity:
        return at if income is None or math.isinf(at) else _fraction(at, income)

    return [(edge(band.low), edge(band.high), band.pooled) for band in bands]


def joint_income(members: MaskArray, basis: Basis) -> FloatArray:
    """Income of members together, [year, draw or 1], £m."""
    return rules.net(np.where(members, income_of(basis), 0.0))


def check_variance(variance: FloatArray, basis: Basis) -> None:
    """Raises an error unless the variance, and the lines and bases, fit the basis.

    Raises:
        RiskShareError: a shape does not fit, or some of the variance is not a number.
    """
    organisations, years = len(basis.organisations), len(basis.years)
    if variance.ndim != 3 or variance.shape[:2] != (organisations, years):
        raise RiskShareError(
            f"the variance is {list(variance.shape)}; it must be [organisation, year, draw] "
            f"with {organisations} organisations and {years} years"
        )
    if not np.isfinite(variance).all():
        raise RiskShareError("some of the variance is not a number; give it a control total or nil")
    for kind, named in (("line", basis.lines), ("base", basis.bases)):
        for name, array in named.items():
            if array.ndim != 3 or array.shape[:2] != (organisations, years):
                raise RiskShareError(f"{kind} “{name}” must be [organisation, year, draw]")
            if not np.isfinite(array).all():
                raise RiskShareError(f"some of {kind} “{name}” is not a number")


def _in_money(amount: Amount, basis: Basis, row: int) -> FloatArray:
    value = by_year(amount.value, basis)
    return value if amount.unit == "£m" else _fraction(value, income_of(basis)[row])


def _fraction(fraction: Quantity, income: FloatArray) -> FloatArray:
    return fraction * np.maximum(income, 0.0)
