"""From the networks, localities and budgets of a book to levels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from finsim.book.levels import Budgets, Held, Locality, Move, body_named, in_group
from finsim.book.model import Book
from finsim.book.places import did_you_mean, shown
from finsim.book.quantities import financial_year_text
from finsim.economics import levels as economics
from finsim.economics.risk_share_terms import Basis, Term
from finsim.simulation.cases import central_inputs
from finsim.simulation.compile_flows import CostUnits
from finsim.simulation.compile_risk_share import Naming, terms_from
from finsim.simulation.divisions import Division
from finsim.simulation.evaluate import evaluate
from finsim.simulation.inputs import InputError
from finsim.simulation.levels import (
    Budget,
    Levels,
    Money,
    Moved,
    Seen,
    View,
    money_at,
    seen_by,
)
from finsim.simulation.named import Where, check_year, found
from finsim.simulation.plan import FloatArray, IntArray, Plan

NO_LEVELS = Levels("", (), None)


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
    chosen = [found(book.budgets, word, "set of budgets", where) for word in dict.fromkeys(words)]
    kinds = [stated.level for _, stated in chosen]
    for kind in dict.fromkeys(kinds):
        if kinds.count(kind) > 1:
            raise InputError(where, f"names two budgets of {kind}; one is allowed")
    chosen.sort(key=lambda item: item[1].level == "localities")
    divisions = [Division(plan, number, stated) for number, stated in chosen]
    costs, owners = _joint_costs(plan, divisions)
    x = central_inputs(plan)
    compiler = _Compiler(plan, money_at(plan, costs, evaluate(plan, x), x))
    budgets = tuple(
        compiler.budget(division, division.view(_belonging(of, division.owners)))
        for division, of in zip(divisions, owners, strict=True)
    )
    if compiler.mistakes:
        first, *others = compiler.mistakes
        first.others = tuple(others)
        raise first
    return Levels(_key(book, [stated for _, stated in chosen]), budgets, costs)


def _key(book: Book, chosen: Sequence[Budgets]) -> str:
    stated = [*book.networks, *book.localities, *chosen]
    return "\n".join(item.model_dump_json(by_alias=True) for item in stated)


class _Compiler:
    """Budgets one after the other; mistakes are gathered."""

    def __init__(self, plan: Plan, money: Money) -> None:
        self.plan = plan
        self.book = plan.resolved.book
        self.money = money
        self.mistakes: list[InputError] = []

    def budget(self, of: Division, view: View) -> Budget:
        """One of the book's budgets; where something is amiss, a mistake is kept."""
        stated, bodies, placed = of.stated, of.bodies, of.placed
        where: Where = ("budgets", of.number)
        seen = seen_by(view, self.money)
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


def _joint_costs(plan: Plan, divisions: Sequence[Division]) -> tuple[CostUnits, IntArray]:
    """Own lines in the perimeter by joint owner, and each unit's owner at each level."""
    every = np.stack([division.line_owners for division in divisions])
    owners, joint = np.unique(every, axis=1, return_inverse=True)
    rows = plan.lines
    kept = np.flatnonzero(plan.bodies.in_perimeter[rows.organisation])
    of_inside = replace(rows.only(kept), organisation=joint.ravel()[rows.line[kept]])
    units = CostUnits(of_inside, owners.shape[1])
    return units, owners[:, units.organisation]


def _belonging(of_unit: IntArray, owners: int) -> FloatArray:
    """[owner, cost unit] of ones and noughts."""
    belongs: FloatArray = (of_unit == np.arange(owners)[:, None]).astype(np.float64)
    return belongs
