"""LLR's book: parties and partners, totals that tie, networks on every line, sources on all."""

from __future__ import annotations

from pathlib import Path

import pytest

from finsim.book.areas import parts_of_areas
from finsim.book.load import read_book
from finsim.book.model import Book
from finsim.book.sourced import Sourced
from finsim.book.typed import typed
from finsim.book.validate import cross_check
from finsim.scenario.layers import base, file_layers, overlay
from finsim.scenario.model import Scenario

ROOT = Path(__file__).parents[2]
CCGS = ("lc_ccg", "elr_ccg", "wl_ccg")
PARTIES = (*CCGS, "uhl", "lpt")
COUNCILS = ("leicester_council", "county_council", "rutland_council")
PARTNERS = (*COUNCILS, "emas", "dhu")
SCENARIOS = sorted(path.name for path in (ROOT / "scenarios").glob("llr*.yaml"))
NETWORKS = {
    "urgent and emergency",
    "planned and cancer",
    "mental health and learning disability",
    "integrated teams",
    "home first",
    "children and maternity",
    "general practice",
}
EXACT = 1e-9


@pytest.fixture(scope="module")
def llr() -> Book:
    tree = read_book(ROOT / "assumptions" / "llr").tree
    shipped = typed(Book, tree)
    assert cross_check(shipped, tree) == []
    return shipped


def paid(book: Book, payers: tuple[str, ...], providers: tuple[str, ...]) -> float:
    return sum(
        contract.baseline
        for contract in book.contracts
        if contract.payer in payers and contract.provider in providers
    )


def own_cost(book: Book, body: str) -> float:
    return sum(line.baseline for line in book.lines if line.organisation == body)


def test_parties_are_the_perimeter_and_partners_stand_beside(llr: Book) -> None:
    inside = {body.id: body.in_perimeter for body in llr.organisations}
    roles = {body.id: body.role for body in llr.organisations}

    assert inside == {**dict.fromkeys(PARTIES, True), **dict.fromkeys(PARTNERS, False)}
    assert roles == {**dict.fromkeys(PARTIES, "party"), **dict.fromkeys(PARTNERS, "partner")}


def test_every_value_says_where_it_comes_from(llr: Book) -> None:
    sections = (
        "organisations", "external", "lines", "contracts", "drivers", "dependence", "payments",
        "schemes", "totals", "control_totals", "funds", "risk_shares", "networks", "localities",
        "budgets", "comparisons",
    )  # fmt: skip
    for section in sections:
        items: tuple[Sourced, ...] = getattr(llr, section)
        assert items, section
        for item in items:
            assert item.source and item.as_at  # noqa: PT018
            assert item.standing != "illustrative" or item.replace_with


def test_only_what_was_read_is_called_published(llr: Book) -> None:
    for section in ("lines", "schemes", "totals", "control_totals", "funds", "risk_shares"):
        assert {item.standing for item in getattr(llr, section)} == {"illustrative"}
    published = {c.id: c.standing for c in llr.contracts if c.standing != "illustrative"}
    assert published == {"lc_ccg_allocation": "derived"}
    assert {item.standing for item in llr.comparisons} == {"published"}


def test_allocations_are_1343_shared_by_population(llr: Book) -> None:
    people = {row.area: sum(row.people) for row in llr.population.rows if row.year == 2015}
    served = {
        body.id: sum(people[area] * part for area, part in parts_of_areas(body.areas).items())
        for body in llr.organisations
        if body.id in CCGS
    }

    assert sum(served.values()) == pytest.approx(1_059_406)
    for ccg in CCGS:
        allocation = paid(llr, ("nhs_england",), (ccg,))
        assert allocation == pytest.approx(1343 * served[ccg] / 1_059_406, abs=0.001)
    assert paid(llr, ("nhs_england",), CCGS) == pytest.approx(1343, abs=EXACT)


def test_population_totals(llr: Book) -> None:
    def people(year: int, variant: str) -> float:
        rows = llr.population.rows
        return sum(sum(r.people) for r in rows if (r.year, r.variant) == (year, variant))

    assert people(2015, "ONS mid-year estimate") == 1_059_406
    assert people(2020, "ONS mid-year estimate") == 1_115_086
    assert people(2031, "ONS 2018-based principal") == 1_216_692


def test_population_growth_is_that_of_the_projections(llr: Book) -> None:
    """Low, principal and high variants of 2031 over the estimate of 2016."""
    (layer,) = file_layers(ROOT / "scenarios" / "llr.yaml")
    population = typed(Scenario, layer.tree).population
    assert population is not None

    stated = population.growth.model_dump()  # type: ignore[union-attr]

    published = {"low": 1_178_794, "mode": 1_216_692, "high": 1_248_916}
    for name, people in published.items():
        assert stated[name] == pytest.approx(people / 1_073_923 - 1, abs=0.0006)


@pytest.mark.parametrize(
    ("cost_type", "share"),
    [("pay", 65.44), ("drugs", 8.17), ("capital", 4.76), ("other", 21.63)],
)
def test_uhl_costs_are_in_the_national_shares(llr: Book, cost_type: str, share: float) -> None:
    lines = (line for line in llr.lines if line.organisation == "uhl")
    cost = sum(line.baseline for line in lines if line.cost_type == cost_type)

    assert cost == pytest.approx(own_cost(llr, "uhl") * share / 100, abs=0.01)


def test_only_uhl_opens_in_deficit(llr: Book) -> None:
    everybody = tuple(body.id for body in (*llr.organisations, *llr.external))
    for body in (*PARTIES, *PARTNERS):
        position = paid(llr, everybody, (body,)) - paid(llr, (body,), everybody)
        position -= own_cost(llr, body)
        assert position == pytest.approx(-25 if body == "uhl" else 0, abs=EXACT), body


def test_a_local_share_is_the_income_from_llr(llr: Book) -> None:
    everybody = tuple(body.id for body in (*llr.organisations, *llr.external))
    for body in llr.organisations:
        if body.id in {"uhl", "lpt"}:
            local = paid(llr, (*CCGS, *COUNCILS), (body.id,))
            assert body.local_share == pytest.approx(
                local / paid(llr, everybody, (body.id,)), abs=0.0005
            )


def test_social_care_costs_294_pounds_a_head(llr: Book) -> None:
    ages = ("older people", "younger adults")
    costs = [sum(line.baseline for line in llr.lines if line.pathway == age) for age in ages]

    assert sum(costs) == pytest.approx(294 * 1_059_406 / 1e6, abs=0.015)
    assert costs[0] / costs[1] == pytest.approx(7.2 / 8.9, abs=0.001)


def test_every_line_and_contract_has_its_tags(llr: Book) -> None:
    without = {"corporate", "income"}
    for flow in (*llr.lines, *llr.contracts):
        assert flow.service, flow.id
        assert flow.pathway, flow.id
        if flow.pathway not in without and flow.service != "public_health_other":
            assert flow.network in NETWORKS, flow.id
    named = {network.name.casefold() for network in llr.networks}
    assert named == NETWORKS


def test_eleven_localities_in_three_groups(llr: Book) -> None:
    groups = [place.group for place in llr.localities]

    assert {group: groups.count(group) for group in groups} == {
        "Leicester City": 4,
        "East Leicestershire and Rutland": 3,
        "West Leicestershire": 4,
    }


def test_localities_have_the_people_of_their_ccg(llr: Book) -> None:
    holders = {"Leicester City": "lc_ccg", "West Leicestershire": "wl_ccg"}
    total = sum(place.people.get("leicestershire", 0.0) for place in llr.localities)
    for place in llr.localities:
        holder = holders.get(str(place.group), "elr_ccg")
        assert place.held_by == {holder: 1.0}
    for ccg, part in (("elr_ccg", 0.43), ("wl_ccg", 0.57)):
        mine = [place for place in llr.localities if ccg in place.held_by]
        people = sum(place.people.get("leicestershire", 0.0) for place in mine)
        assert people / total == pytest.approx(part)


def test_names_fit_a_table(llr: Book) -> None:
    for named in (*llr.organisations, *llr.external, *llr.schemes):
        assert len(named.name) <= 34, named.name


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_fits_its_book(name: str) -> None:
    layers = file_layers(ROOT / "scenarios" / name)
    merged = base(layers)
    for layer in layers:
        merged = overlay(merged, layer)
    scenario, changed = typed(Scenario, merged.scenario), typed(Book, merged.book)

    assert cross_check(changed, merged.book) == []
    assert set(scenario.schemes) <= {scheme.theme for scheme in changed.schemes}
    assert len(scenario.notes) == 3
    stands_alone = name in {"llr.yaml", "llr-2014-plan.yaml"}
    assert stands_alone != ("extends" in layers[-1].tree)
