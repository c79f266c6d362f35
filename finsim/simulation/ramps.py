"""Ramps and start dates as they are written, and as the economics takes them."""

from __future__ import annotations

from finsim.book import schemes as written
from finsim.economics.ramps import Ramp, RampKind

APRIL = 3
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


def start_month(month: int, base_year: int) -> float:
    """Months from the beginning of the base year (its April) to a start."""
    return float(month - (base_year * 12 + APRIL))
