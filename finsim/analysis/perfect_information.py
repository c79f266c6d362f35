"""What it would be worth to know, before a scheme is decided on, what it will bring.

With `b` the benefit of going ahead, the decision without more knowledge takes the better of going
ahead and not, on average: max(0, E b). Knowing θ first,

    value of knowing θ = E[ max(0, E[b | θ]) ] − max(0, E b)          never below nought.

Knowing everything gives the most that any evidence can be worth. The conditional mean is a
polynomial in the normal score of θ's rank, by least squares; of few distinct values, their means.

Source: Strong, Oakley and Brennan (2014), Estimating multiparameter partial expected value of
perfect information from a probabilistic sensitivity analysis sample.
"""

from __future__ import annotations

import numpy as np

from finsim.uncertainty.arrays import FloatArray
from finsim.uncertainty.dependence import average_ranks, normal_scores

DEGREE = 5
FEW = 8


def value_of_knowing_all(benefit: FloatArray) -> float:
    """E[max(0, b)] − max(0, E b) of a benefit [draw]."""
    return _value(benefit, benefit)


def value_of_knowing(theta: FloatArray, benefit: FloatArray) -> float:
    """E[max(0, E[b | θ])] − max(0, E b), for θ and b by draw [draw]."""
    return _value(conditional_mean(theta, benefit), benefit)


def _value(expected: FloatArray, benefit: FloatArray) -> float:
    return max(0.0, float(np.maximum(expected, 0).mean() - max(0.0, benefit.mean())))


def conditional_mean(theta: FloatArray, benefit: FloatArray) -> FloatArray:
    """E[b | θ] at each draw's θ, [draw]; its mean is that of b."""
    levels, where, counts = np.unique(theta, return_inverse=True, return_counts=True)
    if levels.size <= FEW:
        means = np.bincount(where, weights=benefit) / counts
        by_level: FloatArray = means[where]
        return by_level
    z = normal_scores((average_ranks(theta) - 0.5) / theta.size)
    basis = np.polynomial.hermite_e.hermevander(z, DEGREE)
    weights, *_ = np.linalg.lstsq(basis, benefit, rcond=None)
    fitted: FloatArray = basis @ weights
    return fitted
