"""How money is spread over places and divided into budgets: by hand, and what must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from finsim.economics.levels import (
    allotted,
    area_shares,
    by_body,
    convergence,
    converging_shares,
    moved_between,
    spread_by_weighted_population,
)

YEARS = (2015, 2016, 2017, 2018, 2019, 2020)
SIZES = st.floats(0, 1e6, allow_subnormal=False)


def test_people_are_shared_by_those_there_in_the_year() -> None:
    """Two halves of one town, and a third that comes in the second year and takes a third."""
    parts = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 5.0]])
    there = np.array([[True, True], [True, True], [False, True], [True, True]])
    shares = area_shares(parts, there)
    assert shares[:, 0, 0].tolist() == [0.5, 0.5, 0.0, 0.0]
    assert shares[:, 0, 1].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])
    assert shares[:, 1, 0].tolist() == [0, 0, 0, 1]


def test_an_area_without_localities_is_nobodys() -> None:
    shares = area_shares(np.array([[1.0, 0.0]]), np.ones((1, 1), dtype=bool))
    assert shares[0, :, 0].tolist() == [1, 0]
    weighted = np.array([[300.0], [100.0]])
    spread = spread_by_weighted_population(shares, weighted, np.ones(2))
    assert spread[0, 0] == 0.75


def test_money_follows_weighted_people() -> None:
    """Town 300 weighted people in equal halves, village 100: of both, 150, 150 and 100 of 400."""
    shares = area_shares(
        np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.ones((3, 1), dtype=bool)
    )
    weighted = np.array([[300.0], [100.0]])
    both = spread_by_weighted_population(shares, weighted, np.array([1.0, 1.0]))
    town = spread_by_weighted_population(shares, weighted, np.array([1.0, 0.0]))
    assert both[:, 0].tolist() == [0.375, 0.375, 0.25]
    assert town[:, 0].tolist() == [0.5, 0.5, 0]


@pytest.mark.parametrize(
    ("start", "by", "expected"),
    [
        (2015, 2020, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (2016, 2018, [0, 0, 0.5, 1, 1, 1]),
        (2012, 2014, [1, 1, 1, 1, 1, 1]),
        (2020, 2025, [0, 0, 0, 0, 0, 0]),
    ],
)
def test_convergence(start: int, by: int, expected: list[float]) -> None:
    assert convergence(YEARS, start, by).tolist() == pytest.approx(expected)


def test_shares_are_historic_first_and_by_people_last() -> None:
    historic = np.array([[0.7] * 3, [0.3] * 3])
    people = np.array([[0.4, 0.4, 0.5], [0.6, 0.6, 0.5]])
    shares = converging_shares(historic, people, np.array([0.0, 0.5, 1.0]))
    assert shares[:, 0].tolist() == [0.7, 0.3]
    assert shares[:, 1].tolist() == pytest.approx([0.55, 0.45])
    assert shares[:, 2].tolist() == [0.5, 0.5]


@given(arrays(float, (4, 2, 3), elements=SIZES), arrays(float, (4, 2, 3), elements=SIZES))
def test_what_is_spread_is_neither_made_nor_lost(spread: np.ndarray, values: np.ndarray) -> None:
    whole = spread.sum(axis=0)
    spread = np.where(whole > 0, spread / np.where(whole > 0, whole, 1), 0.25)
    money = values[:2, :1].repeat(3, axis=1)
    found = by_body(spread, money)
    assert found.shape == (4, 3, 3)
    np.testing.assert_allclose(found.sum(axis=0), money.sum(axis=0), rtol=1e-12)


def test_a_budget_is_what_is_earned_and_a_part_of_the_rest() -> None:
    earned = np.array([[[10.0]], [[0.0]]])
    found = allotted(earned, np.array([[100.0]]), np.array([0.25, 0.75]))
    assert found[:, 0, 0].tolist() == [35, 75]


def test_what_moves_leaves_one_budget_and_reaches_another() -> None:
    budget = np.array([[[100.0, 80.0]], [[50.0, 50.0]], [[10.0, 10.0]]])
    pounds = moved_between(budget, 0, 2, np.array([5.0]), of_budget=False)
    part = moved_between(budget, 0, 2, np.array([0.1]), of_budget=True)
    assert pounds[:, 0].tolist() == [[-5, -5], [0, 0], [5, 5]]
    assert part[:, 0].tolist() == [[-10, -8], [0, 0], [10, 8]]
