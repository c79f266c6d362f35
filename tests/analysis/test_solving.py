"""Roots in closed form, by few evaluations, and how sure they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from finsim.analysis.solving import Solution, solve, solve_whole
from finsim.uncertainty.random_bits import Purpose, Stream, open_unit

FloatArray = NDArray[np.float64]
INF = float("inf")


def normals(seed: int, replicates: int = 16, draws: int = 1024) -> FloatArray:
    stream = Stream(seed, 0, Purpose.MONTE_CARLO)
    words = open_unit(stream.words(0, replicates * draws)).reshape(replicates, draws)
    return np.asarray(stats.norm.ppf(words))


@given(st.floats(-50, 50), st.floats(0.1, 10) | st.floats(-10, -0.1))
def test_a_straight_line_is_solved_to_its_last_digits(root: float, slope: float) -> None:
    found = solve(lambda v: np.array([slope * (v - root)] * 3), 0.0, 0.0, -100, 100, 1.0)
    assert found.status == "found"
    assert found.value == pytest.approx(root, abs=1e-3)
    assert found.error == 0
    assert len(found.evaluations) < 20


@pytest.mark.parametrize("chance", [0.05, 0.5, 0.8, 0.99])
def test_the_reserve_for_a_chance_is_a_quantile(chance: float) -> None:
    # A position normal about -30 with sd 12 is at least nought with a saving of 30 + 12 z.
    z = normals(1)
    found = solve(
        lambda saving: np.mean(-30 + 12 * z + saving >= 0, axis=1), chance, 0.0, 0.0, INF, 1.0, True
    )
    expected = 30 + 12 * stats.norm.ppf(chance)
    assert found.status == "found"
    assert found.value == pytest.approx(expected, abs=4 * found.error)
    closed = np.sqrt(chance * (1 - chance) / z.size) * 12 / stats.norm.pdf(stats.norm.ppf(chance))
    assert found.error == pytest.approx(closed, rel=0.6)
    assert len(found.evaluations) < 20


def test_the_answer_is_stable_over_seeds_within_its_stated_error() -> None:
    def answer(seed: int) -> Solution:
        z = normals(seed)
        chance = lambda saving: np.mean(-30 + 12 * z + saving >= 0, axis=1)  # noqa: E731
        return solve(chance, 0.8, 0.0, 0.0, INF, 1.0, True)

    answers = [answer(seed) for seed in range(30)]
    expected = 30 + 12 * stats.norm.ppf(0.8)
    off = np.array([(a.value - expected) / a.error for a in answers])
    assert 0.6 < np.sqrt(np.mean(off**2)) < 1.4
    assert max(len(a.evaluations) for a in answers) < 20


def test_a_cubic_with_a_falling_figure() -> None:
    found = solve(lambda v: np.array([27 - v**3]), 0.0, 1.0, -10, 10, 1.0)
    assert found.value == pytest.approx(3, abs=1e-4)


def test_no_value_does_and_how_far_it_gets() -> None:
    found = solve(lambda v: np.array([v, v + 1]), 100.0, 0.0, -5, 5, 1.0)
    assert found.status == "none"
    assert (found.value, found.reached.figure) == (5, 5.5)
    assert np.isnan(found.error)
    assert len(found.evaluations) == 3


def test_without_a_bound_it_gives_up() -> None:
    found = solve(lambda v: np.array([1 / (1 + abs(v))]), 2.0, 0.0, 0.0, INF, 1.0)
    assert found.status == "none"


def test_the_start_may_be_the_answer() -> None:
    found = solve(lambda v: np.array([v]), 4.0, 4.0, 0.0, 10.0, 1.0)
    assert (found.status, found.value, len(found.evaluations)) == ("found", 4.0, 1)


def test_an_answer_at_the_start_has_its_error_too() -> None:
    found = solve(lambda v: np.array([v - 1, v + 1]), 4.0, 4.0, 0.0, 100.0, 20.0)
    assert (found.value, found.error) == (4.0, 1.0)


def test_nothing_is_tried_outside_the_bounds() -> None:
    """A root so near a bound that the width that tells a slope would pass it."""

    def f(v: float) -> np.ndarray:
        assert 0 <= v <= 1
        return np.array([v - 0.1, v + 0.1])

    found = solve(f, 0.99, 0.2, 0.0, 1.0, 0.1)
    assert found.value == pytest.approx(0.99, abs=0.01)
    assert found.error == pytest.approx(0.1)


def test_a_figure_that_jumps_over_the_target_does_not_reach_it() -> None:
    found = solve(lambda v: np.array([v + (10 if v > 2 else 0)] * 2), 6.0, 0.0, -5, 5, 1.0)
    assert found.status == "none"
    assert found.reached.figure == pytest.approx(2, abs=1e-3)


def test_a_start_outside_its_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="not between"):
        solve(lambda v: np.array([v]), 4.0, -1.0, 0.0, 10.0, 1.0)


@pytest.mark.parametrize("better_high", [True, False])
def test_the_last_whole_value_that_does(better_high: bool) -> None:
    # A start of month n leaves 100 - 3n: at least 40 to month 20; as a gap, the other way.
    sign = 1 if better_high else -1
    f = lambda n: np.array([sign * (100 - 3 * n)] * 2)  # noqa: E731
    found, beyond = solve_whole(f, sign * 40, 0, 60, better_high)
    assert (found.status, found.value) == ("found", 20)
    assert beyond is not None
    assert beyond.value == 21
    assert len(found.evaluations) <= 9


@pytest.mark.parametrize(("target", "status"), [(-1, "found"), (201, "none")])
def test_every_whole_value_may_do_or_none(target: float, status: str) -> None:
    found, beyond = solve_whole(lambda n: np.array([100 - n]), target, 0, 60, True)
    assert (found.status, beyond) == (status, None)
