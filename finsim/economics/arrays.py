"""The array types of the economics.

Axes stand in one order everywhere, ``[line or organisation, year, draw]``: draws last, year 0 the
base year. An array without one of the axes keeps the order of the others, and any further axes
stand in front. A year path that is the same in every draw is ``[year, 1]``. Money is £m, cash.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IndexArray: TypeAlias = NDArray[np.intp]
MaskArray: TypeAlias = NDArray[np.bool_]

Quantity: TypeAlias = FloatArray | float
"""A number, or an array that broadcasts against ``[..., year, draw]``."""

UNIT = 512
"""The draws of one matrix product."""


def weighted(weights: FloatArray, values: FloatArray) -> FloatArray:
    """Rows weighted and added: ``Σ_c weights(r, c) · values(c, t, d)``, [row, year, draw].

    In one product for each year and unit of draws, because the order in which BLAS adds may depend
    on the shape of a product: so a draw has the same bits however many are evaluated together.

    Args:
        weights: [row, column], or [year, row, column].
        values: [column, year, draw].
    """
    years, draws = values.shape[1:]
    rows, whole = weights.shape[-2], draws - draws % UNIT
    by_year = weights[..., None, :, :]
    values = np.ascontiguousarray(values)
    result = np.empty((rows, years, draws))
    for start, stop, width in ((0, whole, UNIT), (whole, draws, draws - whole)):
        if start < stop:
            unit = (years, (stop - start) // width, width)
            columns = values[:, :, start:stop].reshape(len(values), *unit)
            total = result[:, :, start:stop].reshape(rows, *unit)
            np.matmul(by_year, columns.transpose(1, 2, 0, 3), out=total.transpose(1, 2, 0, 3))
    return result


def running_product(values: FloatArray) -> FloatArray:
    """``Π_{u ≤ t} value_u``, [..., year, draw], written over the values.

    Year by year, along contiguous draws: `numpy.cumprod` to the bit, in a tenth of its time.
    """
    for year in range(1, values.shape[-2]):
        values[..., year, :] *= values[..., year - 1, :]
    return values


def running_sum(values: FloatArray) -> FloatArray:
    """``Σ_{u ≤ t} value_u``, [..., year, draw], written over the values."""
    for year in range(1, values.shape[-2]):
        values[..., year, :] += values[..., year - 1, :]
    return values
