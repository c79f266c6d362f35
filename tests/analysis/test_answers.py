"""Levers solved for a target on whole systems, against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from systems import activity_scheme, driver, line, one_hospital, plan_of, with_schemes

from finsim.analysis.answers import Answer, Figures, Target, answer, now
from finsim.analysis.levers import UnknownLever, lever, main_levers
from finsim.analysis.study import Case
from finsim.analysis.tornado import swings
from finsim.analysis.watched import watched
from finsim.scenario.resolved import Resolved
from finsim.simulation.compile_arrangement import compile_arrangement
from finsim.simulation.run import Sampling
from finsim.uncertainty.point_sets import Design

SAMPLING = Sampling(Design("lattice", 1024, 5), 16)
CARE = [{"contracts": {"id": "care"}}]


def case_of(resolved: Resolved) -> Case:
    plan = plan_of(resolved)
    return Case(plan, compile_arrangement(plan))


def price(value: Any) -> Case:
    """The system receives £120m and spends £100m moved by a price: gap = 100 (1 + p) − 120."""
    return case_of(
        one_hospital(
            years=(2015, 2016),
            drivers=[driver("p", value)],
            lines=[line("own", "ccg", "£100m", price="p")],
        )
    )


def scheme(**rest: Any) -> Case:
    """A scheme of £10m at tariff, £5m to the system; there is no gap without it."""
    stated = activity_scheme("s", "£10m", CARE, **rest)
    return case_of(with_schemes(one_hospital(years=(2015, 2016), schemes=[stated]), "s"))


def solved(
    case: Case, figure: str, value: float, name: str, how: Any = None, statistic: Any = "mean"
) -> Answer:
    of = watched(case, figure)
    figures = Figures(case, Target(of, statistic, value), SAMPLING)
    found = lever(case, name, how, of.t)
    assert found is not None
    result = answer(figures, found)
    assert len(result.solution.evaluations) < 20
    return result


NORMAL = {"mean": "2%", "sd": "3%"}


def test_a_shift_moves_the_mean_and_keeps_the_spread() -> None:
    found = solved(price(NORMAL), "gap", -14.0, "p").solution
    assert found.value == pytest.approx(0.06, abs=4 * found.error + 1e-6)
    tenth = solved(price(NORMAL), "gap", -10.0, "p", statistic="p90").solution
    expected = 0.10 - 0.03 * stats.norm.ppf(0.9)
    assert tenth.value == pytest.approx(expected, abs=4 * tenth.error + 1e-5)
    assert 0 < tenth.error < 0.001


def test_a_scale_and_a_value() -> None:
    found = solved(price(NORMAL), "gap", -17.0, "p", "scale").solution
    assert found.value == pytest.approx(1.5, abs=1e-3)
    fixed = solved(price(NORMAL), "gap", -17.0, "drivers.p", "value")
    assert fixed.solution.value == pytest.approx(0.03, abs=1e-6)
    assert fixed.solution.error == 0


def test_a_value_without_spread_is_not_taken_for_the_scenario_as_it_stands() -> None:
    # As it stands the P90 is -18 + 3 z; at the same mean, fixed, -18. Between: 1% above the mean.
    case = price(NORMAL)
    found = solved(case, "gap", -17.0, "p", "value", "p90")
    assert found.solution.value == pytest.approx(0.03)
    assert found.solution.reached.figure == pytest.approx(-17)


def test_the_central_case_is_solved_without_a_draw() -> None:
    found = solved(price(NORMAL), "gap", 0.0, "p", statistic="central")
    assert found.solution.status == "none"
    assert found.solution.value == pytest.approx(0.14)
    assert found.solution.reached.figure == pytest.approx(-6)
    nearer = solved(price(NORMAL), "gap", -8.0, "p", statistic="central").solution
    assert (nearer.value, nearer.error) == (pytest.approx(0.12), 0.0)


def test_an_extra_saving_is_the_gap() -> None:
    found = solved(price({"low": "30%", "high": "50%"}), "gap", 0.0, "saving")
    assert found.solution.value == pytest.approx(20, abs=4 * found.solution.error + 1e-3)
    assert found.lever.unit == "£m"
    body = solved(price(0.4), "position:ccg", 0.0, "saving:ccg").solution
    assert body.value == pytest.approx(120, abs=1e-3)


def test_what_a_scheme_must_deliver() -> None:
    case = scheme(delivered={"mean": "50%", "sd": "10%"})
    for name in ("schemes.s.delivered", "delivered:schemes", "delivered:all", "delivered:s"):
        found = solved(case, "gap", -4.0, name).solution
        assert found.value == pytest.approx(0.8, abs=1e-3)
    beyond = solved(case, "gap", -6.0, "delivered:all")
    assert beyond.solution.status == "none"
    assert (beyond.solution.value, beyond.solution.reached.figure) == (1.0, pytest.approx(-5))


def test_how_likely_and_how_late() -> None:
    found = solved(scheme(chance="50%"), "gap", -4.0, "chance:all").solution
    assert found.value == pytest.approx(0.8, abs=0.01)
    sure = solved(scheme(), "gap", -4.0, "chance:all").solution
    assert sure.value == pytest.approx(0.8, abs=0.01)
    # A step with the year: 12 months of it, less those it is late.
    late = solved(scheme(slip="2 months"), "gap", -2.5, "slip:all").solution
    assert late.value == pytest.approx(6, abs=1e-3)


def test_inputs_with_commas_move_together() -> None:
    case = case_of(
        one_hospital(
            years=(2015, 2016),
            drivers=[driver("p", NORMAL), driver("q", NORMAL)],
            lines=[line(name, "ccg", "£60m", price=name) for name in "pq"],
        )
    )
    found = solved(case, "gap", 6.0, "p, q")
    assert found.solution.value == pytest.approx(0.05, abs=1e-3)
    assert found.lever.start == pytest.approx(0.02)


def test_the_figure_as_it_stands_is_that_of_the_run() -> None:
    case = price(NORMAL)
    figures = Figures(case, Target(watched(case, "gap"), "mean", 0.0), SAMPLING)
    stands = now(figures)
    assert stands.figure == pytest.approx(-18, abs=4 * stands.error + 1e-6)


def test_the_tail_is_the_worst_tenth_whichever_way_is_worse() -> None:
    figures = np.arange(1.0, 101)
    case = price(NORMAL)
    gap = Target(watched(case, "gap"), "tail", 0.0)
    position = Target(watched(case, "position"), "tail", 0.0)
    assert gap.statistic_of(figures) == pytest.approx(95.5)
    assert position.statistic_of(figures) == pytest.approx(5.5)


@pytest.mark.parametrize(
    ("name", "how", "message"),
    [
        ("saving:hospitl", None, "did you mean 'hospital'"),
        ("delivered:nobody", None, "no scheme of this scenario"),
        ("schemes.s.happens", "shift", "takes a value, not a shift"),
        ("schemes.s.delivered, q", None, "there is no input 'q'"),
    ],
)
def test_what_cannot_be_varied_is_told(name: str, how: Any, message: str) -> None:
    with pytest.raises(UnknownLever, match=message):
        lever(scheme(delivered={"mean": "50%", "sd": "10%"}, chance="80%"), name, how, 1)
    assert lever(scheme(), "years", None, 1) is None


def test_bounds_must_hold_the_value_of_the_scenario() -> None:
    case = price(NORMAL)
    found = lever(case, "p", None, 1)
    assert found is not None
    assert (found.within(0.0, 0.1).low, found.within(0.0, 0.1).high) == (0.0, 0.1)
    with pytest.raises(UnknownLever, match="the scenario has 2%, which must lie between"):
        found.within(0.03, 0.1)
    with pytest.raises(UnknownLever, match="--from must be below --to"):
        found.within(0.1, 0.01)


def test_the_main_levers_are_the_widest_and_no_shock() -> None:
    book = one_hospital(
        years=(2015, 2016),
        drivers=[driver("p", NORMAL), driver("q", {"mean": "2%", "sd": "9%"})],
        lines=[line(name, "ccg", "£60m", price=name) for name in "pq"],
    )
    case = case_of(book)
    order = swings(case, watched(case, "gap"))
    assert [found.name for found in main_levers(case, order, 2, 1)] == ["q", "p"]
