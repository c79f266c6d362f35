"""Contributions to a change: by hand, against every order written out, and what must hold."""

from functools import reduce
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.economics.decomposition import (
    contributions,
    priced_contributions,
    shapley_weights,
)

INDEX = st.floats(0.2, 3.0)
FACTORS = st.lists(INDEX, min_size=2, max_size=4)


def of(*factors: float) -> np.ndarray:
    """The product of factors under every set of them, a factor left out being 1."""
    return reduce(np.multiply.outer, [np.array([1.0, factor]) for factor in factors])


def test_two_factors_by_hand() -> None:
    """£100m, 10% more activity at 20% higher prices: 100 × 1.1 × 1.2 − 100 = 32."""
    activity, price = 100 * contributions(of(1.1, 1.2), 2)
    assert activity == pytest.approx((10.0 + 12.0) / 2)  # first, or after the price
    assert price == pytest.approx((20.0 + 22.0) / 2)


def test_three_factors_by_hand() -> None:
    """2 × 3 × 5 − 1 = 29. Of six orders each is first in two, last in two, and once after each."""
    found = contributions(of(2, 3, 5), 3)
    twice = 1 * (1 + 1 + 3 + 5 + 15 + 15) / 6
    thrice = 2 * (1 + 1 + 2 + 5 + 10 + 10) / 6
    five_times = 4 * (1 + 1 + 2 + 3 + 6 + 6) / 6
    assert found == pytest.approx([twice, thrice, five_times])
    assert sum(found) == pytest.approx(29)


def every_order(values: np.ndarray) -> np.ndarray:
    """The mean step of each cause over every order, one order after the other."""
    causes = values.ndim
    total = np.zeros(causes)
    orders = list(permutations(range(causes)))
    for order in orders:
        before = [0] * causes
        for cause in order:
            after = list(before)
            after[cause] = 1
            total[cause] += values[tuple(after)] - values[tuple(before)]
            before = after
    return total / len(orders)


@given(st.integers(2, 4), st.data())
def test_they_are_the_mean_over_every_order(causes: int, data: st.DataObject) -> None:
    size = 2**causes
    listed = data.draw(st.lists(st.floats(-100, 100), min_size=size, max_size=size))
    values = np.array(listed).reshape((2,) * causes)
    found = contributions(values, causes)
    np.testing.assert_allclose(found, every_order(values), atol=1e-9)
    whole = values[(1,) * causes] - values[(0,) * causes]
    assert found.sum() == pytest.approx(whole, abs=1e-9)


@given(FACTORS, st.randoms(use_true_random=False))
def test_another_order_of_the_causes_changes_nothing(factors: list[float], dice: object) -> None:
    order = list(range(len(factors)))
    dice.shuffle(order)  # type: ignore[attr-defined]
    found = contributions(of(*factors), len(factors))
    turned = contributions(of(*(factors[n] for n in order)), len(factors))
    np.testing.assert_allclose(turned, found[order], atol=1e-12)


@given(FACTORS)
def test_a_cause_that_does_nothing_gets_nothing_and_takes_nothing(factors: list[float]) -> None:
    without = contributions(of(*factors), len(factors))
    *others, idle = contributions(of(*factors, 1.0), len(factors) + 1)
    assert idle == 0
    np.testing.assert_allclose(others, without, atol=1e-9)


@given(FACTORS, INDEX)
def test_a_price_is_one_more_cause(factors: list[float], price: float) -> None:
    priced = priced_contributions(of(*factors), len(factors))
    *causes, of_price = contributions(of(*factors, price), len(factors) + 1)
    np.testing.assert_allclose(priced.without + priced.with_price * price, causes, atol=1e-9)
    assert priced.of_price * (price - 1) == pytest.approx(of_price, abs=1e-9)


@pytest.mark.parametrize("causes", [1, 2, 3, 4, 5])
def test_weights_count_every_order_once(causes: int) -> None:
    weights = shapley_weights(causes)
    others = range(causes - 1)
    sets = [len(s) for size in range(causes) for s in combinations(others, size)]
    assert sum(weights[size] for size in sets) == pytest.approx(1)
