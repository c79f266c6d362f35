import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.economics.ramps import Ramp, mean_ramp

SHAPES = {
    "step": np.ones_like,
    "linear": lambda u: u,
    "s_curve": lambda u: 3 * u**2 - 2 * u**3,
    "front_loaded": lambda u: 1 - (1 - u) ** 2,
    "back_loaded": lambda u: u**2,
}
RAMPS = [
    *(Ramp(kind, months=18) for kind in SHAPES),
    Ramp("levels", levels=(0.17, 0.5, 1.0)),
    Ramp("levels", levels=(0.3, 1.0, 0.4)),
    Ramp("points", points=((0, 0.1), (6, 0.5), (30, 1))),
    Ramp("points", points=((3, 0.2), (9, 1), (20, 0.25))),
]


def level(ramp, x):
    """The ramp itself, written out."""
    if ramp.kind == "levels":
        year = np.clip(np.floor(x / 12).astype(int), 0, len(ramp.levels) - 1)
        height = np.array(ramp.levels)[year]
    elif ramp.kind == "points":
        months, levels = zip(*ramp.points, strict=True)
        height = np.where(x < months[0], 0, np.interp(x, months, levels))
    else:
        height = SHAPES[ramp.kind](np.minimum(x / ramp.months, 1))
    return np.where(x < 0, 0, height)


def by_year(ramp, start_month, slip_months, years=6):
    return mean_ramp(ramp, start_month, np.array([float(slip_months)]), years)[:, 0]


@pytest.mark.parametrize("ramp", RAMPS, ids=str)
def test_integral_is_the_area_under_the_ramp(ramp):
    width = 1 / 512
    middles = np.arange(-10, 50, width) + width / 2
    area = np.concatenate([[0], np.cumsum(level(ramp, middles) * width)])
    ends = np.concatenate([[-10], middles + width / 2])
    assert ramp.integral(ends) == pytest.approx(area, abs=1e-4)


@pytest.mark.parametrize("ramp", RAMPS, ids=str)
def test_integral_is_nil_until_the_start(ramp):
    assert np.array_equal(ramp.integral(np.array([-np.inf, -12, -1e-9, 0])), np.zeros(4))


@pytest.mark.parametrize("kind", [kind for kind in SHAPES if kind != "step"])
def test_shapes_by_hand(kind):
    """Area when the 12 months have passed, and a year later."""
    area = {"linear": 6, "s_curve": 6, "front_loaded": 8, "back_loaded": 4}[kind]
    integral = Ramp(kind, months=12).integral(np.array([12.0, 24.0]))
    assert integral == pytest.approx([area, area + 12], rel=1e-14)


def test_step_in_october_three_months_late_has_a_quarter_of_its_first_year():
    assert by_year(Ramp("step"), 6, 0) == pytest.approx([0.5, 1, 1, 1, 1, 1])
    assert by_year(Ramp("step"), 6, 3) == pytest.approx([0.25, 1, 1, 1, 1, 1])


def test_linear_ramp_from_october_three_months_late():
    """It runs January to December: to 3/12 by March, full after nine more months."""
    first = (3 / 12) ** 2 / 2
    second = (9 * (3 / 12 + 1) / 2 + 3) / 12
    assert by_year(Ramp("linear", months=12), 6, 3) == pytest.approx([first, second, 1, 1, 1, 1])


def test_s_ramp_from_october_three_months_late():
    """With u = 1/4 by March the area is 12·(u³ − u⁴/2) months; the whole ramp covers 6."""
    by_march = 12 * (1 / 64 - 1 / 512)
    first, second = by_march / 12, (6 - by_march + 3) / 12
    assert by_year(Ramp("s_curve", months=12), 6, 3) == pytest.approx([first, second, 1, 1, 1, 1])


def test_levels_are_in_year_levels_when_the_scheme_starts_with_a_year():
    ramp = Ramp("levels", levels=(0.17, 0.5, 1.0))
    assert by_year(ramp, 36, 0) == pytest.approx([0, 0, 0, 0.17, 0.5, 1])
    assert by_year(ramp, 36, 6) == pytest.approx([0, 0, 0, 0.085, 0.335, 0.75])


def test_levels_may_fall_and_the_last_one_holds():
    ramp = Ramp("levels", levels=(0.5, 1.0, 0.2))
    assert by_year(ramp, 12, 0) == pytest.approx([0, 0.5, 1, 0.2, 0.2, 0.2])


def test_points_are_joined_by_straight_lines_and_jump_to_the_first():
    ramp = Ramp("points", points=((6, 0.4), (12, 1.0), (24, 0.5)))
    assert by_year(ramp, 0, 0) == pytest.approx([0.5 * 0.7, 0.75, 0.5, 0.5, 0.5, 0.5])


def test_one_point_is_a_step():
    ramp = Ramp("points", points=((0, 0.6),))
    assert by_year(ramp, 18, 0) == pytest.approx([0, 0.3, 0.6, 0.6, 0.6, 0.6])


@pytest.mark.parametrize("ramp", RAMPS, ids=str)
@pytest.mark.parametrize("slip", [72, 1e6, np.inf])
def test_slip_may_pass_the_horizon(ramp, slip):
    assert np.array_equal(by_year(ramp, 0, slip), np.zeros(6))


@pytest.mark.parametrize("ramp", RAMPS, ids=str)
@given(start=st.floats(0, 80), slip=st.floats(0, 40))
def test_slip_is_a_later_start(ramp, start, slip):
    assert by_year(ramp, start, slip) == pytest.approx(by_year(ramp, start + slip, 0), abs=1e-12)


@pytest.mark.parametrize("ramp", [ramp for ramp in RAMPS if ramp.kind in SHAPES], ids=str)
@given(start=st.floats(0, 80), slip=st.floats(0, 40), later=st.floats(0, 40))
def test_rising_ramps_stay_between_none_and_all_and_lose_by_slip(ramp, start, slip, later):
    means = mean_ramp(ramp, start, np.array([slip, slip + later]), 8)
    assert np.all(means >= 0)
    assert np.all(means <= 1 + 1e-12)
    assert np.all(np.diff(means, axis=0) >= -1e-12)
    assert np.all(means[:, 1] <= means[:, 0] + 1e-12)


@pytest.mark.parametrize("ramp", RAMPS, ids=str)
@given(before=st.integers(1, 4), start=st.floats(0, 11), slip=st.floats(0, 40))
def test_years_may_begin_after_the_start(ramp, before, start, slip):
    """The mean of a year does not depend on which year is called the first."""
    whole = by_year(ramp, start, slip, years=6 + before)
    assert by_year(ramp, start - 12 * before, slip) == pytest.approx(whole[before:], abs=1e-12)


def test_slip_takes_further_leading_axes():
    slip = np.array([[0.0, 1, 2], [3, 4, 5]])
    means = mean_ramp(RAMPS[1], 6, slip, 6)
    assert means.shape == (2, 6, 3)
    assert np.array_equal(means[1], mean_ramp(RAMPS[1], 6, slip[1], 6))


@pytest.mark.parametrize("slip", [-0.1, float("nan")])
def test_a_scheme_is_never_early(slip):
    with pytest.raises(ValueError, match="never early"):
        mean_ramp(Ramp("step"), 6, np.array([0, slip]), 6)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"kind": "logistic"}, "unknown ramp 'logistic': use step, linear"),
        ({"kind": "linear", "months": 0}, "months above zero"),
        ({"kind": "s_curve", "months": float("nan")}, "months above zero"),
        ({"kind": "back_loaded", "months": float("inf")}, "months above zero"),
        ({"kind": "levels"}, "at least one year"),
        ({"kind": "levels", "levels": (0.1, float("nan"))}, "at least one year"),
        ({"kind": "points"}, "at least one point"),
        ({"kind": "points", "points": ((0, 0.1), (6, float("inf")))}, "at least one point"),
        ({"kind": "points", "points": ((6, 0.1), (6, 0.5))}, "rising months"),
        ({"kind": "points", "points": ((-1, 0.1), (6, 0.5))}, "rising months"),
    ],
)
def test_a_ramp_that_does_not_add_up_is_refused(stated, message):
    with pytest.raises(ValueError, match=message):
        Ramp(**stated)
