"""How a level divides the lines and contracts of a book: footprints, owners, parts of flows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from msgspec import Struct

from finsim.book.areas import parts_of_areas
from finsim.book.levels import UNASSIGNED, Budgets, Held, Locality, body_named, in_group
from finsim.book.model import Book, Contract, Flow, Line
from finsim.book.validate import has_tags
from finsim.economics import levels as economics
from finsim.simulation.indices import Indices, integers
from finsim.simulation.inputs import InputError
from finsim.simulation.levels import LevelKind, View
from finsim.simulation.named import found
from finsim.simulation.plan import NONE, FloatArray, Plan

KINDS: dict[str, LevelKind] = {"networks": "network", "localities": "locality"}
Footprint: TypeAlias = tuple[str, ...]
NOWHERE: Footprint = ()


class Places(Struct, frozen=True):
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
    where = ("scenario", "budgets")
    chosen = [found(book.budgets, word, "set of budgets", where)[1] for word in words]
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


class Division:
    """How one level divides lines and contracts: footprints, owners, and what each contract is."""

    def __init__(self, plan: Plan, number: int, stated: Budgets) -> None:
        self.plan, self.number, self.stated = plan, number, stated
        book = plan.resolved.book
        self.bodies: tuple[Held, ...] = getattr(book, stated.level)
        if not self.bodies:
            raise InputError(("budgets", number, "level"), f"the book has no {stated.level}")
        self.placed = places(plan) if stated.level == "localities" else None
        of = _Footprints(book, self.placed)
        lines = [of.line(line) for line in book.lines]
        sides = [_side(plan, contract) for contract in book.contracts]
        contracts = [of.contract(c, side) for c, side in zip(book.contracts, sides, strict=True)]
        organisations = [of.organisation(body.id) for body in book.organisations]
        known = list(dict.fromkeys((*lines, *contracts, *organisations)))
        at = {footprint: number for number, footprint in enumerate(known)}
        self.spread = np.stack([of.spread(f, len(plan.years)) for f in known], axis=1)
        self.lines = integers(at[f] for f in lines)
        self.organisations = integers(at[f] for f in organisations)
        covered = integers(_is_covered(book, line, stated) for line in book.lines)
        self.line_owners = self.lines + len(known) * covered
        self.facts = _facts(book, [at[f] for f in contracts], sides, stated)

    @property
    def owners(self) -> int:
        """How many owners there are: each footprint, not covered and covered."""
        return 2 * int(self.spread.shape[1])

    def view(self, owned: FloatArray) -> View:
        """The view, `owned` [owner, cost unit] of the own costs of all levels together."""
        inside = self.plan.bodies.in_perimeter
        of_line = {
            body: bool(kept) for body, kept in zip(self.plan.bodies.ids, inside, strict=True)
        }
        counts = [of_line[line.organisation] for line in self.plan.resolved.book.lines]
        return View(
            kind=KINDS[self.stated.level],
            bodies=(*(body.id for body in self.bodies), UNASSIGNED),
            titles=(*(body.name for body in self.bodies), "Unassigned"),
            spread=self.spread,
            of_organisation=self.spread[:, self.organisations] * inside[:, None],
            owned=owned,
            **_parts_of_flows(self.plan, self.facts, self.spread.shape[1]),
            weighted=None if self.placed is None else _with_none(self.placed.weights),
            line_footprints=np.where(counts, self.lines, NONE),
            contract_footprints=integers(NONE if f is None else f.footprint for f in self.facts),
        )


def _with_none(weights: FloatArray) -> FloatArray:
    return np.concatenate([weights, np.zeros_like(weights[:1])])


def _side(plan: Plan, contract: Contract) -> int:
    """+1 for a contract by which the outside pays the perimeter, −1 for the reverse, else 0."""
    inside = {
        body for body, kept in zip(plan.bodies.ids, plan.bodies.in_perimeter, strict=True) if kept
    }
    return int(contract.provider in inside) - int(contract.payer in inside)


class _Fact(Struct, frozen=True):
    """What a contract that crosses the perimeter is to a level."""

    footprint: int
    is_income: bool
    is_covered: bool
    is_general: bool


def _facts(
    book: Book, footprints: Sequence[int], sides: Sequence[int], stated: Budgets
) -> list[_Fact | None]:
    """What each contract is to a level; None for one that does not cross the perimeter."""
    facts: list[_Fact | None] = []
    for contract, footprint, side in zip(book.contracts, footprints, sides, strict=True):
        if side == 0:
            facts.append(None)
            continue
        covered = _is_covered(book, contract, stated)
        earned = contract.network is not None or (stated.covers is not None and covered)
        facts.append(_Fact(footprint, side > 0, covered, side > 0 and not earned))
    return facts


def _parts_of_flows(
    plan: Plan, facts: Sequence[_Fact | None], footprints: int
) -> dict[str, FloatArray]:
    """The part of each flow that is of each kind: contracts of a flow share it by baseline."""
    flows = len(plan.flows.baseline)
    parts = {
        "paid": np.zeros((2 * footprints, flows)),
        "received": np.zeros((footprints, flows)),
        "earned": np.zeros((footprints, flows)),
        "pooled": np.zeros((1, flows)),
        "general": np.zeros((1, flows)),
    }
    for fact, flow, baseline in zip(facts, plan.flow_of, plan.contracts.baseline, strict=True):
        if fact is None:
            continue
        part = baseline / plan.flows.baseline[flow]
        if not fact.is_income:
            parts["paid"][fact.footprint + footprints * fact.is_covered, flow] += part
            continue
        parts["received"][fact.footprint, flow] += part
        if fact.is_general:
            parts["general"][0, flow] += part
        else:
            parts["earned"][fact.footprint, flow] += part
            parts["pooled"][0, flow] += part * fact.is_covered
    return parts


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
