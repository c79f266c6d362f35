"""The bridge: ties in every draw and on the mean, agrees with the run, the same for every body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from systems import contract, driver, line, one_hospital, plan_of, systems

from finsim.analysis.bridge import OF_WORKBOOK, WHOLE, Bridge, with_bridges
from finsim.analysis.results import Results, simulate_cases
from finsim.analysis.study import Case
from finsim.scenario.resolved import Resolved
from finsim.simulation.compile_arrangement import compile_arrangement
from finsim.simulation.resolve import Resolution
from finsim.simulation.run import Sampling, Serial
from finsim.simulation.sharing import Forked
from finsim.uncertainty.point_sets import Design

Shipped = Callable[..., Resolution]
FEW = Sampling(Design("latin hypercube", 16, 2), 3)
LAST = "2020/21"


def bridged(cases: Sequence[Case], sampling: Sampling) -> tuple[Results, ...]:
    return simulate_cases(cases, sampling, Serial(), bridged=WHOLE)


def bridges(cases: Sequence[Case], sampling: Sampling) -> list[Bridge]:
    found = [result.bridge for result in bridged(cases, sampling)]
    return [bridge for bridge in found if bridge is not None]


def steps(bridge: Bridge, body: str, year: str) -> dict[str, float]:
    return {row.step: row.mean for row in bridge.of(body, year)}


@settings(max_examples=25)
@given(systems())
def test_it_ties_on_any_system_and_agrees_with_the_run(resolved: Resolved) -> None:
    plan = plan_of(resolved)
    (result,) = bridged([Case(plan, compile_arrangement(plan))], FEW)
    bridge = result.bridge
    assert bridge is not None
    assert result.checks[-1] == bridge.check
    assert bridge.check.passed, bridge.check.detail
    scale = 1e-9 * (1 + 10 * sum(c.baseline for c in resolved.book.contracts))
    for body in ("system", *plan.bodies.ids):
        for year in result.years[1:]:
            found = steps(bridge, body, year)
            position = result.figure("position", year, body)
            assert sum(found.values()) == pytest.approx(position.mean, abs=scale)
            totals = bridge.totals_of(body, year)
            for total, measure in (
                ("do_nothing", "position_do_nothing"),
                ("before_risk_share", "position_before_risk_share"),
                ("position", "position"),
            ):
                figure = result.figure(measure, year, body)
                for name in ("mean", "p10", "p90", "se", "se_p10", "se_p90"):
                    expected = getattr(figure, name)
                    assert getattr(totals[total], name) == pytest.approx(expected, abs=scale)


@settings(max_examples=25)
@given(systems())
def test_the_system_is_its_organisations_step_by_step(resolved: Resolved) -> None:
    plan = plan_of(resolved)
    (bridge,) = bridges([Case(plan, compile_arrangement(plan))], FEW)
    inside = [body.id for body in resolved.book.organisations if body.in_perimeter]
    scale = 1e-9 * (1 + 10 * sum(c.baseline for c in resolved.book.contracts))
    year = bridge.rows[-1].year
    by_body = [steps(bridge, body, year) for body in inside]
    for step, value in steps(bridge, "system", year).items():
        assert value == pytest.approx(sum(of[step] for of in by_body), abs=scale)


def test_options_of_bhr_tie_and_share_the_economics(shipped: Shipped) -> None:
    names = [None, "system control total", "proportional share", "acute corridor", "guarantor"]
    found = [shipped("bhr", name) for name in names]
    cases = [Case(each.plan, each.arrangement) for each in found]
    sampling = Sampling(Design("lattice", 1024, 614), 2)
    results = bridged(cases, sampling)
    for result in results:
        assert result.bridge is not None
        assert result.bridge.check.passed
        for body in ("system", "bhrut", "bd_ccg"):
            found_steps = steps(result.bridge, body, LAST)
            expected = result.figure("position", LAST, body).mean
            assert sum(found_steps.values()) == pytest.approx(expected, abs=1e-9)
            for name in ("transfer", "external_support", "sustainability_funding"):
                figure = result.figure(name, LAST, body)
                assert found_steps[name] == pytest.approx(figure.mean, abs=1e-9)
    first, *others = (result.bridge for result in results)
    assert first is not None
    economics = {r.step: r for r in first.of("bhrut", LAST) if not r.step.startswith("trans")}
    for other in others:
        assert other is not None
        for row in other.of("bhrut", LAST)[:-3]:
            assert row.as_dict() | {"option": ""} == economics[row.step].as_dict() | {"option": ""}
    shared = results[2].bridge
    assert shared is not None
    assert steps(shared, "system", LAST)["transfer"] == 0
    assert steps(shared, "bhrut", LAST)["transfer"] != 0


def test_themes_are_the_savings_that_the_run_reports(shipped: Shipped) -> None:
    found = shipped("bhr")
    sampling = Sampling(Design("lattice", 1024, 614), 2)
    (result,) = bridged([Case(found.plan, found.arrangement)], sampling)
    assert result.bridge is not None
    by_step = {row.step: row for row in result.bridge.of("system", LAST)}
    themes = [figure for figure in result.schemes() if figure.level == "theme"]
    for figure in (figure for figure in themes if figure.year == LAST):
        row = by_step[f"theme: {figure.body}"]
        for name in ("mean", "p10", "p90", "se_p10", "se_p90"):
            assert getattr(row, name) == pytest.approx(getattr(figure, name), abs=1e-9)
    assert by_step["contract_prices"].mean == 0  # inside the perimeter


def one_price(**prices: Any) -> Resolved:
    return one_hospital(
        years=(2015, 2016),
        drivers=[driver(name, value) for name, value in prices.items()],
        contracts=[contract("income", "nhs_england", "ccg", 110.0, price="uplift")],
        lines=[line("own", "ccg", 100.0, price="pay")],
    )


def test_percentiles_of_a_step_in_closed_form() -> None:
    """£100m at a pay rise even between 0% and 10%: from −£10m to nothing, P10 −9, P90 −1."""
    plan = plan_of(one_price(uplift=0.02, pay={"low": 0.0, "high": 0.1}))
    sampling = Sampling(Design("lattice", 1024, 3), 8)
    (bridge,) = bridges([Case(plan, compile_arrangement(plan))], sampling)
    rows = {row.step: row for row in bridge.of("ccg", "2016/17")}
    pay = rows["prices"]
    for name, expected in (("mean", -5.0), ("p10", -9.0), ("p90", -1.0)):
        error = getattr(pay, "se" if name == "mean" else f"se_{name}")
        assert getattr(pay, name) == pytest.approx(expected, abs=4 * error + 1e-9)
    assert pay.se_p10 < 0.05
    assert (rows["income"].mean, rows["income"].se) == (pytest.approx(2.2), 0)
    assert rows["base_position"].mean == pytest.approx(10)
    totals = bridge.totals_of("ccg", "2016/17")
    assert totals["position"].p10 == pytest.approx(3.2, abs=0.1)
    assert np.isclose(totals["do_nothing"].mean, totals["position"].mean)


def test_a_workbook_has_the_first_option_on_the_first_replicates() -> None:
    plan = plan_of(one_price(uplift=0.02, pay={"low": 0.0, "high": 0.1}))
    case = Case(plan, compile_arrangement(plan))
    few = OF_WORKBOOK.replicates
    assert few is not None
    sampling = Sampling(Design("lattice", 512, 3), few + 1)
    alone = simulate_cases([case, case], sampling, Serial())
    first, other = simulate_cases([case, case], sampling, Serial(), bridged=OF_WORKBOOK)
    assert first.bridge == bridges([case], Sampling(sampling.design, few))[0]
    assert other.bridge is None
    assert [check.name for check in first.checks] == [
        *(check.name for check in alone[0].checks),
        "The bridge ties",
    ]
    assert (first.figures, other.figures) == (alone[0].figures, alone[1].figures)
    assert other.checks == alone[1].checks
    whole = simulate_cases([case, case], sampling, Serial(), bridged=WHOLE)
    assert all(result.bridge is not None for result in whole)
    shown = with_bridges(whole)
    assert [result.bridge for result in shown] == [first.bridge, None]
    assert [result.checks for result in shown] == [first.checks, other.checks]


def test_a_bridge_does_not_depend_on_who_works_it_out() -> None:
    plan = plan_of(one_price(uplift=0.02, pay={"low": 0.0, "high": 0.1}))
    case = Case(plan, compile_arrangement(plan))
    sampling = Sampling(Design("latin hypercube", 64, 3), 9)
    (alone,) = simulate_cases([case], sampling, Serial(), bridged=OF_WORKBOOK)
    (shared,) = simulate_cases([case], sampling, Forked(2), bridged=OF_WORKBOOK)
    assert shared.figures == alone.figures
    assert shared.bridge == alone.bridge
    assert shared.checks == alone.checks


def test_more_replicates_asked_for_leave_the_bridge_on_the_first() -> None:
    plan = plan_of(one_price(uplift=0.02, pay={"low": 0.0, "high": 0.1}))
    case = Case(plan, compile_arrangement(plan))
    sampling = Sampling(Design("latin hypercube", 64, 3), 8)
    (more,) = simulate_cases([case], sampling, Serial(), precision=0.01, bridged=OF_WORKBOOK)
    assert more.sampling.replicates > sampling.replicates
    (result,) = simulate_cases([case], sampling, Serial(), bridged=OF_WORKBOOK)
    assert more.bridge == result.bridge
