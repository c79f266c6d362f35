"""The rows of a run: complete, consistent, and checked."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from systems import activity_scheme, line, one_hospital, organisation, plan_of, systems

from finsim.analysis.measures import BY_NAME
from finsim.analysis.results import Results, simulate
from finsim.scenario.resolved import Resolved
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.evaluate import evaluate
from finsim.simulation.plan import Plan
from finsim.simulation.resolve import Resolution
from finsim.simulation.run import Sampling, Serial
from finsim.uncertainty.point_sets import Design

Shipped = Callable[..., Resolution]
CARE = [{"contracts": {"id": "care"}}]
MONEY = (
    "income",
    "expenditure",
    "position_do_nothing",
    "position_before_risk_share",
    "transfer",
    "external_support",
    "sustainability_funding",
    "position",
    "saving",
    "stranded_cost",
    "cost_of_delivery",
)
OF_THE_SYSTEM = ("do_nothing_gap", "gap", "gap_after_support")
STATISTICS = ("plan", "central", "mean", "p10", "p50", "p90", "tail_mean")
ERRORS = ("se", "se_p10", "se_p50", "se_p90", "se_tail_mean")
FEW = Sampling(Design("latin hypercube", 16, 2), 3)


def ran(plan: Plan) -> Results:
    return simulate(plan, FEW, Serial())


def value(results: Results, measure: str, year: str, body: str, statistic: str) -> float:
    found = getattr(results.figure(measure, year, body), statistic)
    assert found is not None, (measure, year, body, statistic)
    return float(found)


@settings(max_examples=25)
@given(systems())
def test_every_row_is_there_and_ties(resolved: Resolved) -> None:
    results = ran(plan_of(resolved))
    bodies = resolved.book.organisations
    inside = [body.id for body in bodies if body.in_perimeter]
    scale = 1 + sum(c.baseline for c in resolved.book.contracts) * 10
    scale += sum(item.baseline for item in resolved.book.lines) * 10
    close = {"abs": 1e-9 * scale, "rel": 1e-9}
    for year in results.years:
        for statistic in ("plan", "central", "mean"):
            for measure in MONEY:
                by_body = {b.id: value(results, measure, year, b.id, statistic) for b in bodies}
                total = sum(by_body[name] for name in inside)
                system = value(results, measure, year, "system", statistic)
                if measure not in {"income", "expenditure"}:
                    assert system == pytest.approx(total, **close), measure
            gap, before, do_nothing = (
                value(results, measure, year, "system", statistic)
                for measure in ("gap", "position_before_risk_share", "position_do_nothing")
            )
            assert gap == pytest.approx(-before, **close)
            found = value(results, "do_nothing_gap", year, "system", statistic)
            assert found == pytest.approx(-do_nothing, **close)
            taken, spent = (
                value(results, measure, year, "system", statistic)
                for measure in ("income", "expenditure")
            )
            assert taken - spent == pytest.approx(before, **close)
            saved, cost = (
                value(results, measure, year, "system", statistic)
                for measure in ("saving", "cost_of_delivery")
            )
            assert before == pytest.approx(do_nothing + saved - cost, **close)
    assert len(results.figures) == len(
        {(f.level, f.body, f.measure, f.year) for f in results.figures}
    )
    flags = {f.body: f.in_perimeter for f in results.figures if f.level == "organisation"}
    assert {name for name, within in flags.items() if within} == set(inside)


@settings(max_examples=25)
@given(systems())
def test_every_check_passes_and_every_figure_is_a_number(resolved: Resolved) -> None:
    results = ran(plan_of(resolved))
    for check in results.checks:
        if check.name != "Removed activity is at most the activity":
            assert check.passed, check
    for figure in results.figures:
        for statistic in (*STATISTICS, *ERRORS, "probability", "se_probability"):
            found = getattr(figure, statistic)
            assert found is None or math.isfinite(found), figure
        assert BY_NAME[figure.measure].name == figure.measure
        if figure.p10 is not None:
            rounding = 1e-12 * (1 + abs(figure.p50))
            assert figure.p10 - rounding <= figure.p50 <= figure.p90 + rounding


@settings(max_examples=25)
@given(systems(sure=True))
def test_what_never_varies_is_certain(resolved: Resolved) -> None:
    results = ran(plan_of(resolved))
    for figure in results.figures:
        if figure.measure not in MONEY + OF_THE_SYSTEM or figure.central is None:
            continue
        for statistic in ("mean", "p10", "p50", "p90", "tail_mean"):
            expected = pytest.approx(figure.central, rel=1e-9, abs=1e-6)
            assert getattr(figure, statistic) == expected, figure
        for error in ERRORS:
            assert getattr(figure, error) < 1e-9, figure


@settings(max_examples=25)
@given(systems())
def test_schemes_and_themes_tie_to_the_saving(resolved: Resolved) -> None:
    plan = plan_of(resolved)
    results = ran(plan)
    for t, year in enumerate(results.years):
        for statistic, x in (("central", central_inputs(plan)), ("plan", plan_inputs(plan))):
            schemes = evaluate(plan, x, frozenset({"schemes"})).schemes
            assert schemes is not None
            by_level = {
                level: sum(
                    getattr(f, statistic)
                    for f in results.schemes()
                    if (f.level, f.measure, f.year) == (level, "saving", year)
                )
                for level in ("scheme", "theme")
            }
            other = float(schemes.other[t, 0])
            total = value(results, "saving", year, "system", statistic)
            for found in by_level.values():
                assert found + other == pytest.approx(total, rel=1e-9, abs=1e-6)


def test_the_local_share_counts_each_body_by_its_share() -> None:
    """£30m short at the CCG, £10m over at a hospital that is 60% local; another body is outside."""
    bodies = [
        organisation("ccg", "commissioner"),
        organisation("hospital", local_share="60%"),
        organisation("elsewhere", in_perimeter=False, local_share="50%"),
    ]
    base = one_hospital(organisations=bodies)
    allocation, care = base.book.contracts
    stated = one_hospital(
        organisations=bodies,
        contracts=[
            allocation.model_copy(update={"baseline": 100.0}),
            care.model_copy(update={"baseline": 110.0}),
        ],
        lines=[*base.book.lines, line("cost", "elsewhere", "£7m")],
    )
    results = ran(plan_of(stated))
    assert value(results, "gap", "2020/21", "system", "mean") == pytest.approx(30 - 10)
    assert value(results, "gap_local_share", "2020/21", "system", "mean") == pytest.approx(30 - 6)


def test_removing_more_than_there_is_in_some_draw_fails_the_check() -> None:
    """As planned 60%; twice as much delivered in a few draws is 120%: told, and not hidden."""
    delivered = {"values": [{"value": "100%", "weight": "90%"}, {"value": "200%", "weight": "10%"}]}
    results = ran(
        plan_of(one_hospital(schemes=[activity_scheme("s", "£60m", CARE, delivered=delivered)]))
    )
    failed = [check for check in results.checks if not check.passed]
    assert not results.passed
    assert [check.name for check in failed] == ["Removed activity is at most the activity"]
    assert "120" in failed[0].detail


def test_two_schemes_that_each_remove_more_than_there_is_fail_the_check() -> None:
    """1 − (1 − 1.2)(1 − 1.2) = 96% would look like less than all of it."""
    scheme = {"delivered": {"values": [{"value": "200%", "weight": "100%"}]}}
    schemes = [activity_scheme(name, "£60m", CARE, **scheme) for name in ("s", "t")]
    assert not ran(plan_of(one_hospital(schemes=schemes))).passed


def test_curves_rise_and_pass_through_the_estimates(shipped: Shipped) -> None:
    results = simulate(shipped("example").plan, Sampling(Design("lattice", 512, 1), 8), Serial())
    assert {(curve.measure, curve.year) for curve in results.curves} == {
        (measure, year) for measure in ("do_nothing_gap", "gap") for year in results.years
    }
    for curve in results.curves:
        assert np.all(np.diff(curve.values) >= 0)
        figure = results.figure(curve.measure, curve.year)
        for level, expected in ((0.1, figure.p10), (0.5, figure.p50), (0.9, figure.p90)):
            assert curve.values[curve.levels.index(level)] == pytest.approx(expected)


@pytest.mark.parametrize("name", ["bhr", "example", "nuffield"])
def test_shipped_scenarios_pass_their_checks(shipped: Shipped, name: str) -> None:
    results = simulate(shipped(name).plan, Sampling(Design("lattice", 1024, 1), 2), Serial())
    assert all(check.passed for check in results.checks), results.checks
    assert len(results.checks) >= 5
