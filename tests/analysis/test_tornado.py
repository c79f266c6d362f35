"""Swings by hand and in closed form."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats
from systems import activity_scheme, driver, line, one_hospital, plan_of, together, with_schemes

from finsim.analysis.study import Case
from finsim.analysis.tornado import Bar, at_level, given_factor, tails, tornado
from finsim.analysis.watched import watched
from finsim.scenario.resolved import Resolved
from finsim.simulation.compile_arrangement import compile_arrangement
from finsim.simulation.run import Sampling
from finsim.uncertainty.point_sets import Design

SAMPLING = Sampling(Design("lattice", 1024, 5), 8)
Z = float(stats.norm.ppf(0.9))
NORMAL_TENTH = float(stats.norm.pdf(Z) / 0.1)


def prices(values: dict[str, Any], years: tuple[int, int] = (2015, 2016), **rest: Any) -> Resolved:
    """The commissioner's own lines of £100m, each moved by a price of its name."""
    return one_hospital(
        years=years,
        drivers=[driver(name, value) for name, value in values.items()],
        lines=[line(name, "ccg", "£100m", price=name) for name in values if name != "f"],
        **rest,
    )


def bars(resolved: Resolved, of: str = "gap") -> dict[str, Bar]:
    plan = plan_of(resolved)
    case = Case(plan, compile_arrangement(plan))
    found = tornado(case, watched(case, of), SAMPLING)
    return {bar.name: bar for bar in found}


def test_one_price_by_hand() -> None:
    # The price rises by 0% to 10%: P10 1%, P90 9%. The allocation is £120m.
    found = bars(prices({"p": {"low": "0%", "high": "10%"}}))["p"]
    assert (found.low, found.high) == pytest.approx((0.01, 0.09))
    assert (found.at_low, found.at_high) == pytest.approx((-120 + 100 * 1.01, -120 + 100 * 1.09))
    assert found.swing == pytest.approx(8)
    assert found.rank_correlation == pytest.approx(1)
    # The lowest tenth of a uniform 0 to 10% has its mean at 0.5%, the highest at 9.5%.
    assert found.mean_low == pytest.approx(-19.5, abs=4 * found.se_mean_low + 1e-3)
    assert found.mean_high == pytest.approx(-10.5, abs=4 * found.se_mean_high + 1e-3)
    assert found.se_swing_over_draws < 0.1


def test_the_widest_bar_is_first_and_the_others_stay_at_their_centre() -> None:
    by_shape = {
        "narrow": {"low": "1%", "high": "3%"},
        "wide": {"mean": "2%", "sd": "5%"},
        "skewed": {"values": [{"value": "0%", "weight": "85%"}, {"value": "40%", "weight": "15%"}]},
    }
    found = bars(prices(by_shape))
    assert list(found) == ["skewed", "wide", "narrow"]
    centre = -120 + 100 * (1.02 + 1.02 + 1.06)
    assert found["narrow"].at_low == pytest.approx(centre - 0.8)
    assert found["wide"].at_high == pytest.approx(centre + 5 * Z)
    assert found["skewed"].at_low == pytest.approx(centre - 6)
    assert found["skewed"].at_high == pytest.approx(centre + 34)


def test_a_scheme_that_happens_or_not() -> None:
    # £10m off care of £100m, half of the wards' cost released: £5m a year to the system. It begins
    # with the year and slips by 0 to 10 months, so in the middle it saves 7/12 of that.
    slip = {"low": "0 months", "high": "10 months"}
    scheme = activity_scheme("s", "£10m", [{"contracts": {"id": "care"}}], chance="80%", slip=slip)
    found = bars(with_schemes(one_hospital(years=(2015, 2016), schemes=[scheme]), "s"))
    happens, late = found["schemes.s.happens"], found["schemes.s.slip"]
    assert (happens.low, happens.high) == (0, 1)
    assert (happens.at_low, happens.at_high) == pytest.approx((0, -5 * 7 / 12))
    assert happens.mean_low == pytest.approx(0, abs=1e-9)
    assert (late.low, late.high) == pytest.approx((1, 9))
    assert late.swing == pytest.approx(0.8 * 5 * 8 / 12)
    assert "schemes.s.delivered" not in found


def test_the_ends_of_an_input_of_few_values_are_the_means_over_all_that_tie() -> None:
    """Of 20 draws half have the low value: its end is their mean, whatever their order."""
    values = np.array([1.0, 0.0] * 10)
    figure = np.arange(20.0)
    low, high = tails(values[None], np.array([False]), figure)
    assert low[0] == pytest.approx(figure[1::2].mean())
    assert high[0] == pytest.approx(figure[::2].mean())


@pytest.mark.parametrize("persistence", [0.0, 0.6])
def test_a_yearly_price_moves_by_as_much_as_its_mean_over_the_years(persistence: float) -> None:
    over: Any = "yearly" if persistence == 0 else {"ar1": persistence}
    value = {"mean": "0%", "sd": "1%", "over_years": over}
    plan = plan_of(prices({"p": value}, (2015, 2018)))
    item = plan.inputs.inputs[0]
    years = range(3)
    correlation = [persistence ** abs(a - b) for a, b in itertools.product(years, years)]
    expected = 0.01 * Z * np.sqrt(np.mean(correlation))
    assert at_level(item, 0.9, alone=False) == pytest.approx([0, *[expected] * 3])
    assert at_level(item, 0.1, alone=True) == pytest.approx([0, *[-0.01 * Z] * 3])
    case = Case(plan, compile_arrangement(plan))
    (bar,) = tornado(case, watched(case, "gap"), SAMPLING)
    assert bar.high == pytest.approx(expected)
    assert bar.at_high == pytest.approx(-120 + 100 * (1 + expected) ** 3)


def test_a_shared_factor_moves_its_members_to_their_mean_given_it() -> None:
    normal = {"mean": "2%", "sd": "3%"}
    book = prices(
        {"a": normal, "b": normal, "f": {"mean": "0%", "sd": "100%"}},
        dependence=[together("ab", ["a", "b"], factor="f", loadings=[0.8, -0.5])],
    )
    factor = bars(book)["f"]
    assert factor.is_factor
    assert (factor.low, factor.high) == pytest.approx((-Z, Z))
    assert factor.swing == pytest.approx(2 * 100 * 0.03 * Z * (0.8 - 0.5), rel=1e-3)
    swing = 2 * 100 * 0.03 * NORMAL_TENTH * (0.8 - 0.5)
    assert factor.swing_over_draws == pytest.approx(swing, abs=4 * factor.se_swing_over_draws)


def test_the_mean_given_a_factor_carries_over_the_years() -> None:
    # AR(1): z_1 = l f, z_2 = phi z_1 + sqrt(1 - phi^2) l f; a normal's mean is its score times sd.
    value = {"mean": "0%", "sd": "10%", "over_years": {"ar1": "0.6"}}
    item = plan_of(prices({"p": value}, (2015, 2017))).inputs.inputs[0]
    expected = [0, 0.1 * 0.7, 0.1 * 0.7 * (0.6 + 0.8)]
    assert given_factor(item, 0.7, 1.0) == pytest.approx(expected, rel=1e-3)


def test_inputs_that_move_together_have_a_wider_swing_over_the_draws() -> None:
    normal = {"mean": "0%", "sd": "3%"}
    matrix = together("ab", ["a", "b"], matrix=[[1, 0.8], [0.8, 1]])
    found = bars(prices({"a": normal, "b": normal}, dependence=[matrix]))["a"]
    correlation = 2 * np.sin(np.pi * 0.8 / 6)
    assert found.swing == pytest.approx(2 * 3 * Z)
    swing = 2 * 3 * NORMAL_TENTH * (1 + correlation)
    assert found.swing_over_draws == pytest.approx(swing, abs=4 * found.se_swing_over_draws)
