"""Networks and localities at given inputs: what falls to each, and what their budgets move.

Axis order [body, year, draw]; the last body of a level is what is unassigned. A *footprint* is a
distinct tag, or set of areas, that lines and contracts carry; `spread` says to which bodies it
falls. Money inside the perimeter nets out: what a body spends is the own costs of organisations in
the perimeter and what they pay to the outside, what it receives is what the outside pays them.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from finsim.economics import levels as economics
from finsim.economics.arrays import weighted
from finsim.economics.risk_share import settle
from finsim.economics.risk_share_terms import Basis, Term
from finsim.simulation.compile_flows import CostUnits
from finsim.simulation.evaluate import (
    Outcome,
    own_costs,
    shocks_at,
    unattributed_pressure,
)
from finsim.simulation.plan import FloatArray, IntArray, Plan

LevelKind: TypeAlias = Literal["network", "locality"]


class View(Struct, frozen=True):
    """How money falls to the bodies of a level.

    `spread` [body, footprint, year] and `of_organisation` [body, organisation, year] sum to 1 over
    the bodies. An *owner* is a footprint: first what budgets do not cover of each, then what they
    do. `owned` [owner, cost unit] are ones and noughts; `paid` [owner, flow], `received`,
    `earned` [footprint, flow] (received for a tagged service), `pooled` and `general` [1, flow]
    (earned by what budgets cover; received without a tag) the part of each flow that is of the
    kind. `line_footprints` and `contract_footprints` say which is whose, NONE for what does not
    count.
    """

    kind: LevelKind
    bodies: tuple[str, ...]
    titles: tuple[str, ...]
    spread: FloatArray
    of_organisation: FloatArray
    owned: FloatArray
    paid: FloatArray
    received: FloatArray
    earned: FloatArray
    pooled: FloatArray
    general: FloatArray
    weighted: FloatArray | None
    line_footprints: IntArray
    contract_footprints: IntArray


class Moved(Struct, frozen=True):
    """A move between budgets: £m by year, and parts of the giver's budget by year."""

    giver: int
    receiver: int
    money: FloatArray
    part: FloatArray


class Budget(Struct, frozen=True):
    """What the bodies of a level are given, from when on, and who shares what is over.

    `general_share` [body] is each body's part of general income (networks), or of all that budgets
    cover (localities, one number); `historic` and `shares` [body, year] divide the latter.
    `fed_by` are the networks whose moves join it. `holders` [organisation, body].
    """

    id: str
    name: str
    view: View
    covers_all: bool
    general_share: FloatArray
    historic: FloatArray
    shares: FloatArray
    moves: tuple[Moved, ...]
    fed_by: tuple[int, ...]
    live: NDArray[np.bool_]
    terms: tuple[Term, ...]
    years: tuple[str, ...]
    holders: FloatArray

    @property
    def is_live(self) -> bool:
        """Whether money moves in some year."""
        return bool(self.live.any())


class Levels(Struct, frozen=True):
    """The budgets that an option chose, networks first; `key` is the same for those alike.

    `costs` are own lines gathered by their owners at all levels together.
    """

    key: str
    budgets: tuple[Budget, ...]
    costs: CostUnits | None

    @property
    def is_live(self) -> bool:
        """Whether any budget moves money."""
        return any(budget.is_live for budget in self.budgets)


class Money(Struct, frozen=True):
    """What all levels divide: the plan's flows and own costs by unit, [row, year, draw], £m.

    `flows` are those before schemes, `change` what schemes do to the touched ones. `other`
    [organisation, year, draw] is unattributed pressure and reserves less shocks.
    """

    flows: FloatArray
    change: FloatArray
    touched: IntArray
    costs_do_nothing: FloatArray
    costs: FloatArray
    other: FloatArray


class Seen(Struct, frozen=True):
    """A level's money before budgets: by footprint, before schemes and after them, £m.

    `covered` is what budgets are for; `other` [organisation, year, draw] is unattributed pressure,
    reserves and shocks, before the costs of delivery.
    """

    spent_do_nothing: FloatArray
    spent: FloatArray
    covered: FloatArray
    received_do_nothing: FloatArray
    received: FloatArray
    earned_do_nothing: FloatArray
    earned: FloatArray
    pooled: FloatArray
    general: FloatArray
    general_do_nothing: FloatArray
    other: FloatArray


class LevelOutcome(Struct, frozen=True):
    """The bodies of a level, [body, year, draw], £m; surplus and what is received positive.

    `budget` is what the rules give, in shadow too; `transfer` is what moves once they are live:
    the budget less the historic one, and what the terms share. `to_organisations` and
    `support_to_organisations` [organisation, year, draw] are what that brings to the holders.
    """

    kind: LevelKind
    income: FloatArray
    expenditure: FloatArray
    position_do_nothing: FloatArray
    position_before_risk_share: FloatArray
    saving: FloatArray
    budget: FloatArray
    variance_to_budget: FloatArray
    transfer: FloatArray
    external_support: FloatArray
    position: FloatArray
    moved: FloatArray
    to_organisations: FloatArray
    support_to_organisations: FloatArray


def level_outcomes(
    plan: Plan, levels: Levels, outcome: Outcome, x: FloatArray
) -> tuple[LevelOutcome, ...]:
    """Every chosen level at an outcome's inputs x [input, year, draw]."""
    if levels.costs is None:
        return ()
    money = money_at(plan, levels.costs, outcome, x)
    outcomes: list[LevelOutcome] = []
    for budget in levels.budgets:
        above = next((level for level in outcomes if level.kind == "network"), None)
        outcomes.append(_level(budget, seen_by(budget.view, money), outcome, above))
    return tuple(outcomes)


def money_at(plan: Plan, costs: CostUnits, outcome: Outcome, x: FloatArray) -> Money:
    """What all levels divide, at inputs x [input, year, draw]."""
    found = outcome.workings
    own = own_costs(costs, found.factors)
    left = own.do_nothing - own.released
    left *= found.factors.efficiency.take(costs.scope, axis=0)
    return Money(
        flows=found.before,
        change=found.touched - found.before.take(plan.flows.touched, axis=0),
        touched=plan.flows.touched,
        costs_do_nothing=own.do_nothing,
        costs=left,
        other=unattributed_pressure(plan, x) + outcome.reserves - shocks_at(plan, x),
    )


def seen_by(view: View, money: Money) -> Seen:
    """The money of a level by footprint: small matrix products."""
    count = view.spread.shape[1]
    parts = (view.paid, view.received, view.earned, view.pooled, view.general)
    edges = np.cumsum([len(part) for part in parts])[:-1]
    whole = np.concatenate(parts)
    do_nothing = weighted(whole, money.flows)
    after = do_nothing + weighted(whole[:, money.touched], money.change)
    paid, received, earned, pooled, general = np.split(after, edges)
    before = np.split(do_nothing, edges)
    spent = paid + weighted(view.owned, money.costs)
    spent_before = before[0] + weighted(view.owned, money.costs_do_nothing)
    return Seen(
        spent_do_nothing=spent_before[:count] + spent_before[count:],
        spent=spent[:count] + spent[count:],
        covered=spent[count:],
        received_do_nothing=before[1],
        received=received,
        earned_do_nothing=before[2],
        earned=earned,
        pooled=pooled[0],
        general_do_nothing=before[4][0],
        general=general[0],
        other=money.other,
    )


def _level(
    budget: Budget, seen: Seen, outcome: Outcome, above: LevelOutcome | None
) -> LevelOutcome:
    view, by_body = budget.view, economics.by_body
    other = by_body(view.of_organisation, seen.other)
    delivery = by_body(view.of_organisation, outcome.cost_of_delivery)
    expenditure = by_body(view.spread, seen.spent) + other + delivery
    do_nothing = by_body(view.spread, seen.spent_do_nothing) + other
    if view.kind == "network":
        income = _allotted(budget, seen.earned, seen.general)
        income_before = _allotted(budget, seen.earned_do_nothing, seen.general_do_nothing)
        historic = given = income
    else:
        income = by_body(view.spread, seen.received)
        income_before = by_body(view.spread, seen.received_do_nothing)
        pool = _pool(budget, seen, above)
        historic, given = (shares[:, :, None] * pool for shares in (budget.historic, budget.shares))
    moved = _moved(budget, given)
    given = given + moved
    covered = expenditure if budget.covers_all else by_body(view.spread, seen.covered)
    variance = given - covered
    transfer, support = _settled(budget, given, variance, given - historic)
    position = income - expenditure
    before = income_before - do_nothing
    return LevelOutcome(
        kind=view.kind,
        income=income,
        expenditure=expenditure,
        position_do_nothing=before,
        position_before_risk_share=position,
        saving=position + delivery - before,
        budget=given,
        variance_to_budget=variance,
        transfer=transfer,
        external_support=support,
        position=position + transfer + support if budget.is_live else position,
        moved=moved,
        to_organisations=_to_holders(budget, transfer),
        support_to_organisations=_to_holders(budget, support),
    )


def _to_holders(budget: Budget, values: FloatArray) -> FloatArray:
    """What money of the bodies is to the organisations that hold it; nil in shadow."""
    if not budget.is_live:
        return np.zeros((len(budget.holders), *values.shape[1:]))
    return weighted(budget.holders, values)


def _allotted(budget: Budget, earned: FloatArray, general: FloatArray) -> FloatArray:
    by_body = economics.by_body(budget.view.spread, earned)
    return economics.allotted(by_body, general, budget.general_share)


def _pool(budget: Budget, seen: Seen, above: LevelOutcome | None) -> FloatArray:
    """What all budgets of a level are given together, [year, draw], £m."""
    if budget.covers_all:
        pool: FloatArray = seen.received.sum(axis=0)
    else:
        pool = seen.pooled + float(budget.general_share[0]) * seen.general
    if above is not None and budget.fed_by:
        pool = pool + above.moved[list(budget.fed_by)].sum(axis=0)
    return pool


def _moved(budget: Budget, given: FloatArray) -> FloatArray:
    """What moves between budgets together, [body, year, draw], £m."""
    moved = np.zeros_like(given)
    for move in budget.moves:
        for amount, of_budget in ((move.money, False), (move.part, True)):
            if amount.any():
                moved += economics.moved_between(
                    given, move.giver, move.receiver, amount, of_budget
                )
    return moved


def _settled(
    budget: Budget, given: FloatArray, variance: FloatArray, moved: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """What moves between the bodies in live years, and what comes from outside, £m."""
    nothing = np.zeros_like(variance)
    if not budget.is_live:
        return nothing, nothing
    live = budget.live[:, None]
    if not budget.terms:
        return moved * live, nothing
    view = budget.view
    basis = Basis(
        organisations=view.bodies[:-1],
        years=budget.years,
        income=given[:-1],
        weighted_population=None if view.weighted is None else view.weighted[:-1],
    )
    settlement = settle((variance * live)[:-1], budget.terms, basis)
    transfer, support = moved * live, nothing
    transfer[:-1] += settlement.transfer * live
    support[:-1] += settlement.external_support * live
    return transfer, support
