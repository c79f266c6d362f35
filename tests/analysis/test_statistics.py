"""Percentiles and tail means of the draws of a replicate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from finsim.analysis.estimates import standard_error
from finsim.analysis.statistics import (
    mean_and_range,
    ordered_ends,
    ordered_in_part,
    quantiles,
    statistics,
    tail_mean,
    tail_mean_where,
)

LEVELS = (0.01, 0.1, 0.25, 0.5, 0.9, 0.99)
TEN = np.arange(1.0, 11.0)[None, :]
rows = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300).map(
    lambda values: np.sort(np.array(values))[None, :]
)


def test_percentiles_by_hand() -> None:
    """Of 1 … 10 the i-th stands at (i − ½)/10: P10 is 1.5, P50 5.5, P90 9.5, P15 2."""
    found = quantiles(TEN, (0.1, 0.15, 0.5, 0.9))
    assert found[0] == pytest.approx([1.5, 2.0, 5.5, 9.5])
    # Beyond the first and the last draw there is nothing to go by.
    assert quantiles(TEN, (0.01, 0.99))[0] == pytest.approx([1.0, 10.0])


@given(rows)
def test_percentiles_are_those_of_numpy(ordered: NDArray[np.float64]) -> None:
    expected = np.quantile(ordered[0], LEVELS, method="hazen")
    np.testing.assert_allclose(quantiles(ordered, LEVELS)[0], expected, rtol=1e-9, atol=1e-9)


@given(rows)
def test_percentiles_rise_and_stay_within_the_draws(ordered: NDArray[np.float64]) -> None:
    found = quantiles(ordered, LEVELS)[0]
    assert np.all(np.diff(found) >= -1e-9)
    assert ordered[0, 0] - 1e-9 <= found[0]
    assert found[-1] <= ordered[0, -1] + 1e-9


def test_tail_means_by_hand() -> None:
    """A tenth of ten is one; of 25 two and a half: (1 + 2 + 3 / 2) / 2.5."""
    assert tail_mean(TEN)[0] == 1.0
    assert tail_mean(np.arange(1.0, 26.0)[None, :])[0] == pytest.approx(4.5 / 2.5)
    assert tail_mean(np.array([[7.0, 8.0]]))[0] == pytest.approx(7.0)


def test_who_is_in_the_tail_by_hand() -> None:
    """Of 20 draws two: the lowest, and of three that tie for the next a third of each."""
    judge = np.array([5.0, -1.0, 0.0, 0.0, 0.0, *range(6, 21)])
    own = np.array([[100.0, 1.0, 2.0, 3.0, 7.0, *[50.0] * 15]])
    assert tail_mean_where(own, judge)[0] == pytest.approx((1.0 + 4.0) / 2)
    assert tail_mean_where(own[:, :10], judge[:10])[0] == 1.0
    # All alike: nobody is worse than anybody.
    assert tail_mean_where(own, np.zeros(20))[0] == pytest.approx(own.mean())


@given(st.lists(st.tuples(st.integers(-3, 3), st.floats(-1e3, 1e3)), min_size=1, max_size=90))
def test_rounding_does_not_decide_who_is_in_the_tail(draws: list[tuple[int, float]]) -> None:
    judge, own = np.array(draws, dtype=np.float64).T
    noise = 1e-12 * np.sin(np.arange(len(judge)))
    found = tail_mean_where(own[None], judge)
    assert tail_mean_where(own[None], judge + noise) == pytest.approx(found, abs=1e-9)
    assert tail_mean_where(own[None, ::-1], judge[::-1]) == pytest.approx(found, abs=1e-9)


@given(rows)
def test_the_tail_mean_is_no_better_than_the_mean(ordered: NDArray[np.float64]) -> None:
    tail = tail_mean(ordered)[0]
    assert ordered[0, 0] - 1e-6 <= tail <= ordered.mean() + 1e-6


def test_the_worst_tenth_is_the_highest_of_a_gap_and_the_lowest_of_a_position() -> None:
    ordered = np.stack([np.arange(1.0, 101.0)] * 2)
    found = statistics(ordered, np.array([True, False]))
    assert found[:, 0] == pytest.approx([50.5, 10.5, 50.5, 90.5, 95.5])
    assert found[:, 1] == pytest.approx([50.5, 10.5, 50.5, 90.5, 5.5])


@pytest.mark.parametrize("draws", [10, 512, 1024, 4096])
@pytest.mark.parametrize("kinds", [3, 100, 100_000])
def test_the_order_that_statistics_need_is_that_of_a_sorted_row(draws: int, kinds: int) -> None:
    """Few kinds of value are many ties; the rows rise, fall and are mixed."""
    values = np.random.default_rng(7).integers(0, kinds, (12, draws)) / 7 - 1
    values[0].sort()
    values[1] = np.sort(values[1])[::-1]
    found, expected = ordered_in_part(values), np.sort(values, axis=1)
    edge, middle = draws // 8, slice(draws // 2 - 1, draws // 2 + 1)
    np.testing.assert_array_equal(found[:, middle], expected[:, middle])
    for ordered in (found, ordered_ends(values)):
        np.testing.assert_array_equal(ordered[:, :edge], expected[:, :edge])
        np.testing.assert_array_equal(ordered[:, -edge:], expected[:, -edge:])


@pytest.mark.parametrize("draws", [500, 1024])
def test_statistics_of_many_rows_are_those_of_each(draws: int) -> None:
    values = np.random.default_rng(7).normal(size=(200, draws))
    high = np.arange(200) % 3 == 0
    found = statistics(values, high)
    ordered = np.sort(values, axis=1)
    np.testing.assert_array_equal(found[1:4], quantiles(ordered, (0.1, 0.5, 0.9)).T)
    np.testing.assert_array_equal(found[4, ~high], tail_mean(ordered)[~high])
    np.testing.assert_array_equal(found[4, high], tail_mean(ordered[:, ::-1])[high])
    np.testing.assert_array_equal(mean_and_range(values), found[[0, 1, 3]])
    alone = [statistics(values[n : n + 1], high[n : n + 1])[:, 0] for n in range(200)]
    np.testing.assert_array_equal(found, np.stack(alone, axis=1))


def test_standard_error_by_hand() -> None:
    """Replicates 1, 2, 3, 4: sd √(5/3), over √4; replicates that agree are certain."""
    found = standard_error(np.array([[1.0, 0.1], [2.0, 0.1], [3.0, 0.1], [4.0, 0.1]]))
    assert found == pytest.approx([np.sqrt(5 / 3) / 2, 0.0])
    assert found[1] == 0.0


def test_a_row_of_one_value_has_that_value_for_every_statistic() -> None:
    """Summing 1,024 tenths and dividing would be off in the last digit."""
    values = np.stack([np.full(1024, 0.1), np.linspace(3.0, 1.0, 1024)])
    found = statistics(values, np.array([False, True]))
    assert found[:, 0].tolist() == [0.1] * 5
    np.testing.assert_array_equal(mean_and_range(values), found[[0, 1, 3]])
    assert found[:, 1] == pytest.approx([2.0, 1.2, 2.0, 2.8, 2.9], abs=1e-3)
