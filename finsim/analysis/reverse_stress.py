"""Reverse stress: what the worst tenth of draws have in common.

For each feature of a draw and each body, in one replicate:

- the *shift*, (mean in the worst tenth − mean of all) / standard deviation of all;
- how well the feature alone *separates* the worst tenth from the rest: the chance that a draw of
  the one is above a draw of the other (the area under the curve, ties half), as `|2 · area − 1|`,
  0 for not at all, 1 for wholly;
- the *threshold* that parts them best (Youden's: the largest difference between the part of the
  worst tenth and the part of the rest on the bad side of it), with both parts.

A feature may be shifted because it moves with another that does the harm: nothing here is a cause.
"""

from __future__ import annotations

import numpy as np

from finsim.simulation.plan import FloatArray

FIGURES = (
    "shift", "separation", "mean_in_tail", "mean", "threshold", "tail_beyond", "rest_beyond",
)  # fmt: skip


def in_common(features: FloatArray, worst: FloatArray) -> FloatArray:
    """What sets the worst draws apart: [figure, body, feature], by the names of `FIGURES`.

    Args:
        features: [feature, draw].
        worst: [body, draw], how far each draw counts to a body's worst, from 0 to 1.

    Returns:
        Shift in standard deviations, separation from 0 to 1, the mean in the worst draws and in
        all; the threshold, and the parts of the worst draws and of the rest beyond it, on the side
        to which the worst draws are shifted.
    """
    inside = worst.sum(axis=1, keepdims=True)
    outside = worst.shape[1] - inside
    mean, spread = features.mean(axis=1), features.std(axis=1)
    mean_in_tail = worst @ features.T / inside
    away = mean_in_tail - mean
    shift = np.divide(away, spread, out=np.zeros_like(away), where=spread > 0)
    ranks = mean_ranks(features)
    area = (worst @ ranks.T / inside - (inside + 1) / 2) / outside
    found = np.zeros((len(FIGURES), len(worst), len(features)))
    found[0], found[1] = shift, np.abs(2 * area - 1)
    found[2], found[3] = mean_in_tail, mean
    for number, values in enumerate(features):
        found[4:, :, number] = _thresholds(values, worst, inside[:, 0], area[:, number] >= 0.5)
    return found


def mean_ranks(features: FloatArray) -> FloatArray:
    """The rank of each draw in each row [feature, draw], from 1; equal values share their mean."""
    ordered = np.sort(features, axis=1)
    ranks = np.empty_like(features)
    for number, values in enumerate(features):
        below = np.searchsorted(ordered[number], values, side="left")
        to = np.searchsorted(ordered[number], values, side="right")
        ranks[number] = (below + to + 1) / 2
    return ranks


def _thresholds(
    values: FloatArray, tail: FloatArray, inside: FloatArray, is_above: np.ndarray
) -> FloatArray:
    """The best threshold of one feature for each body, and the parts beyond it: [3, body]."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    cuts = np.flatnonzero(ordered[1:] > ordered[:-1])
    if not cuts.size:
        return np.stack([np.full(len(tail), ordered[0]), np.ones(len(tail)), np.ones(len(tail))])
    up_to = np.cumsum(tail[:, order], axis=1)[:, cuts]
    tail_below = up_to / inside[:, None]
    rest_below = (cuts + 1 - up_to) / (tail.shape[1] - inside)[:, None]
    apart = np.where(is_above[:, None], rest_below - tail_below, tail_below - rest_below)
    best = apart.argmax(axis=1)
    rows = np.arange(len(tail))
    below = np.stack([tail_below[rows, best], rest_below[rows, best]])
    beyond = np.where(is_above, 1 - below, below)
    threshold = (ordered[cuts[best]] + ordered[cuts[best] + 1]) / 2
    return np.concatenate([threshold[None], beyond])
