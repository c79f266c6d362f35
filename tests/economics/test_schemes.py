import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.economics.schemes import (
    Ramp,
    combined_removal,
    cost_of_delivery,
    efficiency_index,
    full_saving_for_cumulative,
    gross_at_tariff,
    in_year_saving,
    mean_ramp,
    removed_share,
)

SURE = np.ones(1)
EVERY_YEAR = np.ones(6, dtype=bool)
SLOW_RAMP = Ramp("levels", levels=(0.17, 0.5, 1.0))
SHARE = st.floats(0, 1)


def column(*values):
    return np.array(values, dtype=float)[:, np.newaxis]


def saving(full, levels, delivered=SURE, recurrent=1.0, happens=SURE):
    return in_year_saving(full, column(*levels), happens, delivered, recurrent)[:, 0]


def cumulative(full, ramp_by_year):
    return in_year_saving(full, ramp_by_year[:, np.newaxis], SURE, SURE, 1.0).sum()


# in-year saving


def test_a_recurrent_saving_in_full_follows_the_ramp():
    assert saving(20, [0, 0.25, 1, 1]) == pytest.approx([0, 5, 20, 20])


def test_a_saving_in_the_base_year_counts_from_nothing():
    assert saving(20, [0.5, 1, 1]) == pytest.approx([10, 20, 20])


def test_what_is_delivered_stays_at_the_rate_of_the_year_it_was_made():
    """£5m at 60%, then £15m at −20%: 3, 3 − 3, 0; nothing new is due in the last year."""
    delivered = column(1.0, 0.6, -0.2, 0.9)
    assert saving(20, [0, 0.25, 1, 1], delivered) == pytest.approx([0, 3, 0, 0])


def test_part_recurrent_by_hand():
    """£10m and £10m due; half stays: 10, then 5 + 10, then 10."""
    assert saving(20, [0, 0.5, 1, 1], recurrent=0.5) == pytest.approx([0, 10, 15, 10])


def test_a_one_off_saving_whose_ramp_ends_gives_nothing_negative_afterwards():
    assert saving(20, [0, 0.5, 1, 0.25, 0], recurrent=0.0) == pytest.approx([0, 10, 10, 0, 0])
    assert np.all(saving(20, [0, 0.5, 1, 0.25, 0], recurrent=0.0) >= 0)


def test_a_recurrent_saving_that_falls_back_is_lost():
    assert saving(20, [0, 0.5, 1, 0.25, 0]) == pytest.approx([0, 10, 20, 5, 0])


def test_a_scheme_that_does_not_happen_saves_nothing_in_that_draw():
    happens = np.array([1.0, 0.0])
    by_draw = in_year_saving(20, column(0, 0.5, 1), happens, np.array([0.8, 0.8]), 0.5)
    assert by_draw[:, 0] == pytest.approx([0, 8, 12])
    assert np.array_equal(by_draw[:, 1], np.zeros(3))


def test_a_scheme_that_adds_activity_mirrors_one_that_removes_it():
    levels = [0, 0.5, 1, 0.25]
    assert saving(-20, levels, recurrent=0.3) == pytest.approx(-saving(20, levels, recurrent=0.3))


def test_delivery_by_draw_and_by_year_agree():
    rng = np.random.default_rng(1)
    ramp, rate, happens = rng.uniform(0, 1, (6, 4)), rng.uniform(-1, 1, 4), np.ones(4)
    by_draw = in_year_saving(20, ramp, happens, rate, 0.7)
    assert by_draw == pytest.approx(
        in_year_saving(20, ramp, happens, np.broadcast_to(rate, (6, 4)), 0.7)
    )


@given(st.integers(0, 2**32 - 1), SHARE)
def test_in_year_saving_is_the_stated_sum(seed, recurrent):
    rng = np.random.default_rng(seed)
    ramp, delivered = rng.uniform(0, 1, (6, 3)), rng.uniform(-1, 1, (6, 3))
    happens = rng.integers(0, 2, 3).astype(float)
    actual = in_year_saving(40.0, ramp, happens, delivered, recurrent)
    for draw in range(3):
        kept, before = 0.0, 0.0
        for year in range(6):
            due = 40.0 * (ramp[year, draw] - before)
            kept += delivered[year, draw] * recurrent * due
            one_off = delivered[year, draw] * (1 - recurrent) * max(due, 0)
            assert actual[year, draw] == pytest.approx(happens[draw] * (kept + one_off), abs=1e-9)
            before = ramp[year, draw]


def test_savings_take_further_leading_axes():
    rng = np.random.default_rng(2)
    ramp, delivered = rng.uniform(0, 1, (3, 6, 5)), rng.uniform(0, 1, (3, 6, 5))
    happens = rng.integers(0, 2, (3, 5)).astype(float)
    together = in_year_saving(
        np.array([10.0, 20, 30]).reshape(3, 1, 1), ramp, happens, delivered, 0.6
    )
    alone = in_year_saving(30.0, ramp[2], happens[2], delivered[2], 0.6)
    assert together[2] == pytest.approx(alone)


# published cumulative figures


def test_27m_run_rate_on_the_slow_ramp_is_45m_over_five_years():
    """17%, 50% and 100% in 2018/19 to 2020/21: 27 × 1.67 = 45.09."""
    by_year = mean_ramp(SLOW_RAMP, 36, np.zeros(1), 6)[:, 0]
    assert cumulative(27.0, by_year) == pytest.approx(45.09)


def test_45m_over_2016_to_2021_is_a_run_rate_of_26_9m():
    by_year = mean_ramp(SLOW_RAMP, 36, np.zeros(1), 6)[:, 0]
    window = np.array([False, True, True, True, True, True])
    full = full_saving_for_cumulative(45.0, by_year, 1.0, window)
    assert full == pytest.approx(45 / 1.67)
    assert round(full, 1) == 26.9


def test_45m_over_2017_to_2022_leaves_28m_inside_the_horizon():
    """A year past the horizon: 45 / 2.67 = 16.85, of which 1.67 years' worth by 2020/21."""
    ramp = Ramp("levels", levels=(0.0, 0.17, 0.5, 1.0, 1.0))
    by_year = mean_ramp(ramp, 24, np.zeros(1), 7)[:, 0]
    window = np.array([False, False, True, True, True, True, True])
    full = full_saving_for_cumulative(45.0, by_year, 1.0, window)
    assert round(full, 1) == 16.9
    assert 28.1 <= cumulative(full, by_year[:6]) <= 28.2


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 500), SHARE)
def test_savings_as_planned_add_up_to_the_target(seed, target, recurrent):
    rng = np.random.default_rng(seed)
    by_year = np.sort(rng.uniform(0.01, 1, 6))
    window = rng.integers(0, 2, 6).astype(bool)
    window[-1] = True
    full = full_saving_for_cumulative(target, by_year, recurrent, window)
    planned = in_year_saving(full, by_year[:, np.newaxis], SURE, SURE, recurrent)[:, 0]
    assert planned[window].sum() == pytest.approx(target)


@pytest.mark.parametrize(
    ("levels", "window"),
    [
        ([0, 0, 0, 0, 0, 0], EVERY_YEAR),
        ([0, 0, 0, 0, 0, 1], np.array([True, True, True, True, True, False])),
        ([0.1, 0.3, 0.9, 0, 0, 0], np.array([False, False, False, True, True, True])),
        ([0, 1, 1, 1, 1, 1], np.zeros(6, dtype=bool)),
        ([0, float("nan"), 1, 1, 1, 1], EVERY_YEAR),
    ],
    ids=["never starts", "starts after", "ended before", "no years", "no ramp"],
)
def test_a_window_that_cannot_reach_the_target_is_an_error(levels, window):
    with pytest.raises(ValueError, match="£45m cannot be reached"):
        full_saving_for_cumulative(45.0, np.array(levels, dtype=float), 1.0, window)


def test_net_savings_are_grossed_up_by_cash_release():
    assert gross_at_tariff(27.0, 0.5) == pytest.approx(54)
    assert gross_at_tariff(27.0, 1.0) == pytest.approx(27)
    assert gross_at_tariff(27.0, np.array([0.5, 0.9])) == pytest.approx([54, 30])


@pytest.mark.parametrize("cash_release", [0.0, -0.5, float("nan"), np.array([0.5, 0.0])])
def test_nothing_net_comes_of_no_cash_release(cash_release):
    with pytest.raises(ValueError, match="cash release above zero"):
        gross_at_tariff(27.0, cash_release)


# removed activity


def test_removed_share_by_hand():
    value = np.array([[[100.0], [200.0]], [[50.0], [40.0]]])
    shares = removed_share(column(10, -10), value)
    assert shares[:, :, 0] == pytest.approx(np.array([[0.1, -0.05], [0.2, -0.25]]))


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_a_line_without_value_has_no_share_to_remove(value):
    with pytest.raises(ValueError, match="do-nothing value"):
        removed_share(column(10), column(value))


def test_schemes_on_one_line_act_on_what_the_others_leave():
    shares = np.array([[[0.1]], [[0.2]], [[-0.5]]])
    assert combined_removal(shares) == pytest.approx(1 - 0.9 * 0.8 * 1.5)
    assert combined_removal(shares[:1]) == pytest.approx(0.1)


def test_no_schemes_remove_nothing():
    assert np.array_equal(combined_removal(np.zeros((0, 2, 3))), np.zeros((2, 3)))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_removal_is_at_most_all_at_least_the_largest_and_no_more_than_the_sum(shares):
    combined = combined_removal(np.array(shares).reshape(-1, 1, 1))[0, 0]
    assert max(shares) - 1e-12 <= combined <= min(1.0, sum(shares)) + 1e-12


# costs of delivery


def test_cost_of_delivery_by_hand():
    ramp = np.array([[0.0, 0], [0.5, 0], [1, 0.5]])
    cost = cost_of_delivery(np.array([0.75, 0, 0]), 4.0, ramp, np.array([0, 1.5, 0]))
    assert cost == pytest.approx(np.array([[0.75, 0.75], [3.5, 1.5], [4, 2]]))


# efficiency


def efficiency(rates, delivered=SURE, recurrent=1.0, happens=SURE):
    return efficiency_index(np.array(rates), delivered, happens, recurrent)[:, 0]


def test_two_percent_a_year_compounds():
    assert efficiency([0, 0.02, 0.02, 0.02, 0.02, 0.02]) == pytest.approx(0.98 ** np.arange(6))


def test_efficiency_of_which_74_percent_recurs():
    """Published for 2016/17: each year counts in full once, then 0.74 of it stays."""
    lasting = 1 - 0.02 * 0.74
    expected = [1, 0.98, lasting * 0.98, lasting**2 * 0.98]
    assert efficiency([0, 0.02, 0.02, 0.02], recurrent=0.74) == pytest.approx(expected)


def test_one_off_efficiency_is_gone_the_year_after():
    assert efficiency([0, 0.02, 0.03, 0], recurrent=0.0) == pytest.approx([1, 0.98, 0.97, 1])


def test_efficiency_by_hand_with_delivery_by_year():
    delivered = column(1.0, 0.5, -0.25)
    expected = [1, 1 - 0.02, (1 - 0.02 * 0.8) * (1 + 0.01)]
    assert efficiency([0, 0.04, 0.04], delivered, 0.8) == pytest.approx(expected)


def test_efficiency_that_does_not_happen_leaves_costs_alone():
    index = efficiency_index(np.array([0, 0.02, 0.02]), np.full(2, 0.9), np.array([0.0, 1.0]), 0.74)
    assert np.array_equal(index[:, 0], np.ones(3))
    assert index[1, 1] == pytest.approx(1 - 0.018)


def test_programmes_are_computed_together_along_leading_axes():
    rng = np.random.default_rng(4)
    rates, delivered = rng.uniform(0, 0.04, (3, 6)), rng.uniform(0.5, 1, (3, 6, 5))
    happens = rng.integers(0, 2, (3, 5)).astype(float)
    together = efficiency_index(rates, delivered, happens, 0.74)
    assert together.shape == (3, 6, 5)
    assert together[1] == pytest.approx(efficiency_index(rates[1], delivered[1], happens[1], 0.74))


@given(st.integers(0, 2**32 - 1), SHARE)
def test_efficiency_is_the_stated_product(seed, recurrent):
    rng = np.random.default_rng(seed)
    rates, delivered = rng.uniform(0, 0.05, 6), rng.uniform(-0.5, 1.2, (6, 2))
    index = efficiency_index(rates, delivered, np.ones(2), recurrent)
    for draw in range(2):
        lasting = 1.0
        for year in range(6):
            achieved = rates[year] * delivered[year, draw]
            assert index[year, draw] == pytest.approx(lasting * (1 - achieved), rel=1e-12)
            lasting *= 1 - achieved * recurrent
