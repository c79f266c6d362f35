"""Prices: yearly rates compounded into indices."""

from __future__ import annotations

import numpy as np

from finsim.economics.arrays import FloatArray, running_product


def price_index(rates: FloatArray) -> FloatArray:
    """Index of a yearly rate, 1 in the base year: `Q(t) = Π_{0 < u ≤ t} (1 + rate_u)`.

    The same product serves pay and prices, the tariff (inflation less the efficiency factor),
    non-demographic growth, social care's real growth, agreed uplifts and income.

    Args:
        rates: [..., year, draw], the change on the year before, as a fraction. The base year has no
            year before it, so its rate is ignored.

    Returns:
        [..., year, draw], dimensionless.

    Source: NHS Improvement, Economic assumptions 2016/17–2020/21, for provider cost inflation.
    """
    factors = np.add(1.0, rates, dtype=np.float64)
    factors[..., 0, :] = 1.0
    return running_product(factors)
