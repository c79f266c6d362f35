"""Sobol indices against closed forms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from finsim.analysis.sobol_indices import Indices, ratios, sobol_indices
from finsim.uncertainty.dependence import normal_scores
from finsim.uncertainty.point_sets import Design

FloatArray = NDArray[np.float64]
ALONE = [[0], [1], [2]]


def found(
    f: Callable[[FloatArray], FloatArray],
    parts: list[list[int]],
    kind: str = "latin hypercube",
    seed: int = 3,
    coordinates: int = 3,
) -> Indices:
    return sobol_indices(f, parts, coordinates, Design(kind, 512, seed), 16)  # type: ignore[arg-type]


def within(indices: Indices, first: list[float], total: list[float], errors: float = 4) -> None:
    """Both kinds match within a few of their stated errors, which are small."""
    assert (indices.first_error < 0.05).all()
    assert (indices.total_error < 0.05).all()
    np.testing.assert_array_less(abs(indices.first - first), errors * indices.first_error + 1e-9)
    np.testing.assert_array_less(abs(indices.total - total), errors * indices.total_error + 1e-9)


def ishigami(u: FloatArray) -> FloatArray:
    """sin x1 + a sin² x2 + b x3⁴ sin x1, a = 7, b = 0.1, each x uniform from −π to π."""
    x = np.pi * (2 * u - 1)
    return np.asarray(np.sin(x[0]) * (1 + 0.1 * x[2] ** 4) + 7 * np.sin(x[1]) ** 2)


# Ishigami and Homma (1990); V = a²/8 + bπ⁴/5 + b²π⁸/18 + 1/2.
A, B = 7.0, 0.1
V1 = 0.5 * (1 + B * np.pi**4 / 5) ** 2
V2 = A**2 / 8
V13 = B**2 * np.pi**8 * (1 / 18 - 1 / 50)
V = V1 + V2 + V13


@pytest.mark.parametrize("kind", ["latin hypercube", "monte carlo", "sobol"])
def test_ishigami(kind: str) -> None:
    indices = found(ishigami, ALONE, kind)
    within(indices, [V1 / V, V2 / V, 0.0], [(V1 + V13) / V, V2 / V, V13 / V])
    assert indices.variance == pytest.approx(V, rel=0.03)
    assert indices.evaluations == 16 * 512 * 5


def test_the_first_and_third_of_ishigami_together_have_no_interaction_left() -> None:
    within(found(ishigami, [[0, 2], [1]]), [(V1 + V13) / V, V2 / V], [(V1 + V13) / V, V2 / V])


def test_a_linear_model_of_normals_has_the_squares_of_its_weights() -> None:
    weights = np.array([3.0, 2.0, 1.0])
    shares = (weights**2 / np.sum(weights**2)).tolist()
    indices = found(lambda u: weights @ normal_scores(u), ALONE)
    within(indices, shares, shares)


def test_a_product_is_all_interaction() -> None:
    # f = (u1 − ½)(u2 − ½): neither explains anything by itself, each all of it with the other.
    indices = found(lambda u: (u[0] - 0.5) * (u[1] - 0.5), ALONE)
    within(indices, [0.0, 0.0, 0.0], [1.0, 1.0, 0.0])


def test_the_stated_errors_are_true() -> None:
    """Over seeds, the spread of an index is what its standard error says."""
    runs = [found(ishigami, ALONE, seed=seed) for seed in range(40)]
    for values, errors in (
        (np.stack([r.first for r in runs]), np.stack([r.first_error for r in runs])),
        (np.stack([r.total for r in runs]), np.stack([r.total_error for r in runs])),
    ):
        ratio = values.std(axis=0, ddof=1) / errors.mean(axis=0)
        assert (ratio > 0.6).all()
        assert (ratio < 1.5).all()


def test_what_does_not_vary_has_no_indices() -> None:
    indices = found(lambda u: np.full(u.shape[1], 0.1) * 3, ALONE)
    assert np.isnan([*indices.first, *indices.total, *indices.first_error]).all()


def test_a_ratio_and_its_error_by_hand() -> None:
    # Means 2 and 4: a half. Left over: ±0.5, sd √½, error √½ ÷ (4 √2) = 1/8.
    values, errors = ratios(np.array([[2.5], [1.5]]), np.array([4.0, 4.0]))
    assert values == pytest.approx([0.5])
    assert errors == pytest.approx([np.sqrt(0.5) / (4 * np.sqrt(2))])
