"""Contingency: what must be held to reach a target with a stated confidence, and who would need it.

    reserve(c) = target − Q(1 − c)      of the position before funding

so that position and reserve together reach the target with confidence c; below nought it is room
to spare. A reserve of the system is not the sum of its bodies' reserves: percentiles do not add.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from finsim.analysis.judged import Targets
from finsim.analysis.statistics import quantiles, tail_mean, tail_mean_where
from finsim.economics.control_totals import met
from finsim.simulation.plan import FloatArray

CONFIDENCES = (0.8, 0.9, 0.95)
MEANS = ("chance", "mean", "tail_mean", "need_in_tail")


def reserve_needed(positions: FloatArray, targets: FloatArray, confidence: float) -> FloatArray:
    """The reserve that lifts a position to its target with a confidence, `target − Q(1 − c)`.

    Args:
        positions: [body, draw], sorted, £m.
        targets: [body], £m.
        confidence: c, between 0 and 1.

    Returns:
        [body], £m; below nought what could be spared.
    """
    result: FloatArray = targets - quantiles(positions, (1 - confidence,))[:, 0]
    return result


class Reserves(Struct, frozen=True):
    """What one replicate says: [body, confidence], and [figure, body] by the names of `MEANS`.

    `shares` [body] are parts of the need in the system's worst tenth, of the bodies that count.
    """

    needed: FloatArray
    figures: FloatArray
    shares: FloatArray


def reserves_in(
    judged: FloatArray, targets: Targets, counted: np.ndarray, confidences: tuple[float, ...]
) -> Reserves:
    """The reserves of one replicate's positions before funding [body, draw], the system first.

    `counted` [body] are the organisations whose needs are shares of the whole.
    """
    ordered = np.sort(judged, axis=1)
    needed = np.stack([reserve_needed(ordered, targets.values, c) for c in confidences], axis=1)
    short = np.maximum(targets.values[:, None] - judged, 0.0)
    need = tail_mean_where(short, judged[0])
    whole = need[counted].sum()
    shares = np.where(counted, need, 0.0) / whole if whole > 0 else np.zeros_like(need)
    chance = met(judged, targets.values).mean(axis=1)
    figures = np.stack([chance, judged.mean(axis=1), tail_mean(ordered), need])
    return Reserves(needed, figures, shares)
