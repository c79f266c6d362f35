"""Moments in closed form, quantiles against scipy, and what holds for every distribution."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import integrate, stats

from finsim.uncertainty.dependence import uniforms
from finsim.uncertainty.distributions import (
    Beta,
    Discrete,
    Distribution,
    Event,
    Fixed,
    Lognormal,
    Normal,
    Pert,
    Quantiles,
    StudentT,
    Triangular,
    Uniform,
    quantile_at_scores,
)

U = np.concatenate([[1e-12, 1e-6], np.linspace(0.001, 0.999, 333), [1 - 1e-6, 1 - 1e-12]])

CONTINUOUS: list[Distribution] = [
    Normal(3.0, 2.0),
    Normal(3.0, 2.0, at_least=1.0, at_most=4.0),
    Normal(0.0, 1.0, at_least=6.0, at_most=7.0),
    Normal(0.0, 1.0, at_least=-7.0, at_most=-6.0),
    Normal(0.02, 0.01, at_least=0.0),
    Lognormal(27.0, 9.0),
    Lognormal(27.0, 9.0, at_least=20.0, at_most=40.0),
    Lognormal(1.0, 2.0, at_most=1.5),
    Uniform(0.19, 0.28),
    Triangular(0.0, 0.2, 1.0),
    Triangular(1.0, 1.0, 5.0),
    Triangular(1.0, 5.0, 5.0),
    Pert(0.6, 0.85, 1.0),
    Pert(1.0, 1.0, 9.0),
    Beta(0.35, 0.1),
    Beta(0.35, 0.4, low=-0.82, high=1.0),
    Beta(0.5, 0.35),
    StudentT(0.0, 30.0, 4.0),
    StudentT(0.0, 30.0, 4.0, at_least=-40.0, at_most=10.0),
    StudentT(1.0, 2.0, 7.0, at_least=3.0, at_most=5.0),
    StudentT(1.0, 2.0, 2.5, at_least=0.0, at_most=50.0),
    Quantiles(((0.05, 0.6), (0.95, 1.0))),
    Quantiles(((0.1, 1.0), (0.5, 2.0), (0.9, 5.0))),
    Quantiles(((0.05, -0.5), (0.5, 0.35), (0.95, 0.85))),
    Quantiles(((0.1, 1.0), (0.5, 2.0), (0.9, 3.0))),
    Quantiles(((0.1, 1.0), (0.5, 2.0), (0.9, 3.0)), at_least=0.0, at_most=2.5),
    Quantiles(((0.05, -0.5), (0.5, 0.35), (0.95, 0.85)), at_least=-0.82, at_most=1.0),
]
STEPPED: list[Distribution] = [Event(0.3), Discrete((3.0, 1.0, 2.0), (0.2, 0.5, 0.3))]
FIXED: list[tuple[Distribution, float]] = [
    (Fixed(614.0), 614.0),
    (Normal(3.1, 0.0), 3.1),
    (Normal(3.1, 1.0, at_least=2.7, at_most=2.7), 2.7),
    (Lognormal(3.1, 0.0, at_least=0.0), 3.1),
    (StudentT(3.1, 0.0, 4.0), 3.1),
    (Uniform(0.1, 0.1), 0.1),
    (Triangular(0.1, 0.1, 0.1), 0.1),
    (Pert(0.1, 0.1, 0.1), 0.1),
    (Beta(0.3, 0.0), 0.3),
    (Beta(0.3, 0.0, low=0.3, high=0.3), 0.3),
    (Event(0.0), 0.0),
    (Event(1.0), 1.0),
    (Discrete((0.7, 9.0, 0.7), (0.25, 0.0, 0.75)), 0.7),
    (Quantiles(((0.1, 1.0), (0.9, 2.0)), at_least=1.3, at_most=1.3), 1.3),
]


def integral_of_quantile(distribution: Distribution) -> float:
    """The mean, numerically: panels that narrow towards both ends of u."""
    tail = 10.0 ** np.arange(-15.0, 0.0)
    ends = np.concatenate([[0.0], tail, [0.5], 1.0 - tail[::-1], [1.0]])
    nodes, weights = np.polynomial.legendre.leggauss(100)
    half = 0.5 * np.diff(ends)
    middle = 0.5 * (ends[1:] + ends[:-1])
    u = np.clip(middle[:, None] + half[:, None] * nodes, 1e-300, 1.0 - 2.0**-53)
    return float(np.sum(half[:, None] * weights * distribution.quantile(u)))


@pytest.mark.parametrize("distribution", CONTINUOUS, ids=str)
def test_mean_is_the_integral_of_the_quantile(distribution: Distribution) -> None:
    spread = float(np.ptp(distribution.quantile(np.array([0.05, 0.95]))))
    assert distribution.mean == pytest.approx(
        integral_of_quantile(distribution), abs=1e-6 * spread, rel=1e-9
    )


@pytest.mark.parametrize("distribution", CONTINUOUS + STEPPED, ids=str)
def test_quantile_never_falls_and_stays_in_the_support(distribution: Distribution) -> None:
    x = distribution.quantile(U)
    low, high = distribution.support
    assert np.all(np.diff(x) >= 0.0)
    assert np.all((x >= low) & (x <= high))
    assert not distribution.is_fixed
    assert low < distribution.mean < high


@pytest.mark.parametrize("distribution", CONTINUOUS, ids=str)
def test_no_probability_gathers_at_a_bound(distribution: Distribution) -> None:
    tail = 10.0 ** np.linspace(-6.0, -1.0, 50)
    x = distribution.quantile(np.concatenate([tail, 1.0 - tail[::-1]]))
    assert np.all(np.diff(x) > 0.0)


@pytest.mark.parametrize("distribution", CONTINUOUS + STEPPED, ids=str)
def test_quantile_takes_any_shape(distribution: Distribution) -> None:
    u = np.linspace(0.01, 0.99, 24)
    expected = distribution.quantile(u)
    np.testing.assert_array_equal(distribution.quantile(u.reshape(2, 3, 4)).ravel(), expected)
    assert distribution.quantile(np.array(u[5])) == expected[5]
    assert distribution.quantile(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize(
    "distribution", [*CONTINUOUS, *STEPPED, *(fixed for fixed, _ in FIXED)], ids=str
)
def test_scores_give_what_their_probabilities_give(distribution: Distribution) -> None:
    z = np.array([[-8.2, -3.3, -0.71, 0.0], [0.013, 0.71, 3.3, 5.0]])
    found, expected = quantile_at_scores(distribution, z), distribution.quantile(uniforms(z))
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9)
    beyond = quantile_at_scores(distribution, np.array([-9.0, 9.0]))
    low, high = distribution.support
    assert np.all(np.isfinite(beyond) & (beyond >= low) & (beyond <= high))


@pytest.mark.parametrize("distribution", CONTINUOUS, ids=str)
def test_the_ends_of_what_a_point_set_gives_are_finite(distribution: Distribution) -> None:
    assert np.all(np.isfinite(distribution.quantile(np.array([2.0**-53, 1.0 - 2.0**-53]))))


@pytest.mark.parametrize(("distribution", "value"), FIXED, ids=str)
def test_a_degenerate_distribution_is_its_value_exactly(
    distribution: Distribution, value: float
) -> None:
    assert distribution.is_fixed
    assert distribution.mean == value
    assert distribution.support == (value, value)
    np.testing.assert_array_equal(distribution.quantile(U.reshape(1, -1)), value)


@pytest.mark.parametrize(
    ("distribution", "peer", "tolerance"),
    [
        (Normal(3.0, 2.0), stats.norm(3.0, 2.0), 1e-12),
        (Normal(3.0, 2.0, 1.0, 4.0), stats.truncnorm(-1.0, 0.5, 3.0, 2.0), 1e-9),
        (Normal(0.0, 1.0, 6.0, 7.0), stats.truncnorm(6.0, 7.0), 1e-9),
        (Lognormal(27.0, 9.0), stats.lognorm(0.32459284597450133, 0, 25.61444904796), 1e-9),
        (Uniform(0.19, 0.28), stats.uniform(0.19, 0.09), 1e-12),
        (Triangular(0.0, 0.2, 1.0), stats.triang(0.2), 1e-9),
        (Pert(0.6, 0.85, 1.0), stats.beta(3.5, 2.5, 0.6, 0.4), 4e-7),
        (Beta(0.4, 0.2), stats.beta(2.0, 3.0), 1e-6),
        (StudentT(1.0, 2.0, 4.0), stats.t(4.0, 1.0, math.sqrt(2.0)), 1e-8),
        (StudentT(1.0, 2.0, 7.0), stats.t(7.0, 1.0, 2.0 * math.sqrt(5.0 / 7.0)), 2e-6),
    ],
    ids=lambda value: "scipy" if hasattr(value, "dist") else str(value),
)
def test_quantile_against_scipy(
    distribution: Distribution, peer: stats.rv_continuous, tolerance: float
) -> None:
    u = U[1:-1]
    np.testing.assert_allclose(distribution.quantile(u), peer.ppf(u), rtol=1e-9, atol=tolerance)
    assert distribution.mean == pytest.approx(peer.mean(), rel=1e-9, abs=1e-12)


def test_truncated_mean_against_the_formula() -> None:
    phi, Phi = stats.norm.pdf, stats.norm.cdf
    expected = 3.0 + 2.0 * (phi(-1.0) - phi(0.5)) / (Phi(0.5) - Phi(-1.0))
    assert Normal(3.0, 2.0, 1.0, 4.0).mean == pytest.approx(expected, rel=1e-14)


def test_truncated_student_t_mean_against_its_density() -> None:
    t = stats.t(5.0, 1.0, 2.0 * math.sqrt(3.0 / 5.0))
    top, _ = integrate.quad(lambda x: x * t.pdf(x), 0.0, 6.0)
    expected = top / (t.cdf(6.0) - t.cdf(0.0))
    assert StudentT(1.0, 2.0, 5.0, 0.0, 6.0).mean == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("distribution", "sd"),
    [(Lognormal(27.0, 9.0), 9.0), (Beta(0.3, 0.2, -1.0, 2.0), 0.2), (StudentT(0.0, 3.0, 7.0), 3.0)],
    ids=str,
)
def test_sd_is_the_one_stated(distribution: Distribution, sd: float) -> None:
    u = (np.arange(2**20) + 0.5) / 2**20
    assert distribution.quantile(u).std() == pytest.approx(sd, rel=1e-3)


def test_bounds_truncate_and_do_not_clamp() -> None:
    """With half of a normal cut off, the median is the upper quartile of the whole."""
    half = Normal(0.0, 1.0, at_least=0.0)
    assert half.quantile(np.array([0.5]))[0] == pytest.approx(stats.norm.ppf(0.75), rel=1e-14)
    assert half.mean == pytest.approx(math.sqrt(2.0 / math.pi), rel=1e-14)


def test_a_window_far_above_the_mean_mirrors_one_far_below() -> None:
    u = np.array([0.25, 0.5, 0.75])
    above = Normal(0.0, 1.0, 7.0, 8.0).quantile(u)
    np.testing.assert_array_equal(above, -Normal(0.0, 1.0, -8.0, -7.0).quantile(1.0 - u))
    np.testing.assert_allclose(above, stats.truncnorm(7.0, 8.0).ppf(u), rtol=1e-9)


def test_an_event_happens_in_the_upper_part_and_more_often_when_likelier() -> None:
    u = np.array([0.2, 0.69, 0.71, 0.95])
    np.testing.assert_array_equal(Event(0.3).quantile(u), [0.0, 0.0, 1.0, 1.0])
    grid = (np.arange(1000) + 0.5) / 1000
    happens, likelier = Event(0.3).quantile(grid), Event(0.31).quantile(grid)
    assert happens.mean() == pytest.approx(0.3)
    assert np.all(likelier >= happens)


def test_discrete_values_come_in_order_and_in_proportion() -> None:
    u = (np.arange(1000) + 0.5) / 1000
    x = Discrete((3.0, 1.0, 2.0, 7.0), (0.2, 0.5, 0.3, 0.0)).quantile(u)
    np.testing.assert_array_equal(x, np.repeat([1.0, 2.0, 3.0], [500, 300, 200]))


def test_discrete_weights_that_fall_short_by_rounding_reach_the_top_value() -> None:
    x = Discrete(tuple(range(10)), (0.1,) * 10)
    assert x.quantile(np.array([1.0 - 2.0**-53]))[0] == 9.0
    assert x.mean == pytest.approx(4.5)


rising_values = st.tuples(
    st.floats(-1000.0, 1000.0), st.floats(0.01, 1000.0), st.floats(0.01, 1000.0)
).map(lambda v: (v[0], v[0] + v[1], v[0] + v[1] + v[2]))
rising_probabilities = st.tuples(st.floats(0.05, 0.3), st.floats(0.4, 0.6), st.floats(0.7, 0.95))


@given(rising_probabilities, rising_values)
def test_three_percentiles_are_met_wherever_there_is_a_mean(
    p: tuple[float, float, float], values: tuple[float, float, float]
) -> None:
    steepness = (values[2] - values[1]) / (values[1] - values[0])
    assume(1e-2 < steepness < 1e2)
    low, _, high = values
    bounds = {"at_least": low - 10.0 * (high - low), "at_most": high + 10.0 * (high - low)}
    curve = Quantiles(tuple(zip(p, values, strict=True)), **bounds)._curve()
    z = stats.norm.ppf(p)
    np.testing.assert_allclose(curve.value(z), values, rtol=1e-9, atol=1e-9 * (high - low))


def test_percentiles_as_far_apart_on_both_sides_are_the_normal() -> None:
    three = Quantiles(((0.1, 1.0), (0.5, 2.0), (0.9, 3.0)))
    two = Quantiles(((0.1, 1.0), (0.9, 3.0)))
    np.testing.assert_allclose(three.quantile(U), two.quantile(U), rtol=1e-10)
    assert three.mean == pytest.approx(2.0, rel=1e-12)


@given(st.floats(-100.0, 100.0), st.floats(0.1, 50.0), st.floats(-3.0, 3.0), st.floats(0.01, 3.0))
def test_bounded_normal_and_t_keep_within_bounds(
    mu: float, sd: float, start: float, width: float
) -> None:
    low, high = mu + start * sd, mu + (start + width) * sd
    for distribution in (Normal(mu, sd, low, high), StudentT(mu, sd, 4.0, low, high)):
        x = distribution.quantile(U)
        assert np.all((x >= low) & (x <= high))
        assert np.all(np.diff(x) >= 0.0)
        assert distribution.mean == pytest.approx(
            integral_of_quantile(distribution), abs=1e-9 * sd, rel=1e-9
        )


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Fixed(math.nan), "finite"),
        (lambda: Normal(1.0, -3.0), "sd is -3; use 0 or more"),
        (lambda: Normal(math.inf, 1.0), "mean is inf; use a finite number"),
        (lambda: Normal(1.0, 1.0, 5.0, 2.0), "at least 5 and at most 2 leave nothing"),
        (lambda: Normal(1.0, 0.0, 5.0), "outside the bounds"),
        (lambda: Normal(5.0, 0.5, at_least=50.0), "bounds 50 to inf leave practically nothing"),
        (lambda: Normal(1.0, 1.0, math.nan), "not a number"),
        (lambda: Lognormal(0.0, 1.0), "use a mean above 0"),
        (lambda: Lognormal(1.0, 1.0, at_most=-1.0), "all above 0"),
        (lambda: Lognormal(1.0, 1.0, -2.0, -2.0), "all above 0"),
        (lambda: Uniform(2.0, 1.0), "low is 2, above high, 1"),
        (lambda: Triangular(1.0, 5.0, 4.0), "mode is 5, above high, 4; use low <= mode <= high"),
        (lambda: Pert(3.0, 2.0, 4.0), "PERT: low is 3, above mode, 2"),
        (lambda: Beta(1.2, 0.1), "mean from 0 to 1"),
        (lambda: Beta(0.5, 0.5), "must be below 0.5"),
        (lambda: StudentT(0.0, 1.0, 2.0), "use more than 2"),
        (lambda: Event(1.5), "use 0 to 1"),
        (lambda: Event(math.nan), "use 0 to 1"),
        (lambda: Discrete((1.0, 2.0), (0.5, 0.6)), "sum to 1.1; they must sum to 1"),
        (lambda: Discrete((1.0, 2.0), (1.5, -0.5)), "use 0 or more"),
        (lambda: Discrete((1.0,), (0.5, 0.5)), "one weight for each value"),
        (lambda: Discrete((), ()), "one weight for each value"),
        (lambda: Quantiles(((0.5, 1.0),)), "use two or three"),
        (lambda: Quantiles(((0.01, 1.0), (0.9, 2.0))), "p1; use percentiles from p5 to p95"),
        (lambda: Quantiles(((0.1, 2.0), (0.9, 2.0))), "each value above the one before"),
        (lambda: Quantiles(((0.1, 1.0), (0.5, 2.0), (0.9, 5.0)), at_most=0.2), "runs from 0.5"),
        (lambda: Quantiles(((0.45, 0.0), (0.5, 1.0), (0.55, 1e9))), "no finite mean"),
    ],
)
def test_errors_say_what_was_found_and_what_is_allowed(make: object, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        make()  # type: ignore[operator]
