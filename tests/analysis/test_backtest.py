"""Outturns against draws whose distribution is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats
from systems import SOURCE, driver, line, one_hospital, plan_of

from finsim.analysis.backtest import Backtest, as_few, backtest
from finsim.analysis.study import Case
from finsim.book.outturns import Outturn
from finsim.simulation.compile_arrangement import compile_arrangement
from finsim.simulation.resolve import Resolution
from finsim.simulation.run import Sampling
from finsim.uncertainty.point_sets import Design

Shipped = Callable[..., Resolution]
SAMPLING = Sampling(Design("lattice", 1024, 5), 16)


def outturn(name: str, value: float, **rest: Any) -> Outturn:
    stated = {"id": name, "name": name, "bodies": ["ccg"], "year": "2016/17", "value": value}
    return Outturn.model_validate({**stated, **SOURCE, **rest})


def held(*outturns: Outturn, **rest: Any) -> Backtest:
    """The commissioner spends £100m moved by a price of 2% ± 3%, and £100m on care, of £120m."""
    book = one_hospital(
        years=(2015, 2016),
        drivers=[driver("p", {"mean": "2%", "sd": "3%"})],
        lines=[line("own", "ccg", "£100m", price="p")],
        outturns=list(outturns),
        **rest,
    )
    plan = plan_of(book)
    return backtest(Case(plan, compile_arrangement(plan)), SAMPLING)


def test_a_level_against_a_normal() -> None:
    # The position is normal about 120 − 100 − 102 = −82 with sd 3.
    (test,) = held(outturn("o", -80.0)).tests
    assert (test.kind, test.counts, test.is_inside) == ("level", True, True)
    assert test.mean == pytest.approx(-82, abs=4 * test.se_mean + 1e-6)
    assert test.sd == pytest.approx(3, rel=0.02)
    assert test.z == pytest.approx(2 / 3, abs=0.02)
    assert test.place == pytest.approx(stats.norm.cdf(2 / 3), abs=4 * test.se_place + 1e-3)
    assert (test.p10, test.p90) == pytest.approx((-82 - 3.8447, -82 + 3.8447), abs=0.1)


def test_a_surprise_is_judged_whatever_the_level() -> None:
    found = held(outturn("o", -31.0, expected=-24.0))
    level, surprise = found.tests
    assert (level.counts, level.is_inside) == (False, False)
    assert level.place == 1
    assert (surprise.kind, surprise.counts, surprise.outturn_tested) == ("surprise", True, -7)
    assert surprise.mean == pytest.approx(0, abs=1e-9)
    assert surprise.z == pytest.approx(-7 / 3, rel=0.03)
    assert surprise.place == pytest.approx(stats.norm.cdf(-7 / 3), abs=0.003)
    assert (found.counted, found.inside) == (1, 0)
    assert found.as_few == pytest.approx(0.2)


def test_bodies_are_taken_together() -> None:
    (test,) = held(outturn("o", 20.0, bodies=["ccg", "hospital"])).tests
    assert test.mean == pytest.approx(-82 + 100, abs=4 * test.se_mean + 1e-6)


def test_a_year_that_is_not_projected_is_left_out() -> None:
    found = held(outturn("early", 1.0, year="2015/16"), outturn("late", 1.0, year="2019/20"))
    assert (found.tests, found.left_out, found.counted) == ((), ("early", "late"), 0)


@pytest.mark.parametrize(
    ("inside", "of", "chance"), [(0, 1, 0.2), (1, 1, 1.0), (1, 2, 0.36), (2, 3, 1 - 0.512)]
)
def test_the_chance_of_as_few_is_a_binomial(inside: int, of: int, chance: float) -> None:
    assert as_few(inside, of) == pytest.approx(chance)
    assert as_few(inside, of) == pytest.approx(stats.binom.cdf(inside, of, 0.8))


def test_the_shipped_population_was_expected_to_grow_by_more_than_it_did(shipped: Shipped) -> None:
    """BHR planned for 19% to 28% by 2031 and grew by half of that rate to 2020 (ONS)."""
    resolution = shipped("bhr")
    case = Case(resolution.plan, resolution.arrangement)
    found = backtest(case, Sampling(Design("lattice", 1024, 5), 2))
    years = [test for test in found.tests if test.kind == "population"]
    assert [test.counts for test in years] == [False] * 4 + [True]
    last = years[-1]
    assert last.outturn == 792_887
    assert last.mean == pytest.approx(757_920 * 1.235 ** (5 / 15), rel=0.002)
    assert (last.place, last.is_inside) == (0, False)
    together = next(t for t in found.tests if t.id == "bhr_ccgs_2016_17" and t.kind == "surprise")
    assert (together.outturn, together.expected) == (-31, 7)


def test_coverage_over_many_systems_is_what_the_ranges_say() -> None:
    """Outturns drawn from the model itself fall inside P10 to P90 four times in five."""
    z = stats.norm.ppf((np.arange(200) + 0.5) / 200)
    found = held(*(outturn(f"o{n}", -82 + 3 * float(one)) for n, one in enumerate(z)))
    assert found.inside / found.counted == pytest.approx(0.8, abs=0.02)
    places = np.sort([test.place for test in found.tests])
    assert np.abs(places - (np.arange(200) + 0.5) / 200).max() < 0.02
