"""Small systems whose figures can be worked on paper, £m: each test says the arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from systems import (
    activity_scheme,
    body,
    contract,
    curve,
    draws_of,
    driver,
    efficiency_scheme,
    external,
    line,
    one_hospital,
    organisation,
    payment_terms,
    people,
    plan_of,
    row,
    system,
)

from finsim.book.model import Demand
from finsim.scenario.resolved import Resolved
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.evaluate import Outcome, evaluate

FloatArray = NDArray[np.float64]
EXACT = pytest.approx
CARE = [{"contracts": {"id": "care"}}]
PRESCRIBING = [{"lines": {"id": "prescribing"}}]
EVERYTHING = frozenset({"positions", "lines", "schemes"})


def central(resolved: Resolved) -> Outcome:
    plan = plan_of(resolved)
    return evaluate(plan, central_inputs(plan), EVERYTHING)


def by_year(resolved: Resolved, figure: str, name: str) -> list[float]:
    """A figure of an organisation in the central case, year by year."""
    values: FloatArray = getattr(central(resolved), figure)
    return [float(value) for value in values[body(plan_of(resolved), name), :, 0]]


def own_savings(resolved: Resolved) -> list[float]:
    return by_year(resolved, "saving", "ccg")


def in_draws(resolved: Resolved, happens: float) -> Outcome:
    """The draw in which every scheme of uncertain chance does this."""
    plan = plan_of(resolved)
    x = central_inputs(plan)
    for scheme in plan.schemes:
        x[scheme.happens] = happens
    return evaluate(plan, x, EVERYTHING)


# A removed admission


def test_ten_million_at_tariff_is_five_to_the_system_and_five_stranded() -> None:
    """Payer −£10m of payments; provider −£10m of income, −£5m of cost; system £5m."""
    resolved = one_hospital(schemes=[activity_scheme("s", "£10m", CARE)])
    assert by_year(resolved, "saving", "ccg") == EXACT([0, *[10] * 5])
    assert by_year(resolved, "saving", "hospital") == EXACT([0, *[-5] * 5])
    assert by_year(resolved, "stranded_cost", "hospital") == EXACT([0, *[5] * 5])
    assert by_year(resolved, "stranded_cost", "ccg") == [0] * 6
    schemes = central(resolved).schemes
    assert schemes is not None
    assert schemes.gross[0, :, 0] == EXACT([0, *[10] * 5])
    assert schemes.net[0, :, 0] == EXACT([0, *[5] * 5])
    assert schemes.other[:, 0] == EXACT([0] * 6, abs=1e-12)


def paid_by(payment: str, **terms: Any) -> dict[str, Any]:
    """The hospital's contract under one payment form."""
    stated = one_hospital().book.contracts
    return {
        "contracts": [stated[0], stated[1].model_copy(update={"payment": "terms"})],
        "payments": [payment_terms("terms", {2015: {"form": payment, **terms}})],
    }


@pytest.mark.parametrize(
    ("payment", "terms", "happened", "did_not"),
    [
        # Of £10m with a chance of 50%, £5m is central: plan 95; 90 when it happens, 100 when not.
        ("tariff", {}, 90.0, 100.0),
        ("block", {}, 100.0, 100.0),
        ("blended", {"marginal_rate": "20%"}, 95 - 0.2 * 5, 95 + 0.2 * 5),
        # 5% either side of 95 is 0.05 × 95 = 4.75 at 20%, the last £0.25m in full.
        (
            "blended",
            {"marginal_rate": "20%", "break_glass": "5%"},
            95 - 0.2 * 4.75 - 0.25,
            95 + 0.2 * 4.75 + 0.25,
        ),
        ("marginal", {"marginal_rate": "30%", "threshold": "95%"}, 90.0, 95 + 0.3 * 5),
        # Floor 95 × 98% = 93.1, ceiling 95 × 103% = 97.85; the payer bears half of what is outside.
        (
            "cap and collar",
            {"collar": "2%", "cap": "3%"},
            93.1 - 0.5 * (93.1 - 90),
            97.85 + 0.5 * (100 - 97.85),
        ),
    ],
)
def test_who_saves_depends_on_the_payment_and_the_system_does_not(
    payment: str, terms: dict[str, Any], happened: float, did_not: float
) -> None:
    scheme = activity_scheme("s", "£10m", CARE, chance="50%")
    resolved = one_hospital(schemes=[scheme], **paid_by(payment, **terms))
    for happens, value in ((1.0, happened), (0.0, did_not)):
        outcome = in_draws(resolved, happens)
        assert outcome.income[1, 1:, 0] == EXACT([value] * 5)
        gap = -outcome.position_before_risk_share.sum(axis=0)[1:, 0]
        # £100m + £20m of cost less £120m of allocation, less the £5m released when it happens.
        assert gap == EXACT([-5.0 * happens] * 5, abs=1e-9)


def test_activity_added_costs_in_full() -> None:
    """£10m out of hospital, 30% of it back as community care: +£3m at tariff and in full cost."""
    base = one_hospital()
    contracts = [
        *base.book.contracts,
        contract("community", "ccg", "hospital", "£50m", service="c"),
    ]
    lines = [
        line("wards", "hospital", "£100m", demand="contracts", cash_release="50%"),
        line("nurses", "hospital", "£50m", demand="contracts", service="c", cash_release="10%"),
    ]
    on = [*CARE, {"contracts": {"id": "community"}, "share": "-30%"}]
    resolved = one_hospital(
        contracts=contracts, lines=lines, schemes=[activity_scheme("s", "£10m", on)]
    )
    assert by_year(resolved, "saving", "ccg")[1] == EXACT(10 - 3)
    assert by_year(resolved, "saving", "hospital")[1] == EXACT((-10 + 5) + (3 - 3))
    assert by_year(resolved, "stranded_cost", "hospital")[1] == EXACT(5)


def test_care_bought_outside_saves_the_system_its_tariff() -> None:
    """Barts loses £10m of income, and what it does about its cost is not the system's."""
    contracts = [
        contract("allocation", "nhs_england", "ccg", "£120m", payment="block", service="all"),
        contract("care", "ccg", "fund", "£100m"),
    ]
    scheme = activity_scheme("s", "£10m", CARE)
    resolved = one_hospital(
        contracts=contracts, lines=[line("own", "hospital", "£1m")], schemes=[scheme]
    )
    outcome = central(resolved)
    assert outcome.saving.sum(axis=0)[:, 0] == EXACT([0, *[10] * 5])
    assert outcome.stranded_cost.sum() == 0


def test_what_an_agreed_plan_saves_outside_goes_to_the_scheme_it_was_agreed_for() -> None:
    """Blended at 20%, a chance of 50% of £10m: plan 95; 94 is paid when it happens, 96 when not."""
    blended = paid_by("blended", marginal_rate="20%")
    outside = [blended["contracts"][0], blended["contracts"][1].model_copy(
        update={"provider": "fund"})]  # fmt: skip
    resolved = one_hospital(
        contracts=outside,
        payments=blended["payments"],
        lines=[line("own", "hospital", "£1m")],
        schemes=[activity_scheme("s", "£10m", CARE, chance="50%")],
    )
    for happens, saved_by_it in ((1.0, 6.0), (0.0, 4.0)):
        schemes = in_draws(resolved, happens).schemes
        assert schemes is not None
        assert schemes.net[0, 1:, 0] == EXACT([saved_by_it] * 5)
        assert schemes.other[:, 0] == EXACT([0] * 6, abs=1e-9)


def test_work_done_for_a_payer_outside_loses_its_income() -> None:
    """£10m less from outside, £5m less cost: the system is £5m worse."""
    contracts = [contract("care", "fund", "hospital", "£100m")]
    resolved = one_hospital(contracts=contracts, schemes=[activity_scheme("s", "£10m", CARE)])
    assert central(resolved).saving.sum(axis=0)[1:, 0] == EXACT([-5] * 5)


def test_a_saving_net_to_the_system_removes_more_at_tariff() -> None:
    """£5m net at a release of 50% is £10m at tariff."""
    scheme = activity_scheme("s", "£5m", CARE, stated_as="net to the system")
    outcome = central(one_hospital(schemes=[scheme]))
    assert outcome.saving[:, 1, 0] == EXACT([10, -5])


def test_schemes_on_one_contract_act_on_what_the_others_leave() -> None:
    """10% and 20%: 1 − 0.9 × 0.8 = 28%, not 30%; the £2m of overlap is shared 1 : 2."""
    schemes = [activity_scheme("a", "£10m", CARE), activity_scheme("b", "£20m", CARE)]
    outcome = central(one_hospital(schemes=schemes))
    assert outcome.income[1, 1, 0] == EXACT(72)
    assert outcome.removed == EXACT(0.28)
    assert outcome.schemes is not None
    assert outcome.schemes.net[:, 1, 0] == EXACT([(10 - 2 / 3) / 2, (20 - 4 / 3) / 2])


def test_a_scheme_on_growing_activity_removes_less_of_it() -> None:
    """£10m of £110m is 9.09%: half of that part of the wards' £110m is £5m; τ = 1."""
    base = one_hospital()
    contracts = [
        base.book.contracts[0],
        contract("care", "ccg", "hospital", "£100m", demand="growth", growth="demand"),
    ]
    resolved = one_hospital(
        contracts=contracts,
        drivers=[driver("demand", {"path": {2016: 0.1, **dict.fromkeys(range(2017, 2021), 0.0)}})],
        schemes=[activity_scheme("s", "£10m", CARE)],
    )
    outcome = central(resolved)
    assert outcome.income[1, 1, 0] == EXACT(100)
    assert outcome.removed == EXACT(10 / 110)
    assert outcome.stranded_cost[1, 1, 0] == EXACT(5)


# When


def saved(**scheme: Any) -> list[float]:
    """Savings of a £12m scheme on £20m of prescribing, all of whose cost goes."""
    return own_savings(one_hospital(schemes=[activity_scheme("s", "£12m", PRESCRIBING, **scheme)]))


@pytest.mark.parametrize(
    ("ramp", "start", "slip", "expected"),
    [
        ({"shape": "step"}, "2016-04", "0 months", [12, 12, 12]),
        # Nine months late: three of twelve months.
        ({"shape": "step"}, "2016-04", "9 months", [3, 12, 12]),
        # From October, three months late: a quarter of the way by March, (1/4)² / 2 = 1/32 of the
        # year; then the rest of the triangle, (1 − 1/16) / 2, and three months in full.
        (
            {"shape": "linear", "over": "12 months"},
            "2016-10",
            "3 months",
            [12 / 32, 12 * (15 / 32) + 3, 12],
        ),
        # u = ½ at March: u³ − u⁴/2 = 3/32 of the year; then ½ − 3/32, and six months in full.
        ({"shape": "s-curve", "over": "12 months"}, "2016-10", "0 months", [9 / 8, 39 / 8 + 6, 12]),
        # 1 − (1 − u)²: ∫ = u² − u³/3, so 5/24 by March and 2/3 over its year.
        (
            {"shape": "front-loaded", "over": "12 months"},
            "2016-10",
            "0 months",
            [12 * 5 / 24, 12 * (2 / 3 - 5 / 24) + 6, 12],
        ),
        # u²: ∫ = u³/3.
        (
            {"shape": "back-loaded", "over": "12 months"},
            "2016-10",
            "0 months",
            [12 / 24, 12 * (1 / 3 - 1 / 24) + 6, 12],
        ),
        ({"shape": "by year", "levels": ["25%", "50%"]}, "2016-04", "0 months", [3, 6, 6]),
        ({"shape": "by year", "levels": ["25%", "50%"]}, "2016-04", "6 months", [1.5, 4.5, 6]),
        ({"shape": "step"}, "2016-04", "60 months", [0, 0, 0]),
    ],
)
def test_ramp_and_slip_by_the_month(
    ramp: dict[str, Any], start: str, slip: str, expected: list[float]
) -> None:
    found = saved(ramp=ramp, start=start, slip=slip)
    assert found[:4] == EXACT([0, *expected])


def test_what_slips_past_the_last_year_saves_nothing_in_it() -> None:
    assert saved(slip="60 months") == [0] * 6


def test_a_slow_ramp_to_27_million_sums_to_45() -> None:
    """£27m × (17% + 50% + 100%) = £45.09m over 2016/17–2020/21."""
    slow = {"shape": "by year", "levels": ["17%", "50%", "100%"]}
    lines = [line("prescribing", "ccg", "£100m")]
    scheme = activity_scheme("s", "£27m", PRESCRIBING, start="2018-04", ramp=slow)
    found = own_savings(one_hospital(lines=lines, schemes=[scheme]))
    assert found == EXACT([0, 0, 0, 4.59, 13.5, 27])
    assert round(sum(found), 1) == 45.1


def test_a_one_off_saving_whose_ramp_ends_gives_nothing_negative_after() -> None:
    ends = {"shape": "by year", "levels": ["100%", "0%"]}
    assert saved(ramp=ends, recurrent="0%") == EXACT([0, 12, 0, 0, 0, 0], abs=1e-12)
    # Half recurrent: what recurs goes with the ramp, and the one-off half is not paid back.
    assert saved(ramp=ends, recurrent="50%") == EXACT([0, 12, 0, 0, 0, 0], abs=1e-12)
    # Wholly one-off at a level that holds: in the year in which it is made.
    assert saved(recurrent="0%") == EXACT([0, 12, 0, 0, 0, 0], abs=1e-12)
    assert saved(recurrent="25%") == EXACT([0, 12, 3, 3, 3, 3])


def test_each_step_of_a_saving_stays_at_the_rate_delivered_when_it_was_made() -> None:
    """Steps of £6m at 50% and of £6m at 100%: 3, then 3 + 6; a later 0% changes nothing."""
    ramp = {"shape": "by year", "levels": ["50%", "100%"]}
    delivered = {"path": {2016: 0.5, 2017: 1.0, 2018: 0.0, 2019: 0.0, 2020: 0.0}}
    assert saved(ramp=ramp, delivered=delivered) == EXACT([0, 3, 9, 9, 9, 9])


def test_delivery_below_nothing_costs_money() -> None:
    """−50% of £12m: £6m more prescribing, and at the hospital the added activity in full."""
    assert saved(delivered="-50%") == EXACT([0, *[-6] * 5])
    scheme = activity_scheme("s", "£10m", CARE, delivered="-50%")
    outcome = central(one_hospital(schemes=[scheme]))
    assert outcome.saving[:, 1, 0] == EXACT([-5, 0], abs=1e-12)
    assert outcome.stranded_cost.max() == 0


def efficient(**scheme: Any) -> list[float]:
    rate = dict.fromkeys(range(2016, 2021), "2%")
    schemes = [efficiency_scheme("e", rate, {"organisation": "hospital"}, **scheme)]
    costs = central(one_hospital(schemes=schemes)).lines
    assert costs is not None
    return [float(cost) for cost in costs.costs[0, :, 0]]


def test_two_per_cent_a_year_compounds() -> None:
    assert efficient() == EXACT([100 * 0.98**t for t in range(6)])


def test_only_the_recurrent_part_of_an_efficiency_is_carried_on() -> None:
    """85% delivered of 2% is 1.7%; 74% of it, 1.258%, stays for later years."""
    expected = [100.0, *(100 * (1 - 0.01258) ** t * (1 - 0.017) for t in range(5))]
    assert efficient(delivered="85%", recurrent="74%") == EXACT(expected)


def test_efficiency_and_removal_act_on_one_cost_and_share_their_product() -> None:
    """£100m × 0.9 × (1 − 50% × 20%) = 81: of £19m, removal 10 × (1 + 0.9) ÷ 2, efficiency 9.5."""
    schemes = [
        activity_scheme("s", "£20m", CARE),
        efficiency_scheme("e", {2016: "10%"}, {"organisation": "hospital"}),
    ]
    outcome = central(one_hospital(schemes=schemes))
    assert outcome.lines is not None
    assert outcome.schemes is not None
    assert outcome.lines.costs[0, 1, 0] == EXACT(81)
    assert outcome.schemes.net[:, 1, 0] == EXACT([9.5, 9.5])
    # Stranded: the £10m not released, at the efficient cost.
    assert outcome.stranded_cost[1, 1, 0] == EXACT(9)


def test_costs_of_delivery_are_spent_by_those_who_pay_whatever_happens() -> None:
    """£2m + £1m once, £4m a year with the ramp; a quarter of it from a fund outside."""
    costs = {
        "one_off": {"2016/17": "£2m"},
        "double_running": {"2017/18": "£1m"},
        "running": "£4m",
        "paid_by": {"ccg": "50%", "hospital": "25%", "fund": "25%"},
    }
    never = activity_scheme(
        "s", "£10m", CARE, start="2016-10", costs=costs, chance="0%", delivered="0%"
    )
    resolved = one_hospital(schemes=[never])
    assert by_year(resolved, "cost_of_delivery", "ccg") == EXACT([0, 2, 2.5, 2, 2, 2])
    assert by_year(resolved, "cost_of_delivery", "hospital") == EXACT([0, 1, 1.25, 1, 1, 1])
    assert by_year(resolved, "position_before_risk_share", "ccg") == EXACT(
        [0, -2, -2.5, -2, -2, -2]
    )
    assert by_year(resolved, "saving", "ccg") == EXACT([0] * 6, abs=1e-12)


# Demand, prices and payment


CURVES = [curve("a", (1, 1, 4)), curve("b", (1, 1, 2))]
TOWN = people(
    {
        "town": {2015: (0, 80, 20), 2016: (0, 80, 30)},
        "village": {2015: (50, 50, 0), 2016: (70, 40, 0)},
    }
)


def grown(growth: Any, mix: Any, flow: dict[str, Any], **rest: Any) -> FloatArray:
    resolved = one_hospital(
        years=(2015, 2016),
        grown={"growth": growth, "from": 2015, "by": 2016, "variant": "made up", **rest},
        demand=Demand(curves=("a", "b"), mix="mix"),
        curves=CURVES,
        population=TOWN,
        drivers=[driver("mix", mix)],
        lines=[line("care", "ccg", "£100m", **flow)],
    )
    lines = central(resolved).lines
    assert lines is not None
    return lines.costs[0, 1, 0]


def test_demand_by_age_cost_and_by_headcount() -> None:
    """Town 100 → 110 people, weighted by curve a 160 → 200; by b 120 → 140; in all 200 → 220."""
    by_cost = {"demand": "population", "areas": ["town"]}
    by_head = {"demand": "headcount", "areas": ["town"]}
    both = {"demand": "headcount", "areas": ["town", "village"]}
    assert grown("outturn", "0%", by_cost) == EXACT(100 * 200 / 160)
    assert grown("outturn", "100%", by_cost) == EXACT(100 * 140 / 120)
    # Half and half: weights 1, 1, 3: 140 → 170.
    assert grown("outturn", "50%", by_cost) == EXACT(100 * 170 / 140)
    assert grown("outturn", "0%", by_head) == EXACT(110)
    assert grown("outturn", "0%", both) == EXACT(110)


def test_growth_moves_the_total_and_the_table_the_mix() -> None:
    """21% instead of 10% in all: every area's people by 1.21 / 1.10 more."""
    by_cost = {"demand": "population", "areas": ["town"]}
    assert grown("21%", "0%", by_cost) == EXACT(100 * 1.21 / 1.1 * 200 / 160)
    # Without ageing the shares of 2015 stay, of ages and of areas: headcount alone.
    assert grown("21%", "0%", by_cost, ageing="none") == EXACT(121)
    assert grown("outturn", "0%", by_cost, ageing="none") == EXACT(110)
    # 44% over two years is 20% in one.
    assert grown("44%", "0%", by_cost, ageing="none", by=2017) == EXACT(120)


def test_growth_and_price_indices_multiply_and_the_base_year_has_none() -> None:
    """£100m × 1.02 × 1.01 × 1.03, and squared the year after; the rate of 2015/16 is not used."""
    rates = {"real": 0.02, "more": 0.01, "price": {"path": {2015: 0.5, 2016: 0.03, 2017: 0.03}}}
    resolved = one_hospital(
        years=(2015, 2017),
        drivers=[driver(name, value) for name, value in rates.items()],
        lines=[
            line(
                "care", "ccg", "£100m",
                demand="growth", growth="real", non_demographic="more", price="price",
            )
        ],
    )  # fmt: skip
    lines = central(resolved).lines
    assert lines is not None
    yearly = 1.02 * 1.01 * 1.03
    assert lines.costs[0, :, 0] == EXACT([100 * yearly**t for t in range(3)])


def test_terms_change_by_year() -> None:
    """10% more activity a year at tariff to 2017/18, then the payer's people, who stay as many."""
    terms = {2015: {"form": "tariff"}, 2018: {"form": "capitated"}}
    resolved = system(
        grown={"growth": "outturn", "variant": "made up"},
        demand=Demand(curves=("a", "b"), mix="mix"),
        curves=CURVES,
        population=people({"town": dict.fromkeys(range(2015, 2021), (0, 80, 20))}),
        organisations=[
            organisation("ccg", "commissioner", areas=["town"]),
            organisation("hospital"),
        ],
        contracts=[
            contract(
                "care", "ccg", "hospital", "£100m",
                demand="growth", growth="activity", price="tariff", payment="terms",
            )
        ],
        drivers=[driver("activity", "10%"), driver("tariff", "1%"), driver("mix", "0%")],
        payments=[payment_terms("terms", terms)],
    )  # fmt: skip
    tariff = [100 * (1.1 * 1.01) ** t for t in range(3)]
    capitated = [100 * 1.01**t for t in range(3, 6)]
    assert by_year(resolved, "income", "hospital") == EXACT([*tariff, *capitated])


def test_capitation_follows_the_payers_weighted_people() -> None:
    """The town weighs 160 → 200 on curve a: a quarter more, whatever activity does."""
    resolved = system(
        years=(2015, 2016),
        grown={"growth": "outturn", "variant": "made up"},
        demand=Demand(curves=("a", "b"), mix="mix"),
        curves=CURVES,
        population=TOWN,
        drivers=[driver("mix", "0%"), driver("activity", "7%")],
        organisations=[
            organisation("ccg", "commissioner", areas=["town"]),
            organisation("hospital"),
        ],
        contracts=[
            contract(
                "care", "ccg", "hospital", "£80m",
                demand="growth", growth="activity", areas=["village"], payment="capitated",
            )
        ],
    )  # fmt: skip
    assert by_year(resolved, "income", "hospital") == EXACT([80, 100])


def test_a_line_follows_the_contracts_that_it_serves_by_value() -> None:
    """£60m of wards over contracts of 100 and 50, the second up 30%: 40 + 20 × 1.3."""
    resolved = one_hospital(
        contracts=[
            contract("care", "ccg", "hospital", "£100m"),
            contract("more", "fund", "hospital", "£50m", demand="growth", growth="more"),
            contract("other", "fund", "hospital", "£70m", service="other"),
        ],
        drivers=[driver("more", {"path": {2016: 0.3, **dict.fromkeys(range(2017, 2021), 0.0)}})],
        lines=[
            line("wards", "hospital", "£60m", demand="contracts"),
            line("estate", "hospital", "£22m", demand="contracts", service="all"),
        ],
    )
    lines = central(resolved).lines
    assert lines is not None
    assert lines.costs[:, 1, 0] == EXACT([40 + 20 * 1.3, 10 + 5 * 1.3 + 7])


# The rest of the ledger


def test_a_dispute_settles_at_the_agreed_value() -> None:
    contracts = [contract("care", "ccg", "hospital", "£100m", payer_value="£95m",
                          provider_value="£108m")]  # fmt: skip
    resolved = one_hospital(contracts=contracts)
    assert resolved.book.contracts[0].mismatch == EXACT(13)
    assert by_year(resolved, "income", "hospital") == EXACT([100] * 6)
    assert by_year(resolved, "expenditure", "ccg") == EXACT([120] * 6)


def test_unattributed_pressure_rises_in_equal_steps_and_stays() -> None:
    """£40m in 2019/20 is £10m a year from nothing; three quarters of it the hospital's."""
    held = {
        "unattributed": {
            "amount": "£40m", "in_year": "2019/20", "published_gap": "£40m",
            "shares": {"ccg": "25%", "hospital": "75%"}, "solved_in": "this system",
        }
    }  # fmt: skip
    rate = dict.fromkeys(range(2016, 2021), "2%")
    schemes = [efficiency_scheme("e", rate, {"organisation": "ccg"})]
    resolved = one_hospital(held=held, schemes=schemes)
    do_nothing = by_year(resolved, "position_do_nothing", "hospital")
    assert do_nothing == EXACT([0, -7.5, -15, -22.5, -30, -30])
    after = by_year(resolved, "position_before_risk_share", "hospital")
    assert after == EXACT(do_nothing)


def test_a_swing_moves_both_cases_alike_and_not_the_base_year() -> None:
    """2% of the £100m that the hospital is paid in the base year, in its favour."""
    resolved = one_hospital(
        organisations=[
            organisation("ccg", "commissioner"),
            organisation("hospital", shock="swing"),
        ],
        drivers=[driver("swing", "2%")],
        schemes=[activity_scheme("s", "£10m", CARE)],
    )
    assert by_year(resolved, "position_do_nothing", "hospital") == EXACT([0, *[2] * 5])
    after = by_year(resolved, "position_before_risk_share", "hospital")
    assert after == EXACT([0, *[2 - 5] * 5])


def test_bodies_outside_the_perimeter_are_shown_but_not_counted() -> None:
    outside = organisation("hospital", in_perimeter=False)
    resolved = one_hospital(
        organisations=[organisation("ccg", "commissioner"), outside],
        schemes=[activity_scheme("s", "£10m", CARE)],
    )
    plan = plan_of(resolved)
    outcome = evaluate(plan, central_inputs(plan), EVERYTHING)
    assert outcome.saving[:, 1, 0] == EXACT([10, -5])
    assert outcome.schemes is not None
    assert outcome.schemes.net[0, 1, 0] == EXACT(10)
    assert outcome.internal_contracts[:, 0] == EXACT([0] * 6)


def test_the_plan_case_has_every_scheme_in_full_and_on_time() -> None:
    uncertain = activity_scheme(
        "s", "£10m", CARE, chance="60%", delivered={"mean": 0.3, "sd": 0.2},
        slip={"low": "0 months", "high": "24 months"},
    )  # fmt: skip
    plan = plan_of(one_hospital(schemes=[uncertain]))
    planned = evaluate(plan, plan_inputs(plan))
    assert planned.saving[0, :, 0] == EXACT([0, *[10] * 5])
    # Central: chance × delivered × the mean ramp at the mean slip of a year.
    expected = evaluate(plan, central_inputs(plan))
    assert expected.saving[0, :, 0] == EXACT([0, 0, *[10 * 0.6 * 0.3] * 4])


def test_an_event_happens_or_does_not() -> None:
    scheme = activity_scheme("s", "£10m", CARE, chance="30%")
    plan = plan_of(one_hospital(schemes=[scheme]))
    x = draws_of(plan, 400)
    happened = row(plan, x, "schemes.s.happens")[0]
    assert set(happened.tolist()) == {0.0, 1.0}
    saving = evaluate(plan, x).saving[0, 1]
    assert saving == EXACT(10 * happened)


def test_organisations_without_contracts_or_lines_stand_at_nothing() -> None:
    resolved = system(organisations=[organisation("alone")], external=[external("other")])
    assert by_year(resolved, "position_before_risk_share", "alone") == [0] * 6
