"""Settle, judge, fund: by hand in a system of three bodies, and in every draw of any system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from msgspec.structs import replace
from numpy.typing import NDArray
from systems import (
    SOURCE,
    body,
    contract,
    draws_of,
    driver,
    external,
    line,
    organisation,
    plan_of,
    system,
    systems,
    with_section,
)

from finsim.book.arrangements import ControlTotals, Fund, FundingRules, RiskShare, TotalsSet
from finsim.book.load import read_book
from finsim.book.model import Book
from finsim.book.typed import typed
from finsim.economics.risk_share_terms import Guarantor
from finsim.scenario.resolved import Resolved
from finsim.simulation.arrangement import Arrangement, Settled, settled
from finsim.simulation.cases import central_inputs
from finsim.simulation.compile_arrangement import compile_arrangement
from finsim.simulation.compile_totals import solved_totals
from finsim.simulation.evaluate import Outcome, evaluate
from finsim.simulation.named import bodies_named
from finsim.simulation.plan import Plan

FloatArray = NDArray[np.float64]
ROOT = Path(__file__).parents[2]
EXACT = 1e-9
CCG, HOSPITAL, COUNCIL = range(3)
RECORD = frozenset({"positions", "lines"})
POOLED_EQUALLY = [{"pool": {"members": "NHS bodies"}}, {"shares": {"by": "equal"}}]

# By hand. In 2016/17 the CCG is at +£4m, the hospital at −£10m and the council at −£3m; the totals
# are +£1m and −£5m, and the council must balance. The system total, the council outside it, is −£4m
# and is missed by £2m.


def totals(by_body: Mapping[str, Any]) -> TotalsSet:
    stated = {"id": "agreed", "name": "Agreed", "totals": dict(by_body)}
    return TotalsSet.model_validate({**stated, **SOURCE})


def control_totals(**rest: Any) -> ControlTotals:
    stated = {"id": "ours", "name": "Ours", "totals": "agreed"}
    return ControlTotals.model_validate({**stated, **rest, **SOURCE})


def risk_share(terms: Any) -> RiskShare:
    return RiskShare.model_validate({"id": "share", "name": "Share", "terms": terms, **SOURCE})


def funding_rules(by_year: Mapping[Any, Any]) -> FundingRules:
    stated = {"id": "rules", "name": "Rules", "by_year": dict(by_year)}
    return FundingRules.model_validate({**stated, **SOURCE})


def fund(offered: Mapping[str, Any], **rest: Any) -> Fund:
    stated = {"id": "fund", "name": "Fund", "rules": "rules", "offered": dict(offered)}
    return Fund.model_validate({**stated, "attainment": {"A&E": "attained"}, **rest, **SOURCE})


def three_bodies(
    terms: Any = None,
    rules: Mapping[str, Any] | None = None,
    council_costs: float = 23.0,
    offers: Mapping[str, Any] | None = None,
    agreed: Mapping[str, float] | None = None,
    **stated: Any,
) -> Plan:
    names = {"ccg": "commissioner", "hospital": "provider", "council": "council"}
    incomes = {"ccg": 100.0, "hospital": 60.0, "council": 20.0}
    costs = {"ccg": 96.0, "hospital": 70.0, "council": council_costs}
    year = {"parts": {"finance": "60%", "A&E": "40%"}, **(rules or {})}
    by_body = {"ccg": 1.0, "hospital": -5.0} if agreed is None else agreed
    chosen = {"risk_share": "share"} if terms else {}
    if offers is not None or rules is not None:
        chosen["sustainability_funding"] = "fund"
    return plan_of(
        system(
            years=(2015, 2016),
            organisations=[organisation(name, kind) for name, kind in names.items()],
            external=[external("payers")],
            contracts=[
                contract(f"{name}_income", "payers", name, value, payment="block")
                for name, value in incomes.items()
            ],
            lines=[line(f"{name}_costs", name, value) for name, value in costs.items()],
            drivers=[driver("attained", "50%")],
            totals=[totals({name: {"by_year": {2016: value}} for name, value in by_body.items()})],
            control_totals=[control_totals(**stated)],
            funding_rules=[funding_rules({2016: year})],
            funds=[fund(offers or {"ccg": "£10m", "hospital": "£20m"})],
            risk_shares=[risk_share(terms)] if terms else [],
            scenario={"control_totals": "ours", **chosen},
            held={"control_totals": {"agreed": {n: {2016: v} for n, v in by_body.items()}}},
        )
    )


def worked(plan: Plan) -> Settled:
    x = central_inputs(plan)
    outcome = evaluate(plan, x)
    before = outcome.position_before_risk_share[:, :, 0]
    assert before[CCG] == pytest.approx([4, 4])
    assert before[HOSPITAL] == pytest.approx([-10, -10])
    return settled(plan, compile_arrangement(plan), outcome, x)


def last(values: NDArray[Any]) -> list[Any]:
    """Each body in 2016/17."""
    return values[:, 1, 0].tolist()


CLIFF: dict[str, Any] = {}
TAPER = {"taper": {"own": "£10m", "system": "£8m"}}


@pytest.mark.parametrize(
    ("link_share", "rules", "terms", "ccg", "hospital"),
    [
        # The CCG is £3m above its total and the hospital £5m below; what is open is paid on
        # finance in full and on A&E by half: 60% + 40% × 50% = 80% of £10m and of £20m.
        ("0%", CLIFF, None, 8, 0),
        ("50%", CLIFF, None, 0.5 * 8, 0),
        ("100%", CLIFF, None, 0, 0),
        # £5m below with £10m of taper: half open; the system £2m below with £8m: 75% open.
        ("0%", TAPER, None, 8, 0.5 * 16),
        ("50%", TAPER, None, (0.5 + 0.5 * 0.75) * 8, (0.25 + 0.5 * 0.75) * 16),
        ("100%", TAPER, None, 0.75 * 8, 0.75 * 16),
        # Shared equally, +£3m and −£5m become −£1m each: judged after it, both miss a cliff, and
        # are 90% open on a taper. The system is where it was.
        ("0%", CLIFF, POOLED_EQUALLY, 0, 0),
        ("50%", CLIFF, POOLED_EQUALLY, 0, 0),
        ("0%", TAPER, POOLED_EQUALLY, 0.9 * 8, 0.9 * 16),
        ("50%", TAPER, POOLED_EQUALLY, (0.45 + 0.375) * 8, (0.45 + 0.375) * 16),
        ("100%", TAPER, POOLED_EQUALLY, 0.75 * 8, 0.75 * 16),
    ],
)
def test_settle_then_judge_then_fund(
    link_share: str, rules: dict[str, Any], terms: Any, ccg: float, hospital: float
) -> None:
    result = worked(three_bodies(terms, rules, link_share=link_share))
    moved = [-4, 4, 0] if terms else [0, 0, 0]
    assert last(result.transfer) == pytest.approx(moved)
    assert last(result.judged) == pytest.approx([4 + moved[0], -10 + moved[1], -3])
    assert last(result.sustainability_funding) == pytest.approx([ccg, hospital, 0])
    paid = [4 + moved[0] + ccg, -10 + moved[1] + hospital, -3]
    assert last(result.position) == pytest.approx(paid)
    assert last(result.met) == [not terms, False, False]
    assert last(result.met_before_transfer) == [True, False, False]


def test_performance_pays_by_itself_where_it_does_not_need_finance() -> None:
    result = worked(three_bodies(rules={"performance_needs_finance": "false"}))
    assert last(result.sustainability_funding) == pytest.approx([8, 0.4 * 0.5 * 20, 0])


def test_the_fund_does_not_help_to_meet_the_total_that_it_pays_for() -> None:
    """£1m short on a taper: with £7.2m of funding the CCG ends above its total, and missed it."""
    result = worked(three_bodies(POOLED_EQUALLY, TAPER))
    assert last(result.position)[CCG] > 1
    assert not last(result.met)[CCG]


def test_the_base_year_has_no_total_and_nothing_is_settled_in_it() -> None:
    plan = three_bodies(POOLED_EQUALLY, TAPER)
    result, arrangement = worked(plan), compile_arrangement(plan)
    assert np.isnan(arrangement.lines[:, 0]).all()
    for moved in (result.transfer, result.external_support, result.sustainability_funding):
        assert moved[:, 0].tolist() == [[0], [0], [0]]
    assert result.position[:, 0, 0] == pytest.approx([4, -10, -3])
    for met in (result.met, result.met_before_transfer, result.met_both):
        assert not met[:, 0].any()
    assert not result.system_met[0].any()
    assert not result.all_met[0].any()


@pytest.mark.parametrize(("costs", "balanced"), [(20.0, True), (20.01, False), (19.0, True)])
def test_a_council_must_balance_and_stays_outside_the_system_total(
    costs: float, balanced: bool
) -> None:
    plan = three_bodies(council_costs=costs)
    arrangement, result = compile_arrangement(plan), worked(plan)
    assert arrangement.lines[COUNCIL, 1] == 0
    assert arrangement.in_system.tolist() == [True, True, False]
    assert np.isnan(arrangement.totals[COUNCIL]).all()
    assert last(result.met)[COUNCIL] is balanced
    assert not result.system_met[1, 0]


def test_a_council_with_a_total_counts_where_the_totals_name_it() -> None:
    """£4m − £10m − £3m = −£9m, against £1m − £5m − £5m = −£9m: met to the pound."""
    agreed = {"ccg": 1.0, "hospital": -5.0, "council": -5.0}
    result = worked(three_bodies(agreed=agreed, members="all"))
    assert result.system_met[1, 0]
    assert last(result.met) == [True, False, True]
    assert last(result.met_both) == [True, False, True]
    assert not result.all_met[1, 0]


def test_all_are_met_when_each_body_that_the_system_sums_meets_its_own() -> None:
    """The council misses its line in both; it counts in the second alone."""
    reached = {"ccg": 4.0, "hospital": -10.0}
    assert worked(three_bodies(agreed=reached)).all_met[1, 0]
    assert not worked(three_bodies(agreed={**reached, "council": 0.0}, members="all")).all_met[1, 0]
    unlike = {"ccg": 5.0, "hospital": -11.0}
    missed = worked(three_bodies(agreed=unlike))
    assert missed.system_met[1, 0]
    assert not missed.all_met[1, 0], "the CCG misses its own by £1m"


def test_a_guarantor_pays_from_outside_and_moves_nothing_between_bodies() -> None:
    """The NHS bodies are £2m short together: past £1m half of it is guaranteed, £0.5m."""
    name = {"name": "Region", "members": "NHS bodies", "threshold": "£1m"}
    result = worked(three_bodies([{"guarantor": {**name, "share": "50%", "limit": "£10m"}}]))
    assert not result.transfer.any()
    assert result.external_support[:, 1].sum() == pytest.approx(0.5)
    assert result.external_support[COUNCIL, 1, 0] == 0
    assert result.position[:, 1].sum() == pytest.approx(4 - 10 - 3 + 0.5)
    limited = worked(three_bodies([{"guarantor": {**name, "share": "50%", "limit": "£0.2m"}}]))
    assert limited.external_support[:, 1].sum() == pytest.approx(0.2)


def test_support_is_judged_before_the_fund_pays() -> None:
    """A guarantee of the whole shortfall brings the system to its total, and opens its gate."""
    terms = [{"guarantor": {"name": "Region", "members": "NHS bodies", "limit": "£10m"}}]
    without = worked(three_bodies(rules=CLIFF, link_share="100%"))
    supported = worked(three_bodies(terms, CLIFF, link_share="100%"))
    assert not without.sustainability_funding.any()
    assert supported.external_support[:, 1].sum() == pytest.approx(2)
    assert last(supported.sustainability_funding) == pytest.approx([8, 16, 0])
    assert supported.system_met[1, 0]
    assert not supported.system_met_before_transfer[1, 0]


# In every draw of any system, for every term that is shipped


@cache
def shipped_book(name: str) -> Book:
    return typed(Book, read_book(ROOT / "assumptions" / name).tree)


def shipped_shares() -> list[tuple[str, RiskShare]]:
    return [(name, s) for name in ("bhr", "example") for s in shipped_book(name).risk_shares]


def fitted(value: Any, known: Mapping[str, str], book: Book, years: Iterable[str]) -> Any:
    """Terms of one system in the words of another; shares that fall to one body are added up."""
    if isinstance(value, list):
        return [fitted(item, known, book, years) for item in value]
    if not isinstance(value, dict):
        return known.get(value, value) if isinstance(value, str) else value
    result: dict[str, Any] = {}
    for key, item in value.items():
        if key == "members" and item:
            words = fitted([item] if isinstance(item, str) else item, known, book, years)
            result[key] = list(bodies_named(book, words, ())) or ["all"]
        elif key == "years":
            result[key] = [year for year in item if year in years]
        elif key in known:
            result[known[key]] = result.get(known[key], 0.0) + percent(item)
        else:
            result[key] = fitted(item, known, book, years)
    return result


def percent(written: str | float) -> float:
    return float(written.removesuffix("%")) / 100 if isinstance(written, str) else written


def line_names(stated: RiskShare, book: Book) -> dict[str, str]:
    """A service of this book for each service that the terms name as a line."""
    lines = [line for term in stated.terms if term.pool for line in term.pool.lines]
    lines += [term.fixed_line.line for term in stated.terms if term.fixed_line]
    here = list(dict.fromkeys(item.service for item in (*book.contracts, *book.lines)))
    own = [name for name in lines if not name.startswith("savings")]
    return {name: here[n % len(here)] for n, name in enumerate(own)}


def fitted_share(stated: RiskShare, origin: Book, to: Resolved) -> RiskShare:
    inside = [b.id for b in to.book.organisations if b.in_perimeter]
    known = {b.id: inside[n % len(inside)] for n, b in enumerate(origin.organisations)}
    known |= line_names(stated, to.book)
    years = [str(year) for year in to.scenario.year_numbers[1:]]
    years = [f"{y}/{(int(y) + 1) % 100:02}" for y in years]
    terms = stated.model_dump(mode="json", by_alias=True, exclude_unset=True)["terms"]
    return risk_share(fitted(terms, known, to.book, years))


def with_incomes(resolved: Resolved) -> Resolved:
    """The same system with some sure income for everybody, which shares by income need."""
    paid = [
        contract(f"sure_{b.id}", "payer_outside", b.id, 20.0, payment="block", service="sure")
        for b in resolved.book.organisations
    ]
    inside = [b.id for b in resolved.book.organisations if b.in_perimeter]
    taper = {"own": "£3m", "system": "£6m"}
    stated = {"parts": {"finance": "70%", "A&E": "30%"}, "bonus_rate": 1, "shares_residual": True}
    middle = resolved.scenario.year_numbers[len(resolved.scenario.year_numbers) // 2]
    return with_section(
        resolved,
        contracts=(*resolved.book.contracts, *paid),
        drivers=(*resolved.book.drivers, driver("attained", {"low": 0.0, "high": 1.0})),
        totals=(totals({"all": {"from": "central", "improve_by": "0.5% of income"}}),),
        control_totals=(control_totals(members="all", link_share="40%"),),
        funding_rules=(funding_rules({2016: stated, middle: {**stated, "taper": taper}}),),
        funds=(fund(dict.fromkeys(inside, "3% of income"), national_pot=2.5),),
    )


def arranged(resolved: Resolved, **chosen: str) -> tuple[Plan, Arrangement]:
    """The plan with these arrangements, its totals solved from its own central case."""
    scenario = resolved.scenario.model_copy(update={"control_totals": "ours", **chosen})
    plan = plan_of(resolved.model_copy(update={"scenario": scenario}))
    central = evaluate(plan, central_inputs(plan))
    held = resolved.held.model_copy(update={"control_totals": solved_totals(plan, central)})
    plan = replace(plan, resolved=plan.resolved.model_copy(update={"held": held}))
    return plan, compile_arrangement(plan)


def ledger_holds(arrangement: Arrangement, outcome: Outcome, result: Settled) -> None:
    """What must hold of any settlement, in every draw."""
    before = outcome.position_before_risk_share
    after = before + result.transfer + result.external_support
    np.testing.assert_allclose(result.judged, after, rtol=0, atol=EXACT)
    after = after + result.sustainability_funding
    np.testing.assert_allclose(result.position, after, rtol=0, atol=EXACT)
    assert np.abs(result.transfer.sum(axis=0)).max() <= EXACT
    for moved in (result.transfer, result.external_support, result.sustainability_funding):
        assert np.abs(moved[:, 0]).max() <= EXACT
    assert (result.external_support >= 0).all()
    if not any(isinstance(term, Guarantor) for term in arrangement.terms):
        assert not result.external_support.any()
    paid = result.sustainability_funding
    if arrangement.funding is None:
        assert not paid.any()
    else:
        offered, pot = arrangement.funding.offered, arrangement.funding.national_pot
        assert paid.min() >= 0
        assert (paid.sum(axis=0) <= offered.sum(axis=0)[:, None] + pot + EXACT).all()
        if pot == 0:
            assert (paid <= offered[:, :, None] + EXACT).all()


@settings(max_examples=15)
@given(systems(most_schemes=2))
def test_every_shipped_term_holds_in_every_draw_of_any_system(resolved: Resolved) -> None:
    resolved = with_incomes(resolved)
    plan, arrangement = arranged(resolved, sustainability_funding="fund")
    x = draws_of(plan, 24)
    outcome = evaluate(plan, x, RECORD)
    untouched = outcome.position_before_risk_share.copy()
    outside = ~plan.bodies.in_perimeter
    for name, stated in shipped_shares():
        share = fitted_share(stated, shipped_book(name), resolved)
        book = plan.resolved.book.model_copy(update={"risk_shares": (share,)})
        scenario = plan.resolved.scenario.model_copy(update={"risk_share": ("share",)})
        both = {"book": book, "scenario": scenario}
        shared = replace(plan, resolved=plan.resolved.model_copy(update=both))
        arrangement = compile_arrangement(shared)
        result = settled(shared, arrangement, outcome, x)
        ledger_holds(arrangement, outcome, result)
        for moved in (result.transfer, result.external_support, result.sustainability_funding):
            assert not moved[outside].any()
        assert (outcome.position_before_risk_share == untouched).all()


def bhr_with(plan: Plan, **chosen: str) -> Plan:
    scenario = plan.resolved.scenario.model_copy(update=chosen)
    return replace(plan, resolved=plan.resolved.model_copy(update={"scenario": scenario}))


@pytest.fixture(scope="module")
def bhr(shipped: Any) -> tuple[Plan, FloatArray, Outcome]:
    plan = shipped("bhr").plan
    x = draws_of(plan, 256, seed=614)
    return plan, x, evaluate(plan, x, RECORD)


@pytest.mark.parametrize("totals_of", ["organisational", "half_linked", "councils_inside"])
@pytest.mark.parametrize("share", [s.id for s in shipped_book("bhr").risk_shares])
def test_every_shipped_term_holds_in_every_draw_of_bhr(
    bhr: tuple[Plan, FloatArray, Outcome], share: str, totals_of: str
) -> None:
    plan, x, outcome = bhr
    plan = bhr_with(plan, risk_share=(share,), control_totals=totals_of)
    arrangement = compile_arrangement(plan)
    result = settled(plan, arrangement, outcome, x)
    ledger_holds(arrangement, outcome, result)
    if share != "layered_protection":
        assert np.abs(result.transfer).max() > 1e-3, "a term that moves nothing shows nothing"


@pytest.mark.parametrize("totals_of", [c.id for c in shipped_book("bhr").control_totals])
def test_every_shipped_set_of_totals_pays_within_the_fund(
    bhr: tuple[Plan, FloatArray, Outcome], totals_of: str
) -> None:
    plan, x, outcome = bhr
    plan = bhr_with(plan, control_totals=totals_of)
    arrangement = compile_arrangement(plan)
    result = settled(plan, arrangement, outcome, x)
    ledger_holds(arrangement, outcome, result)
    assert not result.transfer.any()
    assert (result.met_both <= (result.met & result.system_met[None])).all()


def test_the_guarantor_of_bhr_pays_what_its_term_says(
    bhr: tuple[Plan, FloatArray, Outcome],
) -> None:
    """Half of the joint shortfall of the NHS bodies past £10m, to £30m in a year."""
    plan, x, outcome = bhr
    plan = bhr_with(plan, risk_share=("guarantor",), control_totals="system")
    arrangement = compile_arrangement(plan)
    result = settled(plan, arrangement, outcome, x)
    nhs = arrangement.in_system
    short = (arrangement.totals[nhs, 1:].sum(axis=0)[:, None]) - (
        outcome.position_before_risk_share[nhs, 1:].sum(axis=0)
    )
    expected = np.clip(0.5 * (short - 10), 0, 30)
    support = result.external_support[:, 1:]
    np.testing.assert_allclose(support.sum(axis=0), expected, rtol=0, atol=EXACT)
    assert not support[~nhs].any()
    assert expected.max() == 30
    assert expected.min() == 0


def test_positions_stand_in_the_order_of_the_book(bhr: tuple[Plan, FloatArray, Outcome]) -> None:
    plan, x, outcome = bhr
    plan = bhr_with(plan, risk_share=("acute_corridor",))
    result = settled(plan, compile_arrangement(plan), outcome, x)
    councils = [n for n, name in enumerate(plan.bodies.ids) if name.endswith("council")]
    assert not result.transfer[councils].any()
    assert result.transfer[body(plan, "bhrut")].any()
