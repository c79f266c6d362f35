import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.economics.contracts import activity, tariff
from finsim.economics.costs import (
    cost_line,
    released_share,
    shock,
    social_care_cost,
    stranded_cost,
    unattributed_pressure,
)
from finsim.economics.prices import price_index
from finsim.economics.schemes import efficiency_index, removed_share


def at(value):
    """One year, one draw."""
    return np.array([[float(value)]])


def test_cost_line_by_hand():
    assert cost_line(100.0, at(1.1), 1.05, at(1.2), 0.98, 0.0) == pytest.approx(
        100 * 1.1 * 1.05 * 1.2 * 0.98
    )
    assert cost_line(100.0, at(1), 1.0, 1.0, 1.0, at(0.05)) == pytest.approx(95)
    assert cost_line(100.0, at(1), 1.0, 1.0, 1.0, at(-0.05)) == pytest.approx(105)


def test_secondary_care_costs_of_feeling_the_crunch():
    """Published, £bn, 2016/17 to 2020/21: activity 2.9% a year; inflation 2.3, 2.0, 2.7, 2.9%.

    Without efficiencies to four decimals; with 2% a year within 0.1% (theirs divides by 1.02).
    """
    activity_index = price_index(np.full((5, 1), 0.029))
    inflation = price_index(np.array([[0], [0.023], [0.02], [0.027], [0.029]]))
    every_year = efficiency_index(np.array([0, 0.02, 0.02, 0.02, 0.02]), *np.ones((2, 1)), 1.0)
    without = [82.5511859943044, 86.8989093070665, 91.2073572305108, 96.3863845961309]
    without.append(102.057855852152)
    with_efficiencies = [77.8993282787857, 80.3750221213396, 82.6864714514744, 85.6484556917842]
    with_efficiencies.append(88.8896151854208)
    cost = cost_line(without[0], activity_index, 1.0, inflation, 1.0, 0.0)[:, 0]
    assert cost == pytest.approx(without, abs=5e-5)
    cost = cost_line(with_efficiencies[0], activity_index, 1.0, inflation, every_year, 0.0)[:, 0]
    assert cost == pytest.approx(with_efficiencies, rel=1e-3)


@pytest.mark.parametrize(
    ("removed", "released"), [(-0.2, -0.2), (-0.01, -0.01), (0, 0), (0.01, 0.005), (0.2, 0.1)]
)
def test_half_of_removed_cost_goes_and_all_of_added_cost_comes(removed, released):
    assert released_share(0.5, at(removed)) == pytest.approx(released)


@pytest.mark.parametrize(("removed", "stranded"), [(-0.2, 0), (0, 0), (0.01, 0.5), (0.2, 10)])
def test_stranded_cost_by_hand(removed, stranded):
    assert stranded_cost(at(100), 0.5, at(removed)) == pytest.approx(stranded)


def test_10m_at_tariff_half_released_is_10m_5m_stranded_and_5m():
    """A £400m contract whose activity costs the provider what the tariff pays."""
    payment_before = tariff(400.0, at(1), at(1))
    cost_before = cost_line(400.0, at(1), 1.0, 1.0, 1.0, 0.0)
    removed = removed_share(at(10), payment_before)
    payment = tariff(400.0, activity(at(1), 1.0, removed), at(1))
    cost = cost_line(400.0, at(1), 1.0, 1.0, 1.0, released_share(0.5, removed))
    payer = payment_before - payment
    provider = (payment - cost) - (payment_before - cost_before)
    assert payer == pytest.approx(10)
    assert provider == pytest.approx(-5)
    assert stranded_cost(cost_before, 0.5, removed) == pytest.approx(5)
    assert payer + provider == pytest.approx(5)


@given(st.floats(-0.5, 1), st.floats(0, 1), st.floats(1, 900))
def test_cost_left_is_cost_of_the_activity_left_and_stranded_cost(removed, cash_release, before):
    cost = cost_line(before, at(1), 1.0, 1.0, 1.0, released_share(cash_release, at(removed)))
    stranded = stranded_cost(at(before), cash_release, at(removed))
    assert cost == pytest.approx(before * (1 - removed) + stranded)
    assert stranded >= 0


def test_lines_are_costed_together_along_leading_axes():
    rng = np.random.default_rng(6)
    baseline, release = rng.uniform(1, 90, (3, 1, 1)), rng.uniform(0, 1, (3, 1, 1))
    demand, removed = rng.uniform(0.9, 1.2, (3, 6, 4)), rng.uniform(-0.2, 0.4, (3, 6, 4))
    together = cost_line(baseline, demand, 1.02, 1.1, 0.97, released_share(release, removed))
    released = released_share(float(release[2, 0, 0]), removed[2])
    alone = cost_line(float(baseline[2, 0, 0]), demand[2], 1.02, 1.1, 0.97, released)
    assert together[2] == pytest.approx(alone)


def test_social_care_grows_by_its_published_real_growth_and_prices():
    assert social_care_cost(80.0, at(1.039), at(1.02), 0.99) == pytest.approx(
        80 * 1.039 * 1.02 * 0.99
    )


def test_unattributed_pressure_rises_in_equal_steps_and_then_stays():
    pressure = unattributed_pressure(353.0, 0.2, 0, 5, 8)
    assert pressure == pytest.approx(353 * 0.2 * np.array([0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1]))


def test_unattributed_pressure_is_shared_in_full():
    shares = np.array([0.5, 0.3, 0.2])
    pressure = unattributed_pressure(353.0, shares, 0, 5, 6)
    assert pressure.shape == (3, 6)
    assert pressure.sum(axis=0) == pytest.approx(353 * np.arange(6) / 5)


@pytest.mark.parametrize("target", [0, -1])
def test_unattributed_pressure_needs_years_to_rise_in(target):
    with pytest.raises(ValueError, match="after the base year"):
        unattributed_pressure(353.0, 1.0, 0, target, 6)


def test_a_shock_is_a_share_of_turnover():
    assert shock(505.0, at(-0.06)) == pytest.approx(-30.3)
