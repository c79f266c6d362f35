"""The plan at given inputs: contracts, costs and positions, before and after schemes.

Axis order [contract, organisation or scheme, year, draw]. Nothing here draws a number or reads a
file: any array of inputs may be given, so that replay, sensitivity and solving use the same code.
"""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

import numpy as np
from msgspec import Struct

from finsim.economics import contracts as pay
from finsim.economics import costs as own
from finsim.economics import ledger
from finsim.economics.arrays import weighted
from finsim.economics.control_totals import ccg_reserve
from finsim.simulation.cases import plan_inputs
from finsim.simulation.factors import Factors, factors_at, removal_shares
from finsim.simulation.plan import (
    NONE,
    Contracts,
    CostGroups,
    CostRows,
    FloatArray,
    IntArray,
    Payment,
    Plan,
    ReleaseGroups,
)

Record: TypeAlias = Literal["positions", "lines", "schemes"]
POSITIONS: frozenset[Record] = frozenset({"positions"})


class Lines(Struct, frozen=True):
    """Every contract and own cost, £m, before and after schemes."""

    contracts_do_nothing: FloatArray
    contracts: FloatArray
    costs_do_nothing: FloatArray
    costs: FloatArray


class SchemeResults(Struct, frozen=True):
    """What each scheme does to the system's position, £m, and its cost of delivery.

    `other` is what no scheme can be said to have done: the change in what contracts with the
    outside pay under terms that follow a plan rather than the activity.
    """

    gross: FloatArray
    net: FloatArray
    cost_of_delivery: FloatArray
    other: FloatArray


class Outcome(Struct, frozen=True):
    """Positions of the organisations [organisation, year, draw], £m, what is received positive.

    `internal_contracts` and `external_income` [year, draw] are what the perimeter's organisations
    receive from each other and from outside it; `reserves` is what is held back; `removed` is the
    largest part of any contract or line that schemes removed. `workings` is what it is made of.
    """

    income: FloatArray
    expenditure: FloatArray
    position_do_nothing: FloatArray
    position_before_risk_share: FloatArray
    saving: FloatArray
    stranded_cost: FloatArray
    cost_of_delivery: FloatArray
    internal_contracts: FloatArray
    external_income: FloatArray
    reserves: FloatArray
    contract_imbalance: float
    removed: float
    workings: Workings
    lines: Lines | None = None
    schemes: SchemeResults | None = None


class OwnCosts(Struct, frozen=True):
    """Own costs by cost unit (an organisation's lines under one efficiency), [unit, year, draw].

    `going` and `whole`, by release row, are the cash-releasing and the whole cost of what a target
    is paid for.
    """

    do_nothing: FloatArray
    released: FloatArray
    stranded: FloatArray
    going: FloatArray
    whole: FloatArray


class CostArrays(Protocol):
    """Own costs gathered into cost units: a plan's, or those of another view of its lines."""

    @property
    def costs(self) -> CostGroups:
        """Costs before schemes, by unit and activity."""
        ...

    @property
    def cost_membership(self) -> FloatArray:
        """[unit, cost row] of ones and noughts."""
        ...

    @property
    def releases(self) -> ReleaseGroups:
        """Costs that a removal touches, by unit and target."""
        ...

    @property
    def release_membership(self) -> FloatArray:
        """[unit, release row] of ones and noughts."""
        ...


class Workings(Struct, frozen=True):
    """What positions are made of: the indices, the flows before schemes [contract, year, draw],
    the touched ones after them, and own costs.
    """

    factors: Factors
    before: FloatArray
    touched: FloatArray
    costs: OwnCosts


def workings(plan: Plan, x: FloatArray) -> Workings:
    """The indices, contracts and own costs at inputs x [input, year, draw]."""
    factors = factors_at(plan, x)
    before, touched = contract_values(plan.flows, factors)
    return Workings(factors, before, touched, own_costs(plan, factors))


def evaluate(plan: Plan, x: FloatArray, record: frozenset[Record] = POSITIONS) -> Outcome:
    """The positions at inputs x [input, year, draw].

    `position_before_risk_share = income − expenditure`; the do-nothing position is the same with
    no scheme and no efficiency, at the same inputs and shocks. `saving` is net: the change in
    position before the costs of delivery.
    """
    return outcome(plan, x, workings(plan, x), record)


def outcome(
    plan: Plan, x: FloatArray, found: Workings, record: frozenset[Record] = POSITIONS
) -> Outcome:
    """The positions that workings make, at the inputs that made them."""
    from finsim.simulation.attribution import scheme_results

    change = found.touched - found.before.take(plan.flows.touched, axis=0)
    results = None
    if "schemes" in record:
        results = scheme_results(plan, found.factors, found.before, change, found.costs)
    lines = _lines(plan, found.factors) if "lines" in record else None
    return _outcome(plan, x, found, change, lines, results)


# contracts


def contract_values(stated: Contracts, factors: Factors) -> tuple[FloatArray, FloatArray]:
    """Contracts before schemes [contract, year, draw], and the touched ones after them, £m."""
    n, (as_before, as_left) = stated.touched, stated.central_activity
    demanded, every = factors.activities, np.arange(len(stated.touched))
    before = paid(stated, stated.payments, demanded, stated.activity, factors, as_before)
    left = demanded[stated.activity[n]]
    left *= 1 - factors.removed[stated.removal[n]]
    after = paid(stated, stated.touched_payments, left, every, factors, as_left[n])
    return before, after


def after_schemes(stated: Contracts, before: FloatArray, touched: FloatArray) -> FloatArray:
    """Every contract after schemes [contract, year, draw], £m."""
    after = before.copy()
    after[stated.touched] = touched
    return after


def planned_values(stated: Contracts, factors: Factors, kept: IntArray) -> FloatArray:
    """What touched contracts would pay with schemes agreed in plans and no activity removed.

    `kept` are those asked for, by their places in rising order.
    """
    n, payments = stated.touched[kept], _paid_to(stated.touched_payments, kept)
    central = stated.central_activity[1, n]
    return paid(stated, payments, factors.activities, stated.activity[n], factors, central)


def _paid_to(payments: tuple[Payment, ...], kept: IntArray) -> tuple[Payment, ...]:
    """The payments of some rows alone, counted among those."""
    chosen = []
    for group in payments:
        own = np.isin(group.rows, kept)
        if own.any():
            rows = np.searchsorted(kept, group.rows[own])
            chosen.append(Payment(group.form, group.contracts[own], rows, group.years))
    return tuple(chosen)


def paid(
    stated: Contracts,
    payments: tuple[Payment, ...],
    activity: FloatArray,
    of: IntArray,
    factors: Factors,
    central: FloatArray,
) -> FloatArray:
    """Each contract by the payment form of each year; `of` says which activity each follows."""
    values = np.empty((len(of), *activity.shape[1:]))
    for group in payments:
        rows, t = group.rows, group.years
        values[rows, t] = _by_form(stated, group, activity, of[rows], factors, central[rows, t])
    return values


def _by_form(
    stated: Contracts,
    group: Payment,
    activity: FloatArray,
    of: IntArray,
    factors: Factors,
    central: FloatArray,
) -> FloatArray:
    form, n, t = group.form, group.contracts, group.years
    baseline, price = stated.baseline[n, None, None], factors.rates[stated.price[n], t]
    if form.form == "block":
        return pay.block(baseline, price)
    if form.form == "capitated":
        return pay.capitated(baseline, factors.activities[stated.capitation[n], t], price)
    demanded, agreed = activity[of, t], central[:, :, None]
    match form.form:
        case "blended":
            edge = np.inf if form.break_glass is None else form.break_glass
            return pay.blended(baseline, demanded, agreed, price, form.marginal_rate, edge)
        case "marginal":
            return pay.marginal(baseline, demanded, price, form.marginal_rate, form.threshold)
        case "cap and collar":
            assert form.collar is not None
            assert form.cap is not None
            below, above = form.payer_share_below, form.payer_share_above
            return pay.cap_and_collar(
                baseline, demanded, agreed, price, form.collar, form.cap, below, above
            )
        case _:
            return pay.tariff(baseline, demanded, price)


def central_activities(factors: Factors, stated: Contracts) -> FloatArray:
    """The central activity of each contract, before and after schemes: [2, contract, year]."""
    demanded = factors.activities[stated.activity]
    left = demanded * (1 - factors.removed[stated.removal])
    return np.stack([demanded[:, :, 0], left[:, :, 0]])


def planned_removal(plan: Plan) -> FloatArray:
    """The share of each target that each scheme removes, as planned: [scheme, target, year]."""
    return removal_by_scheme(plan, plan_inputs(plan))


def central_parts(plan: Plan, factors: Factors) -> FloatArray:
    """Each scheme's part of every central removal: [scheme, removal, year]."""
    effects = factors.gross[:, None, :, 0] * factors.reach[None, :, :, 0]
    shares = plan.removals.coefficients[:, :, None] * effects
    total = shares.sum(axis=0)
    parts: FloatArray = np.divide(shares, total, out=np.zeros_like(shares), where=total != 0)
    return parts


def removal_by_scheme(plan: Plan, x: FloatArray) -> FloatArray:
    """The share of each target that each scheme removes in one draw: [scheme, target, year]."""
    factors = factors_at(plan, x)
    worst = np.zeros((len(plan.activity_schemes), len(plan.targets.baseline), len(plan.years)))
    shares = removal_shares(plan, factors)
    for number, (scheme, share) in enumerate(zip(plan.activity_schemes, shares, strict=True)):
        worst[number, scheme.targets] = share[:, :, 0]
    return worst


# own costs


def own_costs(plan: CostArrays, factors: Factors) -> OwnCosts:
    """`C = B·D·N·Q·(1 − released)`, before efficiency; each row's B·Q a sum over price indices."""
    rows, releases = plan.costs, plan.releases
    do_nothing = _rowed(rows.weights, rows.activity, factors)
    whole = _rowed(releases.weights, releases.activity, factors)
    going = _rowed(releases.releasing, releases.activity, factors)
    removed = factors.removed[releases.removal]
    taken = np.maximum(removed, 0)
    stranded = (whole - going) * taken
    released = going * taken
    removed -= taken
    removed *= whole
    released += removed
    return OwnCosts(
        do_nothing=weighted(plan.cost_membership, do_nothing),
        released=weighted(plan.release_membership, released),
        stranded=weighted(plan.release_membership, stranded),
        going=going,
        whole=whole,
    )


def _rowed(weights: FloatArray, activity: np.ndarray, factors: Factors) -> FloatArray:
    value = weighted(weights, factors.rates)
    value *= factors.activities[activity]
    return value


def _lines(plan: Plan, factors: Factors) -> Lines:
    """Every contract and own line by itself, with the formula that its docstring states."""
    before, touched = contract_values(plan.contracts, factors)
    after = after_schemes(plan.contracts, before, touched)
    rows = plan.lines
    ones = np.ones(factors.rates.shape[1:])
    price = weighted(rows.weights, factors.rates)
    release = np.divide(
        rows.releasing.sum(axis=1),
        rows.weights.sum(axis=1),
        out=np.zeros(len(rows.weights)),
        where=rows.weights.sum(axis=1) != 0,
    )
    activity = factors.activities[rows.activity]
    released = own.released_share(release[:, None, None], factors.removed[rows.removal])
    efficiency = factors.efficiency[rows.scope]
    one = np.ones((1, 1, 1))
    nothing = own.cost_line(one, activity, one, price, ones, np.zeros((1, 1, 1)))
    after_costs = own.cost_line(one, activity, one, price, efficiency, released)
    belongs = _belongs(rows, len(plan.resolved.book.lines))
    return Lines(before, after, weighted(belongs, nothing), weighted(belongs, after_costs))


def _belongs(rows: CostRows, lines: int) -> FloatArray:
    belongs: FloatArray = (rows.line == np.arange(lines)[:, None]).astype(np.float64)
    return belongs


# positions


def _outcome(
    plan: Plan,
    x: FloatArray,
    found: Workings,
    change: FloatArray,
    lines: Lines | None,
    results: SchemeResults | None,
) -> Outcome:
    factors, before, costs = found.factors, found.before, found.costs
    count, flows = len(plan.bodies.ids), plan.flows
    sums = _sums(plan)
    without = weighted(sums, before)
    after = weighted(sums[:, flows.touched], change)
    after += without
    received_before, paid_before = without[:count], without[count : 2 * count]
    received, paid = after[:count], after[count : 2 * count]
    received_outside, paid_outside, internal, external = after[2 * count :]
    imbalance = received.sum(axis=0) + received_outside - paid.sum(axis=0) - paid_outside
    pressure = unattributed_pressure(plan, x)
    shocks = shocks_at(plan, x) if np.any(plan.bodies.shock != NONE) else 0.0
    delivery = weighted(plan.delivery_shares, factors.cost_of_delivery)
    efficiency = factors.efficiency.take(plan.unit_scope, axis=0)
    by_organisation = plan.unit_membership
    reserves = reserves_at(plan, before)
    held_back = reserves if plan.reserved else 0.0
    left = costs.do_nothing - costs.released
    left *= efficiency
    spent = weighted(by_organisation, left)
    stranded = np.multiply(efficiency, costs.stranded, out=left)
    position = ledger.position_before_risk_share(
        external_income=0.0,
        contracts_in=received,
        contracts_out=paid,
        own_costs=spent,
        unattributed=pressure,
        reserves=held_back,
        cost_of_delivery=delivery,
        shocks=shocks,
    )
    do_nothing = ledger.position_before_risk_share(
        external_income=0.0,
        contracts_in=received_before,
        contracts_out=paid_before,
        own_costs=weighted(by_organisation, costs.do_nothing),
        unattributed=pressure,
        reserves=held_back,
        cost_of_delivery=0.0,
        shocks=shocks,
    )
    saving = position - do_nothing
    saving += delivery
    return Outcome(
        income=received,
        expenditure=received - position,
        position_do_nothing=do_nothing,
        position_before_risk_share=position,
        saving=saving,
        stranded_cost=weighted(by_organisation, stranded),
        cost_of_delivery=delivery,
        internal_contracts=internal,
        external_income=external,
        reserves=reserves,
        contract_imbalance=float(np.abs(imbalance).max(initial=0.0)),
        removed=factors.most_removed,
        workings=found,
        lines=lines,
        schemes=results,
    )


def _sums(plan: Plan) -> FloatArray:
    """The sums of contracts that a ledger needs, [sum, contract]: received by each organisation,
    paid by each, received and paid by all others, inside the perimeter, and into it.
    """
    flows, count = plan.flows, len(plan.bodies.ids)
    received_outside = flows.incoming[count:].sum(axis=0)
    paid_outside = flows.outgoing[count:].sum(axis=0)
    others = np.stack([received_outside, paid_outside, flows.internal, plan.crossing > 0])
    return np.concatenate([flows.incoming[:count], flows.outgoing[:count], others])


def unattributed_pressure(plan: Plan, x: FloatArray) -> FloatArray:
    """Unattributed pressure by organisation, [organisation, year, draw], £m."""
    spread = 0.0 if plan.unattributed_spread == NONE else x[plan.unattributed_spread]
    pressure: FloatArray = plan.unattributed[:, :, None] * (1 + spread)
    return pressure


def reserves_at(plan: Plan, before: FloatArray) -> FloatArray:
    """What must be held back and nothing is spent on, [organisation, year, draw], £m."""
    reserves = np.zeros((len(plan.bodies.ids), *before.shape[1:]))
    for held in plan.reserved:
        uncommitted, contingency = held.uncommitted[:, None], held.contingency[:, None]
        reserve = ccg_reserve(before[held.contract], uncommitted, contingency)
        reserves[held.organisation] += reserve
    return reserves


def shocks_at(plan: Plan, x: FloatArray) -> FloatArray:
    """What no plan foresaw, [organisation, year, draw], £m, favourable positive."""
    shocks = np.zeros((len(plan.bodies.ids), *x.shape[1:]))
    for number, shock in enumerate(plan.bodies.shock):
        if shock != NONE:
            shocks[number, 1:] = own.shock(plan.bodies.turnover[number], x[shock, 1:])
    return shocks
