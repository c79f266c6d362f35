"""Solved once, then held: what overrides, options and extending files move, and what not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from example_files import Example, copied, problems_of, resolved

from finsim.simulation.cases import central_inputs
from finsim.simulation.evaluate import evaluate
from finsim.simulation.pressure import central_do_nothing_gap
from finsim.simulation.resolve import Resolution

CALIBRATE = "in: 2020/21, by: unattributed pressure"


@pytest.fixture
def example(tmp_path: Path) -> Example:
    return copied(tmp_path)


def do_nothing(resolution: Resolution) -> float:
    return float(central_do_nothing_gap(resolution.plan)[-1])


def gap(resolution: Resolution) -> float:
    plan = resolution.plan
    position = evaluate(plan, central_inputs(plan)).position_before_risk_share
    return -float(position[plan.bodies.in_perimeter, -1].sum())


def published(resolution: Resolution) -> float:
    held = resolution.resolved.held.unattributed
    assert held is not None
    return held.published_gap


def unattributed(resolution: Resolution) -> float:
    held = resolution.resolved.held.unattributed
    assert held is not None
    return held.amount


def test_the_file_that_calibrates_meets_the_published_gap(example: Example) -> None:
    stated = resolved(example.scenario)

    assert do_nothing(stated) == pytest.approx(published(stated), abs=1e-9)


@pytest.mark.parametrize(
    ("override", "sign"),
    [
        ("population.growth=20%", 1),
        ("population.growth=1%", -1),
        ("drivers.pay.2018/19=5%", 1),
        ("drivers.allocation_growth.2018/19=5%", -1),
        ("lines.running_costs.baseline=£70m", 1),
        ("contracts.better_care_fund.baseline=£16m", 0),
    ],
)
def test_an_override_moves_the_do_nothing_gap(example: Example, override: str, sign: int) -> None:
    stated, moved = resolved(example.scenario), resolved(example.scenario, None, override)

    change = do_nothing(moved) - do_nothing(stated)
    assert (change > 0.01) - (change < -0.01) == sign
    assert unattributed(moved) == unattributed(stated)
    assert moved.resolved.held.full_savings == stated.resolved.held.full_savings


@pytest.mark.parametrize(
    ("override", "sign"),
    [
        ("schemes.falls_prevention.saving=£8m", -1),
        ("schemes.falls_prevention.delivered=0%", 1),
        ("schemes.hospital_efficiency.recurrent=0%", 1),
        ("schemes=[QIPP]", 1),
        ("schemes.prescribing_programme.start=2018-04", 1),
    ],
)
def test_an_override_of_a_scheme_moves_the_gap_alone(
    example: Example, override: str, sign: int
) -> None:
    stated, moved = resolved(example.scenario), resolved(example.scenario, None, override)

    change = gap(moved) - gap(stated)
    assert (change > 0.01) - (change < -0.01) == sign
    assert do_nothing(moved) == do_nothing(stated)
    assert unattributed(moved) == unattributed(stated)
    assert moved.resolved.held.full_savings == stated.resolved.held.full_savings


def test_an_option_holds_what_the_file_solved(example: Example) -> None:
    path = example.extending("options: {fast: {population: {growth: 20%}}}")
    stated, fast = resolved(path), resolved(path, "fast")

    assert do_nothing(fast) > do_nothing(stated)
    assert unattributed(fast) == unattributed(stated)


def test_an_extending_file_holds_what_the_file_below_solved(example: Example) -> None:
    below = resolved(example.scenario)
    above = resolved(example.extending("population: {by: 2021}"))

    assert do_nothing(above) > published(below) + 1
    assert unattributed(above) == unattributed(below)
    held = above.resolved.held.unattributed
    assert held is not None
    assert held.solved_in == "example.yaml"


def test_only_a_file_with_its_own_calibrate_solves_again(example: Example) -> None:
    own = f"population: {{by: 2021}}\ncalibrate: {{do_nothing_gap: £60m, {CALIBRATE}}}"
    below, above = resolved(example.scenario), resolved(example.extending(own))

    assert do_nothing(above) == pytest.approx(60, abs=1e-9)
    assert unattributed(above) < unattributed(below)


def test_a_file_between_may_solve(example: Example) -> None:
    example.extending(f"calibrate: {{do_nothing_gap: £95m, {CALIBRATE}}}", "middle.yaml")
    top = example.scenario.with_name("top.yaml")
    top.write_text("extends: middle.yaml\npopulation: {by: 2021}\n")

    middle = resolved(example.scenario.with_name("middle.yaml"))
    assert do_nothing(middle) == pytest.approx(95, abs=1e-9)
    assert unattributed(resolved(top)) == unattributed(middle)
    assert do_nothing(resolved(top)) > 95


def test_calibrate_none_takes_it_away(example: Example) -> None:
    stated, without = resolved(example.scenario), resolved(example.extending("calibrate: none"))

    assert without.resolved.held.unattributed is None
    rest = published(stated) - unattributed(stated)
    assert do_nothing(without) == pytest.approx(rest, abs=1e-9)


def test_a_cumulative_saving_is_solved_where_it_is_stated(example: Example) -> None:
    held = resolved(example.scenario).resolved.held.full_savings["prescribing_programme"]
    slower = example.extending(
        "changes: {schemes: {prescribing_programme: {ramp: {levels: [0%, 0%, 0%, 0%, 100%]}}}}"
    )
    larger = example.extending(
        "changes: {schemes: {prescribing_programme: "
        "{saving: {cumulative: £18m, over: 2016/17 to 2020/21}}}}",
        "larger.yaml",
    )
    plain = example.extending(
        "changes: {schemes: {prescribing_programme: {saving: £2m}}}", "plain.yaml"
    )

    name = "prescribing_programme"
    assert resolved(slower).resolved.held.full_savings == {name: held}
    assert resolved(larger).resolved.held.full_savings == {name: pytest.approx(2 * held)}
    assert resolved(plain).resolved.held.full_savings == {}


def test_the_bhr_gap_is_the_published_one(shipped: Callable[..., Resolution]) -> None:
    assert do_nothing(shipped("bhr")) == pytest.approx(614, abs=1e-9)


def test_the_bhr_stress_exceeds_it(shipped: Callable[..., Resolution]) -> None:
    assert do_nothing(shipped("bhr-growth-by-2021")) > 614
    assert unattributed(shipped("bhr-growth-by-2021")) == unattributed(shipped("bhr"))


@pytest.mark.parametrize(
    ("calibrate", "says"),
    [
        (
            f"{{do_nothing_gap: £60m, {CALIBRATE.replace('2020/21', '2030/31')}}}",
            "in 2030/31 is not",
        ),
        (
            f"{{do_nothing_gap: £60m, {CALIBRATE.replace('2020/21', '2015/16')}}}",
            "in 2015/16 is not",
        ),
        (f"{{do_nothing_gap: £60m, {CALIBRATE}, shared: {{hospitl: 100%}}}}", "mean 'hospital'?"),
        (
            f"{{do_nothing_gap: £60m, {CALIBRATE}, shared: {{ccg: 90%}}}}",
            "the shares sum to 90.0000%",
        ),
        (f"{{do_nothing_gap: 60, {CALIBRATE}}}", "'60' has no unit"),
        (f"{{do_nothing_gap: £60m, {CALIBRATE}, spread: {{low: 2%, high: 1%}}}}", "`low` is above"),
    ],
)
def test_a_calibration_that_cannot_be(example: Example, calibrate: str, says: str) -> None:
    (problem,) = problems_of(example.extending(f"calibrate: {calibrate}"))

    assert "extending.yaml:2:" in problem
    assert says in problem
