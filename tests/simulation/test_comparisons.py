"""Published figures that a model is held against: told, warned of, and never solved for."""

from __future__ import annotations

from typing import Any

import pytest
from systems import SOURCE, one_hospital, plan_of

from finsim.analysis.results import simulate
from finsim.book.comparisons import Comparison
from finsim.scenario.resolved import Resolved
from finsim.simulation.comparisons import compared
from finsim.simulation.plan import Plan
from finsim.simulation.run import Sampling, Serial
from finsim.simulation.warnings import warnings_of
from finsim.uncertainty.point_sets import Design

FEW = Sampling(Design("latin hypercube", 2, 1), 2)


def comparison(**rest: Any) -> Comparison:
    stated = {
        "id": "forecast", "name": "The hospital's forecast", "organisation": "hospital",
        "year": "2016/17", "case": "central", "value": "-£12m", "tolerance": "£3m",
    }  # fmt: skip
    return Comparison.model_validate({**stated, **SOURCE, **rest})


def with_deficit(*comparisons: Comparison) -> Plan:
    """A hospital that spends £110m and is paid £100m."""
    stated: Resolved = one_hospital(comparisons=list(comparisons))
    lines = tuple(
        item.model_copy(update={"baseline": 110.0}) if item.id == "wards" else item
        for item in stated.book.lines
    )
    book = stated.book.model_copy(update={"lines": lines})
    return plan_of(stated.model_copy(update={"book": book}))


def test_within_and_outside_the_tolerance() -> None:
    near, far = comparison(), comparison(id="plan", name="Its plan", case="plan", value="-£5m")
    plan = with_deficit(near, far)

    assert compared(plan, near).found == pytest.approx(-10.0)
    assert compared(plan, near).within
    assert not compared(plan, far).within
    words = (
        "−£10.0m in the plan case, 2016/17, against −£5.0m derived: OUTSIDE the tolerance of £3.0m"
    )
    assert warnings_of(plan) == [f"Its plan: {words}"]


def test_every_run_tells_and_none_fails() -> None:
    checks = simulate(with_deficit(comparison(tolerance="£0m")), FEW, Serial()).checks

    told = next(check for check in checks if check.name == "Plausible: The hospital's forecast")
    assert told.passed
    assert "OUTSIDE" in told.detail


def test_a_year_that_is_not_modelled_is_said() -> None:
    later = comparison(year="2030/31")
    found = compared(with_deficit(later), later)

    assert found.found is None
    assert found.within
    assert found.words == "2030/31 is not modelled here"


def test_another_measure() -> None:
    income = comparison(measure="income", value="£100m", tolerance="£0m")

    assert compared(with_deficit(income), income).found == pytest.approx(100.0)
