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

FEW = 16
"""Where one weight in so many is not nil, adding rows is faster than a product; found by trying."""


def weighted(weights: FloatArray, values: FloatArray) -> FloatArray:
    """Rows weighted and added: ``Σ_c weights(r, c) · values(c, t, d)``, [row, year, draw].

    In one product for each year and unit of draws, because the order in which BLAS adds may depend
    on the shape of a product: so a draw has the same bits however many are evaluated together.
    Where few weights are not nil, the terms of whole units are added one after the other.

    Args:
        weights: [row, column], or [year, row, column].
        values: [column, year, draw].
    """
    if weights.ndim == 2 and len(values) == 1:  # a single term needs no sum
        return weights[:, :, None] * values
    years, draws = values.shape[1:]
    rows, whole = weights.shape[-2], draws - draws % UNIT
    by_year = weights[..., None, :, :]
    values = np.ascontiguousarray(values)
    result = np.empty((rows, years, draws))
    spans = [(0, whole, UNIT), (whole, draws, draws - whole)]
    if whole and weights.ndim == 2 and FEW * np.count_nonzero(weights) <= weights.size > 0:
        _add_terms(weights, values[:, :, :whole], result[:, :, :whole])
        spans = spans[1:]
    for start, stop, width in spans:
        if start < stop:
            unit = (years, (stop - start) // width, width)
            columns = values[:, :, start:stop].reshape(len(values), *unit)
            total = result[:, :, start:stop].reshape(rows, *unit)
            np.matmul(by_year, columns.transpose(1, 2, 0, 3), out=total.transpose(1, 2, 0, 3))
    return result


def _add_terms(weights: FloatArray, values: FloatArray, result: FloatArray) -> None:
    """The same, written to the result term by term, those of no weight passed over."""
    for number, row in enumerate(weights):
        first, *rest = np.flatnonzero(row).tolist() or [0]
        total = np.multiply(values[first], row[first], out=result[number])
        for column in rest:
            weight = row[column]
            total += values[column] if weight == 1.0 else weight * values[column]


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
