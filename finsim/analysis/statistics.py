"""Statistics of the draws of one replicate."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from finsim.simulation.plan import FloatArray, IntArray

STATISTICS = ("mean", "p10", "p50", "p90", "tail_mean")
TAIL = 0.1
TIED = 1e-9
RUN = 256
BATCH = 80  # rows whose workings stay in cache


def statistics(values: FloatArray, worse_high: NDArray[np.bool_]) -> FloatArray:
    """[statistic, row] of rows [row, draw]: mean, P10, P50, P90, mean of the worst tenth.

    Of a row of one value, as many are in a base year, every statistic is that value.
    """
    found = np.repeat(values[None, :, 0], len(STATISTICS), axis=0)
    for rows, own in _varying(values):
        ordered = ordered_in_part(own)
        tails = np.where(worse_high[rows], tail_mean(ordered[:, ::-1]), tail_mean(ordered))
        found[:, rows] = [own.mean(axis=1), *quantiles(ordered, (0.1, 0.5, 0.9)).T, tails]
    return found


def mean_and_range(values: FloatArray) -> FloatArray:
    """Mean, P10 and P90 of rows [row, draw], as `statistics` has them: [statistic, row]."""
    found = np.repeat(values[None, :, 0], 3, axis=0)
    for rows, own in _varying(values):
        found[:, rows] = [own.mean(axis=1), *quantiles(ordered_ends(own), (0.1, 0.9)).T]
    return found


def _varying(values: FloatArray) -> Iterator[tuple[IntArray, FloatArray]]:
    """The rows of more than one value, some at a time: which they are, and their draws."""
    varies = np.flatnonzero((values != values[:, :1]).any(axis=1))
    for start in range(0, len(varies), BATCH):
        rows = varies[start : start + BATCH]
        yield rows, values[rows]


def ordered_in_part(values: FloatArray) -> FloatArray:
    """Rows [row, draw] of which the first and last eighth and the middle two stand as if sorted.

    What stands elsewhere is of no use. Up to 256 values are sorted by a network, at a sixth of the
    time that each of 1,024 takes, so a row of 1,024 is four sorted runs. The lower half of two
    sorted runs is the lesser of each value of one and its opposite in the other, from the end.

    Source: Batcher 1968, Sorting networks and their applications.
    """
    rows, draws = values.shape
    if draws != 4 * RUN:
        return np.sort(values, axis=1)
    runs = np.sort(values.reshape(rows, 2, 2, RUN), axis=-1)
    runs = np.stack(_halves(runs[:, :, 0], runs[:, :, 1]), axis=2)
    runs.sort(axis=-1)
    one, other = runs.reshape(rows, 2, 2 * RUN).swapaxes(0, 1)
    low, high = _halves(one, other)
    edge = draws // 8
    ordered = np.empty_like(values)
    ordered[:, 2 * RUN - 1] = low.max(axis=1)
    ordered[:, 2 * RUN] = high.min(axis=1)
    first, _ = _halves(one[:, :edge], other[:, :edge])
    _, last = _halves(one[:, -edge:], other[:, -edge:])
    ordered[:, :edge], ordered[:, -edge:] = np.sort(first, axis=1), np.sort(last, axis=1)
    return ordered


def ordered_ends(values: FloatArray) -> FloatArray:
    """Rows [row, draw] of which the first and last eighth stand as if sorted, and no others.

    As in `ordered_in_part`, but of each sorted run no more than an eighth of the row can be wanted.
    """
    rows, draws = values.shape
    if draws != 4 * RUN:
        return np.sort(values, axis=1)
    runs = np.sort(values.reshape(rows, 2, 2, RUN), axis=-1)
    ordered, edge = np.empty_like(values), draws // 8
    first, last = slice(None, edge), slice(-edge, None)
    for nearer, end in ((np.minimum, first), (np.maximum, last)):
        part = runs[..., end]
        pairs = np.sort(nearer(part[:, :, 0], part[:, :, 1, ::-1]), axis=-1)
        ordered[:, end] = np.sort(nearer(pairs[:, 0], pairs[:, 1, ::-1]), axis=-1)
    return ordered


def _halves(one: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The lower and the upper half of two sorted runs [..., value], each in no order."""
    opposite = other[..., ::-1]
    return np.minimum(one, opposite), np.maximum(one, opposite)


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
    """The mean of each row [row, draw] over the tenth of draws in which the judge [draw] is lowest.

    See `worst_tenth` for draws that tie.
    """
    weights = worst_tenth(judge)
    result: FloatArray = values @ weights / weights.sum()
    return result


def worst_tenth(judge: FloatArray) -> FloatArray:
    """How far each draw counts to the tenth in which the judge [draw] is lowest: from 0 to 1.

    Draws that tie at the edge of the tenth count alike, each in part, whatever their order: a
    judge that is the same in many draws, as where support makes a total good, differs by rounding.
    """
    size = len(judge) * TAIL
    last = math.ceil(size) - 1
    edge = np.partition(judge, last)[last]
    weights: FloatArray = (judge < edge - TIED).astype(np.float64)
    tied = np.abs(judge - edge) <= TIED
    weights[tied] = (size - weights.sum()) / np.count_nonzero(tied)
    return weights
