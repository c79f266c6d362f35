"""Sobol indices: how much of a figure's variance each part of the uncertainty is behind.

With independent coordinates u, parts i of them, and u' an independent copy:

    first order   S_i = Var E[f | u_i] / Var f        what part i explains by itself
    total         T_i = E Var[f | all but u_i] / Var f    the same with all its interactions

Estimated by changing one part at a time, on two matrices A and B of points:

    S_i = mean f(B) (f(A with i from B) − f(A)) / V       Saltelli et al. 2010, table 2 (b)
    T_i = mean (f(A) − f(A with i from B))² / 2V          Jansen 1999

Everything is summed over independent replicates first and divided then; the standard errors are
those of the ratios, by the delta method from the spread over replicates.

Sources: Saltelli, Annoni, Azzini, Campolongo, Ratto and Tarantola (2010), Variance based
sensitivity analysis of model output. Jansen (1999), Analysis of variance designs for model output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from msgspec import Struct

from finsim.uncertainty.arrays import FloatArray
from finsim.uncertainty.point_sets import Design, points

ROUNDING = 1e-12
Function: TypeAlias = Callable[[FloatArray], FloatArray]


class Indices(Struct, frozen=True):
    """First-order and total indices of each part [part], with standard errors.

    NaN where the function does not vary.
    """

    first: FloatArray
    first_error: FloatArray
    total: FloatArray
    total_error: FloatArray
    mean: float
    variance: float
    evaluations: int


def sobol_indices(
    f: Function,
    parts: Sequence[Sequence[int]],
    coordinates: int,
    design: Design,
    replicates: int,
    progress: Callable[[int, int], None] | None = None,
) -> Indices:
    """Indices of a function of independent uniform coordinates, f(u [coordinate, draw]) → [draw].

    `parts` are the rows of u that change together; a row may stand in several parts, for other
    groupings of the same function. Each replicate takes `(2 + parts) × design.draws` evaluations.
    """
    sums = np.zeros((replicates, 1 + 2 * len(parts)))
    largest = total = 0.0
    for replicate in range(replicates):
        a, b = two_matrices(coordinates, design, replicate)
        f_a, f_b = f(a), f(b)
        centre = 0.5 * (f_a.mean() + f_b.mean())
        total += float(centre)
        n, largest = f_a.size, max(largest, float(np.abs(f_a).max()))
        spread = np.sum((f_a - centre) ** 2) + np.sum((f_b - centre) ** 2)
        sums[replicate, 0] = spread / (2 * n - 1)
        for number, rows in enumerate(parts):
            mixed = a.copy()
            mixed[list(rows)] = b[list(rows)]
            change = f(mixed) - f_a
            sums[replicate, 1 + number] = np.mean((f_b - centre) * change)
            sums[replicate, 1 + len(parts) + number] = np.mean(change**2) / 2
        if progress is not None:
            progress(replicate + 1, replicates)
    if sums[:, 0].mean() <= (ROUNDING * largest) ** 2:
        sums[:, 0] = 0.0
    found, errors = ratios(sums[:, 1:], sums[:, 0])
    half = len(parts)
    return Indices(
        first=found[:half],
        first_error=errors[:half],
        total=found[half:],
        total_error=errors[half:],
        mean=total / replicates,
        variance=float(sums[:, 0].mean()),
        evaluations=replicates * design.draws * (2 + half),
    )


def two_matrices(coordinates: int, design: Design, replicate: int) -> tuple[FloatArray, FloatArray]:
    """A and B [coordinate, draw]: the first coordinates of a point set, and the ones after them."""
    both = points(design, np.arange(2 * coordinates), replicate, 0, design.draws)
    return both[:coordinates], both[coordinates:]


def ratios(parts: FloatArray, whole: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ratios of means over replicates, [part], and their standard errors.

    `parts` [replicate, part], `whole` [replicate]. By the delta method the error is that of the
    mean of `part − ratio × whole`, over the mean whole. NaN where the whole is nil.
    """
    mean = whole.mean()
    if mean <= 0:
        nothing = np.full(parts.shape[1], np.nan)
        return nothing, nothing.copy()
    found = parts.mean(axis=0) / mean
    left = parts - found * whole[:, None]
    errors = left.std(axis=0, ddof=1) / (mean * np.sqrt(len(whole)))
    return found, errors
