"""The assumptions log: every input of a scenario as a row, with what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from finsim.book.comparisons import Comparison
from finsim.book.model import Book, Contract, Line
from finsim.book.quantities import financial_year_text, money_text, rate_text, year_span_text
from finsim.book.schemes import ActivityScheme, CumulativeSaving, EfficiencyScheme
from finsim.book.sourced import Sourced
from finsim.outputs.workbook_phrases import sentence, shares_in_words
from finsim.outputs.workbook_sheet import IN_WORDS, Cell, Column, Shown
from finsim.outputs.workbook_terms import Arrangement, terms_in_words
from finsim.outputs.workbook_words import in_words, payment_in_words, scheme_in_words
from finsim.scenario.model import Calibrate, Scenario
from finsim.scenario.resolved import Resolved
from finsim.simulation.inputs import GROWTH, PRESSURE
from finsim.simulation.plan import Plan

COLUMNS = (
    Column("Name", "wrapped", 30),
    Column("Kind", "wrapped", 16),
    Column("Influence on the gap, £m", "money", 13),
    Column("Value", "number", 12),
    Column("Unit", "wrapped", 17),
    Column("In words", "wrapped", 56),
    Column("Standing", "wrapped", 17),
    Column("Source", "wrapped", 40),
    Column("As at", "wrapped", 15),
    Column("Quality", width=11),
    Column("Impact", width=11),
    Column("What would replace it", "wrapped", 42),
    Column("Id", "wrapped", 30),
)
KIND, INFLUENCE, ID = 1, 2, 12
SCENARIO = "scenario"
GROWTH_NAME, PRESSURE_NAME = "Population growth", "Unattributed pressure"
OWN = {GROWTH: GROWTH_NAME, PRESSURE: PRESSURE_NAME}
STATED = "stated in the scenario"
SOLVED = "solved"
ILLUSTRATIVE = "ILLUSTRATIVE"


def standing_in_words(item: Sourced) -> str:
    """The standing of a value, a judgement in capitals; and of the spread about it, if told."""
    if item.standing == "illustrative":
        return ILLUSTRATIVE
    return f"{item.standing}; spread {ILLUSTRATIVE}" if item.rests_on_judgement else item.standing


def in_order(rows: Iterable[list[Cell]], influence: Mapping[str, float]) -> list[list[Cell]]:
    """Assumptions with their influence on the gap, the most influential first.

    What the scenario chooses stands before all; what moves no gap stands last.
    """
    kept = list(rows)
    for row in kept:
        row[INFLUENCE] = influence.get(str(row[0] if row[ID] is None else row[ID]))
    return sorted(kept, key=_place)


def by_row(influence: Mapping[str, float]) -> dict[str, float]:
    """Influence by the id of a row; of inputs that the scenario states, by their row's name."""
    return {OWN.get(name, name): value for name, value in influence.items()}


def _place(row: list[Cell]) -> tuple[int, float]:
    found = row[INFLUENCE]
    if isinstance(found, float):
        return 1, -found
    return (0 if row[KIND] == SCENARIO else 2), 0.0


def rows(plan: Plan) -> Iterator[list[Cell]]:
    """Every assumption: the scenario's own, then the book's in its order."""
    resolved, book = plan.resolved, plan.resolved.book
    yield from _scenario(resolved.scenario)
    yield from _held(resolved)
    for body in book.organisations:
        words = sentence(
            (
                body.kind,
                f"areas: {', '.join(body.areas)}",
                body.role,
                "in the perimeter" if body.in_perimeter else "beside the perimeter",
                f"shock: {body.shock}" if body.shock else "no shock",
            )
        )
        share = Shown(body.local_share, "percent")
        yield _row("organisation", body.name, share, "local share", words, body, body.id)
    for node in book.external:
        words = "payer or supplier outside the perimeter"
        yield _row("external", node.name, IN_WORDS, "none", words, node, node.id)
    base = f"£m in {financial_year_text(plan.base_year)}"
    for contract in book.contracts:
        value = Shown(contract.baseline, "money")
        words = _contract(contract)
        yield _row("contract", contract.name, value, base, words, contract, contract.id)
    for line in book.lines:
        value = Shown(line.baseline, "money")
        yield _row("own cost line", line.name, value, base, _line(line), line, line.id)
    for driver in book.all_drivers():
        words = in_words(driver.value)
        value_cell = _rate(driver.value)
        yield _row("driver", driver.name, value_cell, driver.unit, words, driver, driver.id)
    for stated in book.dependence:
        words = f"{', '.join(stated.members)} move together"
        strength: Cell = IN_WORDS
        if stated.rank_correlation is not None:
            words += f" through {stated.factor}"
            strength = stated.rank_correlation
        yield _row("dependence", stated.id, strength, "rank correlation", words, stated, stated.id)
    for terms in book.payments:
        words = payment_in_words(terms.by_year)
        yield _row("payment", terms.name, IN_WORDS, "terms", words, terms, terms.id)
    yield from _arrangements(resolved.book)
    yield from _schemes(plan)
    for curve in book.curves:
        for band, cost in zip(book.population.bands, curve.cost, strict=True):
            words = f"cost of a person aged {band}"
            yield _row("age-cost curve", curve.name, cost, "relative", words, curve, curve.id)
    yield from _people(resolved)


def _row(
    kind: str, name: str, value: Cell, unit: str, words: str, item: Sourced, identity: str
) -> list[Cell]:
    standing = standing_in_words(item)
    told = f"{words}. Note: {item.note}" if item.note else words
    return [
        name, kind, None, value, unit, told, standing, item.source, item.as_at,
        item.quality, item.impact, item.replace_with, identity,
    ]  # fmt: skip


def _own(name: str, value: Cell, unit: str, words: str, standing: str) -> list[Cell]:
    """A row of the scenario itself, which states no source beside its values."""
    source = "The scenario file; see its notes" if standing == STATED else "Solved once and held"
    return [name, SCENARIO, None, value, unit, words, standing, source, *[None] * 5]


def _rate(value: Any) -> Cell:
    return Shown(value, "percent") if isinstance(value, (int, float)) else IN_WORDS


def _scenario(scenario: Scenario) -> Iterator[list[Cell]]:
    people = scenario.population
    if people is not None and people.growth == "outturn":
        words = "as in the population table (outturn: hindsight)"
        yield _own(GROWTH_NAME, IN_WORDS, "growth", words, STATED)
    elif people is not None:
        span = f"from {people.from_year} to {people.by}"
        words = f"{in_words(people.growth)}; ageing: {people.ageing}"
        yield _own(GROWTH_NAME, _rate(people.growth), span, words, STATED)
    calibrate = scenario.calibrate
    if isinstance(calibrate, Calibrate):
        gap = Shown(calibrate.whole_gap, "money")
        words = f"the published do-nothing gap; what drivers leave of it is {calibrate.by}"
        if calibrate.gaps_by_body:
            each = (f"{body} {money_text(v)}" for body, v in calibrate.gaps_by_body.items())
            words += f"; published by organisation: {', '.join(each)}"
        if calibrate.spread is not None:
            words += f"; its spread: {in_words(calibrate.spread)}"
        unit = f"£m in {financial_year_text(calibrate.in_year)}"
        yield _own("Published do-nothing gap", gap, unit, words, STATED)
    for name, chosen in (
        ("Schemes", ", ".join(scenario.schemes)),
        ("Control totals", scenario.control_totals),
        ("Sustainability funding", scenario.sustainability_funding),
        ("Reserves", scenario.reserves),
        ("Risk share", ", ".join(scenario.risk_share)),
    ):
        yield _own(f"{name} chosen", IN_WORDS, "names or ids", chosen or "none", STATED)


def _held(resolved: Resolved) -> Iterator[list[Cell]]:
    pressure = resolved.held.unattributed
    if pressure is not None:
        unit = f"£m in {financial_year_text(pressure.in_year)}"
        words = sentence(
            (
                f"fills the published gap of {money_text(pressure.published_gap)}",
                f"solved in {pressure.solved_in}",
                f"shared: {shares_in_words(pressure.shares)}",
            )
        )
        amount = Shown(pressure.amount, "money")
        yield _own(PRESSURE_NAME, amount, unit, words, SOLVED)
    names = {scheme.id: scheme.name for scheme in resolved.book.schemes}
    for scheme, saving in resolved.held.full_savings.items():
        words = "full-year saving behind a target that is a sum over years"
        name = f"Full-year saving: {names.get(scheme, scheme)}"
        yield _own(name, Shown(saving, "money"), "£m a year", words, SOLVED)


def _flow(flow: Contract | Line) -> list[str]:
    drivers = [name for name in (flow.growth, flow.non_demographic) if name]
    return [
        flow.service,
        flow.pathway,
        f"areas: {', '.join(flow.areas)}" if flow.areas else "",
        f"demand: {flow.demand}{' with ' + ' and '.join(drivers) if drivers else ''}",
        f"price: {flow.price}" if flow.price else "no price growth",
    ]


def _contract(contract: Contract) -> str:
    booked = [
        f"{side} books {money_text(value)}"
        for side, value in (
            ("payer", contract.payer_value),
            ("provider", contract.provider_value),
        )
        if value is not None
    ]
    route = f"{contract.payer} pays {contract.provider}"
    return sentence((route, *_flow(contract), f"payment: {contract.payment}", *booked))


def _line(line: Line) -> str:
    release = f"cash release {rate_text(line.cash_release)}"
    return sentence((line.organisation, line.cost_type, *_flow(line), release))


def _arrangements(book: Book) -> Iterator[list[Cell]]:
    """Control totals, funding, reserves and risk shares, with all that they state."""
    kinds: tuple[tuple[str, tuple[Arrangement | Comparison, ...]], ...] = (
        ("control total", (*book.totals, *book.control_totals)),
        ("funding", (*book.funding_rules, *book.funds)),
        ("reserves", book.reserves),
        ("risk share", book.risk_shares),
        ("comparison", book.comparisons),
    )
    names = {body.id: body.name for body in book.organisations}
    for kind, items in kinds:
        for item in items:
            words = terms_in_words(item, names)
            yield _row(kind, item.name, IN_WORDS, "terms", words, item, item.id)


def _schemes(plan: Plan) -> Iterator[list[Cell]]:
    resolved = plan.resolved
    chosen = {scheme.id for scheme in plan.activity_schemes}
    chosen |= {scheme.id for scheme in plan.efficiency_schemes}
    for scheme in resolved.book.schemes:
        value, unit = _size(scheme)
        words = scheme_in_words(scheme)
        if isinstance(scheme, ActivityScheme) and isinstance(scheme.saving, CumulativeSaving):
            target = scheme.saving
            words = f"{money_text(target.cumulative)} over {year_span_text(*target.over)}; {words}"
            held = resolved.held.full_savings.get(scheme.id)
            value = IN_WORDS if held is None else Shown(held, "money")
        if scheme.id not in chosen:
            words = f"NOT CHOSEN in this scenario; {words}"
        yield _row("scheme", scheme.name, value, unit, words, scheme, scheme.id)


def _size(scheme: ActivityScheme | EfficiencyScheme) -> tuple[Cell, str]:
    if isinstance(scheme, EfficiencyScheme):
        rates = set(scheme.rate.values())
        return (Shown(rates.pop(), "percent") if len(rates) == 1 else IN_WORDS), "of cost a year"
    saving = scheme.saving
    if isinstance(saving, CumulativeSaving):
        return IN_WORDS, "£m a year in full"
    return Shown(saving, "money"), "£m a year in full"


def _people(resolved: Resolved) -> Iterator[list[Cell]]:
    """The population table where the scenario reads it: the first of its variants with the year."""
    scenario, table = resolved.scenario, resolved.book.population
    if scenario.population is None:
        return
    known = {(row.area, row.year, row.variant): row for row in table.rows}
    places = ((area, year) for area in table.areas for year in scenario.year_numbers)
    for area, year in places:
        stated = ((area, year, variant) for variant in scenario.population.variant)
        row = next((known[key] for key in stated if key in known), None)
        if row is None:
            continue
        pairs = zip(table.bands, row.people, strict=True)
        words = ", ".join(f"{band}: {people:,.0f}" for band, people in pairs)
        total = Shown(sum(row.people), "whole")
        source = f"Population table of the book: {row.variant}"
        yield [
            f"{area}, mid-{year}", "population", None, total, "people", words,
            "as in the table", source, *[None] * 5,
        ]  # fmt: skip
