"""Published series and readings that the scenario files must reproduce."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.evaluate import Outcome, evaluate
from finsim.simulation.plan import Plan
from finsim.simulation.resolve import Resolution

FloatArray = NDArray[np.float64]
Shipped = Callable[..., Resolution]
ROOT = Path(__file__).parents[2]
SERIES = ROOT / "assumptions" / "nuffield" / "data" / "nuffield_feeling_the_crunch_base.csv"
BILLION = 1000.0
FROM_2017 = slice(4, 8)


def published(series: str) -> FloatArray:
    """A published row, £bn, 2013/14 to 2020/21."""
    with SERIES.open(encoding="utf-8") as file:
        rows = {row["series"]: list(row.values())[1:] for row in csv.DictReader(file)}
    return np.array([float(value) for value in rows[series]])


def central(plan: Plan) -> Outcome:
    return evaluate(plan, central_inputs(plan), frozenset({"positions", "lines"}))


def system_gap(positions: FloatArray, plan: Plan) -> FloatArray:
    """[year], £m."""
    return -positions[plan.bodies.in_perimeter].sum(axis=0)[:, 0]


def do_nothing_gap(resolution: Resolution) -> float:
    plan = resolution.plan
    return float(system_gap(central(plan).position_do_nothing, plan)[-1])


# Nuffield Trust, Feeling the crunch, 2016


def test_cost_without_efficiencies_to_four_decimals(shipped: Shipped) -> None:
    lines = central(shipped("nuffield").plan).lines
    assert lines is not None
    cost = lines.costs_do_nothing.sum(axis=0)[:, 0] / BILLION
    expected = published("Provider cost at 2.9% activity growth with no efficiencies")
    assert np.abs(cost - expected)[FROM_2017].max() < 5e-5
    yearly = cost[FROM_2017] / cost[3:7] - 1
    assert yearly == pytest.approx([1.029 * (1 + i) - 1 for i in (0.023, 0.02, 0.027, 0.029)])


def test_cost_with_two_per_cent_within_a_tenth_of_a_per_cent(shipped: Shipped) -> None:
    lines = central(shipped("nuffield").plan).lines
    assert lines is not None
    cost = lines.costs.sum(axis=0)[:, 0] / BILLION
    expected = published("Provider cost at 2.9% activity growth with 2% annual efficiencies")
    np.testing.assert_allclose(cost, expected, rtol=1e-3)


def test_cost_at_tariff(shipped: Shipped) -> None:
    plan = shipped("nuffield").plan
    paid = central(plan).expenditure[plan.bodies.ids.index("commissioners"), :, 0] / BILLION
    expected = published("Commissioner cost at tariff with 2.9% activity growth")
    np.testing.assert_allclose(paid, expected, rtol=1e-3)


def test_the_gap_of_doing_nothing_against_the_budget_with_the_fund(shipped: Shipped) -> None:
    assert do_nothing_gap(shipped("nuffield", "budget with the fund")) / BILLION == pytest.approx(
        15.50, abs=0.005
    )


def test_the_gap_after_two_per_cent_and_whose_it_is(shipped: Shipped) -> None:
    plan = shipped("nuffield").plan
    gaps = -central(plan).position_before_risk_share[:, -1, 0] / BILLION
    by_name = dict(zip(plan.bodies.ids, gaps, strict=True))
    assert by_name["commissioners"] == pytest.approx(1.33, abs=0.005)
    assert by_name["providers"] == pytest.approx(4.40, abs=0.005)
    assert gaps.sum() == pytest.approx(5.73, abs=0.005)


# BHR


def test_the_calibrated_gaps_are_the_published_ones(shipped: Shipped) -> None:
    for name, figure in (("bhr", 614), ("bhr-mostly-acute", 614), ("bhr-2015-bid", 429.9)):
        assert do_nothing_gap(shipped(name)) == pytest.approx(figure, abs=1e-9), name


def test_solved_values_are_held_by_files_that_extend(shipped: Shipped) -> None:
    pressure = shipped("bhr").resolved.held.unattributed
    assert pressure is not None
    for name in ("bhr-growth-by-2021", "bhr-no-ageing", "bhr-ons-outturn", "bhr-same-saving"):
        assert shipped(name).resolved.held.unattributed == pressure, name
    for name in ("bhr-2015-bid", "bhr-mostly-acute"):
        assert shipped(name).resolved.held.unattributed != pressure, name
    assert shipped("bhr-public-drivers").resolved.held.unattributed is None


def test_readings_of_the_growth_range(shipped: Shipped) -> None:
    stated = do_nothing_gap(shipped("bhr"))
    assert do_nothing_gap(shipped("bhr-growth-by-2021")) > 614
    # Ageing lowers pressure in BHR, and the population grew by less than planned.
    assert do_nothing_gap(shipped("bhr-no-ageing")) > stated
    assert do_nothing_gap(shipped("bhr-ons-outturn")) < stated


def test_public_drivers_leave_most_of_the_published_gap_unexplained(shipped: Shipped) -> None:
    alone = do_nothing_gap(shipped("bhr-public-drivers"))
    assert alone == pytest.approx(243, abs=1)
    pressure = shipped("bhr").resolved.held.unattributed
    assert pressure is not None
    assert pressure.amount == pytest.approx(614 - alone, abs=1e-6)


def locality_model(shipped: Shipped, name: str) -> FloatArray:
    """The planned saving at tariff of the locality model, [year]."""
    plan = shipped(name).plan
    schemes = evaluate(plan, plan_inputs(plan), frozenset({"schemes"})).schemes
    assert schemes is not None
    number = [scheme.id for scheme in plan.activity_schemes].index("locality_model")
    return schemes.gross[number, :, 0]


def test_45_million_over_five_years(shipped: Shipped) -> None:
    """45 / 1.67 = £26.9m a year; to 2021/22 45 / 2.67 = £16.9m, of which £28.1m by 2020/21."""
    found = locality_model(shipped, "bhr")
    assert found.sum() == pytest.approx(45, abs=1e-9)
    assert found[-1] == pytest.approx(45 / 1.67)
    later = locality_model(shipped, "bhr-savings-to-2021-22")
    assert later.sum() == pytest.approx(45 * 1.67 / 2.67)
    assert round(later.sum(), 1) == 28.1
    assert locality_model(shipped, "bhr-within").sum() == pytest.approx(18, abs=1e-9)


def test_27_million_of_interventions(shipped: Shipped) -> None:
    """The eleven sum to £27m a year in 2020/21, and to £45.1m over the five years."""
    plan = shipped("bhr").plan
    schemes = evaluate(plan, plan_inputs(plan), frozenset({"schemes"})).schemes
    assert schemes is not None
    themes = {"prevention", "person pathways", "integrated pathways"}
    named = [n for n, s in enumerate(plan.activity_schemes) if s.theme in themes]
    found = schemes.gross[named].sum(axis=0)[:, 0]
    assert len(named) == 11
    assert found[-1] == pytest.approx(27)
    assert round(found.sum(), 1) == 45.1
