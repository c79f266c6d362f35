"""What bounds leave of a standard variable that is symmetric about nil (normal, Student t).

Bounds truncate: the distribution function is rescaled between them, so no probability gathers at a
bound. Probabilities are measured from the nearer tail, so a window far above the mean is as
accurate as one far below.
"""

import math
from collections.abc import Callable

import numpy as np
from msgspec import Struct

from finsim.uncertainty.arrays import FloatArray
from finsim.uncertainty.special import normal_cdf

Inverse = Callable[[FloatArray], FloatArray]


class Window(Struct, frozen=True):
    """The probability below, above and between two bounds."""

    below: float
    above: float
    mass: float

    @property
    def is_whole(self) -> bool:
        """Whether nothing is cut off."""
        return self.below == 0.0 and self.above == 0.0


def window(cdf: Callable[[float], float], lower: float, upper: float) -> Window:
    """The window between two standardised bounds, `cdf` symmetric: F(-x) = 1 - F(x)."""
    below, above = cdf(lower), cdf(-upper)
    if lower > 0.0:
        mass = cdf(-lower) - above
    elif upper < 0.0:
        mass = cdf(upper) - below
    else:
        mass = 1.0 - below - above
    return Window(below, above, mass)


def quantile_within(u: FloatArray, part: Window, inverse: Inverse) -> FloatArray:
    """The standardised quantile at F(a) + u (F(b) - F(a)), any shape.

    `inverse` is the inverse of the symmetric distribution function; it is asked for the smaller
    tail, and the sign put back.
    """
    if part.is_whole:
        return inverse(u)
    from_below = part.below + u * part.mass
    from_above = part.above + (1.0 - u) * part.mass
    x = inverse(np.minimum(from_below, from_above))
    return np.where(from_below <= from_above, x, -x)


def without_rounding_past(x: FloatArray, support: tuple[float, float]) -> FloatArray:
    """`x` kept within its support against the last digit of rounding; moves nothing else."""
    if math.isinf(support[0]) and math.isinf(support[1]):
        return x
    return np.clip(x, *support)


def normal_density(x: float) -> float:
    """Standard normal density, nil at infinity."""
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def normal_mass(lower: float, upper: float) -> float:
    """P(lower < Z < upper), accurate in both tails."""
    if lower > 0.0:
        return normal_cdf(-lower) - normal_cdf(-upper)
    return normal_cdf(upper) - normal_cdf(lower)
