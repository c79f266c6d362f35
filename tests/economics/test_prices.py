import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.economics.prices import price_index


def test_rates_compound_from_the_year_after_the_base_year():
    rates = np.array([[0.5], [0.031], [0.018], [-0.02]])
    expected = [1, 1.031, 1.031 * 1.018, 1.031 * 1.018 * 0.98]
    assert price_index(rates)[:, 0] == pytest.approx(expected, rel=1e-14)


def test_the_rates_given_are_left_as_they_were():
    rates = np.full((3, 2), 0.02)
    price_index(rates)
    assert np.array_equal(rates, np.full((3, 2), 0.02))


@given(st.integers(0, 2**32 - 1), st.floats(-0.9, 2))
def test_each_year_on_year_change_is_the_rate_whatever_the_base_year_says(seed, base_rate):
    rates = np.random.default_rng(seed).normal(0.02, 0.03, (4, 3, 6, 5))
    rates[..., 0, :] = base_rate
    index = price_index(rates)
    assert index.shape == rates.shape
    assert np.array_equal(index[..., 0, :], np.ones((4, 3, 5)))
    assert index[..., 1:, :] / index[..., :-1, :] - 1 == pytest.approx(rates[..., 1:, :], abs=1e-12)
