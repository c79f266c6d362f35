"""From the names of control totals, fund and risk share to an arrangement."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import partial

import numpy as np
from msgspec.structs import replace

from finsim.book import arrangements as written
from finsim.book.model import Book
from finsim.book.places import did_you_mean, shown
from finsim.book.quantities import financial_year_text
from finsim.economics import control_totals as totals_of
from finsim.economics import risk_share_terms as terms_of
from finsim.economics.sustainability_funding_terms import FundingTerms, performance_parts
from finsim.scenario.resolved import Resolved
from finsim.simulation.arrangement import (
    SAVINGS_LINES,
    Agreement,
    Arrangement,
    FundingArrangement,
    ServiceLine,
    named_lines,
    year_names,
)
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.compile_flows import CostUnits
from finsim.simulation.compile_levels import compile_levels
from finsim.simulation.compile_risk_share import Naming, PlacedTerm, check_terms, placed_terms
from finsim.simulation.evaluate import Outcome, evaluate
from finsim.simulation.inputs import InputError
from finsim.simulation.levels import Levels
from finsim.simulation.named import Where, bodies_named, check_year, found
from finsim.simulation.plan import FloatArray, Plan

ROUNDING = 1e-9
_latest_certain: deque[tuple[Plan, tuple[Outcome, Outcome]]] = deque(maxlen=4)
_latest_levels: deque[tuple[Plan, Levels]] = deque(maxlen=4)


def attainment_drivers(resolved: Resolved) -> list[str]:
    """The drivers that the performance parts of the chosen fund name."""
    chosen = resolved.scenario.sustainability_funding
    if chosen is None:
        return []
    where = ("scenario", "sustainability_funding")
    number, fund = found(resolved.book.funds, chosen, "fund", where)
    known = {driver.id for driver in resolved.book.all_drivers()}
    for part, driver in fund.attainment.items():
        if driver not in known:
            text = f"there is no driver {shown(driver)}{did_you_mean(driver, known)}"
            raise InputError(("funds", number, "attainment", part), text)
    return list(fund.attainment.values())


def compile_arrangement(plan: Plan) -> Arrangement:
    """The arrangement of a plan's scenario.

    Raises InputError for names that lead nowhere, a risk share or fund without control totals,
    totals for years that are not modelled, and terms that cannot be settled.
    """
    resolved = plan.resolved
    book, scenario = resolved.book, resolved.scenario
    shape = (len(plan.bodies.ids), len(plan.years))
    totals, lines = np.full(shape, np.nan), np.full(shape, np.nan)
    in_system = np.zeros(shape[0], dtype=bool)
    link_share, name = 0.0, "no control totals"
    if scenario.control_totals is not None:
        where = ("scenario", "control_totals")
        number, stated = found(book.control_totals, scenario.control_totals, "totals", where)
        name, link_share = stated.name, stated.link_share
        members = bodies_named(book, stated.members, ("control_totals", number, "members"))
        in_system = np.array([body in members for body in plan.bodies.ids])
        before = _totals(plan, stated, number)
        totals = totals_of.with_offsets(before, _offsets(plan, stated, number, before))
        councils = np.array([body.kind == "council" for body in book.organisations], dtype=bool)
        lines = totals_of.with_balanced_budget_line(totals, councils)
        lines[:, 0] = np.nan
    _need_totals(plan, scenario.control_totals is not None)
    terms, agreements = _risk_shares(plan, lines)
    return Arrangement(
        option=resolved.option,
        name=name,
        totals=totals,
        lines=lines,
        in_system=in_system,
        link_share=link_share,
        funding=_funding(plan, totals),
        terms=terms,
        agreements=agreements,
        services=_service_lines(plan, terms),
        planned_saving=certain_outcomes(plan)[0].saving[:, :, 0],
        central_saving=certain_outcomes(plan)[1].saving[:, :, 0],
        weighted_population=plan.bodies.weighted_population,
        levels=_levels(plan),
    )


def _need_totals(plan: Plan, stated: bool) -> None:
    scenario = plan.resolved.scenario
    for key in ("risk_share", "sustainability_funding"):
        if not stated and getattr(scenario, key):
            text = "needs `control_totals`, which variance and funding are judged against"
            raise InputError(("scenario", key), text)


def _totals(plan: Plan, stated: written.ControlTotals, number: int) -> FloatArray:
    """Held totals as an array [organisation, year], NaN where none."""
    book = plan.resolved.book
    _, chosen = found(book.totals, stated.totals, "totals", ("control_totals", number, "totals"))
    held = plan.resolved.held.control_totals.get(chosen.id, {})
    result = np.full((len(plan.bodies.ids), len(plan.years)), np.nan)
    for position, body in enumerate(plan.bodies.ids):
        for year, total in held.get(body, {}).items():
            if year in plan.years:
                result[position, plan.years.index(year)] = total
    return result


def _offsets(
    plan: Plan, stated: written.ControlTotals, number: int, totals: FloatArray
) -> FloatArray:
    offsets = np.zeros((len(plan.bodies.ids), len(plan.years)))
    for year, by_body in stated.offsets.items():
        where: Where = ("control_totals", number, "offsets", financial_year_text(year))
        check_year(plan.years, year, where)
        for body, value in by_body.items():
            if body not in plan.bodies.ids:
                text = f"there is no organisation {shown(body)}"
                raise InputError((*where, body), text + did_you_mean(body, plan.bodies.ids))
            place = plan.bodies.ids.index(body), plan.years.index(year)
            if np.isnan(totals[place]):
                raise InputError((*where, body), "has no control total to offset in this year")
            offsets[place] = value
    return offsets


def certain_outcomes(plan: Plan) -> tuple[Outcome, Outcome]:
    """The plan and the central case, evaluated once for options that share economics."""
    for known, outcomes in _latest_certain:
        if plan.has_economics_of(known):
            return outcomes
    planned = evaluate(plan, plan_inputs(plan))
    central = evaluate(plan, central_inputs(plan))
    _latest_certain.append((plan, (planned, central)))
    return planned, central


def _levels(plan: Plan) -> Levels:
    """The levels, compiled once for options that share economics and name the same budgets."""
    words = plan.resolved.scenario.budgets
    for known, levels in _latest_levels:
        if plan.has_economics_of(known) and known.resolved.scenario.budgets == words:
            return levels
    levels = compile_levels(plan)
    _latest_levels.append((plan, levels))
    return levels


# funding


def _funding(plan: Plan, totals: FloatArray) -> FundingArrangement | None:
    scenario, book = plan.resolved.scenario, plan.resolved.book
    if scenario.sustainability_funding is None:
        return None
    where: Where = ("scenario", "sustainability_funding")
    number, fund = found(book.funds, scenario.sustainability_funding, "fund", where)
    _, rules = found(book.funding_rules, fund.rules, "funding rules", ("funds", number, "rules"))
    terms = tuple(_funding_terms(rules, year) for year in plan.years)
    attainment: dict[str, int | float] = {}
    for part in performance_parts(terms):
        driver = fund.attainment.get(part)
        if driver is None:
            text = f"names no driver for the performance part {shown(part)}"
            raise InputError(("funds", number, "attainment"), text)
        attainment[part] = plan.inputs.position(driver)
        _check_attainment(plan, driver, ("funds", number, "attainment", part))
    offered = _offered(plan, fund, number)
    unjudged = (offered > 0) & np.isnan(totals)
    if unjudged.any():
        body, year = np.argwhere(unjudged)[0]
        name = plan.bodies.ids[body]
        text = f"{name} has no control total in {financial_year_text(plan.years[year])} to earn by"
        raise InputError(("funds", number, "offered"), text)
    in_scope = np.asarray(offered.any(axis=1))
    return FundingArrangement(terms, offered, in_scope, attainment, fund.national_pot)


def _check_attainment(plan: Plan, driver: str, where: Where) -> None:
    item = plan.inputs.inputs[plan.inputs.position(driver)]
    low, high = item.distribution.support
    if low + item.path[1:].min(initial=0.0) < 0 or high + item.path[1:].max(initial=0.0) > 1:
        text = f"the driver {shown(driver)} can leave 0% to 100%; bound it"
        raise InputError(where, text)


def _funding_terms(rules: written.FundingRules, year: int) -> FundingTerms:
    starts = sorted(rules.by_year)
    stated = rules.by_year[max((start for start in starts if start <= year), default=starts[0])]
    return FundingTerms(
        parts=dict(stated.parts),
        quarters=stated.quarters,
        finance_recovers=stated.finance_recovers,
        performance_needs_finance=stated.performance_needs_finance,
        own_taper=stated.taper.own,
        system_taper=stated.taper.system,
        bonus_rate=stated.bonus_rate,
        shares_residual=stated.shares_residual,
    )


def _offered(plan: Plan, fund: written.Fund, number: int) -> FloatArray:
    """[organisation, year], £m; nil in the base year and before the fund's first year."""
    offered = np.zeros((len(plan.bodies.ids), len(plan.years)))
    for word, (value, unit) in fund.offered.items():
        for body in bodies_named(plan.resolved.book, [word], ("funds", number, "offered", word)):
            row = plan.bodies.ids.index(body)
            offered[row, 1:] = value * plan.bodies.turnover[row] if unit == "income" else value
    if fund.first_year is not None:
        offered[:, [year < fund.first_year for year in plan.years]] = 0.0
    return offered


# risk share


def _risk_shares(
    plan: Plan, lines: FloatArray
) -> tuple[tuple[terms_of.Term, ...], tuple[Agreement, ...]]:
    """The terms of every risk share of the scenario in one list, and whose they are."""
    book = plan.resolved.book
    partners = {body.id for body in book.organisations if body.role == "partner"}
    of = Naming(plan.years, partial(bodies_named, book, beside=True))
    placed: list[PlacedTerm] = []
    agreements: list[Agreement] = []
    for word in plan.resolved.scenario.risk_share:
        where: Where = ("scenario", "risk_share")
        number, stated = found(book.risk_shares, word, "risk share", where)
        if stated.id in {agreement.id for agreement in agreements}:
            raise InputError(where, f"names {shown(word)} twice")
        own = placed_terms(of, stated.terms, ("risk_shares", number, "terms"))
        places = range(len(placed), len(placed) + len(own))
        named = frozenset(name for term, _ in own for name in terms_of.bodies_in(term))
        agreements.append(Agreement(stated.id, stated.name, places, bool(named & partners)))
        placed += own
    check_terms(placed, _basis(plan))
    _need_lines(plan, placed, lines)
    return tuple(term for term, _ in placed), tuple(agreements)


def _basis(plan: Plan) -> terms_of.Basis:
    """What terms may refer to, by name."""
    zero = np.zeros((len(plan.bodies.ids), len(plan.years), 1))
    return terms_of.Basis(
        organisations=plan.bodies.ids,
        years=year_names(plan),
        income=zero + 1.0,
        weighted_population=plan.bodies.weighted_population,
        lines=dict.fromkeys((*SAVINGS_LINES, *services(plan.resolved.book)), zero),
    )


def _need_lines(plan: Plan, placed: Sequence[PlacedTerm], lines: FloatArray) -> None:
    """Raises InputError for a pool of whole variances with a body that has none."""
    for term, where in placed:
        if not isinstance(term, terms_of.Pool) or term.lines:
            continue
        for body in term.members:
            if not np.isfinite(lines[plan.bodies.ids.index(body)]).any():
                text = f"{body} has no control total to measure a variance from; name `lines`"
                raise InputError((*where, "pool", "members"), text)


def services(book: Book) -> tuple[str, ...]:
    """The services of a book's contracts and own lines, which terms may name as lines."""
    flows = (*book.contracts, *book.lines)
    return tuple(dict.fromkeys(flow.service for flow in flows))


def _service_lines(plan: Plan, terms: Sequence[terms_of.Term]) -> tuple[ServiceLine, ...]:
    """The services that terms name, with what each organisation nets on them centrally."""
    wanted = [name for name in named_lines(terms) if name in services(plan.resolved.book)]
    if not wanted:
        return ()
    central = certain_outcomes(plan)[1]
    return tuple(_service_line(plan, name, central) for name in wanted)


def _service_line(plan: Plan, name: str, central: Outcome) -> ServiceLine:
    book, count = plan.resolved.book, len(plan.bodies.ids)
    named = np.array([contract.service == name for contract in book.contracts], dtype=bool)
    baseline = np.bincount(plan.flow_of, plan.contracts.baseline * named, len(plan.flows.baseline))
    flows = np.flatnonzero(baseline)
    signs = (plan.flows.incoming - plan.flows.outgoing)[:count]
    parts = signs * (baseline / plan.flows.baseline)
    own = [number for number, line in enumerate(book.lines) if line.service == name]
    costs = CostUnits(plan.lines.only(np.flatnonzero(np.isin(plan.lines.line, own))), count)
    nothing = np.zeros((count, len(plan.years)))
    unset = ServiceLine(name, flows, parts[:, flows], costs, nothing)
    return replace(unset, central=unset.variance(plan, central.workings)[:, :, 0])
