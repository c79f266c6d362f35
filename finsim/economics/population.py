"""Population: the total grows at the stated rate, the mix of ages and areas follows a table."""

from __future__ import annotations

import numpy as np

from finsim.economics.arrays import FloatArray


def total_growth(
    growth: FloatArray, years_from_base: FloatArray, years_spanned: float
) -> FloatArray:
    """Index of the total population, 1 in the base year.

    A growth of G between the years *from* and *by* is spread at a constant yearly rate:
    ``T(t) / T(t0) = (1 + G) ** ((t − t0) / (by − from))``. So 19% by 2031 from 2016 is
    1.19 ** (5/15) − 1 = 6.0% over five years, not 19%.

    Args:
        growth: [draw], G as a fraction of the population in the year *from*.
        years_from_base: [year], t − t0 in years: 0, 1, 2 …
        years_spanned: by − from, in years.

    Returns:
        [year, draw], dimensionless.

    Raises:
        ValueError: the years spanned are not positive, or growth is −100% or less.

    Source: BHR Strategic Outline Case, November 2017, s1, for the range and its year *by*.
    """
    if not years_spanned > 0:
        raise ValueError(f"growth must span a positive number of years, not {years_spanned:g}")
    if not np.all(growth > -1):
        raise ValueError("growth must be above −100%: a population cannot fall to nothing")
    periods = np.asarray(years_from_base, dtype=np.float64) / years_spanned
    # One exponent at a time: numpy takes a square root for ½ among few draws only.
    return np.stack([(1.0 + growth) ** period for period in periods.tolist()], axis=-2)


def grown_population(table: FloatArray, total: FloatArray) -> FloatArray:
    """People by area and age band when the total is the stated one and the mix is the table's.

    ``P(a, g, t) = T(t) · P0(a, g, t) / Σ P0(t)``, the sum over every area and band of the table.

    Args:
        table: [area, band, year], P0, people.
        total: [year], T, people.

    Returns:
        [area, band, year], people; each year sums to T.

    Raises:
        ValueError: a year of the table has nobody in it.
    """
    return _mix(table) * total[..., np.newaxis, np.newaxis, :]


def frozen_mix(table: FloatArray) -> FloatArray:
    """The table without ageing (`ageing: none`): the base year's mix, each year's own total.

    ``P(a, g, t) = Σ P0(t) · P0(a, g, t0) / Σ P0(t0)``. The shares of age bands and of areas both
    stay as they were in the base year, so every line's demand grows with headcount alone.

    Args:
        table: [area, band, year], P0, people.

    Returns:
        [area, band, year], people.

    Raises:
        ValueError: a year of the table has nobody in it.
    """
    return _mix(table)[..., :1] * _total(table)


def _total(table: FloatArray) -> FloatArray:
    people: FloatArray = table.sum(axis=(-3, -2), keepdims=True)
    return people


def _mix(table: FloatArray) -> FloatArray:
    people = _total(table)
    if not np.all(people > 0):
        raise ValueError("every year of the population table must have people in it")
    return table / people
