"""Inputs that are legal one by one and impossible together: refused in words, or harmless."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from systems import (
    activity_scheme,
    contract,
    curve,
    draws_of,
    driver,
    efficiency_scheme,
    line,
    one_hospital,
    people,
    plan_of,
    together,
)

from finsim.book.model import Demand
from finsim.scenario.resolved import Resolved
from finsim.simulation.cases import central_inputs
from finsim.simulation.evaluate import evaluate
from finsim.simulation.inputs import InputError

CARE = [{"contracts": {"id": "care"}}]
TOWN = dict.fromkeys(range(2015, 2021), (30, 50, 20))


def in_the_town(**sections: Any) -> Resolved:
    stated: dict[str, Any] = {
        "grown": {"growth": "outturn", "variant": "made up"},
        "demand": Demand(curves=("a", "b"), mix="mix"),
        "curves": [curve("a", (1, 1, 4)), curve("b", (1, 1, 2))],
        "population": people({"town": TOWN}),
        "drivers": [driver("mix", "40%")],
        "lines": [line("care", "ccg", "£10m", demand="population", areas=["town"])],
    }
    return one_hospital(**{**stated, **sections})


def refused(resolved: Resolved, *words: str) -> None:
    """Refused with the place of the value, in words that hold these."""
    with pytest.raises(InputError) as found:
        plan_of(resolved)
    assert found.value.path
    for word in words:
        assert word in str(found.value), found.value


def test_a_slip_that_may_be_early() -> None:
    """A normal slip falls below nought in some draw: only bounds make it a slip."""
    early = {"mean": "3 months", "sd": "5 months"}
    refused(one_hospital(schemes=[activity_scheme("s", "£5m", CARE, slip=early)]))
    late = {**early, "at_least": "0 months"}
    plan = plan_of(one_hospital(schemes=[activity_scheme("s", "£5m", CARE, slip=late)]))
    assert np.isfinite(evaluate(plan, draws_of(plan)).saving).all()


def test_a_slip_that_differs_by_year() -> None:
    """There is one slip; a new one each year would be left at its mean without a word."""
    yearly = {"low": "0 months", "high": "24 months", "over_years": "yearly"}
    refused(one_hospital(schemes=[activity_scheme("s", "£5m", CARE, slip=yearly)]))


@pytest.mark.parametrize(
    "mix",
    [
        {"low": "0%", "high": "100%", "over_years": "yearly"},
        {"path": dict.fromkeys(range(2016, 2021), "40%")},
        {"mean": "50%", "sd": "50%"},
    ],
)
def test_a_mix_of_age_cost_curves_that_is_not_one_share(mix: Any) -> None:
    """One weight for all years, from 0% to 100%; another would be read as its first year's."""
    refused(in_the_town(drivers=[driver("mix", mix)]))


def test_growth_that_may_leave_nobody() -> None:
    grown = {"growth": {"mean": "-50%", "sd": "50%"}, "from": 2016, "by": 2031}
    refused(in_the_town(grown={**grown, "variant": "made up"}))


def test_an_area_in_which_nobody_lives() -> None:
    empty = dict.fromkeys(TOWN, (0, 0, 0))
    refused(
        in_the_town(
            population=people({"town": TOWN, "moor": empty}),
            lines=[line("care", "ccg", "£10m", demand="population", areas=["moor"])],
        )
    )


def test_years_without_people() -> None:
    short = {year: TOWN[year] for year in range(2015, 2020)}
    refused(in_the_town(population=people({"town": short})), "town", "2020")


def test_demand_without_its_growth() -> None:
    refused(in_the_town(grown=None))


def test_a_capitated_contract_needs_people() -> None:
    """Without an area of the payer or of the contract there is no weighted population to follow."""
    contracts = [
        contract("care", "ccg", "hospital", "£100m", payment="capitated"),
        contract("more", "ccg", "hospital", "£1m", demand="growth", growth="more"),
    ]
    resolved = one_hospital(contracts=contracts, drivers=[driver("more", "10%")])
    try:
        plan = plan_of(resolved)
    except InputError:
        return
    lines = evaluate(plan, central_inputs(plan), frozenset({"lines"})).lines
    assert lines is not None
    assert lines.contracts[0, :, 0] == pytest.approx([100] * 6)


def test_a_path_that_lacks_a_year() -> None:
    short = {"path": dict.fromkeys(range(2016, 2020), "2%")}
    own = line("care", "ccg", "£10m", price="price")
    refused(one_hospital(drivers=[driver("price", short)], lines=[own]), "2020/21")


@pytest.mark.parametrize("start", ["2015-04", "2016-03", "2010-01"])
def test_a_scheme_in_the_base_year(start: str) -> None:
    refused(one_hospital(schemes=[activity_scheme("s", "£5m", CARE, start=start)]), "base year")


def test_an_efficiency_changes_nothing_before_it_starts() -> None:
    """Rates of years before the start, or of the base year, are a mistake or are not used."""
    for start, rate in (
        ("2018-04", {2016: "2%", 2017: "2%", 2018: "2%"}),
        ("2016-04", {2015: "2%", 2016: "2%"}),
    ):
        scheme = efficiency_scheme("e", rate, {"organisation": "hospital"}, start=start)
        try:
            plan = plan_of(one_hospital(schemes=[scheme]))
        except InputError:
            continue
        saving = evaluate(plan, central_inputs(plan)).saving[1, :, 0]
        before = int(start[:4]) - 2015
        assert saving[:before] == pytest.approx([0] * before)
        assert saving[before] == pytest.approx(2)


def test_a_line_of_nothing_beside_one_that_costs() -> None:
    """A line of £0m is legal; a scheme on all drugs acts on those that cost something."""
    lines = [
        line("none", "ccg", "£0m", service="drugs"),
        line("some", "ccg", "£20m", service="drugs"),
    ]
    scheme = activity_scheme("s", "£5m", [{"lines": {"service": "drugs"}}])
    plan = plan_of(one_hospital(lines=lines, schemes=[scheme]))
    outcome = evaluate(plan, central_inputs(plan))
    assert outcome.saving[0, 1, 0] == pytest.approx(5)


def test_a_scheme_on_lines_that_cost_nothing() -> None:
    lines = [line("none", "ccg", "£0m", service="drugs")]
    scheme = activity_scheme("s", "£5m", [{"lines": {"service": "drugs"}}])
    refused(one_hospital(lines=lines, schemes=[scheme]), "cost nothing")


def test_a_scheme_on_a_line_that_follows_contracts() -> None:
    scheme = activity_scheme("s", "£5m", [{"lines": {"id": "wards"}}])
    refused(one_hospital(schemes=[scheme]), "wards", "contracts")


def test_a_scheme_that_removes_more_than_there_is() -> None:
    refused(one_hospital(schemes=[activity_scheme("s", "£100.1m", CARE)]), "100%")
    plan_of(one_hospital(schemes=[activity_scheme("s", "£100m", CARE)]))


def test_a_net_saving_of_which_nothing_is_released() -> None:
    lines = [line("wards", "hospital", "£100m", demand="contracts", cash_release="0%")]
    scheme = activity_scheme("s", "£5m", CARE, stated_as="net to the system")
    refused(one_hospital(lines=lines, schemes=[scheme]), "net saving")


@pytest.mark.parametrize("word", ["a scheme of another system", ""])
def test_a_scheme_that_the_book_does_not_hold(word: str) -> None:
    refused(one_hospital(chosen=[word]), "no scheme")


RATES = [driver(name, {"mean": "2%", "sd": "1%"}) for name in ("a", "b", "c")]
PRICED = [line(name, "ccg", "£10m", price=name) for name in ("a", "b", "c")]


@pytest.mark.parametrize(
    "matrix",
    [
        [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]],
        [[1, 0.9, 0], [0, 1, 0], [0, 0, 1]],
        [[1, 1.2, 0], [1.2, 1, 0], [0, 0, 1]],
        [[0.5, 0, 0], [0, 1, 0], [0, 0, 1]],
    ],
)
def test_an_impossible_correlation(matrix: list[list[float]]) -> None:
    group = together("group", ["a", "b", "c"], matrix=matrix)
    refused(one_hospital(drivers=RATES, lines=PRICED, dependence=[group]))


def test_inputs_of_one_year_with_inputs_of_every_year() -> None:
    mixed = [*RATES[:2], driver("c", {"mean": "2%", "sd": "1%", "over_years": "yearly"})]
    matrix = np.eye(3).tolist()
    group = together("group", ["a", "b", "c"], matrix=matrix)
    refused(one_hospital(drivers=mixed, lines=PRICED, dependence=[group]), "cannot mix")


def test_a_factor_of_every_year_for_inputs_of_one() -> None:
    factor = driver("f", {"mean": "0%", "sd": "100%", "over_years": "yearly"})
    group = together("group", ["a", "b"], factor="f", rank_correlation=0.5)
    refused(one_hospital(drivers=[*RATES, factor], lines=PRICED, dependence=[group]), "over_years")


@pytest.mark.parametrize(
    "value",
    [
        {"low": "3%", "high": "1%"},
        {"low": "1%", "mode": "5%", "high": "3%"},
        {"mean": "1%", "sd": "-1%"},
        {"shape": "lognormal", "mean": "-1%", "sd": "1%"},
        {"mean": "1%", "sd": "1%", "degrees_of_freedom": "2"},
        {"shape": "beta", "mean": "5%", "sd": "1%", "low": "0%", "high": "4%"},
        {"values": [{"value": "1%", "weight": "50%"}, {"value": "2%", "weight": "20%"}]},
        {"p10": "3%", "p90": "1%"},
        {"mean": "1%", "sd": "1%", "at_least": "5%", "at_most": "4%"},
    ],
)
def test_a_distribution_that_does_not_exist(value: Any) -> None:
    """Refused where it is written, or where it is first drawn from."""
    with pytest.raises((InputError, ValidationError)):
        plan_of(
            one_hospital(
                drivers=[driver("rate", value)],
                lines=[line("care", "ccg", "£10m", price="rate")],
            )
        )
