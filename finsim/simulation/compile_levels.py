"""From the networks, localities and budgets of a book to levels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from finsim.book.areas import parts_of_areas
from finsim.book.levels import UNASSIGNED, Budgets, Held, Locality, Move, body_named, in_group
from finsim.book.model import Book, Contract, Flow, Line
from finsim.book.places import did_you_mean, shown
from finsim.book.quantities import financial_year_text
from finsim.book.validate import has_tags
from finsim.economics import levels as economics
from finsim.economics.risk_share_terms import Basis, Term
from finsim.simulation.cases import central_inputs
from finsim.simulation.compile_flows import CostUnits, merged_contracts
from finsim.simulation.compile_risk_share import Naming, terms_from
from finsim.simulation.evaluate import Outcome, evaluate
from finsim.simulation.indices import Indices, integers
from finsim.simulation.inputs import InputError
from finsim.simulation.levels import Budget, LevelKind, Levels, Moved, Seen, View, seen_at
from finsim.simulation.named import Where, check_year, found
from finsim.simulation.plan import NONE, CostRows, FloatArray, Plan

KINDS: dict[str, LevelKind] = {"networks": "network", "localities": "locality"}
Footprint: TypeAlias = tuple[str, ...]
NOWHERE: Footprint = ()
NO_LEVELS = Levels("", ())


def compile_levels(plan: Plan) -> Levels:
    """The levels of the budgets that a plan's scenario names, networks first.

    Raises InputError, with the other mistakes in `others`, for names that lead nowhere, two budgets
    of one level, years that are not projected, and live budgets that nobody holds.
    """
    resolved = plan.resolved
    book, words = resolved.book, resolved.scenario.budgets
    if not words:
        return NO_LEVELS
    where = ("scenario", "budgets")
    chosen = [found(book.budgets, word, "budgets", where) for word in dict.fromkeys(words)]
    kinds = [stated.level for _, stated in chosen]
    for kind in dict.fromkeys(kinds):
        if kinds.count(kind) > 1:
            raise InputError(where, f"names two budgets of {kind}; one is allowed")
    chosen.sort(key=lambda item: item[1].level == "localities")
    central = evaluate(plan, central_inputs(plan), frozenset({"factors"}))
    compiler = _Compiler(plan, central)
    budgets = tuple(compiler.budget(number, stated) for number, stated in chosen)
    if compiler.mistakes:
        first, *others = compiler.mistakes
        first.others = tuple(others)
        raise first
    return Levels(_key(book, [stated for _, stated in chosen]), budgets)


def _key(book: Book, chosen: Sequence[Budgets]) -> str:
    stated = [*book.networks, *book.localities, *chosen]
    return json.dumps([item.model_dump(mode="json", by_alias=True) for item in stated])


# people


@dataclass(frozen=True, slots=True)
class Places:
    """The localities: shares of each area's people [locality, area, year], people [locality, year].

    `weighted` [area, year] are the people of areas, weighted by age cost at the central mix.
    """

    areas: tuple[str, ...]
    shares: FloatArray
    people: FloatArray
    weighted: FloatArray

    def spread(self, areas: Iterable[str]) -> FloatArray:
        """The part of some areas' money that falls to each locality: [locality, year]."""
        parts = parts_of_areas(areas)
        served = np.array([parts.get(area, 0.0) for area in self.areas])
        return economics.spread_by_weighted_population(self.shares, self.weighted, served)

    @property
    def weights(self) -> FloatArray:
        """Weighted people of each locality: [locality, year]."""
        weights: FloatArray = np.einsum("lat,at->lt", self.shares, self.weighted)
        return weights


def places(plan: Plan) -> Places:
    """The localities of a plan's book; raises InputError when there is no population table."""
    book, years = plan.resolved.book, plan.years
    people, weighted = Indices(book, plan.resolved.scenario, plan.inputs).people_by_area()
    areas = book.population.areas
    parts = np.array([[place.people.get(a, 0.0) for a in areas] for place in book.localities])
    there = np.array([[_is_there(place, year) for year in years] for place in book.localities])
    shares = economics.area_shares(parts.reshape(-1, len(areas)), there.reshape(-1, len(years)))
    return Places(areas, shares, np.einsum("lat,at->lt", shares, people), weighted)


def _is_there(place: Locality, year: int) -> bool:
    return place.first_year is None or year >= place.first_year


def too_small(plan: Plan) -> list[tuple[str, int, float, float]]:
    """Localities with fewer people than their budgets ask for: name, year, people, the least.

    People are those of the table, in the year in which the locality has the fewest.
    """
    book, words = plan.resolved.book, plan.resolved.scenario.budgets
    chosen = [found(book.budgets, word, "budgets", ("scenario", "budgets"))[1] for word in words]
    least = max((b.minimum_people for b in chosen if b.level == "localities"), default=0.0)
    if least <= 0:
        return []
    small = []
    for place, people in zip(book.localities, places(plan).people, strict=True):
        there = [t for t, year in enumerate(plan.years) if _is_there(place, year)]
        if there and people[there].min() < least:
            t = min(there, key=lambda t: people[t])
            small.append((place.name, plan.years[t], float(people[t]), least))
    return small


class _Compiler:
    """Budgets one after the other; mistakes are gathered."""

    def __init__(self, plan: Plan, central: Outcome) -> None:
        self.plan = plan
        self.book = plan.resolved.book
        self.central = central
        self.mistakes: list[InputError] = []

    def budget(self, number: int, stated: Budgets) -> Budget:
        """One of the book's budgets; where something is amiss, a mistake is kept."""
        where: Where = ("budgets", number)
        bodies: tuple[Held, ...] = getattr(self.book, stated.level)
        if not bodies:
            raise InputError((*where, "level"), f"the book has no {stated.level}")
        placed = places(self.plan) if stated.level == "localities" else None
        view = _view(self.plan, stated, bodies, placed)
        factors = self.central.factors
        assert factors is not None
        seen = seen_at(self.plan, view, factors, self.central, central_inputs(self.plan))
        unset = Budget(
            id=stated.id,
            name=stated.name,
            view=view,
            covers_all=stated.covers is None,
            general_share=np.ones(len(bodies) + 1),
            historic=np.zeros((0, 0)),
            shares=np.zeros((0, 0)),
            moves=self._moves(stated, bodies, where),
            fed_by=self._feeding(stated),
            live=self._live(stated, bodies, where),
            terms=self._terms(stated, view, bodies, where),
            years=tuple(map(str, self.plan.years)),
            holders=self._holders(bodies),
        )
        if placed is None:
            return replace(unset, general_share=_by_network(unset, seen, where))
        historic = _historic(view, seen, where)
        return replace(
            unset,
            general_share=np.array([_covered_part(self.plan, view, seen, where)]),
            historic=historic,
            shares=self._shares(stated, historic, placed.weights),
        )

    def _check_year(self, year: int, where: Where) -> None:
        try:
            check_year(self.plan.years, year, where)
        except InputError as error:
            self.mistakes.append(error)

    def _shares(self, stated: Budgets, historic: FloatArray, weights: FloatArray) -> FloatArray:
        """[body, year]: historic, or on their way to weighted population where anybody lives."""
        if stated.capitation is None:
            return historic
        total = weights.sum(axis=0)
        by_people = historic.copy()
        np.divide((1 - historic[-1]) * weights, total, out=by_people[:-1], where=total > 0)
        start, by = stated.capitation.start, stated.capitation.by
        to = economics.convergence(self.plan.years, start, by)
        return economics.converging_shares(historic, by_people, to)

    def _live(self, stated: Budgets, bodies: Sequence[Held], where: Where) -> NDArray[np.bool_]:
        years = np.array(self.plan.years)
        if stated.live_from is None:
            return np.zeros(len(years), dtype=bool)
        for body in bodies:
            if not body.held_by:
                text = f"{shown(body.name)} is live from {financial_year_text(stated.live_from)}"
                hint = "but nobody holds its budget; write held_by: {<organisation>: 100%}"
                self.mistakes.append(InputError((*where, "live_from"), f"{text}, {hint}"))
        if self.plan.resolved.scenario.control_totals is None:
            text = "has live budgets and needs `control_totals`, which positions are judged against"
            self.mistakes.append(InputError(("scenario", "budgets"), text))
        live = years >= stated.live_from
        live[0] = False
        return live

    def _holders(self, bodies: Sequence[Held]) -> FloatArray:
        holders = np.zeros((len(self.plan.bodies.ids), len(bodies) + 1))
        for column, body in enumerate(bodies):
            for organisation, share in body.held_by.items():
                holders[self.plan.bodies.ids.index(organisation), column] = share
        return holders

    def _feeding(self, stated: Budgets) -> tuple[int, ...]:
        """The networks that localities' budgets cover, whose moves join what they divide."""
        words = () if stated.covers is None else stated.covers.network or ()
        found_at = (body_named(self.book.networks, word) for word in words)
        return tuple(number for number in found_at if number is not None)

    def _moves(self, stated: Budgets, bodies: Sequence[Held], where: Where) -> tuple[Moved, ...]:
        moves = []
        for n, move in enumerate(stated.moves):
            for year in move.by_year:
                self._check_year(year, (*where, "moves", n, "by_year", financial_year_text(year)))
            giver, receiver = body_named(bodies, move.giver), body_named(bodies, move.receiver)
            if giver is not None and receiver is not None:
                moves.append(Moved(giver, receiver, *_amounts(move, self.plan.years)))
        return tuple(moves)

    def _terms(
        self, stated: Budgets, view: View, bodies: Sequence[Held], where: Where
    ) -> tuple[Term, ...]:
        if not stated.terms:
            return ()
        years = self.plan.years
        one = np.ones((len(bodies), len(years), 1))
        basis = Basis(
            organisations=view.bodies[:-1],
            years=tuple(map(str, years)),
            income=one,
            weighted_population=None if view.weighted is None else view.weighted[:-1],
        )
        naming = Naming(years, partial(bodies_of_level, bodies))
        try:
            return terms_from(naming, stated.terms, basis, (*where, "terms"))
        except InputError as error:
            self.mistakes.append(error)
            return ()


def bodies_of_level(bodies: Sequence[Held], words: Iterable[str], where: Where) -> tuple[str, ...]:
    """The networks or localities that ids, names, groups and `all` mean, in the book's order."""
    named: set[int] = set()
    for word in words:
        group = in_group([body for body in bodies if isinstance(body, Locality)], word)
        number = body_named(bodies, word)
        if word == "all":
            named |= set(range(len(bodies)))
        elif number is not None:
            named.add(number)
        elif group:
            named |= set(group)
        else:
            known = [body.id for body in bodies]
            text = f"there is no {shown(word)} at this level; known: {', '.join(known)}, all"
            raise InputError(where, text + did_you_mean(word, known))
    return tuple(bodies[number].id for number in sorted(named))


def _amounts(move: Move, years: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    """£m by year, and parts of the giver's budget: each amount holds until the next."""
    money, part = np.zeros(len(years)), np.zeros(len(years))
    for t, year in enumerate(years):
        stated = [start for start in move.by_year if start <= year]
        if stated and t > 0:
            value, unit = move.by_year[max(stated)]
            (part if unit == "income" else money)[t] = value
    return money, part


# what base-year money says


def _by_network(budget: Budget, seen: Seen, where: Where) -> FloatArray:
    """κ: each network's part of base-year expenditure less what was earned."""
    view = budget.view
    other = economics.by_body(view.of_organisation, seen.other)
    spent = economics.by_body(view.spread, seen.spent) + other
    net = (spent - economics.by_body(view.spread, seen.earned))[:, 0, 0]
    return _divided(net, where)


def _historic(view: View, seen: Seen, where: Where) -> FloatArray:
    """[body, year]: base-year shares of what is covered; a footprint's divided by its people."""
    by_footprint = _divided(seen.covered[:, 0, 0], where)
    historic: FloatArray = np.einsum("bft,f->bt", view.spread, by_footprint)
    return historic


def _covered_part(plan: Plan, view: View, seen: Seen, where: Where) -> float:
    """The part of base-year expenditure, less what was earned, that budgets cover."""
    covered = float(seen.covered[:, 0, 0].sum() - seen.pooled[0, 0])
    spent = seen.spent[:, 0, 0].sum() + seen.other[plan.bodies.in_perimeter, 0, 0].sum()
    whole = float(spent - seen.received[:, 0, 0].sum() + seen.general[0, 0])
    if whole <= 0:
        raise InputError(where, "the system spends no more than it earns in the base year")
    return covered / whole


def _divided(values: FloatArray, where: Where) -> FloatArray:
    total = values.sum()
    if total <= 0:
        raise InputError(where, "covers nothing that money was spent on in the base year")
    result: FloatArray = values / total
    return result


# views


def _view(plan: Plan, stated: Budgets, bodies: Sequence[Held], placed: Places | None) -> View:
    book = plan.resolved.book
    footprint_of = _Footprints(book, placed)
    lines = [footprint_of.line(line) for line in book.lines]
    sides = [_side(plan, contract) for contract in book.contracts]
    contracts = [
        footprint_of.contract(contract, side)
        for contract, side in zip(book.contracts, sides, strict=True)
    ]
    covered_lines = [_is_covered(book, line, stated) for line in book.lines]
    covered_contracts = [_is_covered(book, contract, stated) for contract in book.contracts]
    owners_bodies = [footprint_of.organisation(body.id) for body in book.organisations]
    known = list(dict.fromkeys((*lines, *contracts, *owners_bodies)))
    at = {footprint: number for number, footprint in enumerate(known)}
    spread = np.stack([footprint_of.spread(f, len(plan.years)) for f in known], axis=1)
    inside = plan.bodies.in_perimeter
    of_organisation = np.stack(
        [spread[:, at[f]] * kept for f, kept in zip(owners_bodies, inside, strict=True)], axis=1
    )
    owners = integers(
        at[f] + len(known) * covered for f, covered in zip(lines, covered_lines, strict=True)
    )
    rows = _inside_rows(plan, owners)
    tags, facts = _tags(book, contracts, sides, covered_contracts, stated, at)
    merged, position = merged_contracts(plan.contracts, set(), integers(tags))
    return View(
        kind=KINDS[stated.level],
        bodies=(*(body.id for body in bodies), UNASSIGNED),
        titles=(*(body.name for body in bodies), "Unassigned"),
        spread=spread,
        of_organisation=of_organisation,
        costs=CostUnits(rows, 2 * len(known)),
        contracts=merged,
        **_memberships(facts, position, len(merged.baseline), len(known)),
        weighted=None if placed is None else _with_none(placed.weights),
        line_footprints=integers(
            at[f] if inside[plan.bodies.ids.index(line.organisation)] else NONE
            for f, line in zip(lines, book.lines, strict=True)
        ),
        contract_footprints=integers(NONE if f is None else f.footprint for f in facts),
    )


def _with_none(weights: FloatArray) -> FloatArray:
    return np.concatenate([weights, np.zeros_like(weights[:1])])


def _side(plan: Plan, contract: Contract) -> int:
    """+1 for a contract by which the outside pays the perimeter, −1 for the reverse, else 0."""
    inside = {
        body for body, kept in zip(plan.bodies.ids, plan.bodies.in_perimeter, strict=True) if kept
    }
    return int(contract.provider in inside) - int(contract.payer in inside)


def _inside_rows(plan: Plan, owners: NDArray[np.int64]) -> CostRows:
    """The rows of lines in the perimeter, each with its owner in the place of its organisation."""
    rows = plan.lines
    kept = np.flatnonzero(plan.bodies.in_perimeter[rows.organisation])
    return CostRows(
        line=rows.line[kept],
        organisation=owners[rows.line[kept]],
        activity=rows.activity[kept],
        target=rows.target[kept],
        removal=rows.removal[kept],
        scope=rows.scope[kept],
        weights=rows.weights[kept],
        releasing=rows.releasing[kept],
    )


@dataclass(frozen=True, slots=True)
class _Fact:
    """What a contract that crosses the perimeter is to a level."""

    footprint: int
    is_income: bool
    is_covered: bool
    is_general: bool


def _tags(
    book: Book,
    footprints: Sequence[Footprint],
    sides: Sequence[int],
    covered: Sequence[bool],
    stated: Budgets,
    at: dict[Footprint, int],
) -> tuple[list[int], list[_Fact | None]]:
    """For each contract a tag under which it may be merged, NONE if it does not cross."""
    facts: list[_Fact | None] = []
    tags: list[int] = []
    for contract, footprint, side, is_covered in zip(
        book.contracts, footprints, sides, covered, strict=True
    ):
        if side == 0:
            facts.append(None)
            tags.append(NONE)
            continue
        earned = contract.network is not None or (stated.covers is not None and is_covered)
        fact = _Fact(at[footprint], side > 0, is_covered, side > 0 and not earned)
        facts.append(fact)
        tags.append(fact.footprint * 8 + fact.is_income * 4 + fact.is_covered * 2 + fact.is_general)
    return tags, facts


def _memberships(
    facts: Sequence[_Fact | None], position: NDArray[np.int64], contracts: int, footprints: int
) -> dict[str, FloatArray]:
    received, earned = np.zeros((footprints, contracts)), np.zeros((footprints, contracts))
    paid = np.zeros((2 * footprints, contracts))
    pooled, general = np.zeros((1, contracts)), np.zeros((1, contracts))
    for fact, column in zip(facts, position, strict=True):
        if fact is None:
            continue
        if not fact.is_income:
            paid[fact.footprint + footprints * fact.is_covered, column] = 1.0
            continue
        received[fact.footprint, column] = 1.0
        if fact.is_general:
            general[0, column] = 1.0
            continue
        earned[fact.footprint, column] = 1.0
        pooled[0, column] = float(fact.is_covered)
    return {
        "received": received, "paid": paid, "earned": earned, "pooled": pooled, "general": general,
    }  # fmt: skip


def _is_covered(book: Book, flow: Line | Contract, stated: Budgets) -> bool:
    """Whether a level's budgets are for a line or contract."""
    if stated.covers is None:
        return True
    tags = stated.covers.stated()
    words = tags.pop("network", None)
    if words is not None:
        number = None if flow.network is None else body_named(book.networks, flow.network)
        if number is None or number not in {body_named(book.networks, word) for word in words}:
            return False
    return has_tags(flow, tags)


class _Footprints:
    """The footprint of each line, contract and organisation, and how it is spread."""

    def __init__(self, book: Book, placed: Places | None) -> None:
        self.book = book
        self.placed = placed
        self.areas = {body.id: body.areas for body in book.organisations}
        self.bodies = book.networks if placed is None else book.localities

    def line(self, line: Line) -> Footprint:
        """Where a line's cost falls."""
        return self._flow(line, line.organisation)

    def contract(self, contract: Contract, side: int) -> Footprint:
        """Where a contract with the outside falls: by the end that is in the perimeter."""
        return self._flow(contract, contract.provider if side > 0 else contract.payer)

    def organisation(self, body: str) -> Footprint:
        """Where what belongs to an organisation and to no line falls."""
        if self.placed is None:
            return NOWHERE
        return self._areas(self.areas[body])

    def _flow(self, flow: Flow, owner: str) -> Footprint:
        if self.placed is None:
            number = None if flow.network is None else body_named(self.bodies, flow.network)
            return NOWHERE if number is None else ("body", str(number))
        if flow.locality is not None:
            return self._tagged(flow.locality)
        return self._areas(flow.areas or self.areas.get(owner, ()))

    def _tagged(self, word: str) -> Footprint:
        number = body_named(self.book.localities, word)
        if number is not None:
            return ("body", str(number))
        group = in_group(self.book.localities, word)
        return ("group", *map(str, group)) if group else self._areas((word,))

    def _areas(self, areas: Iterable[str]) -> Footprint:
        return ("areas", *sorted(areas)) if areas else NOWHERE

    def spread(self, footprint: Footprint, years: int) -> FloatArray:
        """The part of a footprint that falls to each body, the unassigned last: [body, year]."""
        result = np.zeros((len(self.bodies) + 1, years))
        kind, rest = footprint[:1], footprint[1:]
        if kind == ("body",):
            result[int(rest[0])] = 1.0
        elif kind == ("group",):
            assert self.placed is not None
            members = [int(number) for number in rest]
            weights = self.placed.weights[members]
            total = weights.sum(axis=0)
            result[members] = np.divide(
                weights, total, out=np.zeros_like(weights), where=total != 0
            )
        elif kind == ("areas",):
            assert self.placed is not None
            result[:-1] = self.placed.spread(rest)
        result[-1] = 1.0 - result[:-1].sum(axis=0)
        return result
