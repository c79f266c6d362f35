"""The shipped books: they load, their totals tie, and every value says what it is worth."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from finsim.book.load import read_book
from finsim.book.model import Book
from finsim.book.schemes import ActivityScheme, CumulativeSaving
from finsim.book.sourced import Sourced
from finsim.book.typed import typed
from finsim.book.validate import cross_check
from finsim.scenario.layers import base, file_layers, overlay
from finsim.scenario.model import Scenario

ROOT = Path(__file__).parents[2]
BOOKS = ("bhr", "nuffield")
CCGS = ("bd_ccg", "havering_ccg", "redbridge_ccg")
COUNCILS = ("bd_council", "havering_council", "redbridge_council")
INTERVENTIONS = ("prevention", "person pathways", "integrated pathways")
BHR_SCENARIOS = sorted(path.name for path in (ROOT / "scenarios").glob("bhr*.yaml"))
EXACT = 1e-9


def book(name: str) -> Book:
    return typed(Book, read_book(ROOT / "assumptions" / name).tree)


@pytest.fixture(scope="module")
def bhr() -> Book:
    return book("bhr")


def sourced(shipped: Book) -> Iterator[Sourced]:
    for section in (
        shipped.organisations,
        shipped.external,
        shipped.lines,
        shipped.contracts,
        shipped.curves,
        shipped.all_drivers(),
        shipped.dependence,
        shipped.payments,
        shipped.schemes,
    ):
        yield from section


def paid(shipped: Book, payers: tuple[str, ...], provider: str) -> float:
    return sum(
        contract.baseline
        for contract in shipped.contracts
        if contract.payer in payers and contract.provider == provider
    )


def opening_position(shipped: Book, body: str) -> float:
    contracts = shipped.contracts
    income = sum(contract.baseline for contract in contracts if contract.provider == body)
    paid_out = sum(contract.baseline for contract in contracts if contract.payer == body)
    return income - paid_out - own_cost(shipped, body)


def own_cost(shipped: Book, body: str) -> float:
    return sum(line.baseline for line in shipped.lines if line.organisation == body)


def table(path: str) -> dict[str, list[float]]:
    with (ROOT / "assumptions" / path).open(encoding="utf-8") as file:
        _, *rows = csv.reader(file)
    return {row[0]: [float(cell or "nan") for cell in row[1:]] for row in rows}


@pytest.mark.parametrize("name", BOOKS)
def test_book_loads_without_a_problem(name: str) -> None:
    tree = read_book(ROOT / "assumptions" / name).tree

    assert cross_check(typed(Book, tree), tree) == []


@pytest.mark.parametrize("name", BOOKS)
def test_every_value_says_where_it_comes_from(name: str) -> None:
    for value in sourced(book(name)):
        assert value.source
        assert value.as_at
        assert value.standing != "illustrative" or value.replace_with


def test_a_spread_about_a_published_centre_is_labelled_illustrative(bhr: Book) -> None:
    for driver in bhr.all_drivers():
        is_spread = not isinstance(driver.value, float) and (
            getattr(driver.value, "around", True) is not None
        )
        if driver.standing != "illustrative" and is_spread:
            assert driver.spread_standing == "illustrative", driver.id
            assert driver.rests_on_judgement
            assert "spread is illustrative" in (driver.note or ""), driver.id
            assert driver.replace_with, driver.id


def test_names_fit_a_table(bhr: Book) -> None:
    for named in (*bhr.organisations, *bhr.external, *bhr.schemes):
        assert len(named.name) <= 34, named.name


def test_bhr_has_eight_organisations_and_real_detail(bhr: Book) -> None:
    assert {body.id for body in bhr.organisations} == {*CCGS, *COUNCILS, "bhrut", "nelft"}
    assert len(bhr.lines) > 100
    assert len(bhr.contracts) > 100


@pytest.mark.parametrize(("trust", "published"), [("bhrut", 505.0), ("nelft", 330.0)])
def test_a_trust_spends_its_published_budget(bhr: Book, trust: str, published: float) -> None:
    assert own_cost(bhr, trust) == pytest.approx(published, abs=EXACT)


@pytest.mark.parametrize(
    ("cost_type", "share"),
    [("pay", 65.44), ("drugs", 8.17), ("capital", 4.76), ("other", 21.63)],
)
def test_bhrut_costs_are_in_the_national_shares(bhr: Book, cost_type: str, share: float) -> None:
    lines = (line for line in bhr.lines if line.organisation == "bhrut")
    cost = sum(line.baseline for line in lines if line.cost_type == cost_type)

    assert cost == pytest.approx(505 * share / 100, abs=0.005)


def test_ccg_allocations_are_961_shared_by_population(bhr: Book) -> None:
    allocations = {ccg: paid(bhr, ("nhs_england",), ccg) for ccg in CCGS}
    people = {row.area: sum(row.people) for row in bhr.population.rows if row.year == 2015}
    area_of = {body.id: body.areas[0] for body in bhr.organisations}

    assert sum(allocations.values()) == pytest.approx(961, abs=EXACT)
    for ccg, allocation in allocations.items():
        assert allocation == pytest.approx(961 * people[area_of[ccg]] / 757_920, abs=0.001)


def test_the_starting_split_of_the_ccgs_ties(bhr: Book) -> None:
    outside = [body.id for body in bhr.external]

    assert paid(bhr, CCGS, "bhrut") == pytest.approx(330, abs=EXACT)
    assert paid(bhr, CCGS, "nelft") == pytest.approx(170, abs=EXACT)
    assert sum(paid(bhr, CCGS, body) for body in outside) == pytest.approx(190, abs=EXACT)
    assert sum(paid(bhr, CCGS, body) for body in COUNCILS) == pytest.approx(45, abs=EXACT)


def test_only_bhrut_opens_in_deficit(bhr: Book) -> None:
    for body in bhr.organisations:
        expected = -30.0 if body.id == "bhrut" else 0.0
        assert opening_position(bhr, body.id) == pytest.approx(expected, abs=EXACT), body.id


def test_a_local_share_is_the_income_from_bhr(bhr: Book) -> None:
    for body in bhr.organisations[-2:]:
        income = sum(c.baseline for c in bhr.contracts if c.provider == body.id)
        local = paid(bhr, (*CCGS, *COUNCILS), body.id)
        assert body.local_share == pytest.approx(local / income, abs=0.0005)


def test_social_care_costs_294_pounds_a_head(bhr: Book) -> None:
    ages = ("older people", "younger adults")
    costs = [
        sum(line.baseline for line in bhr.lines if line.pathway == age and "council" in line.id)
        for age in ages
    ]

    assert sum(costs) == pytest.approx(294 * 757_920 / 1e6, abs=0.015)
    assert costs[0] / costs[1] == pytest.approx(7.2 / 8.9, abs=0.001)


def test_the_eleven_interventions_save_27_million(bhr: Book) -> None:
    chosen = [scheme for scheme in bhr.schemes if scheme.theme in INTERVENTIONS]

    assert len(chosen) == 11
    assert sum(s.saving for s in chosen if isinstance(s, ActivityScheme)) == pytest.approx(27)


def test_the_locality_model_saves_45_million_over_five_years(bhr: Book) -> None:
    saving = next(s.saving for s in bhr.schemes if s.id == "locality_model")

    assert saving == CumulativeSaving(cumulative="£45m", over="2016/17 to 2020/21")


def test_qipp_is_25_million_new_each_year(bhr: Book) -> None:
    qipp = [scheme for scheme in bhr.schemes if scheme.theme == "QIPP"]

    assert sum(scheme.saving for scheme in qipp) == pytest.approx(125)
    assert {scheme.ramp.levels for scheme in qipp} == {(0.2, 0.4, 0.6, 0.8, 1.0)}


def test_population_totals(bhr: Book) -> None:
    def people(year: int, variant: str) -> float:
        rows = bhr.population.rows
        return sum(sum(r.people) for r in rows if (r.year, r.variant) == (year, variant))

    assert people(2015, "ONS mid-year estimate") == 757_920
    assert people(2020, "ONS mid-year estimate") == 792_887
    assert people(2031, "ONS 2018-based principal") == pytest.approx(812_696, abs=3)


def test_three_streams_of_allocations_sum_to_the_sub_total() -> None:
    streams = table("national/data/national_allocations.csv")
    total = streams.pop("Place-based sub-total")

    assert [sum(year) for year in zip(*streams.values(), strict=True)] == total


def test_allocation_growth_is_that_of_the_table(bhr: Book) -> None:
    streams = table("national/data/national_allocations.csv")
    growth = {
        driver.id: driver.value.path for driver in bhr.national_drivers if "alloc" in driver.id
    }

    for stream, driver in (
        ("CCG", "ccg_allocation"),
        ("Primary medical", "primary_medical_allocation"),
        ("Specialised", "specialised_allocation"),
    ):
        level = streams[stream][0]
        for rate, published in zip(growth[driver].values(), streams[stream][1:], strict=True):
            level *= 1 + rate
            assert level == pytest.approx(published, abs=0.01)


def test_inflation_weights_give_the_published_overall(bhr: Book) -> None:
    rates = table("national/data/provider_cost_inflation.csv")
    overall = rates.pop("Overall (published)")
    factor = rates.pop("Efficiency factor")
    tariff = next(driver.value for driver in bhr.national_drivers if driver.id == "tariff")

    for year in range(5):
        weighted = sum(row[year] * row[-1] / 100 for row in rates.values())
        assert weighted == pytest.approx(overall[year], abs=0.1)
        published = (overall[year] - factor[year]) / 100
        assert tariff.path[2016 + year] == pytest.approx(published, abs=1e-12)


def test_provider_inflation_is_that_of_the_table(bhr: Book) -> None:
    rates = table("national/data/provider_cost_inflation.csv")
    drivers = {driver.id: driver.value for driver in bhr.national_drivers}

    for row, driver in (
        ("Pay and pensions", "provider_pay"),
        ("Drugs", "provider_drugs"),
        ("Capital", "provider_capital"),
        ("Other operating", "provider_other"),
    ):
        assert [100 * rate for rate in drivers[driver].path.values()] == pytest.approx(
            rates[row][:5]
        )


@pytest.mark.parametrize("name", BHR_SCENARIOS)
def test_a_scenario_fits_its_book(name: str) -> None:
    layers = file_layers(ROOT / "scenarios" / name)
    merged = base(layers)
    for layer in layers:
        merged = overlay(merged, layer)
    scenario, changed = typed(Scenario, merged.scenario), typed(Book, merged.book)
    themes = {scheme.theme for scheme in changed.schemes}

    assert cross_check(changed, merged.book) == []
    assert set(scenario.schemes) <= themes
    assert len(scenario.notes) == 3
    assert (name == "bhr.yaml") != ("extends" in layers[-1].tree)


def test_within_reads_27_and_18_million_as_sums_over_five_years() -> None:
    layers = file_layers(ROOT / "scenarios" / "bhr-within.yaml")
    merged = base(layers)
    for layer in layers:
        merged = overlay(merged, layer)
    savings = {
        scheme.id: scheme.saving
        for scheme in typed(Book, merged.book).schemes
        if scheme.theme in {*INTERVENTIONS, "locality model"}
    }

    assert savings.pop("locality_model").cumulative == 18
    assert sum(saving.cumulative for saving in savings.values()) == pytest.approx(27)


def test_nuffield_starts_from_the_published_series() -> None:
    series = table("nuffield/data/nuffield_feeling_the_crunch_base.csv")
    shipped = book("nuffield")

    assert own_cost(shipped, "providers") == pytest.approx(
        1000 * series["Provider cost at 2.9% activity growth with no efficiencies"][0], abs=EXACT
    )
    assert paid(shipped, ("commissioners",), "providers") == pytest.approx(
        1000 * series["Commissioner cost at tariff with 2.9% activity growth"][0], abs=EXACT
    )
