"""Stress tests of systems whose answer is known, and of BHR."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, pi, sqrt
from typing import Any

import numpy as np
import pytest
from scipy import stats
from systems import activity_scheme, driver, line, one_hospital, plan_of

from finsim.analysis.reserves import CONFIDENCES
from finsim.analysis.reverse_stress import FIGURES
from finsim.analysis.stress import STRESSED, TOGETHER, StressTest, stress_test
from finsim.analysis.study import Case
from finsim.scenario.resolved import Resolved
from finsim.scenario.stress_cases import StressCase, read_stress_cases
from finsim.simulation.compile_arrangement import compile_arrangement
from finsim.simulation.resolve import Resolution
from finsim.simulation.run import Sampling
from finsim.uncertainty.point_sets import Design

Shipped = Callable[..., Resolution]
SAMPLING = Sampling(Design("lattice", 1024, 5), 8)
BHR = Sampling(Design("lattice", 1024, 614), 8)
SOURCE = {"source": "made up", "standing": "derived", "as_at": "2016"}
SPREADS = {"small": 0.03, "large": 0.04, "none": 0.0}


def case_of(resolved: Resolved) -> Case:
    plan = plan_of(resolved)
    return Case(plan, compile_arrangement(plan))


def named(name: str, **what: Any) -> StressCase:
    return StressCase.model_validate({"id": name, "name": name, **what, **SOURCE})


def linear(**rest: Any) -> Resolved:
    """The commissioner's position: £20m less normal surprises on £100m each, sd £3m and £4m."""
    return one_hospital(
        years=(2015, 2016),
        drivers=[driver(name, {"mean": 0.0, "sd": sd}) for name, sd in SPREADS.items() if sd],
        lines=[
            *(line(name, "ccg", 100.0, price=name) for name, sd in SPREADS.items() if sd),
            line("kept", "ccg", 0.0),
        ],
        contracts=[],
        **rest,
    )


def stressed(resolved: Resolved, *cases: StressCase) -> StressTest:
    return stress_test(case_of(resolved), cases, SAMPLING, 1, CONFIDENCES)


def test_shifts_of_a_linear_system_in_closed_form() -> None:
    """Of a normal sum, E[z | worst tenth] = ρ φ(Φ⁻¹(0.9)) / 0.1, with ρ = 3/5 and 4/5."""
    test = stressed(linear())
    edge = stats.norm.ppf(0.9)
    mean_beyond = exp(-(edge**2) / 2) / sqrt(2 * pi) / 0.1
    shift = FIGURES.index("shift")
    ccg = test.targets.bodies.index("ccg")
    for number, feature in enumerate(test.features):
        rho = SPREADS[feature.name] / 0.05
        value, error = (
            part[shift, ccg, number] for part in (test.common.values, test.common.errors)
        )
        assert value == pytest.approx(rho * mean_beyond, abs=4 * error + 0.02)
        assert error < 0.03
    assert [test.features[n].name for n in test.separating(ccg)] == ["large", "small"]


def test_reserves_of_a_normal_position_in_closed_form() -> None:
    """The position is −£200m ± £5m and the target nought: reserve = 200 + 5 Φ⁻¹(confidence)."""
    test = stressed(linear())
    ccg = test.targets.bodies.index("ccg")
    assert not test.targets.stated[ccg]
    for number, confidence in enumerate(CONFIDENCES):
        expected = 200 + 5 * stats.norm.ppf(confidence)
        value, error = test.needed.values[ccg, number], test.needed.errors[ccg, number]
        assert value == pytest.approx(expected, abs=4 * error + 0.03)
        assert 0 < error < 0.2
    tail_mean = test.tail.values[2, ccg]
    expected = -200 - 5 * stats.norm.pdf(stats.norm.ppf(0.9)) / 0.1
    assert tail_mean == pytest.approx(expected, abs=4 * test.tail.errors[2, ccg] + 0.05)
    assert test.shares.values[ccg] == pytest.approx(1)


def changes(test: StressTest, case: str, body: str) -> dict[str, float]:
    number = [laid.id for laid in test.laid].index(case)
    row = test.differences.values[number, :, test.targets.bodies.index(body)]
    return dict(zip(STRESSED, map(float, row), strict=True))


def a_point(drivers: list[str], first: int, last: int) -> dict[str, Any]:
    return {"drivers": drivers, "add": 0.01, "over": (first, last)}


def test_cases_on_a_linear_system_by_hand() -> None:
    """A point on £100m is £1m, and a loss of 10% of nought turnover nothing, in every draw."""
    test = stressed(
        linear(),
        named(
            "dearer", rates=[{"drivers": ["small", "absent"], "add": 0.01, "over": (2016, 2017)}]
        ),
        named("before", rates=[{"drivers": ["small"], "add": 0.01, "over": (2013, 2014)}]),
        named("absent", rates=[{"drivers": ["absent"], "add": 0.01, "over": (2016, 2016)}]),
        named("highest", highest=["large"]),
    )
    dearer = changes(test, "dearer", "ccg")
    assert [dearer[n] for n in ("mean", "p10", "p90")] == pytest.approx([-1, -1, -1], abs=1e-9)
    ccg = test.targets.bodies.index("ccg")
    assert (test.differences.errors[0, :3, ccg] == 0).all()
    assert [bool(laid.stress.acts_on) for laid in test.laid] == [True, False, False, True, True]
    assert set(changes(test, "absent", "ccg").values()) == {0.0}
    top = changes(test, "highest", "ccg")
    assert top["mean"] == pytest.approx(-4 * stats.norm.ppf(0.95), abs=0.01)
    assert changes(test, TOGETHER, "ccg")["mean"] == pytest.approx(top["mean"] - 1, abs=1e-9)


def test_what_a_case_names_and_a_system_lacks_is_told() -> None:
    test = stressed(
        linear(),
        named(
            "misspelt",
            rates=[
                {
                    "drivers": ["small", "smal", "population.growth"],
                    "add": 0.01,
                    "over": (2016, 2016),
                }
            ],
            highest=["larg"],
            shocks=[{"providers_of": ["dentistry"], "turnover": -0.1}],
            delivered=[{"on": {"service": ["dentistry"]}, "delivered": 0.0}],
        ),
    )
    (laid,) = test.laid
    assert laid.stress.acts_on == ("small",)
    assert laid.stress.missed == (
        "schemes on dentistry",
        "smal",
        "population.growth",
        "larg",
        "providers of dentistry",
    )


def test_a_loss_of_turnover_by_hand() -> None:
    """The hospital is paid £100m for care, and loses 8% of it; the commissioner receives £120m."""
    resolved = one_hospital(years=(2015, 2016))
    test = stressed(
        resolved,
        named("hospital", shocks=[{"providers_of": ["care"], "turnover": -0.08}]),
        named("commissioner", shocks=[{"kind": "commissioner", "turnover": -0.05}]),
    )
    assert changes(test, "hospital", "hospital")["mean"] == pytest.approx(-8)
    assert changes(test, "hospital", "ccg")["mean"] == 0
    assert changes(test, "hospital", "system")["mean"] == pytest.approx(-8)
    assert changes(test, "commissioner", "ccg")["mean"] == pytest.approx(-6)
    assert changes(test, TOGETHER, "system")["mean"] == pytest.approx(-14)


def test_delivery_by_hand() -> None:
    """£10m planned at tariff, half of its cost released: from +£5m to −£8.2m, added in full."""
    scheme = activity_scheme("avoid", 10.0, [{"contracts": {"service": "care"}}])
    delivered = [{"on": {"service": ["care"]}, "delivered": -0.82}]
    elsewhere = [{"on": {"service": ["dentistry"]}, "delivered": -0.82}]
    resolved = one_hospital(years=(2015, 2016), schemes=[scheme])
    test = stressed(resolved, named("bcf", delivered=delivered), named("no", delivered=elsewhere))
    assert changes(test, "bcf", "system")["mean"] == pytest.approx(-8.2 - 5)
    assert changes(test, "bcf", "ccg")["mean"] == pytest.approx(-8.2 - 10)
    assert changes(test, "bcf", "hospital")["mean"] == pytest.approx(5)
    assert not test.laid[1].stress.acts_on


@pytest.fixture(scope="module")
def bhr(shipped: Shipped) -> StressTest:
    found = shipped("bhr")
    case = Case(found.plan, found.arrangement)
    return stress_test(case, read_stress_cases(), BHR, len(found.plan.years) - 1, CONFIDENCES)


def test_every_shipped_case_acts_on_bhr_and_makes_it_worse(bhr: StressTest) -> None:
    assert all(laid.stress.acts_on for laid in bhr.laid)
    assert (bhr.differences.values[:, :, 0] < 0).all()
    assert bhr.laid[-1].id == TOGETHER
    swing = changes(bhr, "commissioner_shock", "system")["mean"]
    assert swing == pytest.approx(-0.039 * 961, abs=0.1)  # their allocations
    assert changes(bhr, "acute_shock", "bhrut")["mean"] < -30


def test_a_reserve_reaches_its_confidence_in_the_chances_of_the_run(bhr: StressTest) -> None:
    """The reserve of the system, put on the total, is what the chance by total says."""
    chance = bhr.tail.values[0, 0]
    assert 0.3 < chance < 0.6
    needed = bhr.needed.values[0]
    assert (np.diff(needed) > 0).all()
    assert needed[0] > 0
    members = bhr.case.arrangement.in_system
    assert bhr.needed.values[1:][members].sum(axis=0) == pytest.approx(needed, rel=0.6)
    assert (bhr.needed.values[1:][members].sum(axis=0) > needed).all()
    assert bhr.shares.values.sum() == pytest.approx(1)


def test_shocks_that_move_together_are_named_once(bhr: StressTest) -> None:
    names = [bhr.features[n].name for n in bhr.separating(0)]
    assert "shock_bhrut" in names
    assert sum(name.endswith("_ccg") for name in names) <= 1


@pytest.fixture
def shipped_cases() -> dict[str, StressCase]:
    return {case.id: case for case in read_stress_cases()}


def test_what_is_a_judgement_is_labelled(shipped_cases: dict[str, StressCase]) -> None:
    assert shipped_cases["pay_award"].standing == "illustrative"
    assert shipped_cases["better_care_fund"].standing == "illustrative"
    delivered = [item.delivered for item in shipped_cases["better_care_fund"].delivered]
    assert delivered == [-0.82, -0.63]
    (shock,) = shipped_cases["acute_shock"].shocks
    assert shock.turnover == pytest.approx(-(54.4 - 10.9) / 558, abs=0.0005)
    (shock,) = shipped_cases["commissioner_shock"].shocks
    assert shock.turnover == pytest.approx(-38 / 961, abs=0.001)
