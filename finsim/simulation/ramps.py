"""Ramps and start dates as they are written, and as the economics takes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from finsim.book import schemes as written
from finsim.economics.ramps import Ramp, RampKind

APRIL = 3
YEAR = 12
KINDS: dict[str, RampKind] = {
    "step": "step",
    "linear": "linear",
    "s-curve": "s_curve",
    "front-loaded": "front_loaded",
    "back-loaded": "back_loaded",
    "by year": "levels",
    "points": "points",
}


def ramp_from(stated: written.Ramp) -> Ramp:
    """The ramp that was written."""
    points = tuple((point.after, point.level) for point in stated.points or ())
    kind = KINDS[stated.shape]
    return Ramp(kind, months=stated.over or 12.0, levels=stated.levels or (), points=points)


def in_place(start: float, years: int) -> NDArray[np.float64]:
    """The part of each year that comes after a start, in months from the base year's: [year]."""
    ends = np.arange(1, years + 1) * YEAR
    return np.clip((ends - start) / YEAR, 0.0, 1.0)


def start_month(month: int, base_year: int) -> float:
    """Months from the beginning of the base year (its April) to a start."""
    return float(month - (base_year * 12 + APRIL))
