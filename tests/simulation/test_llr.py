"""LLR: the same engine, other data. What its scenarios must show."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from finsim.analysis.observe import settled_rows
from finsim.economics.control_totals import system_total
from finsim.simulation.arrangement import Settled, settled
from finsim.simulation.cases import central_inputs
from finsim.simulation.comparisons import compared
from finsim.simulation.evaluate import Outcome, evaluate
from finsim.simulation.pressure import central_do_nothing_gap, gap_of
from finsim.simulation.resolve import Resolution, resolve
from finsim.simulation.run import units
from finsim.simulation.warnings import warnings_of
from finsim.uncertainty.point_sets import Design

FloatArray = NDArray[np.float64]
SCENARIOS = Path(__file__).parents[2] / "scenarios"
PARTIES = ("lc_ccg", "elr_ccg", "wl_ccg", "uhl", "lpt")
PUBLISHED_2014 = {
    "providers": 190.0,
    "wl_ccg": 51.0,
    "elr_ccg": 46.0,
    "lc_ccg": 41.0,
    "county_council": 51.0,
    "leicester_council": 16.5,
    "rutland_council": 2.0,
}
EXACT = 1e-9
LINES = frozenset({"lines"})
OPTIONS = list(resolve(SCENARIOS / "llr.yaml").resolved.scenario.options)


@cache
def llr(variant: str = "", option: str | None = None) -> Resolution:
    return resolve(SCENARIOS / f"llr{variant}.yaml", option)


@cache
def drawn(option: str | None = None) -> tuple[Outcome, Settled]:
    resolution = llr("", option)
    x = next(units(resolution.plan, Design("latin hypercube", 256, 3), 0))
    outcome = evaluate(resolution.plan, x, frozenset({"lines"}))
    return outcome, settled(resolution.plan, resolution.arrangement, outcome, x)


def rows(*bodies: str) -> list[int]:
    ids = llr().plan.bodies.ids
    return [ids.index(body) for body in bodies]


def largest_sum(values: FloatArray) -> float:
    return float(np.abs(values.sum(axis=0)).max())


def test_the_published_gap_is_met() -> None:
    assert central_do_nothing_gap(llr().plan)[-1] == pytest.approx(399.3, abs=EXACT)


@pytest.mark.parametrize("option", OPTIONS)
def test_the_perimeter_is_the_same_under_every_option(option: str) -> None:
    bodies = llr("", option).plan.bodies

    assert [body for body, inside in zip(bodies.ids, bodies.in_perimeter, strict=True) if inside]
    assert tuple(np.array(bodies.ids)[bodies.in_perimeter]) == PARTIES
    assert central_do_nothing_gap(llr("", option).plan)[-1] == pytest.approx(399.3, abs=EXACT)


@pytest.mark.parametrize("option", [None, *OPTIONS])
def test_transfers_of_parties_and_of_partners_each_net_to_zero(option: str | None) -> None:
    _, found = drawn(option)
    parties = rows(*PARTIES)

    assert largest_sum(found.transfer_among_parties[parties]) < EXACT
    assert not np.delete(found.transfer_among_parties, parties, axis=0).any()
    assert largest_sum(found.transfer_with_partners) < EXACT
    np.testing.assert_allclose(
        found.transfer_among_parties + found.transfer_with_partners, found.transfer, atol=EXACT
    )
    if option != "section 75":
        assert not found.transfer_with_partners[parties].any()


def test_partners_move_money_of_their_own() -> None:
    _, found = drawn()

    assert np.abs(found.transfer_with_partners).max() > 0.05
    assert np.abs(found.transfer_among_parties).max() > 5


def test_no_risk_share_can_be_chosen() -> None:
    found = resolve(SCENARIOS / "llr.yaml", None, ["risk_share=none"])

    assert found.resolved.scenario.risk_share == ()
    assert found.arrangement.agreements == ()


def test_the_two_kinds_of_transfer_are_rows_where_there_are_partners() -> None:
    bhr = resolve(SCENARIOS / "bhr.yaml")
    found = {row.measure for row in settled_rows(llr().plan, llr().arrangement)}
    without = {row.measure for row in settled_rows(bhr.plan, bhr.arrangement)}

    assert found - without == {"transfer_among_parties", "transfer_with_partners"}
    assert without <= found


def test_a_section_75_pool_crosses_the_perimeter() -> None:
    _, found = drawn("section 75")
    crossing = found.transfer_with_partners[rows(*PARTIES)].sum(axis=0)

    assert np.abs(crossing[-1]).max() > 0.5
    assert crossing[-1].mean() > 0.1


def test_an_allocation_keeps_the_system_total() -> None:
    stated, allocated = llr().arrangement, llr("", "allocative").arrangement

    np.testing.assert_allclose(
        system_total(allocated.totals, allocated.in_system)[1:],
        system_total(stated.totals, stated.in_system)[1:],
        atol=1e-8,
    )
    assert (
        np.abs(allocated.totals - stated.totals)[:, -1].max(initial=0, where=stated.in_system) > 1
    )


def test_an_allocated_total_is_the_same_for_each_weighted_head() -> None:
    arrangement, people = llr("", "allocative").arrangement, llr().plan.bodies.weighted_population
    assert people is not None
    ccgs = rows("lc_ccg", "elr_ccg", "wl_ccg")
    a_head = arrangement.totals[ccgs, 1:] / people[ccgs, 1:]

    np.testing.assert_allclose(a_head, np.broadcast_to(a_head[:1], a_head.shape))


def contracts_of_uhl(outcome: Outcome) -> FloatArray:
    book = llr().resolved.book
    chosen = [
        n
        for n, contract in enumerate(book.contracts)
        if contract.provider == "uhl" and contract.payment.startswith("uhl_")
    ]
    assert len(chosen) == 24
    assert outcome.lines is not None
    return outcome.lines.contracts[chosen]


@pytest.mark.parametrize("option", ["aligned incentive", "allocative and aligned"])
def test_an_aligned_incentive_guarantees_income_and_shares_growth(option: str) -> None:
    """Against the income at expected activity: never less, and half of what tariff adds."""
    plan, tariff = llr("", option).plan, llr("", "own totals").plan
    x = next(units(plan, Design("latin hypercube", 256, 3), 0))
    year = plan.years.index(2018)
    paid = contracts_of_uhl(evaluate(plan, x, LINES))[:, year]
    at_tariff = contracts_of_uhl(evaluate(tariff, x, LINES))[:, year]
    expected = contracts_of_uhl(evaluate(tariff, central_inputs(tariff), LINES))[:, year]
    # expected activity at the tariff of the draw
    guaranteed = expected * tariff_index(x, year) / tariff_index(central_inputs(tariff), year)

    less, more = at_tariff < guaranteed, at_tariff > guaranteed
    assert less.mean() > 0.2
    assert more.mean() > 0.2
    np.testing.assert_allclose(paid[less], guaranteed[less])
    np.testing.assert_allclose(paid[more], ((guaranteed + at_tariff) / 2)[more])


def tariff_index(x: FloatArray, year: int) -> FloatArray:
    """[draw]: the tariff of a year over that of the base year."""
    index: FloatArray = np.prod(1 + x[llr().plan.inputs.position("tariff"), 1 : year + 1], axis=0)
    return index


def test_a_payment_form_does_not_move_the_system() -> None:
    tariff, aligned = drawn()[0], drawn("aligned incentive")[0]
    inside = llr().plan.bodies.in_perimeter

    np.testing.assert_allclose(
        aligned.position_before_risk_share[inside].sum(axis=0),
        tariff.position_before_risk_share[inside].sum(axis=0),
        atol=1e-8,
    )
    uhl = rows("uhl")
    assert np.abs(aligned.income[uhl] - tariff.income[uhl]).max() > 1


def test_ageing_raises_the_gap_of_llr_and_lowers_that_of_bhr() -> None:
    bhr = resolve(SCENARIOS / "bhr.yaml"), resolve(SCENARIOS / "bhr-no-ageing.yaml")
    with_ageing, without = (central_do_nothing_gap(item.plan)[-1] for item in bhr)
    assert with_ageing < without

    assert (
        central_do_nothing_gap(llr().plan)[-1]
        > central_do_nothing_gap(llr("-no-ageing").plan)[-1] + 10
    )


def test_variants_inherit_the_solved_pressure() -> None:
    stated = llr().resolved.held.unattributed
    assert stated is not None
    for variant in ("-ons-outturn", "-no-ageing"):
        assert llr(variant).resolved.held.unattributed == stated
    assert llr("-public-drivers").resolved.held.unattributed is None
    moved = llr("-pressure-as-2014")
    assert central_do_nothing_gap(moved.plan)[-1] == pytest.approx(399.3, abs=EXACT)


def test_uhl_opens_plausibly() -> None:
    for item in llr().resolved.book.comparisons:
        assert compared(llr().plan, item).within, item.id
    assert warnings_of(llr().plan) == []


@pytest.mark.parametrize("body", PUBLISHED_2014)
def test_the_split_of_2014_is_met_by_organisation(body: str) -> None:
    plan = llr("-2014-plan").plan
    position = evaluate(plan, central_inputs(plan)).position_do_nothing[:, :, 0]

    assert gap_of(plan, body, position)[-1] == pytest.approx(PUBLISHED_2014[body], abs=EXACT)


def test_the_plan_of_2014_has_its_own_scope_and_year() -> None:
    early = llr("-2014-plan")
    held = early.resolved.held.unattributed
    assert held is not None

    assert held.published_gap == pytest.approx(397.5)
    assert early.plan.years[-1] == 2018
    beside = np.array(early.plan.bodies.ids)[~early.plan.bodies.in_perimeter]
    assert set(beside) == {"emas", "dhu"}
