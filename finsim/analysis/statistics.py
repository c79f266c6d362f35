"""Statistics of the draws of one replicate."""

from __future__ import annotations

import numpy as np

from finsim.simulation.plan import FloatArray

STATISTICS = ("mean", "p10", "p50", "p90", "tail_mean")
TAIL = 0.1


def statistics(ordered: FloatArray, worse_high: np.ndarray) -> FloatArray:
    """[statistic, row] of sorted rows [row, draw]: mean, P10, P50, P90, mean of the worst tenth."""
    p10, p50, p90 = quantiles(ordered, (0.1, 0.5, 0.9)).T
    tail = np.where(worse_high, tail_mean(ordered[:, ::-1]), tail_mean(ordered))
    return np.stack([ordered.mean(axis=1), p10, p50, p90, tail])


def statistics_with_chances(
    values: FloatArray, worse_high: np.ndarray, chances: np.ndarray
) -> tuple[FloatArray, FloatArray]:
    """The statistics of rows [row, draw], and the rows that are not chances, sorted.

    A chance is a row of ones and noughts: its mean is all that it says. Of a row of one value, as
    many are in a base year, every statistic is that value.
    """
    found = np.zeros((len(STATISTICS), len(values)))
    found[0, chances] = values[chances].mean(axis=1)
    ordered = values[~chances]
    ordered.sort(axis=1)
    figures = statistics(ordered, worse_high[~chances])
    constant = ordered[:, 0] == ordered[:, -1]
    figures[:, constant] = ordered[constant, 0]
    found[:, ~chances] = figures
    return found, ordered


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
