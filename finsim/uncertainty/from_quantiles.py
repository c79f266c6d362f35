"""A distribution through two or three stated percentiles."""

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
from msgspec import Struct
from msgspec.structs import force_setattr

from finsim.uncertainty.arrays import FloatArray
from finsim.uncertainty.bell_shaped import held, normal_window
from finsim.uncertainty.dependence import uniforms
from finsim.uncertainty.fixed_and_discrete import constant
from finsim.uncertainty.requirements import require_bounds, require_finite, require_room
from finsim.uncertainty.special import ndtri, normal_score
from finsim.uncertainty.truncation import (
    Window,
    normal_density,
    normal_mass,
    quantile_within,
    without_rounding_past,
)

LOWEST_PROBABILITY = 0.05
HIGHEST_PROBABILITY = 0.95
NEARLY_NORMAL = 1e-8
NO_SKEW = 1e-12


class Curve(Struct, frozen=True):
    """x(z) = anchor + scale (exp(skew (z - z0)) - 1) / skew of a standard normal score z.

    A lognormal shifted along the axis; turned over when the skew is negative; normal when it is
    nil.
    """

    anchor: float
    z0: float
    scale: float
    skew: float

    def value(self, z: FloatArray) -> FloatArray:
        """The value at a score."""
        if self.skew == 0.0:
            return self.anchor + self.scale * (z - self.z0)
        return np.asarray(
            self.anchor + self.scale * np.expm1(self.skew * (z - self.z0)) / self.skew
        )

    def score(self, x: float) -> float:
        """The score at a value; infinite where the curve does not reach it."""
        if math.isinf(x):
            return x
        rise = (x - self.anchor) / self.scale
        if self.skew == 0.0:
            return self.z0 + rise
        if 1.0 + self.skew * rise <= 0.0:
            return math.copysign(math.inf, -self.skew)
        return self.z0 + math.log1p(self.skew * rise) / self.skew

    @property
    def support(self) -> tuple[float, float]:
        """The lowest and highest value that the curve reaches."""
        if self.skew == 0.0:
            return -math.inf, math.inf
        end = self.anchor - self.scale / self.skew
        return (end, math.inf) if self.skew > 0.0 else (-math.inf, end)

    def mean(self, lower: float, upper: float) -> float:
        """The mean between two scores.

        E exp(g z) between a and b is exp(g^2 / 2) (Phi(b - g) - Phi(a - g)) / (Phi(b) - Phi(a)).
        """
        g = self.skew
        mass = normal_mass(lower, upper)
        if abs(g) < NEARLY_NORMAL:
            score = (normal_density(lower) - normal_density(upper)) / mass
            return self.anchor + self.scale * (score - self.z0)
        growth = g * (0.5 * g - self.z0)
        share = normal_mass(lower - g, upper - g) / mass
        return self.anchor + self.scale * (math.expm1(growth) * share + (share - 1.0)) / g


class Quantiles(Struct, frozen=True):
    """A distribution through two or three percentiles, as (probability, value) pairs.

    Two give the normal through both. Three give the shifted lognormal through all three, whatever
    rising values they have: it leans to the side on which the third value lies further out, and is
    the normal when it leans to neither. The percentiles are those before bounds.

    Raises ValueError unless there are two or three pairs, probabilities from 5% to 95% and values
    both rising, and bounds that leave something; and when the values lean so far to one side that
    the mean is not finite.
    """

    points: tuple[tuple[float, float], ...]
    at_least: float = -math.inf
    at_most: float = math.inf

    def __post_init__(self) -> None:
        force_setattr(self, "points", tuple((p, value) for p, value in self.points))
        require_percentiles(self.points)
        require_bounds("quantiles", self.at_least, self.at_most)
        low, high = self._curve().support
        if self.at_least >= high or self.at_most <= low:
            raise ValueError(
                f"quantiles: bounds {self.at_least:g} to {self.at_most:g} leave nothing; "
                f"the curve through the percentiles runs from {low:g} to {high:g}"
            )
        if not self.is_fixed:
            require_room("quantiles", self._window().mass, self.at_least, self.at_most)
            require_mean(self)

    @property
    def mean(self) -> float:
        """The mean of the curve between the bounds, in closed form."""
        if self.is_fixed:
            return float(self.at_least)
        return held(self._curve().mean(*self._standardised()), self.support)

    @property
    def is_fixed(self) -> bool:
        """Whether the bounds meet."""
        return self.at_least == self.at_most

    @property
    def support(self) -> tuple[float, float]:
        """What the curve reaches between the bounds."""
        low, high = self._curve().support
        return max(low, float(self.at_least)), min(high, float(self.at_most))

    def quantile(self, u: FloatArray) -> FloatArray:
        """x(Phi^-1(Phi(a) + u (Phi(b) - Phi(a)))), a and b the scores of the bounds."""
        if self.is_fixed:
            return constant(u, self.mean)
        score = quantile_within(np.asarray(u), self._window(), ndtri)
        return without_rounding_past(self._curve().value(score), self.support)

    def at_scores(self, z: FloatArray) -> FloatArray:
        """The quantile at Phi(z), from the scores themselves where there are no bounds."""
        if self.is_fixed or not self._window().is_whole:
            return self.quantile(uniforms(z))
        return without_rounding_past(self._curve().value(z), self.support)

    def _curve(self) -> Curve:
        return curve_through(self.points)

    def _standardised(self) -> tuple[float, float]:
        curve = self._curve()
        return curve.score(self.at_least), curve.score(self.at_most)

    def _window(self) -> Window:
        return normal_window(*self._standardised())


def require_percentiles(points: tuple[tuple[float, float], ...]) -> None:
    """Raises ValueError unless two or three percentiles rise together."""
    if len(points) not in {2, 3}:
        raise ValueError(f"quantiles: {len(points)} percentiles; use two or three")
    for p, value in points:
        require_finite("quantiles", probability=p, value=value)
        if not LOWEST_PROBABILITY <= p <= HIGHEST_PROBABILITY:
            raise ValueError(f"quantiles: p{100.0 * p:g}; use percentiles from p5 to p95")
    for (p, value), (next_p, next_value) in pairwise(points):
        if not (p < next_p and value < next_value):
            raise ValueError(
                f"quantiles: p{100.0 * p:g} {value:g}, then p{100.0 * next_p:g} {next_value:g}; "
                "list percentiles from low to high, each value above the one before"
            )


def require_mean(quantiles: Quantiles) -> None:
    """Raises ValueError when the mean is not finite."""
    try:
        finite = math.isfinite(quantiles.mean)
    except OverflowError:
        finite = False
    if not finite:
        raise ValueError(
            "quantiles: the values lean so far to one side that they have no finite mean; "
            "set bounds, or bring the outer values closer"
        )


@lru_cache(maxsize=1024)
def curve_through(points: tuple[tuple[float, float], ...]) -> Curve:
    """The curve through two or three percentiles."""
    z = [normal_score(p) for p, _ in points]
    x = [float(value) for _, value in points]
    if len(points) == 2:
        return Curve(x[0], z[0], (x[1] - x[0]) / (z[1] - z[0]), 0.0)
    skew = skew_for(math.log((x[2] - x[1]) / (x[1] - x[0])), z[1] - z[0], z[2] - z[1])
    span = math.expm1(skew * (z[2] - z[1])) / skew if skew else z[2] - z[1]
    return Curve(x[1], z[1], (x[2] - x[1]) / span, skew)


def skew_for(log_ratio: float, lower_gap: float, upper_gap: float) -> float:
    """The skew g at which the upper and lower distance from the middle have the stated log ratio.

    log ratio(g) = ln(e^(g upper) - 1) - ln(1 - e^(-g lower)) rises with g through every value, with
    a slope between the two gaps, so bisection between what the two slopes give always finds it.
    """
    at_nil = math.log(upper_gap / lower_gap)
    distance = (log_ratio - at_nil) / min(lower_gap, upper_gap)
    low, high = min(distance, 0.0), max(distance, 0.0)
    while high - low > 1e-15 * max(1.0, high, -low):
        g = 0.5 * (low + high)
        if log_distance_ratio(g, lower_gap, upper_gap) < log_ratio:
            low = g
        else:
            high = g
    return 0.0 if max(high, -low) < NO_SKEW else 0.5 * (low + high)


def log_distance_ratio(g: float, lower_gap: float, upper_gap: float) -> float:
    """ln of (x(z + upper) - x(z)) / (x(z) - x(z - lower)) on a curve of skew g."""
    return (
        g * upper_gap + log_length(g * upper_gap, upper_gap) - log_length(g * lower_gap, lower_gap)
    )


def log_length(y: float, gap: float) -> float:
    """ln of gap (1 - e^-y) / y, y = g gap of either sign: the log length of a gap on the curve."""
    if abs(y) < 1e-5:
        return math.log(gap) - 0.5 * y + y * y / 24.0
    if y < 0.0:
        return -y + log_length(-y, gap)
    return math.log(gap) + math.log(-math.expm1(-y) / y)
