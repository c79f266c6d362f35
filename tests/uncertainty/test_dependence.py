"""Scores with the correlation asked for, and matrices that cannot be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from finsim.uncertainty.dependence import (
    ImpossibleCorrelation,
    achieved_rank_correlation,
    autoregressive_scores,
    check_correlation,
    factor_scores,
    is_possible,
    loading_for,
    lower_triangular_root,
    mixed_scores,
    nearest_correlation,
    normal_scores,
    pearson_to_spearman,
    spearman_to_pearson,
    uniforms,
)
from finsim.uncertainty.distributions import Event, Lognormal, Triangular
from finsim.uncertainty.point_sets import Design, points

RANK = np.array([[1.0, 0.6, -0.2], [0.6, 1.0, 0.3], [-0.2, 0.3, 1.0]])
IMPOSSIBLE = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, -0.9], [0.9, -0.9, 1.0]])
NAMES = ("inflation", "pay", "tariff")


def mixed(scores: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return mixed_scores(scores, lower_triangular_root(matrix))


def independent_scores(members: int, draws: int = 4096) -> np.ndarray:
    return normal_scores(points(Design(draws=draws), np.arange(members), 0, 0, draws))


def test_rank_correlation_asked_for_is_achieved() -> None:
    u = uniforms(mixed(independent_scores(3), spearman_to_pearson(RANK)))
    x = np.array(
        [
            Lognormal(27.0, 9.0).quantile(u[0]),
            Triangular(0.0, 0.2, 1.0).quantile(u[1]),
            u[2],
        ]
    )
    np.testing.assert_allclose(achieved_rank_correlation(x), RANK, atol=0.02)


def test_an_event_correlates_with_the_sign_stated() -> None:
    scores = mixed(independent_scores(2), np.array([[1.0, 0.7], [0.7, 1.0]]))
    happens = Event(0.3).quantile(uniforms(scores[0]))
    assert scores[1][happens == 1.0].mean() > 0.5
    assert achieved_rank_correlation(np.array([happens, scores[1]]))[0, 1] > 0.4


def test_a_member_is_mixed_from_those_before_it() -> None:
    scores = independent_scores(4)
    matrix = np.full((4, 4), 0.3) + 0.7 * np.eye(4)
    all_four = mixed(scores, matrix)
    np.testing.assert_array_equal(all_four[0], scores[0])
    np.testing.assert_array_equal(mixed(scores[:3], matrix[:3, :3]), all_four[:3])
    np.testing.assert_array_equal(mixed(scores[:, 17:18], matrix), all_four[:, 17:18])


def test_scores_may_have_more_axes() -> None:
    scores = independent_scores(3).reshape(3, 8, 512)
    whole = mixed(scores, spearman_to_pearson(RANK))
    flat = mixed(scores.reshape(3, -1), spearman_to_pearson(RANK))
    np.testing.assert_array_equal(whole.reshape(3, -1), flat)


def test_members_may_move_as_one() -> None:
    matrix = np.array([[1.0, 1.0, -1.0], [1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]])
    check_correlation(matrix, NAMES)
    scores = mixed(independent_scores(3), matrix)
    np.testing.assert_array_equal(scores[1], scores[0])
    np.testing.assert_array_equal(scores[2], -scores[0])


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_root_of_a_semidefinite_matrix(members: int, rank: int, seed: int) -> None:
    loadings = np.random.default_rng(seed).normal(size=(members, rank))
    loadings /= np.linalg.norm(loadings, axis=1, keepdims=True)
    matrix = loadings @ loadings.T
    root = lower_triangular_root(matrix)
    np.testing.assert_allclose(root @ root.T, matrix, atol=1e-5)
    np.testing.assert_array_equal(root, np.tril(root))


def test_impossible_matrix_names_the_nearest() -> None:
    with pytest.raises(ImpossibleCorrelation) as error:
        check_correlation(spearman_to_pearson(IMPOSSIBLE), NAMES)
    assert error.value.names == NAMES
    check_correlation(error.value.nearest, NAMES)
    message = str(error.value)
    assert "inflation with pay 0.48 (stated 0.90)" in message
    assert "pay with tariff -0.48 (stated -0.90)" in message


def test_only_the_pairs_that_must_change_are_named() -> None:
    matrix = np.eye(5)
    matrix[:3, :3] = IMPOSSIBLE
    matrix[3, 4] = matrix[4, 3] = 0.5
    with pytest.raises(ImpossibleCorrelation) as error:
        check_correlation(spearman_to_pearson(matrix), (*NAMES, "growth", "weather"))
    assert "growth" not in str(error.value)


def test_nearest_matrix_of_the_published_example() -> None:
    """Higham (2002), section 4: the tridiagonal example."""
    matrix = np.array([[2.0, -1, 0, 0], [-1, 2, -1, 0], [0, -1, 2, -1], [0, 0, -1, 2]])
    nearest = nearest_correlation(matrix)
    published = [[1.0, -0.8084, 0.1916, 0.1068], [-0.8084, 1.0, -0.6562, 0.1916]]
    np.testing.assert_allclose(nearest[:2], published, atol=5e-5)


@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_nearest_is_possible_and_leaves_a_possible_one_alone(members: int, seed: int) -> None:
    random = np.random.default_rng(seed).uniform(-1.0, 1.0, (members, members))
    matrix = np.tril(random, -1) + np.tril(random, -1).T + np.eye(members)
    nearest = nearest_correlation(matrix)
    assert is_possible(nearest)
    np.testing.assert_array_equal(np.diag(nearest), 1.0)
    if is_possible(matrix):
        np.testing.assert_allclose(nearest, matrix, atol=1e-9)


@pytest.mark.parametrize(
    ("matrix", "says"),
    [
        (np.eye(2), "2 by 2 for 3 names"),
        (np.eye(3) * 0.5, "with itself must be 1"),
        (np.eye(3) + 2.0 * np.eye(3)[::-1], "from -1 to 1"),
        (np.array([[1, 0.2, 0], [0.3, 1, 0], [0, 0, 1]]), "inflation with pay is 0.2 one way"),
    ],
)
def test_a_matrix_of_the_wrong_form_is_refused(matrix: np.ndarray, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_correlation(matrix, NAMES)


def test_mixing_refuses_an_unchecked_matrix() -> None:
    with pytest.raises(ValueError, match="check it first"):
        mixed(independent_scores(3), IMPOSSIBLE)


def test_a_shared_factor_gives_its_rank_correlation() -> None:
    scores = independent_scores(4)
    loading = loading_for(0.3)
    shared = factor_scores(scores[:3], scores[3], np.full(3, loading))
    achieved = achieved_rank_correlation(shared)[np.triu_indices(3, 1)]
    np.testing.assert_allclose(achieved, 0.3, atol=0.02)
    assert loading_for(1.0) == pytest.approx(1.0)
    assert loading_for(0.0) == 0.0


@pytest.mark.parametrize("rho", [-0.1, 1.1, np.nan])
def test_a_shared_factor_cannot_set_members_against_each_other(rho: float) -> None:
    with pytest.raises(ValueError, match="use 0 to 1"):
        loading_for(rho)


def test_loadings_beyond_one_are_refused() -> None:
    with pytest.raises(ValueError, match="use -1 to 1"):
        factor_scores(np.zeros((2, 5)), np.zeros(5), np.array([0.5, 1.5]))


@pytest.mark.parametrize("persistence", [-0.5, 0.0, 0.7, 1.0])
def test_paths_have_unit_variance_and_fading_memory(persistence: float) -> None:
    path = autoregressive_scores(independent_scores(5), persistence)
    expected = float(persistence) ** np.abs(np.subtract.outer(np.arange(5), np.arange(5)))
    np.testing.assert_allclose(np.cov(path), expected, atol=0.03)


def test_persistence_beyond_one_is_refused() -> None:
    with pytest.raises(ValueError, match="use -1 to 1"):
        autoregressive_scores(np.zeros((3, 4)), 1.01)


def test_an_innovation_is_not_changed_in_place() -> None:
    innovations = np.ones((3, 4))
    autoregressive_scores(innovations, 0.5)
    np.testing.assert_array_equal(innovations, 1.0)


def test_spearman_and_pearson_are_inverse() -> None:
    rho = np.linspace(-1.0, 1.0, 21)
    np.testing.assert_allclose(pearson_to_spearman(spearman_to_pearson(rho)), rho, atol=1e-15)
    assert spearman_to_pearson(0.5) == pytest.approx(2.0 * np.sin(np.pi / 12.0))


def test_uniforms_stay_inside_the_unit_interval() -> None:
    u = uniforms(np.array([-50.0, -1.0, 0.0, 1.0, 50.0]))
    assert u.min() > 0.0
    assert u.max() < 1.0
    np.testing.assert_allclose(normal_scores(u)[1:4], [-1.0, 0.0, 1.0], atol=1e-15)


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=5, max_size=40))
def test_achieved_correlation_with_ties_against_scipy(rows: list[tuple[int, ...]]) -> None:
    x = np.array(rows, dtype=float).T
    varies = np.ptp(x, axis=1) > 0
    ours = achieved_rank_correlation(x)
    assert np.all(ours[~varies][:, varies] == 0.0)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        if varies[i] and varies[j]:
            assert ours[i, j] == pytest.approx(stats.spearmanr(x[i], x[j]).statistic, abs=1e-12)
