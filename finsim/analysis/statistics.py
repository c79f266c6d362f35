"""Statistics of the draws of one replicate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from finsim.simulation.plan import FloatArray

STATISTICS = ("mean", "p10", "p50", "p90", "tail_mean")
TAIL = 0.1


def statistics(values: FloatArray, worse_high: NDArray[np.bool_]) -> FloatArray:
    """[statistic, row] of rows [row, draw]: mean, P10, P50, P90, mean of the worst tenth.

    Of a row of one value, as many are in a base year, every statistic is that value.
    """
    found = np.repeat(values[None, :, 0], len(STATISTICS), axis=0)
    varies = np.flatnonzero((values != values[:, :1]).any(axis=1))
    ordered = np.sort(values[varies], axis=1)
    tails = np.where(worse_high[varies], tail_mean(ordered[:, ::-1]), tail_mean(ordered))
    p10, p50, p90 = quantiles(ordered, (0.1, 0.5, 0.9)).T
    found[:, varies] = ordered.mean(axis=1), p10, p50, p90, tails
    return found


def quantiles(ordered: FloatArray, levels: tuple[float, ...]) -> FloatArray:
    """Percentiles of sorted rows [row, draw] at levels: [row, level].

    Linear between the draws at `(i − ½) / n`, which has no bias to first order for symmetric
    distributions and treats both tails alike (Hyndman and Fan 1996, definition 5).
    """
    n = ordered.shape[1]
    position = np.clip(np.array(levels) * n - 0.5, 0, n - 1)
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, n - 1)
    weight = position - below
    lower = ordered[:, below]
    result: FloatArray = lower + weight * (ordered[:, above] - lower)
    return result


def tail_mean(ordered: FloatArray) -> FloatArray:
    """The mean of the first tenth of sorted rows [row, draw], the last draw counted in part."""
    size = ordered.shape[1] * TAIL
    whole = int(size)
    total = ordered[:, :whole].sum(axis=1)
    part = size - whole
    if part > 0:
        total = total + part * ordered[:, whole]
    result: FloatArray = total / size
    return result


def tail_mean_where(values: FloatArray, judge: FloatArray) -> FloatArray:
    """The mean of each row [row, draw] over the draws in which the judge [draw] is lowest."""
    return tail_mean(values[:, np.argsort(judge, kind="stable")])
