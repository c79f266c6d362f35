"""The special functions that distributions need; scipy's only when there is something to draw.

Importing `scipy.special` takes longer than all else that checking a scenario does, and the mean of
a distribution needs a normal or Student t probability of two bounds at most.
"""

import math
from functools import cache
from types import ModuleType

import numpy as np

from finsim.uncertainty.arrays import FloatArray


@cache
def _scipy_special() -> ModuleType:
    from scipy import special

    return special


def ndtr(z: FloatArray) -> FloatArray:
    """Phi(z), any shape."""
    return np.asarray(_scipy_special().ndtr(z))


def ndtri(u: FloatArray) -> FloatArray:
    """Phi^-1(u), any shape."""
    return np.asarray(_scipy_special().ndtri(u))


def stdtrit(degrees_of_freedom: float, u: FloatArray) -> FloatArray:
    """The inverse of the Student t distribution function, any shape."""
    return np.asarray(_scipy_special().stdtrit(degrees_of_freedom, u))


def betaincinv(a: float, b: float, u: FloatArray) -> FloatArray:
    """The inverse of the standard beta distribution function, any shape."""
    return np.asarray(_scipy_special().betaincinv(a, b, u))


def normal_cdf(z: float) -> float:
    """Phi(z) of one score, accurate in both tails."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def normal_score(p: float) -> float:
    """Phi^-1(p) of one probability strictly between 0 and 1, to about 1e-16 of it."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)


def student_t_cdf(degrees_of_freedom: float, t: float) -> float:
    """The Student t distribution function of one value."""
    if math.isinf(t):
        return float(t > 0.0)
    return float(_scipy_special().stdtr(degrees_of_freedom, t))
