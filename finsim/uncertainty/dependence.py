"""Dependence between inputs: a Gaussian copula on normal scores, and paths over years.

An input's coordinate u becomes a normal score z = Phi^-1(u); scores of dependent inputs are mixed;
each goes back to u = Phi(z) and so to the input's own distribution, which the mixing leaves as it
was. People state rank (Spearman) correlations; the scores are mixed by the Pearson correlations
that give them.

Each member is mixed from the scores up to its own in member order, in a fixed order of additions:
the same bits come for one draw or a million, and adding a member at the end moves no other.
"""

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from finsim.uncertainty.arrays import FloatArray
from finsim.uncertainty.special import ndtr, ndtri

SEMIDEFINITE_TOLERANCE = 1e-10
ROUNDING = 1e-12
LOWEST_U = 2.0**-53
HIGHEST_U = 1.0 - 2.0**-53


class ImpossibleCorrelation(ValueError):
    """Correlations that no set of inputs can have together.

    `names` [member]; `nearest` [member, member] is the nearest possible matrix of scores.
    """

    def __init__(self, message: str, names: tuple[str, ...], nearest: FloatArray) -> None:
        super().__init__(message)
        self.names = names
        self.nearest = nearest


def normal_scores(u: FloatArray) -> FloatArray:
    """z = Phi^-1(u), any shape."""
    return np.asarray(ndtri(u))


def uniforms(z: FloatArray) -> FloatArray:
    """u = Phi(z), any shape; kept strictly between 0 and 1 where rounding would reach them."""
    return np.clip(ndtr(z), LOWEST_U, HIGHEST_U)


def spearman_to_pearson(rho: FloatArray | float) -> FloatArray:
    """The correlation of normal scores that gives a rank correlation: 2 sin(pi rho / 6).

    Source: Pearson (1907), On further methods of determining correlation.
    """
    return np.asarray(2.0 * np.sin(np.pi * np.asarray(rho, dtype=np.float64) / 6.0))


def pearson_to_spearman(r: FloatArray | float) -> FloatArray:
    """The rank correlation of normal scores with correlation r: 6 asin(r / 2) / pi."""
    return np.asarray(6.0 / np.pi * np.arcsin(0.5 * np.asarray(r, dtype=np.float64)))


def check_correlation(matrix: FloatArray, names: Sequence[str]) -> None:
    """Raises ImpossibleCorrelation when a matrix of scores [member, member] is not possible.

    Possible is positive semi-definite: no eigenvalue below -1e-10. The message gives, for the pairs
    that would have to change, rank correlations to two decimals that are possible together.

    Raises ValueError when the matrix is not square, symmetric, 1 on the diagonal and within -1 to
    1.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    _check_form(matrix, names)
    if is_possible(matrix):
        return
    nearest = nearest_correlation(matrix)
    stated, possible = pearson_to_spearman(matrix), possible_rank_correlations(nearest)
    changes = [
        f"{names[i]} with {names[j]} {possible[i, j]:.2f} (stated {stated[i, j]:.2f})"
        for i, j in combinations(range(len(names)), 2)
        if abs(possible[i, j] - stated[i, j]) > 0.005
    ]
    raise ImpossibleCorrelation(
        "these rank correlations cannot all hold together; nearest possible: " + ", ".join(changes),
        tuple(names),
        nearest,
    )


def _check_form(matrix: FloatArray, names: Sequence[str]) -> None:
    if matrix.shape != (len(names), len(names)):
        shape = " by ".join(map(str, matrix.shape))
        raise ValueError(f"correlation matrix is {shape} for {len(names)} names; use one row each")
    if not np.all(np.abs(matrix) <= 1.0 + ROUNDING):
        raise ValueError("correlation matrix: every correlation must lie from -1 to 1")
    if not np.all(np.abs(np.diag(matrix) - 1.0) <= ROUNDING):
        raise ValueError("correlation matrix: an input's correlation with itself must be 1")
    for i, j in combinations(range(len(names)), 2):
        if abs(matrix[i, j] - matrix[j, i]) > ROUNDING:
            raise ValueError(
                f"correlation of {names[i]} with {names[j]} is {matrix[i, j]:g} one way round and "
                f"{matrix[j, i]:g} the other; state one"
            )


def is_possible(matrix: FloatArray) -> bool:
    """Whether a symmetric matrix is positive semi-definite: no eigenvalue below -1e-10."""
    return bool(np.linalg.eigvalsh(matrix)[0] >= -SEMIDEFINITE_TOLERANCE)


def nearest_correlation(matrix: FloatArray, steps: int = 1000) -> FloatArray:
    """The correlation matrix nearest to a symmetric matrix, by the sum of squared differences.

    Projects in turn on the semi-definite matrices (with Dykstra's correction) and on those with 1
    on the diagonal, until neither moves it.

    Source: Higham (2002), Computing the nearest correlation matrix, algorithm 3.3.
    """
    unit, correction = matrix, np.zeros_like(matrix)
    for _ in range(steps):
        corrected = unit - correction
        semidefinite = without_negative_eigenvalues(corrected)
        correction = semidefinite - corrected
        unit = semidefinite.copy()
        np.fill_diagonal(unit, 1.0)
        if np.abs(unit - semidefinite).max() < 1e-12:
            break
    semidefinite = without_negative_eigenvalues(unit)
    size = np.sqrt(np.diag(semidefinite))
    nearest: FloatArray = np.clip(semidefinite / np.outer(size, size), -1.0, 1.0)
    np.fill_diagonal(nearest, 1.0)
    return nearest


def without_negative_eigenvalues(matrix: FloatArray) -> FloatArray:
    """The nearest positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    nearest = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return np.asarray(0.5 * (nearest + nearest.T))


def possible_rank_correlations(nearest: FloatArray) -> FloatArray:
    """Rank correlations to two decimals, close to those of a possible matrix of scores.

    Rounding can make a matrix on the edge impossible, so it is drawn towards independence, a
    hundredth at a time, until the rounded one is possible.
    """
    for kept in np.linspace(1.0, 0.0, 101):
        shrunk = kept * nearest
        np.fill_diagonal(shrunk, 1.0)
        rounded = np.round(pearson_to_spearman(shrunk), 2)
        if is_possible(spearman_to_pearson(rounded)):
            break
    return rounded


def mixed_scores(scores: FloatArray, root: FloatArray) -> FloatArray:
    """Scores [member, ...] with the correlations of a matrix, from independent scores and its root.

    z_i = sum_{j <= i} L_ij e_j with L L' the matrix, L lower triangular.
    """
    mixed = np.empty_like(scores, dtype=np.float64)
    for i, weights in enumerate(root):
        mixed[i] = weights[0] * scores[0]
        for j in range(1, i + 1):
            if weights[j] != 0.0:
                mixed[i] += weights[j] * scores[j]
    return mixed


def lower_triangular_root(matrix: FloatArray) -> FloatArray:
    """L, lower triangular, with L L' = matrix; `matrix` may be semi-definite.

    A member that the ones before it determine has a nil on the diagonal: its own score is not used.

    Raises ValueError when the matrix is not positive semi-definite.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    if not is_possible(matrix):
        raise ValueError("correlation matrix is not positive semi-definite; check it first")
    root = np.zeros_like(matrix)
    for j in range(len(matrix)):
        left = matrix[j:, j] - root[j:, :j] @ root[j, :j]
        if left[0] > SEMIDEFINITE_TOLERANCE:
            root[j:, j] = left / math.sqrt(left[0])
    return root


def factor_scores(scores: FloatArray, factor: FloatArray, loadings: FloatArray) -> FloatArray:
    """Scores [member, ...] that share a factor [...]: z = l F + sqrt(1 - l^2) e.

    Members i and j have the correlation l_i l_j. Loadings [member].

    Raises ValueError for a loading outside -1 to 1.
    """
    loadings = np.asarray(loadings, dtype=np.float64)
    if not np.all(np.abs(loadings) <= 1.0):
        raise ValueError(f"loadings are {loadings.tolist()}; use -1 to 1")
    shared = loadings.reshape(-1, *(1,) * np.ndim(factor))
    return np.asarray(shared * factor + np.sqrt(1.0 - shared**2) * scores)


def loading_for(rank_correlation: float) -> float:
    """The equal loading on a shared factor that gives members this rank correlation.

    l = sqrt(2 sin(pi rho / 6)).

    Raises ValueError outside 0 to 1: members that follow one factor alike cannot move against each
    other.
    """
    if not 0.0 <= rank_correlation <= 1.0:
        raise ValueError(f"rank correlation by a shared factor is {rank_correlation:g}; use 0 to 1")
    return min(1.0, math.sqrt(float(spearman_to_pearson(rank_correlation))))


def autoregressive_scores(innovations: FloatArray, persistence: float) -> FloatArray:
    """Scores [year, draw] that keep part of last year's: stationary AR(1) with unit variance.

    z_0 = e_0, z_t = phi z_{t-1} + sqrt(1 - phi^2) e_t; the correlation over k years is phi^k.

    Raises ValueError for a persistence outside -1 to 1.
    """
    if not -1.0 <= persistence <= 1.0:
        raise ValueError(f"persistence is {persistence:g}; use -1 to 1")
    fresh = math.sqrt(1.0 - persistence**2)
    path = np.array(innovations, dtype=np.float64)
    for year in range(1, len(path)):
        path[year] = persistence * path[year - 1] + fresh * path[year]
    return path


def achieved_rank_correlation(x: FloatArray) -> FloatArray:
    """Spearman correlations [member, member] of values [member, draw]; ties share their mean rank.

    A member that never varies has correlation 0 with the others and 1 with itself.
    """
    ranks = np.array([average_ranks(row) for row in x])
    deviations = ranks - ranks.mean(axis=1, keepdims=True)
    size = np.sqrt(np.sum(deviations**2, axis=1, keepdims=True))
    unit = np.divide(deviations, size, out=np.zeros_like(deviations), where=size > 0.0)
    correlation = np.clip(unit @ unit.T, -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    return np.asarray(correlation)


def average_ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1 of values [draw]; equal values share the mean of their ranks."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - 0.5 * (count - 1))[place])
