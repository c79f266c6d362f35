"""Ramps: how a scheme builds up, month by month, from its start to its full saving."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from msgspec import Struct

from finsim.economics.arrays import FloatArray, Quantity

MONTHS_IN_YEAR = 12

RampKind = Literal["step", "linear", "s_curve", "front_loaded", "back_loaded", "levels", "points"]

# ∫_0^u of the shape, u the fraction of the ramp's months that have passed.
_SHAPE_INTEGRALS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "linear": lambda u: u * u / 2,
    "s_curve": lambda u: u * u * u * (1 - u / 2),
    "front_loaded": lambda u: u * u * (1 - u / 3),
    "back_loaded": lambda u: u * u * u / 3,
}


class Ramp(Struct, frozen=True):
    """Share of the full saving that is in place, by months since the scheme started.

    Nothing is in place before the start. With u the fraction of ``months`` that has passed:

    ============== =====================================================================
    step           all of it from the start
    linear         u
    s_curve        3u² − 2u³: slow, fast, slow
    front_loaded   1 − (1 − u)²: fast, then slow
    back_loaded    u²: slow, then fast
    levels         the stated level in each twelve months from the start, as plans publish
                   them (17%, 50%, 100%); the last one holds
    points         straight lines between (months, level) points; nothing before the first,
                   the last level holds
    ============== =====================================================================

    Levels may fall: a scheme may lose what it had.

    Args:
        kind: one of the names above.
        months: how long the five shapes take to reach 100%; a step takes none.
        levels: for ``levels``, as fractions.
        points: for ``points``, months in rising order, levels as fractions.

    Raises:
        ValueError: the kind is unknown, or what it needs is missing or out of order.
    """

    kind: RampKind
    months: float = float(MONTHS_IN_YEAR)
    levels: tuple[float, ...] = ()
    points: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(RampKind):
            raise ValueError(f"unknown ramp {self.kind!r}: use {', '.join(get_args(RampKind))}")
        if self.kind in _SHAPE_INTEGRALS and not 0 < self.months < np.inf:
            raise ValueError(f"a {self.kind} ramp needs a number of months above zero")
        if self.kind == "levels" and not (self.levels and np.all(np.isfinite(self.levels))):
            raise ValueError("a ramp by levels needs a level for at least one year")
        if self.kind == "points":
            _check_points(self.points)

    def integral(self, months: FloatArray) -> FloatArray:
        """Area under the ramp from the start: `∫_0^x ramp`, in closed form, nil for x ≤ 0.

        Args:
            months: x, months since the scheme started, of any shape.

        Returns:
            The shape of ``months``; months of full saving.
        """
        latest = months.max(initial=0.0)
        if latest <= 0.0:
            return np.zeros_like(months)
        if self.kind == "step":
            return _after(months, 0.0)
        if self.kind == "levels":
            return _integral_of_levels(self.levels, months)
        if self.kind == "points":
            return _integral_of_points(self.points, _after(months, 0.0))
        shape = _SHAPE_INTEGRALS[self.kind]
        if months.min() >= self.months:
            return (months - self.months) + self.months * shape(np.ones(1))
        area = shape(np.clip(months, 0.0, self.months) / self.months)
        area *= self.months
        if latest > self.months:
            area += _after(months, self.months)
        return area


STEP = Ramp("step")


def mean_ramp(ramp: Ramp, start_month: Quantity, slip: FloatArray, years: int) -> FloatArray:
    """Mean of the ramp over the twelve months of each year, after slip: r̄.

    ``r̄(t) = (1/12) ∫ ramp(month − start − slip)`` over months 12t to 12t + 12, exactly. A linear
    ramp of 12 months that starts in October (month 6) and slips 3 months covers a quarter of its
    way by the end of March: r̄ = (3/12)²/2 = 3.1% that year.

    Args:
        ramp: the ramp as planned.
        start_month: months from the beginning of the base year to the planned start; one, or
            one for each slip.
        slip: [..., draw], months late, zero or more; it may pass the horizon.
        years: the number of years, the base year included.

    Returns:
        [..., year, draw], as a fraction of the full saving.

    Raises:
        ValueError: a slip is negative.
    """
    if not slip.min(initial=0.0) >= 0:
        raise ValueError("slip must be zero months or more: a scheme is never early")
    if ramp.kind == "levels" and np.min(start_month) >= 0:
        return _mean_of_levels(ramp.levels, mean_ramp(STEP, start_month, slip, years))
    late = start_month + slip
    before_any = min(max(int(np.min(start_month)) // MONTHS_IN_YEAR, 0), years)
    mean = np.empty((*late.shape[:-1], years, late.shape[-1]))
    mean[..., :before_any, :] = 0.0
    area = ramp.integral(MONTHS_IN_YEAR * before_any - late)
    for year in range(before_any, years):
        by_its_end = ramp.integral(MONTHS_IN_YEAR * (year + 1) - late)
        of_year = mean[..., year, :]
        np.subtract(by_its_end, area, out=of_year)
        of_year /= MONTHS_IN_YEAR
        area = by_its_end
    return mean


def _after(months: FloatArray, start: float) -> FloatArray:
    """The months that have passed since a start: `max(months − start, 0)`."""
    # numpy clips at two ends in half the time of a maximum.
    return np.clip(months - start, 0.0, np.inf)


def _mean_of_levels(levels: tuple[float, ...], step: FloatArray) -> FloatArray:
    """The mean of yearly levels from the mean of a step, [..., year, draw].

    Each level is a step, by what it adds to the level before, a year after that one. None has
    begun before the base year.
    """
    mean = levels[0] * step
    for year, more in enumerate(np.diff(levels[: step.shape[-2]]).tolist(), start=1):
        mean[..., year:, :] += more * step[..., :-year, :]
    return mean


def _integral_of_levels(levels: tuple[float, ...], months: FloatArray) -> FloatArray:
    area = np.zeros_like(months)
    for year, more in enumerate(np.diff(levels, prepend=0.0).tolist()):
        area += more * _after(months, MONTHS_IN_YEAR * year)
    return area


def _integral_of_points(points: tuple[tuple[float, float], ...], elapsed: FloatArray) -> FloatArray:
    months, levels = np.asarray(points, dtype=np.float64).T
    widths = np.diff(months)
    areas = np.concatenate([[0.0], np.cumsum(widths * (levels[:-1] + levels[1:]) / 2)])
    slopes = np.concatenate([np.diff(levels) / widths, [0.0]])
    last_passed = np.maximum(np.searchsorted(months, elapsed, side="right") - 1, 0)
    beyond = np.maximum(elapsed - months[last_passed], 0.0)
    area: FloatArray = (
        areas[last_passed] + levels[last_passed] * beyond + slopes[last_passed] * beyond**2 / 2
    )
    return area


def _check_points(points: tuple[tuple[float, float], ...]) -> None:
    if not points or not np.all(np.isfinite(points)):
        raise ValueError("a ramp by points needs at least one point: months and level")
    months = np.asarray(points, dtype=np.float64)[:, 0]
    if months[0] < 0 or np.any(np.diff(months) <= 0):
        raise ValueError("the points of a ramp must have rising months, from zero on")
