import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.economics.population import frozen_mix, grown_population, total_growth


def random_table(seed, areas=3, bands=7, years=6):
    return np.random.default_rng(seed).uniform(100, 9_000, (areas, bands, years))


def test_growth_to_2031_is_five_fifteenths_by_2020():
    growth = np.array([0.19, 0.28])
    index = total_growth(growth, np.arange(6.0), years_spanned=15)
    assert index.shape == (6, 2)
    assert np.array_equal(index[0], [1, 1])
    assert index[5] == pytest.approx([1.19 ** (5 / 15), 1.28 ** (5 / 15)], rel=1e-14)
    assert 100 * (index[5] - 1) == pytest.approx([6.0, 8.6], abs=0.05)


def test_growth_over_the_span_is_the_stated_growth():
    index = total_growth(np.array([-0.1, 0.0, 0.25]), np.arange(16.0), years_spanned=15)
    assert index[15] == pytest.approx([0.9, 1.0, 1.25], rel=1e-14)


def test_growth_takes_further_leading_axes():
    growth = np.array([[0.19, 0.28], [0.1, 0.2], [0.0, 0.3]])
    index = total_growth(growth, np.arange(6.0), 15)
    assert index.shape == (3, 6, 2)
    assert np.array_equal(index[1], total_growth(growth[1], np.arange(6.0), 15))


@pytest.mark.parametrize("years_spanned", [0, -15, float("nan")])
def test_growth_must_span_years(years_spanned):
    with pytest.raises(ValueError, match="positive number of years"):
        total_growth(np.array([0.19]), np.arange(6.0), years_spanned)


@pytest.mark.parametrize("growth", [-1.0, -1.5, float("nan")])
def test_growth_of_minus_100_percent_is_refused(growth):
    with pytest.raises(ValueError, match="−100%"):
        total_growth(np.array([0.1, growth]), np.arange(6.0), 15)


def test_grown_population_by_hand():
    table = np.array([[[30.0, 30.0], [10.0, 20.0]], [[40.0, 40.0], [20.0, 10.0]]])
    people = grown_population(table, np.array([100.0, 150.0]))
    assert people[:, :, 0] == pytest.approx(table[:, :, 0])
    assert people[:, :, 1] == pytest.approx(1.5 * table[:, :, 1])


@given(st.integers(0, 2**32 - 1))
def test_grown_population_has_the_stated_total_and_the_mix_of_the_table(seed):
    table = random_table(seed)
    total = np.linspace(700_000, 900_000, 6)
    people = grown_population(table, total)
    assert people.sum(axis=(0, 1)) == pytest.approx(total, rel=1e-12)
    assert people / people.sum(axis=(0, 1)) == pytest.approx(table / table.sum(axis=(0, 1)))


def test_frozen_mix_by_hand():
    table = np.array([[[30.0, 10.0], [10.0, 90.0]], [[40.0, 40.0], [20.0, 60.0]]])
    frozen = frozen_mix(table)
    assert frozen[:, :, 0] == pytest.approx(table[:, :, 0])
    assert frozen[:, :, 1] == pytest.approx(np.array([[60.0, 20.0], [80.0, 40.0]]))


@given(st.integers(0, 2**32 - 1))
def test_frozen_mix_keeps_totals_and_does_not_age(seed):
    table = random_table(seed)
    frozen = frozen_mix(table)
    assert frozen.sum(axis=(0, 1)) == pytest.approx(table.sum(axis=(0, 1)), rel=1e-12)
    mix = frozen / frozen.sum(axis=(0, 1))
    assert mix == pytest.approx(np.repeat(mix[:, :, :1], 6, axis=2), rel=1e-12)


@pytest.mark.parametrize("by_table", [frozen_mix, lambda t: grown_population(t, np.ones(6))])
def test_an_empty_year_is_refused(by_table):
    table = random_table(0)
    table[:, :, 3] = 0
    with pytest.raises(ValueError, match="must have people"):
        by_table(table)


def test_tables_take_further_leading_axes():
    tables = np.stack([random_table(1), random_table(2)])
    totals = np.stack([np.linspace(1, 2, 6), np.linspace(3, 2, 6)])
    for i in range(2):
        assert np.array_equal(frozen_mix(tables)[i], frozen_mix(tables[i]))
        assert np.array_equal(
            grown_population(tables, totals)[i], grown_population(tables[i], totals[i])
        )
