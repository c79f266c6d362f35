"""Shipped control totals, funds, reserves and risk shares: they compile; every form is there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from finsim.book.arrangements import RiskShare, TotalsSet
from finsim.book.load import read_book
from finsim.book.model import Book, PaymentForm, PaymentTerms
from finsim.book.nodes import Listing, Mapping, Node
from finsim.book.quantities import financial_year
from finsim.book.sourced import Sourced
from finsim.book.typed import typed
from finsim.book.yaml_reader import parse_yaml
from finsim.economics import risk_share_terms as terms_of
from finsim.economics.control_totals import system_total
from finsim.economics.risk_share import check_settlement, settle
from finsim.simulation.arrangement import SAVINGS_LINES
from finsim.simulation.compile_arrangement import services
from finsim.simulation.resolve import Resolution, resolve

ROOT = Path(__file__).parents[2]
SCENARIOS = {path.name: path for path in sorted((ROOT / "scenarios").glob("*.yaml"))}
SCENARIO_OF = {"bhr": "bhr.yaml", "llr": "llr.yaml", "nel": "nel-offset-2017.yaml"}
BHR_SCENARIOS = [name for name in SCENARIOS if name.startswith("bhr")]
HOW_TO = ROOT / "docs" / "how-to-risk-shares.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL)
CCGS = {"bd_ccg", "havering_ccg", "redbridge_ccg"}
WIDEST_OPTION_NAME = 28


@cache
def book(name: str) -> Book:
    return typed(Book, read_book(ROOT / "assumptions" / name).tree)


@cache
def resolved(scenario: str, option: str | None = None, *sets: str) -> Resolution:
    return resolve(SCENARIOS[scenario], option, sets)


def option_names(scenario: str) -> list[str]:
    return list(resolved(scenario).resolved.scenario.options)


def bhr(*sets: str) -> Resolution:
    return resolved("bhr.yaml", None, *sets)


def named(section: str) -> list[tuple[str, str]]:
    """Every arrangement of a section, with the scenario whose book has it."""
    return [
        (scenario, item.id)
        for name, scenario in SCENARIO_OF.items()
        for item in getattr(book(name), section)
    ]


def risk_share(name: str) -> RiskShare:
    return next(share for share in book("bhr").risk_shares if share.id == name)


def term_names(share: RiskShare) -> list[str]:
    return [name for term in share.terms for name in term.model_fields_set]


def block_of(text: str) -> Mapping:
    return parse_yaml(text, HOW_TO.name)


def blocks_with(key: str) -> list[Mapping]:
    return [block for block in map(block_of, BLOCKS) if key in block]


def text_of(node: Node | None) -> str:
    return getattr(node, "text", "")


# every one compiles


@pytest.mark.parametrize(("scenario", "name"), named("control_totals"))
def test_control_totals_compile(scenario: str, name: str) -> None:
    arrangement = resolved(scenario, None, f"control_totals={name}").arrangement

    assert arrangement.in_system.any()
    assert np.isfinite(arrangement.totals[arrangement.in_system, 1:]).all()
    assert np.isnan(arrangement.totals[~arrangement.in_system]).all()


@pytest.mark.parametrize(("scenario", "name"), named("risk_shares"))
def test_risk_shares_compile_and_net_to_zero(scenario: str, name: str) -> None:
    resolution = resolved(scenario, None, f"risk_share={name}")
    terms, plan = resolution.arrangement.terms, resolution.plan
    chance = np.random.default_rng(1)
    variance = chance.normal(-5, 40, (len(plan.bodies.ids), len(plan.years), 50))
    basis = terms_of.Basis(
        organisations=plan.bodies.ids,
        years=tuple(map(str, plan.years)),
        income=chance.uniform(50, 500, variance.shape),
        weighted_population=plan.bodies.weighted_population,
        lines={
            line: chance.normal(2, 10, variance.shape)
            for line in (*SAVINGS_LINES, *services(resolution.resolved.book))
        },
    )
    settlement = settle(variance, terms, basis)

    assert settlement.transfer.any()
    assert check_settlement(settlement) < 1e-9


@pytest.mark.parametrize(("scenario", "name"), named("funds"))
def test_funds_compile(scenario: str, name: str) -> None:
    funding = resolved(scenario, None, f"sustainability_funding={name}").arrangement.funding

    assert funding is not None
    assert funding.offered[:, 0].sum() == 0
    assert (funding.offered[:, 1:].sum(axis=0) > 0).all()


def test_the_fund_is_the_national_share_of_trust_income() -> None:
    funding, bodies = bhr().arrangement.funding, bhr().plan.bodies
    assert funding is not None
    expected = (76.764 - 74.664) / 74.664 * bodies.turnover

    for body, offered, share in zip(bodies.ids, funding.offered[:, -1], expected, strict=True):
        assert offered == pytest.approx(share if body in {"bhrut", "nelft"} else 0, rel=0.01)


def test_reserves_are_held_in_two_years_and_lifted_in_2018() -> None:
    held = bhr("reserves=ccg_reserves").plan.reserved

    assert len(held) == len(CCGS)
    for reserve in held:
        assert reserve.uncommitted == pytest.approx([0, 0.01, 0.005, 0, 0, 0])
        assert reserve.contingency == pytest.approx([0, 0.005, 0.005, 0, 0, 0])


@pytest.mark.parametrize("scenario", SCENARIO_OF.values())
def test_every_option_of_a_book_resolves(scenario: str) -> None:
    for option in option_names(scenario):
        assert resolved(scenario, option).resolved.option == option
        assert len(option) <= WIDEST_OPTION_NAME


@pytest.mark.parametrize("scenario", BHR_SCENARIOS)
def test_every_bhr_scenario_has_totals_a_fund_and_the_options(scenario: str) -> None:
    arrangement = resolved(scenario).arrangement

    assert arrangement.name == "Organisational totals"
    assert arrangement.funding is not None
    assert set(option_names(scenario)) >= set(option_names("bhr.yaml"))


# control totals


def test_options_link_the_fund_to_the_system_as_they_say() -> None:
    links = {item.id: item.link_share for item in book("bhr").control_totals}

    assert links["organisational"] == 0
    assert links["half_linked"] == 0.5
    assert links["small_link"] == 0.15
    assert links["system"] == 1


def test_a_stretch_is_half_a_percent_of_income_above_central() -> None:
    stated, inside = bhr().arrangement.totals, bhr("control_totals=councils_inside").arrangement

    assert np.isnan(stated[[body.endswith("council") for body in bhr().plan.bodies.ids]]).all()
    assert np.isfinite(inside.totals[:, 1:]).all()
    nhs = ~np.isnan(stated)
    assert inside.totals[nhs] == pytest.approx(stated[nhs])


def test_closing_totals_end_in_balance() -> None:
    totals = bhr("control_totals=closing").arrangement.totals
    bhrut = totals[bhr().plan.bodies.ids.index("bhrut")]

    assert bhrut[1:] == pytest.approx([-24, -18, -12, -6, 0])
    assert np.nansum(totals[:, -1]) == pytest.approx(0)


def test_councils_that_count_at_their_legal_line_have_a_total_of_nil() -> None:
    totals = bhr("control_totals=councils_inside_balanced").arrangement.totals
    councils = [body.endswith("council") for body in bhr().plan.bodies.ids]

    assert np.abs(totals[councils, 1:]).max() == pytest.approx(0)


@pytest.mark.parametrize("name", SCENARIO_OF)
def test_offsets_net_to_zero(name: str) -> None:
    for stated in book(name).control_totals:
        for offsets in stated.offsets.values():
            assert sum(offsets.values()) == pytest.approx(0, abs=1e-9)


def test_nel_offsets_allow_bhr_10_2_and_leave_the_system_total() -> None:
    after = resolved("nel-offset-2017.yaml")
    before = resolved("nel-offset-2017.yaml", "before offsets").arrangement
    offsets = after.arrangement.totals[:, -1] - before.totals[:, -1]
    by_body = dict(zip(after.plan.bodies.ids, offsets, strict=True))

    assert sum(by_body[ccg] for ccg in CCGS) == pytest.approx(-10.2)
    assert sum(by_body[ccg] for ccg in set(by_body) - CCGS) == pytest.approx(10.2)
    for arrangement in (before, after.arrangement):
        total = system_total(arrangement.totals, arrangement.in_system)
        assert total[-1] == pytest.approx(0, abs=1e-9)


# forms


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("bhrut_ccgs_50_50", ["pool", "corridor", "shares"]),
        ("better_care_fund", ["fixed_line", "pool", "waterfall"]),
        ("keep_own_savings", ["fixed_line", "pool", "shares"]),
        ("gain_loss_share", ["pool", "shares", "cap"]),
        ("layered_protection", ["pool", "layered_protection"]),
        ("shared_savings", ["pool", "shared_savings"]),
        ("acute_corridor", ["pool", "corridor", "shares", "cap"]),
        ("proportional", ["pool", "shares"]),
        ("guarantor", ["pool", "shares", "guarantor"]),
    ],
)
def test_each_form_in_use_is_shipped_and_explained(name: str, terms: list[str]) -> None:
    assert term_names(risk_share(name)) == terms
    assert name in {text_of(block.get("id")) for block in blocks_with("terms")}


def test_payment_forms_in_use_are_shipped() -> None:
    payments = {item.id: list(item.by_year.values())[-1] for item in book("bhr").payments}

    assert payments["emergency_blended"].form == "blended"
    assert payments["emergency_blended"].marginal_rate == 0.2
    assert payments["emergency_break_glass"].break_glass is not None
    assert payments["emergency_marginal"].form == "marginal"
    assert payments["aligned_incentive"].form == "blended"
    assert payments["aligned_incentive"].marginal_rate == 0


def test_an_aligned_incentive_contract_guarantees_all_that_bhr_ccgs_pay_bhrut() -> None:
    contracts = resolved("bhr-aligned-incentive.yaml").resolved.book.contracts
    paid = {c.payment for c in contracts if c.provider == "bhrut" and c.payer in CCGS}

    assert paid == {"aligned_incentive"}


def test_50_50_gives_bhrut_half_of_30_and_leaves_the_rest() -> None:
    resolution = bhr("risk_share=bhrut_ccgs_50_50")
    ids = resolution.plan.bodies.ids
    shape = (len(ids), len(resolution.plan.years), 1)
    savings = np.zeros(shape)
    savings[ids.index("bhrut")] = 20
    savings[ids.index("redbridge_ccg")] = 60
    basis = terms_of.Basis(
        organisations=ids,
        years=tuple(map(str, resolution.plan.years)),
        income=np.ones(shape),
        weighted_population=None,
        lines={"savings against central": savings},
    )
    transfer = settle(np.zeros(shape), resolution.arrangement.terms, basis).transfer[..., 0]

    assert transfer[:, :3] == pytest.approx(0)
    # £30m of the £80m is pooled, in proportion to who saved it; half of it falls to BHRUT.
    assert transfer[ids.index("bhrut"), 3:] == pytest.approx(15 - 20 * 30 / 80)
    assert transfer[ids.index("redbridge_ccg"), -1] == pytest.approx(30 * 0.1986 - 60 * 30 / 80)


def test_what_is_illustrative_says_what_would_replace_it() -> None:
    for name in SCENARIO_OF:
        shipped = book(name)
        stated: list[Sourced] = [
            *shipped.totals, *shipped.control_totals, *shipped.funds, *shipped.funding_rules,
            *shipped.reserves, *shipped.risk_shares, *shipped.all_drivers(), *shipped.organisations,
            *shipped.lines, *shipped.contracts,
        ]  # fmt: skip
        for item in stated:
            assert item.standing != "illustrative" or item.replace_with
    for item in (*book("bhr").totals, *book("bhr").funds, *book("bhr").risk_shares):
        assert item.standing == "illustrative"


# the how-to


@pytest.mark.parametrize("block", blocks_with("terms"), ids=lambda block: text_of(block.get("id")))
def test_an_example_of_the_how_to_is_the_shipped_one(block: Mapping) -> None:
    shipped = risk_share(text_of(block.get("id")))
    sourced = parse_yaml("name: n\nsource: s\nstanding: published\nas_at: t", HOW_TO.name)

    written = typed(RiskShare, Mapping({**sourced.entries, **block.entries}, block.place))

    assert written.terms == shipped.terms


@pytest.mark.parametrize(
    "block", blocks_with("by_year"), ids=lambda block: text_of(block.get("id"))
)
def test_a_payment_of_the_how_to_is_the_shipped_one(block: Mapping) -> None:
    name = text_of(block.get("id"))
    shipped = next(item for item in book("bhr").payments if item.id == name)
    sourced = parse_yaml("name: n\nsource: s\nstanding: published\nas_at: t", HOW_TO.name)

    written = typed(PaymentTerms, Mapping({**sourced.entries, **block.entries}, block.place))

    assert written.by_year == shipped.by_year


def test_every_other_block_of_the_how_to_can_be_set() -> None:
    for block in blocks_with("risk_share"):
        chosen = block.get("risk_share")
        if isinstance(chosen, Listing):
            words = [text_of(item) for item in chosen.items]
            stated = resolved("llr.yaml").resolved.scenario
            assert (stated.control_totals, list(stated.risk_share)) == ("system", words)
            continue
        sets = [f"{key}={text_of(node)}" for key, node in block.entries.items()]
        assert bhr(*sets).arrangement.terms
    kinds = ("terms", "by_year", "risk_share", "totals", "changes")
    assert len(BLOCKS) == sum(map(len, map(blocks_with, kinds)))


@pytest.mark.parametrize("block", blocks_with("totals"), ids=lambda block: text_of(block.get("id")))
def test_a_set_of_totals_of_the_how_to_is_the_shipped_one(block: Mapping) -> None:
    name = text_of(block.get("id"))
    shipped = next(item for item in book("llr").totals if item.id == name)
    sourced = parse_yaml("name: n\nsource: s\nstanding: published\nas_at: t", HOW_TO.name)

    written = typed(TotalsSet, Mapping({**sourced.entries, **block.entries}, block.place))

    assert written.totals == shipped.totals


@pytest.mark.parametrize("block", blocks_with("changes"))
def test_a_change_of_the_how_to_is_what_the_option_makes(block: Mapping) -> None:
    option = resolved("llr.yaml", "aligned incentive").resolved
    payments = block.entries["changes"].entries["payments"].entries  # type: ignore[attr-defined]
    for name, fields in payments.items():
        terms = next(item for item in option.book.payments if item.id == name)
        for year, stated in fields.entries["by_year"].entries.items():
            assert terms.by_year[financial_year(year)] == typed(PaymentForm, stated)
