import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.economics.contracts import (
    activity,
    blended,
    block,
    cap_and_collar,
    capitated,
    marginal,
    settled,
    tariff,
)

ACTIVITY = st.floats(0.2, 3.0)
SHARE = st.floats(0.0, 1.0)
TAU = 1.25


def at(value):
    """One year, one draw."""
    return np.array([[float(value)]])


def test_activity_by_hand():
    assert activity(at(1.1), at(1.02), at(0.25)) == pytest.approx(1.1 * 1.02 * 0.75)
    assert activity(at(1.1), at(1.02), at(-0.25)) == pytest.approx(1.1 * 1.02 * 1.25)
    assert activity(at(1.1), at(1.02), at(1)) == pytest.approx(0)


def test_tariff_block_and_capitated_by_hand():
    assert tariff(200.0, at(1.1), TAU) == pytest.approx(275)
    assert block(200.0, at(1.03)) == pytest.approx(206)
    assert capitated(200.0, at(1.08), TAU) == pytest.approx(270)


# Plan is 200 × 1.2 × 1.25 = £300m in each table below, and £2.50m is one point of activity.


@pytest.mark.parametrize(
    ("activity_index", "value"),
    [
        (0.8, 300 - 0.2 * 100),
        (1.16, 300 - 0.2 * 10),
        (1.2, 300),
        (1.24, 300 + 0.2 * 10),
        (1.6, 300 + 0.2 * 100),
    ],
)
def test_blended_pays_a_fifth_of_the_deviation_from_plan(activity_index, value):
    assert blended(200.0, at(activity_index), 1.2, TAU, 0.2) == pytest.approx(value)


@pytest.mark.parametrize(
    ("activity_index", "value"),
    [
        (0.8, 300 - 0.2 * 30 - 70),
        (1.076, 300 - 0.2 * 30 - 1),
        (1.08, 300 - 0.2 * 30),
        (1.084, 300 - 0.2 * 29),
        (1.2, 300),
        (1.316, 300 + 0.2 * 29),
        (1.32, 300 + 0.2 * 30),
        (1.324, 300 + 0.2 * 30 + 1),
        (1.6, 300 + 0.2 * 30 + 70),
    ],
)
def test_blended_pays_in_full_beyond_break_glass_of_a_tenth(activity_index, value):
    assert blended(200.0, at(activity_index), 1.2, TAU, 0.2, 0.1) == pytest.approx(value)


@pytest.mark.parametrize(
    ("activity_index", "value"),
    [(0.5, 125), (0.99, 247.5), (1.0, 250), (1.01, 250 + 0.3 * 2.5), (1.4, 250 + 0.3 * 100)],
)
def test_marginal_pays_three_tenths_above_the_baseline(activity_index, value):
    assert marginal(200.0, at(activity_index), TAU, 0.3) == pytest.approx(value)


@pytest.mark.parametrize(
    ("activity_index", "value"),
    [(1.0, 250), (1.19, 297.5), (1.2, 300), (1.21, 300 + 0.7 * 2.5), (1.6, 300 + 0.7 * 100)],
)
def test_marginal_with_its_own_threshold(activity_index, value):
    assert marginal(200.0, at(activity_index), TAU, 0.7, 1.2) == pytest.approx(value)


@pytest.mark.parametrize(
    ("activity_index", "value"),
    [
        # floor 270, ceiling 315; the payer keeps paying 0.4 of a shortfall, pays 0.3 of an excess
        (0.8, 270 - 0.6 * 70),
        (1.076, 270 - 0.6 * 1),
        (1.08, 270),
        (1.084, 271),
        (1.2, 300),
        (1.256, 314),
        (1.26, 315),
        (1.264, 315 + 0.3 * 1),
        (1.6, 315 + 0.3 * 85),
    ],
)
def test_cap_and_collar_shares_what_lies_outside(activity_index, value):
    paid = cap_and_collar(200.0, at(activity_index), 1.2, TAU, 0.1, 0.05, 0.4, 0.3)
    assert paid == pytest.approx(value)


@pytest.mark.parametrize(
    ("share_below", "share_above", "low", "high"),
    [(0, 1, 200, 400), (1, 1, 270, 400), (0, 0, 200, 315), (1, 0, 270, 315)],
)
def test_cap_and_collar_runs_from_tariff_to_a_guaranteed_floor_and_a_hard_cap(
    share_below, share_above, low, high
):
    for activity_index, value in ((0.8, low), (1.6, high)):
        paid = cap_and_collar(
            200.0, at(activity_index), 1.2, TAU, 0.1, 0.05, share_below, share_above
        )
        assert paid == pytest.approx(value)


@given(ACTIVITY, SHARE, st.floats(0, 0.5), st.sampled_from([-1, 1]))
def test_blended_has_a_kink_at_break_glass_and_no_jump(central, rate, break_glass, side):
    edge = central * (1 + side * break_glass)
    around = edge + np.array([[-1e-7, 0, 1e-7]])
    values = blended(100.0, around, central, 1.0, rate, break_glass)
    assert np.all(np.abs(np.diff(values)) <= 100 * 1.01e-7)


@given(ACTIVITY, ACTIVITY, ACTIVITY, SHARE, st.floats(0, 0.5))
def test_blended_moves_by_no_more_than_tariff_and_no_less_than_its_rate(
    a, b, central, rate, break_glass
):
    values = blended(100.0, np.array([[a, b]]), central, TAU, rate, break_glass)
    moved, at_tariff = abs(values[0, 1] - values[0, 0]), 100 * TAU * abs(b - a)
    assert rate * at_tariff - 1e-9 <= moved <= at_tariff + 1e-9


@given(ACTIVITY, ACTIVITY, SHARE)
def test_blended_at_full_rate_or_without_tolerance_is_tariff(a, central, rate):
    at_tariff = tariff(100.0, at(a), TAU)
    assert blended(100.0, at(a), central, TAU, 1.0, 0.1) == pytest.approx(at_tariff)
    assert blended(100.0, at(a), central, TAU, rate, 0.0) == pytest.approx(at_tariff)


@given(ACTIVITY, st.floats(0, 0.5), st.floats(0, 0.5), SHARE, SHARE)
def test_every_form_pays_plan_at_planned_activity(a, collar, cap, below, above):
    plan = tariff(100.0, at(a), TAU)
    assert blended(100.0, at(a), a, TAU, below, collar) == pytest.approx(plan)
    assert cap_and_collar(100.0, at(a), a, TAU, collar, cap, below, above) == pytest.approx(plan)
    assert marginal(100.0, at(a), TAU, below, a) == pytest.approx(plan)


@given(ACTIVITY, ACTIVITY, SHARE, st.floats(0.01, 0.5), st.floats(0.1, 1000))
def test_scaling_the_baseline_scales_the_value(a, central, share, edge, k):
    for value in (
        lambda b: tariff(b, at(a), TAU),
        lambda b: block(b, at(a)),
        lambda b: blended(b, at(a), central, TAU, share, edge),
        lambda b: marginal(b, at(a), TAU, share, central),
        lambda b: capitated(b, at(a), TAU),
        lambda b: cap_and_collar(b, at(a), central, TAU, edge, edge, share, share),
    ):
        assert value(100.0 * k) == pytest.approx(k * value(100.0))


@given(st.lists(ACTIVITY, min_size=2, max_size=6), SHARE, SHARE, st.floats(0, 0.5))
def test_more_activity_is_never_paid_less(activities, below, above, edge):
    a = np.sort(np.array([activities]))
    for value in (
        blended(100.0, a, 1.1, TAU, below, edge),
        marginal(100.0, a, TAU, below),
        cap_and_collar(100.0, a, 1.1, TAU, edge, edge, below, above),
    ):
        assert np.all(np.diff(value) >= -1e-9)


def test_contracts_are_valued_together_along_leading_axes():
    rng = np.random.default_rng(5)
    baseline = rng.uniform(10, 300, (3, 1, 1))
    a, tau = rng.uniform(0.7, 1.5, (3, 6, 8)), rng.uniform(0.9, 1.2, (6, 8))
    central = rng.uniform(0.9, 1.1, (3, 6, 1))
    together = blended(baseline, a, central, tau, 0.2, 0.1)
    assert together.shape == (3, 6, 8)
    for i in range(3):
        alone = blended(float(baseline[i, 0, 0]), a[i], central[i], tau, 0.2, 0.1)
        assert np.array_equal(together[i], alone)


def test_a_dispute_settles_at_the_agreed_value_and_reports_the_mismatch():
    assert settled(98.0, 103.0, 100.0) == (100.0, 5.0)
    agreed, mismatch = settled(at(103), at(98), at(100))
    assert agreed == pytest.approx(100)
    assert mismatch == pytest.approx(-5)


def test_negative_edges_are_refused():
    with pytest.raises(ValueError, match="break-glass"):
        blended(100.0, at(1), 1.0, 1.0, 0.2, -0.1)
    with pytest.raises(ValueError, match="collar"):
        cap_and_collar(100.0, at(1), 1.0, 1.0, -0.1, 0.1, 0.5, 0.5)
    with pytest.raises(ValueError, match="cap"):
        cap_and_collar(100.0, at(1), 1.0, 1.0, 0.1, float("nan"), 0.5, 0.5)
