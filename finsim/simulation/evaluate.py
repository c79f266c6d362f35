"""The plan at given inputs: contracts, costs and positions, before and after schemes.

Axis order [contract, organisation or scheme, year, draw]. Nothing here draws a number or reads a
file: any array of inputs may be given, so that replay, sensitivity and solving use the same code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from finsim.economics import contracts as pay
from finsim.economics import costs as own
from finsim.economics import demand, ledger, population, prices, schemes
from finsim.simulation.cases import plan_inputs
from finsim.simulation.plan import (
    NONE,
    Activity,
    Contracts,
    Costs,
    Efficiency,
    FloatArray,
    Payment,
    Plan,
)

Record: TypeAlias = Literal["positions", "lines", "schemes", "factors"]
STEP_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Factors:
    """Every index at the given inputs; the last row of each is the index of what nothing moves."""

    rates: FloatArray
    activities: FloatArray
    removed: FloatArray
    shares: FloatArray
    efficiency: FloatArray
    scheme_efficiency: FloatArray
    cost_of_delivery: FloatArray
    in_year_saving: FloatArray


@dataclass(frozen=True, slots=True)
class Lines:
    """Every contract and own cost, £m, before and after schemes."""

    contracts_do_nothing: FloatArray
    contracts: FloatArray
    costs_do_nothing: FloatArray
    costs: FloatArray


@dataclass(frozen=True, slots=True)
class SchemeResults:
    """What each scheme does to the system's position, £m, and its cost of delivery.

    `other` is what no scheme can be said to have done: the change in what contracts with the
    outside pay under terms that follow a plan rather than the activity.
    """

    gross: FloatArray
    net: FloatArray
    cost_of_delivery: FloatArray
    other: FloatArray


@dataclass(frozen=True, slots=True)
class Outcome:
    """Positions of the organisations [organisation, year, draw], £m, what is received positive."""

    income: FloatArray
    expenditure: FloatArray
    position_do_nothing: FloatArray
    position_before_risk_share: FloatArray
    saving: FloatArray
    stranded_cost: FloatArray
    cost_of_delivery: FloatArray
    internal_contracts: FloatArray
    contract_imbalance: float
    lines: Lines | None = None
    schemes: SchemeResults | None = None
    factors: Factors | None = None


def evaluate(
    plan: Plan, x: FloatArray, record: frozenset[Record] = frozenset({"positions"})
) -> Outcome:
    """The positions at inputs x [input, year, draw].

    `position_before_risk_share = income − expenditure`; the do-nothing position is the same with
    no scheme and no efficiency, at the same inputs and shocks. `saving` is net: the change in
    position before the costs of delivery.
    """
    factors = factors_at(plan, x)
    before, after = _contract_values(plan, factors)
    groups = _group_costs(plan.costs, factors)
    return _outcome(plan, x, factors, before, after, groups, record)


# factors


def factors_at(plan: Plan, x: FloatArray) -> Factors:
    """Every index that lines, contracts and schemes follow."""
    years, draws = len(plan.years), x.shape[2]
    rates = _with_last(prices.price_index(x[plan.rates]), 1.0, (years, draws))
    activities = _activities(plan, x, rates)
    shares, delivery, gross = _removal_shares(plan, x, rates, activities)
    removed = np.stack([schemes.combined_removal(part) for part in shares]) if shares else None
    efficiency = [_efficiency(scheme, x) for scheme in plan.efficiency_schemes]
    by_scheme = _with_last(np.array(efficiency).reshape(-1, years, draws), 1.0, (years, draws))
    scopes = [
        np.prod([by_scheme[n] for n in scope], axis=0) if scope else np.ones((years, draws))
        for scope in plan.scopes
    ]
    return Factors(
        rates=rates,
        activities=activities,
        removed=_with_last(removed, 0.0, (years, draws)),
        shares=_stacked_shares(plan, shares, (years, draws)),
        efficiency=np.array(scopes).reshape(-1, years, draws),
        scheme_efficiency=by_scheme[:-1],
        cost_of_delivery=delivery,
        in_year_saving=gross,
    )


def _with_last(values: FloatArray | None, last: float, shape: tuple[int, int]) -> FloatArray:
    row = np.full((1, *shape), last)
    return row if values is None else np.concatenate([values, row])


def _activities(plan: Plan, x: FloatArray, rates: FloatArray) -> FloatArray:
    shape = rates.shape[1:]
    people = plan.people
    demands = None
    if people is not None and len(people.weighted_a):
        total = (
            np.broadcast_to(people.outturn_growth[:, None], shape)
            if people.growth == NONE
            else population.total_growth(
                x[people.growth, 0], people.years_from_base, people.years_spanned
            )
        )
        demands = demand.demand_index(
            total, people.outturn_growth, people.weighted_a, people.weighted_b, x[people.mix, 0]
        )
    every = _with_last(demands, 1.0, (shape[0], shape[1]))
    index = plan.activities
    product: FloatArray = every[index.demand] * rates[index.growth] * rates[index.non_demographic]
    return product


def _removal_shares(
    plan: Plan, x: FloatArray, rates: FloatArray, activities: FloatArray
) -> tuple[list[FloatArray], FloatArray, FloatArray]:
    """For each target the shares that its schemes remove; each scheme's costs; its gross saving."""
    shape = rates.shape[1:]
    values = [
        target.baseline * activities[target.activity] * rates[target.price]
        for target in plan.targets
    ]
    shares: list[list[FloatArray]] = [[] for _ in plan.targets]
    delivery, gross = [], []
    for scheme in plan.activity_schemes:
        ramp = _mean_ramp(plan, scheme, x)
        saving = schemes.in_year_saving(
            scheme.full_saving, ramp, x[scheme.happens, 0], x[scheme.delivered], scheme.recurrent
        )
        for target, share in zip(scheme.targets, scheme.shares, strict=True):
            shares[target].append(schemes.removed_share(share * saving, values[target]))
        delivery.append(_delivery_cost(scheme, ramp, shape))
        gross.append(saving)
    for efficiency in plan.efficiency_schemes:
        delivery.append(_delivery_cost(efficiency, _step(plan, efficiency), shape))
    return (
        [np.stack(part) for part in shares],
        np.array(delivery).reshape(-1, *shape),
        np.array(gross).reshape(-1, *shape),
    )


def _mean_ramp(plan: Plan, scheme: Activity, x: FloatArray) -> FloatArray:
    return schemes.mean_ramp(scheme.ramp, scheme.start, x[scheme.slip, 0], len(plan.years))


def _step(plan: Plan, scheme: Efficiency) -> FloatArray:
    months = np.arange(len(plan.years)) * STEP_MONTHS
    return np.clip((months + STEP_MONTHS - scheme.start) / STEP_MONTHS, 0, 1)[:, None]


def _delivery_cost(
    scheme: Activity | Efficiency, ramp: FloatArray, shape: tuple[int, ...]
) -> FloatArray:
    if scheme.delivery is None:
        return np.zeros(shape)
    stated = scheme.delivery
    cost = schemes.cost_of_delivery(stated.one_off, stated.running, ramp, stated.double_running)
    return np.broadcast_to(cost, shape)


def _efficiency(scheme: Efficiency, x: FloatArray) -> FloatArray:
    return schemes.efficiency_index(
        scheme.rates, x[scheme.delivered], x[scheme.happens, 0], scheme.recurrent
    )


def _stacked_shares(plan: Plan, shares: list[FloatArray], shape: tuple[int, int]) -> FloatArray:
    """[scheme and target pair, year, draw], in the order of the schemes and their targets."""
    taken = [0] * len(shares)
    rows = []
    for scheme in plan.activity_schemes:
        for target in scheme.targets:
            rows.append(shares[target][taken[target]])
            taken[target] += 1
    return np.array(rows).reshape(-1, *shape)


def planned_removal(plan: Plan) -> FloatArray:
    """The share of each target that each scheme removes, as planned: [scheme, target, year]."""
    factors = factors_at(plan, plan_inputs(plan))
    worst = np.zeros((len(plan.activity_schemes), len(plan.targets), len(plan.years)))
    position = 0
    for number, scheme in enumerate(plan.activity_schemes):
        for target in scheme.targets:
            worst[number, target] = factors.shares[position, :, 0]
            position += 1
    return worst


def central_activities(plan: Plan) -> FloatArray:
    """The central activity of each contract, before and after schemes: [2, contract, year]."""
    factors = factors_at(plan, plan.inputs.central())
    demanded = factors.activities[plan.contracts.activity]
    removed = factors.removed[plan.contracts.target]
    return np.stack([demanded[:, :, 0], (demanded * (1 - removed))[:, :, 0]])


# contracts


def _contract_values(plan: Plan, factors: Factors) -> tuple[FloatArray, FloatArray]:
    """The value of every contract before and after schemes: [contract, year, draw], £m."""
    stated = plan.contracts
    demanded = factors.activities[stated.activity]
    before = _paid(stated, demanded, factors, stated.central_activity[0])
    touched = np.flatnonzero(stated.target != NONE)
    after = before.copy()
    if touched.size:
        part = _subset(stated, touched)
        left = demanded[touched] * (1 - factors.removed[part.target])
        after[touched] = _paid(part, left, factors, stated.central_activity[1, touched])
    return before, after


def _subset(stated: Contracts, kept: NDArray[np.int64]) -> Contracts:
    position = {int(number): n for n, number in enumerate(kept)}
    payments = tuple(
        Payment(
            group.form,
            np.array([position[int(n)] for n in group.contracts if int(n) in position], np.int64),
            group.years,
        )
        for group in stated.payments
    )
    return replace(
        stated,
        baseline=stated.baseline[kept],
        price=stated.price[kept],
        target=stated.target[kept],
        capitation=stated.capitation[kept],
        payments=tuple(group for group in payments if group.contracts.size),
    )


def _paid(
    stated: Contracts, activity: FloatArray, factors: Factors, central: FloatArray
) -> FloatArray:
    values = np.empty_like(activity)
    for group in stated.payments:
        n, t = group.contracts, group.years
        values[n, t] = _by_form(
            group,
            baseline=stated.baseline[n, None, None],
            activity=activity[n, t],
            central=central[n, t, None],
            price=factors.rates[stated.price[n], t],
            people=factors.activities[stated.capitation[n], t],
        )
    return values


def _by_form(
    group: Payment,
    *,
    baseline: FloatArray,
    activity: FloatArray,
    central: FloatArray,
    price: FloatArray,
    people: FloatArray,
) -> FloatArray:
    form = group.form
    match form.form:
        case "block":
            return pay.block(baseline, price)
        case "blended":
            edge = np.inf if form.break_glass is None else form.break_glass
            return pay.blended(baseline, activity, central, price, form.marginal_rate, edge)
        case "marginal":
            return pay.marginal(baseline, activity, price, form.marginal_rate, form.threshold)
        case "capitated":
            return pay.capitated(baseline, people, price)
        case "cap and collar":
            assert form.collar is not None
            assert form.cap is not None
            below, above = form.payer_share_below, form.payer_share_above
            return pay.cap_and_collar(
                baseline, activity, central, price, form.collar, form.cap, below, above
            )
        case _:
            return pay.tariff(baseline, activity, price)


# own costs


@dataclass(frozen=True, slots=True)
class GroupCosts:
    """Costs of cost rows: before schemes, the part that goes with removed activity, and after."""

    do_nothing: FloatArray
    released: FloatArray
    cost: FloatArray
    stranded: FloatArray


def _group_costs(rows: Costs, factors: Factors) -> GroupCosts:
    """`C = B·D·N·Q·E·(1 − released)`, each row's B·Q a weighted sum of price indices."""
    activity = factors.activities[rows.activity]
    do_nothing = activity * _weighted(rows.weights, factors.rates)
    released = np.zeros_like(do_nothing)
    stranded = np.zeros_like(do_nothing)
    touched = np.flatnonzero(rows.target != NONE)
    if touched.size:
        removed = factors.removed[rows.target[touched]]
        taken, added = np.maximum(removed, 0), np.minimum(removed, 0)
        going = activity[touched] * _weighted(rows.releasing[touched], factors.rates)
        released[touched] = going * taken + do_nothing[touched] * added
        stranded[touched] = (do_nothing[touched] - going) * taken
    efficiency = factors.efficiency[rows.scope]
    return GroupCosts(
        do_nothing, released, efficiency * (do_nothing - released), efficiency * stranded
    )


def _weighted(weights: FloatArray, rates: FloatArray) -> FloatArray:
    flat: FloatArray = weights @ rates.reshape(len(rates), -1)
    return flat.reshape(len(weights), *rates.shape[1:])


def _by_organisation(rows: Costs, values: FloatArray, count: int) -> FloatArray:
    belongs = (rows.organisation == np.arange(count)[:, None]).astype(np.float64)
    return _weighted(belongs, values)


# positions


def _outcome(
    plan: Plan,
    x: FloatArray,
    factors: Factors,
    before: FloatArray,
    after: FloatArray,
    groups: GroupCosts,
    record: frozenset[Record],
) -> Outcome:
    count, incidence = len(plan.bodies.ids), plan.contracts.incidence
    received = ledger.contracts_in(incidence, after)[:count]
    paid = ledger.contracts_out(incidence, after)[:count]
    own_costs = _by_organisation(plan.costs, groups.cost, count)
    pressure = _pressure(plan, x)
    shocks = _shocks(plan, x)
    delivery = _delivery_by_organisation(plan, factors)
    expenditure = paid + own_costs + pressure + delivery - shocks
    position = received - expenditure
    do_nothing = (
        ledger.contracts_by_node(incidence, before)[:count]
        - _by_organisation(plan.costs, groups.do_nothing, count)
        - pressure
        + shocks
    )
    nodes = ledger.contracts_by_node(incidence, after)
    return Outcome(
        income=received,
        expenditure=expenditure,
        position_do_nothing=do_nothing,
        position_before_risk_share=position,
        saving=position + delivery - do_nothing,
        stranded_cost=_by_organisation(plan.costs, groups.stranded, count),
        cost_of_delivery=delivery,
        internal_contracts=after[plan.contracts.internal].sum(axis=0),
        contract_imbalance=float(np.abs(nodes.sum(axis=0)).max(initial=0.0)),
        lines=_lines(plan, factors, before, after) if "lines" in record else None,
        schemes=(
            _scheme_results(plan, factors, before, after, groups) if "schemes" in record else None
        ),
        factors=factors if "factors" in record else None,
    )


def _pressure(plan: Plan, x: FloatArray) -> FloatArray:
    spread = 0.0 if plan.unattributed_spread == NONE else x[plan.unattributed_spread]
    pressure: FloatArray = plan.unattributed[:, :, None] * (1 + spread)
    return pressure


def _shocks(plan: Plan, x: FloatArray) -> FloatArray:
    shocks = np.zeros((len(plan.bodies.ids), *x.shape[1:]))
    for number, shock in enumerate(plan.bodies.shock):
        if shock != NONE:
            shocks[number, 1:] = own.shock(plan.bodies.turnover[number], x[shock, 1:])
    return shocks


def _delivery_by_organisation(plan: Plan, factors: Factors) -> FloatArray:
    shape = factors.rates.shape[1:]
    total = np.zeros((len(plan.bodies.ids), *shape))
    for scheme, cost in zip(plan.schemes, factors.cost_of_delivery, strict=True):
        if scheme.delivery is not None:
            total += scheme.delivery.paid_by[:, None, None] * cost
    return total


def _lines(plan: Plan, factors: Factors, before: FloatArray, after: FloatArray) -> Lines:
    rows = _group_costs(plan.lines, factors)
    count = len(plan.resolved.book.lines)
    belongs = (plan.lines.line == np.arange(count)[:, None]).astype(np.float64)
    return Lines(before, after, _weighted(belongs, rows.do_nothing), _weighted(belongs, rows.cost))


# schemes


def _scheme_results(
    plan: Plan, factors: Factors, before: FloatArray, after: FloatArray, groups: GroupCosts
) -> SchemeResults:
    """Each scheme's part in the change of the system's position; together they are all of it.

    Where a removal and an efficiency act on one cost the product is shared equally (Shapley);
    where several schemes act on one target the overlap is shared by the size of their effects.
    """
    inside = plan.bodies.in_perimeter[plan.costs.organisation]
    unit = _unit_effects(plan, factors, before, after, groups, inside)
    net = np.zeros((len(plan.schemes), *factors.rates.shape[1:]))
    parts = _parts(plan, factors)
    position = 0
    for number, scheme in enumerate(plan.activity_schemes):
        for target in scheme.targets:
            net[number] += parts[position] * unit[target]
            position += 1
    first = len(plan.activity_schemes)
    for number, saved in _efficiency_effects(plan, factors, groups, inside):
        net[first + number] += saved
    own_change = (groups.do_nothing - groups.cost)[inside].sum(axis=0)
    outside = plan.contracts.incidence[: len(plan.bodies.ids)][plan.bodies.in_perimeter]
    crossing = outside.sum(axis=0) @ (after - before).reshape(len(after), -1)
    total = own_change + crossing.reshape(own_change.shape)
    return SchemeResults(
        gross=factors.in_year_saving,
        net=net,
        cost_of_delivery=factors.cost_of_delivery,
        other=total - net.sum(axis=0),
    )


def _unit_effects(
    plan: Plan,
    factors: Factors,
    before: FloatArray,
    after: FloatArray,
    groups: GroupCosts,
    inside: NDArray[np.bool_],
) -> FloatArray:
    """What a unit of removal on each target is worth to the system: [target, year, draw], £m."""
    shape = factors.rates.shape[1:]
    unit = np.zeros((len(plan.targets), *shape))
    half = (1 + factors.efficiency[plan.costs.scope]) / 2
    removed = factors.removed[plan.costs.target]
    safe = np.where(removed == 0, 1.0, removed)
    worth = np.where(removed == 0, 0.0, groups.released / safe) * half
    for group in np.flatnonzero((plan.costs.target != NONE) & inside):
        unit[plan.costs.target[group]] += worth[group]
    bodies = len(plan.bodies.ids)
    crossing = plan.contracts.incidence[:bodies][plan.bodies.in_perimeter].sum(axis=0)
    for number, target in enumerate(plan.targets):
        if target.contract != NONE and crossing[target.contract] != 0:
            change = after[target.contract] - before[target.contract]
            gone = factors.removed[number]
            rate = np.where(gone == 0, 0.0, change / np.where(gone == 0, 1.0, gone))
            unit[number] += crossing[target.contract] * rate
    return unit


def _parts(plan: Plan, factors: Factors) -> FloatArray:
    """Each scheme's part of the removal from a target: they sum to the combined removal."""
    owner = np.array([t for s in plan.activity_schemes for t in s.targets], dtype=np.int64)
    parts = factors.shares.copy()
    for target in range(len(plan.targets)):
        rows = np.flatnonzero(owner == target)
        size = np.abs(parts[rows])
        total = size.sum(axis=0)
        overlap = factors.removed[target] - parts[rows].sum(axis=0)
        parts[rows] += overlap * np.where(total == 0, 0.0, size / np.where(total == 0, 1.0, total))
    return parts


def _efficiency_effects(
    plan: Plan, factors: Factors, groups: GroupCosts, inside: NDArray[np.bool_]
) -> list[tuple[int, FloatArray]]:
    """Each efficiency scheme's saving to the system, £m [year, draw]."""
    effects: list[tuple[int, FloatArray]] = []
    for number, scope in enumerate(plan.scopes):
        rows = np.flatnonzero((plan.costs.scope == number) & inside)
        if not scope or not rows.size:
            continue
        cost = (groups.do_nothing[rows] - groups.released[rows] / 2).sum(axis=0)
        saved = (1 - factors.efficiency[number]) * cost
        sizes = np.stack([np.abs(1 - factors.scheme_efficiency[n]) for n in scope])
        total = sizes.sum(axis=0)
        shares = np.where(total == 0, 0.0, sizes / np.where(total == 0, 1.0, total))
        effects += [(n, saved * share) for n, share in zip(scope, shares, strict=True)]
    return effects
