"""Whole runs against results known in closed form, within their own standard errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from systems import (
    activity_scheme,
    body,
    contract,
    driver,
    line,
    one_hospital,
    organisation,
    plan_of,
    together,
    with_schemes,
    with_section,
)

from finsim.analysis.results import simulate
from finsim.scenario.resolved import Resolved
from finsim.simulation.evaluate import evaluate
from finsim.simulation.plan import Plan
from finsim.simulation.resolve import Resolution
from finsim.simulation.run import Sampling, Serial, units
from finsim.uncertainty.point_sets import Design

FloatArray = NDArray[np.float64]
Shipped = Callable[..., Resolution]
REPLICATES = 16
DESIGN = Design("lattice", 1024, 11)
CARE = [{"contracts": {"id": "care"}}]
LAST = "2016/17"


def prices(values: dict[str, Any], **rest: Any) -> Resolved:
    """The commissioner's own lines of £100m, each moved for a year by a price of its name."""
    return one_hospital(
        years=(2015, 2016),
        drivers=[
            *(driver(name, value) for name, value in values.items()),
            driver("f", {"mean": "0%", "sd": "100%"}),
        ],
        lines=[line(name, "ccg", "£100m", price=name) for name in values],
        **rest,
    )


def positions(plan: Plan, name: str = "ccg", year: int = -1) -> FloatArray:
    """A body's position in every draw: [replicate, draw]."""
    number = body(plan, name)
    return np.stack(
        [
            np.concatenate(
                [
                    evaluate(plan, x).position_before_risk_share[number, year]
                    for x in units(plan, DESIGN, replicate)
                ]
            )
            for replicate in range(REPLICATES)
        ]
    )


def agrees(by_replicate: FloatArray, expected: float) -> None:
    """Within four standard errors of a mean over replicates (and a rounding)."""
    error = by_replicate.std(ddof=1) / np.sqrt(len(by_replicate))
    assert by_replicate.mean() == pytest.approx(expected, abs=4 * error + 1e-9)


def has_moments(draws: FloatArray, mean: float, variance: float) -> None:
    agrees(draws.mean(axis=1), mean)
    agrees(draws.var(axis=1), variance)
    # The standard error itself must be small for the comparison to say anything.
    assert draws.var(axis=1).std(ddof=1) < 0.2 * variance


NORMAL = {"mean": "2%", "sd": "3%"}


def test_one_normal_price() -> None:
    """£20m less £102m of cost and £100m of care less its own £100m; sd £3m; normal percentiles."""
    plan = plan_of(prices({"a": NORMAL}))
    has_moments(positions(plan), 120 - 100 - 102, 9)
    results = simulate(plan, Sampling(DESIGN, REPLICATES), Serial())
    found = results.figure("position", LAST, "ccg")
    for level, value, error in (
        (0.1, found.p10, found.se_p10),
        (0.5, found.p50, found.se_p50),
        (0.9, found.p90, found.se_p90),
    ):
        assert error is not None
        expected = -82 + 3 * stats.norm.ppf(level)
        assert value == pytest.approx(expected, abs=4 * error + 0.003)
    # The worst tenth of a position is its lowest: μ − σ φ(z) / 10%.
    assert found.se_tail_mean is not None
    tail = -82 - 3 * stats.norm.pdf(stats.norm.ppf(0.1)) / 0.1
    assert found.tail_mean == pytest.approx(tail, abs=4 * found.se_tail_mean + 0.01)
    gap = results.figure("gap", LAST)
    assert gap.tail_mean is not None
    # The hospital has no cost here, and the worst tenth of a gap is its highest.
    assert gap.tail_mean == pytest.approx(-tail - 100, abs=4 * found.se_tail_mean + 0.01)
    assert gap.mean == pytest.approx(82 - 100, abs=0.01)


def test_independent_prices_add_their_variances() -> None:
    values = {"a": NORMAL, "b": {"mean": "1%", "sd": "4%"}, "c": {"mean": "0%", "sd": "12%"}}
    has_moments(positions(plan_of(prices(values))), 20 - 303, 3**2 + 4**2 + 12**2)


@pytest.mark.parametrize("how", ["rank", "matrix", "loadings"])
def test_correlated_prices_add_their_covariances(how: str) -> None:
    """Normals with rank correlation ρ have r = 2 sin(πρ/6); loadings l_i l_j."""
    sizes = {"a": 3.0, "b": 4.0, "c": 12.0}
    values = {name: {"mean": "0%", "sd": f"{sd}%"} for name, sd in sizes.items()}
    rank = {("a", "b"): 0.5, ("a", "c"): 0.5, ("b", "c"): 0.5}
    stated: dict[str, Any] = {"factor": "f", "rank_correlation": 0.5}
    pearson = {pair: 2 * np.sin(np.pi * rho / 6) for pair, rho in rank.items()}
    if how == "matrix":
        matrix = [[1.0, 0.7, -0.2], [0.7, 1.0, 0.1], [-0.2, 0.1, 1.0]]
        rank = {("a", "b"): 0.7, ("a", "c"): -0.2, ("b", "c"): 0.1}
        stated = {"matrix": matrix}
        pearson = {pair: 2 * np.sin(np.pi * rho / 6) for pair, rho in rank.items()}
    if how == "loadings":
        loadings = {"a": 0.9, "b": -0.5, "c": 0.3}
        stated = {"factor": "f", "loadings": list(loadings.values())}
        pearson = {(i, j): loadings[i] * loadings[j] for i, j in rank}
    group = together("group", ["a", "b", "c"], **stated)
    variance = sum(sd**2 for sd in sizes.values())
    variance += sum(2 * r * sizes[i] * sizes[j] for (i, j), r in pearson.items())
    has_moments(positions(plan_of(prices(values, dependence=[group]))), 20 - 300, variance)


def test_one_price_on_two_lines_is_one_price() -> None:
    """Three lines that share a price: (3 × £3m)², not 3 × £3m²."""
    resolved = prices({"a": NORMAL})
    own = [line(f"line_{n}", "ccg", "£100m", price="a") for n in range(3)]
    has_moments(positions(plan_of(with_section(resolved, lines=own))), 20 - 306, 81)


def over_two_years(over: Any) -> Plan:
    value = {**NORMAL, "over_years": over}
    return plan_of(
        one_hospital(
            years=(2015, 2017),
            drivers=[driver("a", value)],
            lines=[line("a", "ccg", "£100m", price="a")],
        )
    )


def test_paths_over_two_years() -> None:
    """E (1+a)(1+b) = μ² + cov; independent years, the same rate twice, and AR(1) of 50%."""
    mu, sd = 1.02, 0.03
    independent = (mu**2 + sd**2) ** 2 - mu**4
    has_moments(positions(over_two_years("yearly")), 20 - 100 * mu**2, 1e4 * independent)
    same = positions(over_two_years("constant"))
    # E x⁴ = μ⁴ + 6μ²σ² + 3σ⁴ for a normal x.
    fourth = mu**4 + 6 * mu**2 * sd**2 + 3 * sd**4
    has_moments(same, 20 - 100 * (mu**2 + sd**2), 1e4 * (fourth - (mu**2 + sd**2) ** 2))
    agrees(positions(over_two_years({"ar1": 0.5})).mean(axis=1), 20 - 100 * (mu**2 + 0.5 * sd**2))


@pytest.mark.parametrize(
    ("at_least", "at_most"), [("0%", None), (None, "1%"), ("1%", "6%"), ("4%", "5%")]
)
def test_a_truncated_normal(at_least: str | None, at_most: str | None) -> None:
    """Moments of the normal between its bounds, not of one heaped up at them."""
    low = -np.inf if at_least is None else float(at_least[:-1])
    high = np.inf if at_most is None else float(at_most[:-1])
    value = {**NORMAL, "at_least": at_least, "at_most": at_most}
    expected = stats.truncnorm((low - 2) / 3, (high - 2) / 3, loc=2, scale=3)
    draws = positions(plan_of(prices({"a": value})))
    has_moments(draws, 20 - 100 - expected.mean(), expected.var())
    assert draws.max() <= 20 - 100 - max(low, -1e9) + 1e-9
    assert draws.min() >= 20 - 100 - min(high, 1e9) - 1e-9


@pytest.mark.parametrize(
    ("value", "mean", "variance"),
    [
        ({"low": "-2%", "high": "4%"}, 1.0, 36 / 12),
        ({"shape": "triangular", "low": "0%", "mode": "1%", "high": "5%"}, 2.0, (25 - 5 + 1) / 18),
        # PERT: mean (a + 4m + b)/6, variance (μ − a)(b − μ)/7.
        ({"low": "0%", "mode": "1%", "high": "5%"}, 1.5, 1.5 * 3.5 / 7),
        ({"shape": "lognormal", "mean": "4%", "sd": "2%"}, 4.0, 4.0),
        ({"shape": "beta", "mean": "2%", "sd": "1%", "low": "0%", "high": "5%"}, 2.0, 1.0),
        ({"chance": "20%"}, 20.0, 100**2 * 0.2 * 0.8),
        (
            {"values": [{"value": "1%", "weight": "25%"}, {"value": "5%", "weight": "75%"}]},
            4.0,
            0.25 * 9 + 0.75 * 1,
        ),
        # Two quantiles are a normal: 2.563 sd from P10 to P90.
        ({"p10": "-1%", "p90": "5%"}, 2.0, (6 / (2 * stats.norm.ppf(0.9))) ** 2),
    ],
)
def test_a_distribution_has_its_moments(value: Any, mean: float, variance: float) -> None:
    has_moments(positions(plan_of(prices({"a": value}))), 20 - 100 - mean, variance)


def test_a_shock_has_its_standard_deviation_and_fat_tails() -> None:
    """Student t, 4 degrees of freedom, scaled: P10 at t₀.₁ · sd / √2; sd 5% of £100m."""
    shock = {"mean": "0%", "sd": "5%", "degrees_of_freedom": "4", "over_years": "yearly"}
    resolved = one_hospital(
        years=(2015, 2016),
        organisations=[organisation("ccg", "commissioner"), organisation("hospital", shock="s")],
        drivers=[driver("s", shock)],
    )
    draws = positions(plan_of(resolved), "hospital")
    agrees(draws.mean(axis=1), 0)
    for level in (0.1, 0.9):
        expected = 5 * stats.t.ppf(level, 4) / np.sqrt(2)
        agrees(np.quantile(draws, level, axis=1, method="hazen"), expected)
    assert draws.std() == pytest.approx(5, rel=0.05)
    assert stats.kurtosis(draws, axis=None) > 3


def test_a_scheme_that_may_not_happen() -> None:
    """£5m net with a chance of 30%, delivered N(80%, 10%): p·μ and p(μ² + σ²) − p²μ²."""
    scheme = activity_scheme(
        "s", "£10m", CARE, chance="30%", delivered={"mean": "80%", "sd": "10%"}
    )
    plan = plan_of(one_hospital(years=(2015, 2016), schemes=[scheme]))
    saved = np.concatenate(
        [
            np.concatenate(
                [evaluate(plan, x).saving.sum(axis=0)[-1] for x in units(plan, DESIGN, r)]
            )
            for r in range(REPLICATES)
        ]
    ).reshape(REPLICATES, -1)
    mean = 5 * 0.3 * 0.8
    has_moments(saved, mean, 25 * 0.3 * (0.8**2 + 0.1**2) - mean**2)


def headcount(resolved: Resolved, growth: Any) -> Resolved:
    """A system's people moving one contract by headcount, and nothing else moving."""
    scenario = resolved.scenario
    assert scenario.population is not None
    grown = scenario.population.model_copy(update={"growth": growth})
    areas = list(resolved.book.population.areas)
    flat = [
        contract(
            demand, "nhs_england", resolved.book.organisations[0].id, "£100m",
            demand=demand, areas=areas,
        )
        for demand in ("headcount", "population")
    ]  # fmt: skip
    changed = resolved.model_copy(
        update={
            "scenario": scenario.model_copy(update={"population": grown, "reserves": None}),
            "held": type(resolved.held)(),
        }
    )
    return with_schemes(with_section(changed, contracts=flat, lines=[]))


def test_the_population_grows_at_the_stated_rate_in_every_draw(shipped: Shipped) -> None:
    """(1 + G)^(5/15) from 2015/16 to 2020/21: 6.0% to 8.6% for 19% to 28% by 2031 from 2016."""
    bhr = shipped("bhr").resolved
    assert bhr.scenario.population is not None
    plan = plan_of(headcount(bhr, bhr.scenario.population.growth))
    reached = []
    for x in units(plan, DESIGN, 0):
        growth = x[plan.inputs.position("population.growth"), 0]
        lines = evaluate(plan, x, frozenset({"lines"})).lines
        assert lines is not None
        index = lines.contracts[0] / 100
        np.testing.assert_allclose(index[5], (1 + growth) ** (5 / 15), rtol=1e-12)
        np.testing.assert_allclose(index[2], (1 + growth) ** (2 / 15), rtol=1e-12)
        reached += index[5].tolist()
    assert 1.19 ** (1 / 3) < min(reached) < 1.0598
    assert 1.0857 < max(reached) < 1.28 ** (1 / 3)


def test_ageing_lowers_pressure_in_bhr(shipped: Shipped) -> None:
    """Outturn 2015–20: 0.91% a year by headcount and 0.71% weighted by age cost (curve A)."""
    resolved = headcount(shipped("bhr").resolved, "outturn")
    plan = plan_of(resolved)
    assert resolved.book.demand is not None
    x = plan.inputs.central()
    x[plan.inputs.position(resolved.book.demand.mix)] = 0.0
    lines = evaluate(plan, x, frozenset({"lines"})).lines
    assert lines is not None
    heads, weighted = (float(lines.contracts[n, 5, 0] / 100) ** 0.2 - 1 for n in (0, 1))
    assert heads == pytest.approx(0.0091, abs=5e-5)
    assert weighted == pytest.approx(0.0071, abs=5e-5)
    assert weighted < heads
