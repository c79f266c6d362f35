"""What moved each organisation's do-nothing position since the base year.

Contracts and own costs are quantities times prices. A quantity is what a form of payment makes of
activity, its central plan and the people of the payer; activity is a product of indices, one for
each cause, and without a cause it is again an activity, with an index less. So what each cause and
each kind of price contributes is a weighted sum of quantities times prices. The weights are worked
out once, and a draw needs one matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Literal, TypeAlias

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from finsim.economics.arrays import weighted
from finsim.economics.decomposition import priced_contributions
from finsim.simulation.cases import central_inputs
from finsim.simulation.evaluate import paid
from finsim.simulation.factors import Factors, factors_at
from finsim.simulation.plan import (
    NONE,
    Activities,
    Contracts,
    FloatArray,
    IntArray,
    Payment,
    Plan,
)

Cause: TypeAlias = Literal["demography", "non_demographic_growth", "stated_growth"]
PriceKind: TypeAlias = Literal["prices", "contract_prices", "income"]
CAUSES: tuple[Cause, ...] = ("demography", "non_demographic_growth", "stated_growth")
PRICE_KINDS: tuple[PriceKind, ...] = ("prices", "contract_prices", "income")
PARTS = (*CAUSES, *PRICE_KINDS)
SETS = tuple(product((False, True), repeat=len(CAUSES)))
FIXED = {"block", "capitated"}  # forms that activity does not move

Index: TypeAlias = tuple[int, ...]  # the index of each cause, NONE where it moves nothing
Payments: TypeAlias = tuple[int, ...]  # of the flows; none where a tariff pays in every year
Quantity: TypeAlias = tuple[Payments, Index, Index]  # paid for this activity, or for these people
UNMOVED: Index = (NONE,) * len(CAUSES)


class Quantities(Struct, frozen=True):
    """The quantities of a plan under every set of causes, each once.

    The `activities`, as a tariff pays them, come first, then the `agreements` in other forms.
    """

    activities: Activities
    agreements: Contracts


class Rows(Struct, frozen=True):
    """What organisations receive: a row for each of them, kind of price and quantity.

    `weights` [row, price index] are £m of the base year. `under` [row, set] is the quantity under
    each of `SETS`, `moved` [row, cause] whether a cause moves it.
    """

    organisation: IntArray
    kind: IntArray
    under: IntArray
    moved: NDArray[np.bool_]
    weights: FloatArray


class Movements(Struct, frozen=True):
    """What contributions are sums of: terms, each a `quantity` times a `price` index.

    `weights` [part and organisation, term] are £m, the parts being `PARTS`; `of_form` [part and
    organisation, year] what a change in the form of payment does by itself.
    """

    quantities: Quantities
    quantity: IntArray
    price: IntArray
    weights: FloatArray
    of_form: FloatArray


def movements(plan: Plan) -> Movements:
    """The terms of a plan, and what each cause and kind of price takes of them."""
    central = factors_at(plan, central_inputs(plan))
    quantities, rows = quantities_and_rows(plan, central)
    columns, causes = rows.weights.shape[1], len(CAUSES)
    row, price = np.nonzero(rows.weights)
    under, owner = rows.under[row], rows.organisation[row]
    part = np.tile(np.arange(causes + 1), (len(row), 1))
    part[:, causes] += rows.kind[row]
    money = np.tile(rows.weights[row, price][:, None], causes + 1)
    money[:, :causes] *= rows.moved[row]
    unpriced, priced = under * columns + columns - 1, under * columns + price[:, None]
    terms, term = np.unique(np.stack([unpriced, priced]), return_inverse=True)
    weights = np.zeros((len(PARTS), len(plan.bodies.ids), len(terms)))
    for of_term, shares in zip(term.reshape(2, *under.shape), _shares(), strict=True):
        place = (part[:, :, None], owner[:, None, None], of_term[:, None, :])
        np.add.at(weights, place, money[:, :, None] * shares)
    without = quantities_at(quantities, central)[rows.under[:, 0], :, 0]
    of_form = np.zeros((*weights.shape[:2], len(plan.years)))
    change = rows.weights.sum(axis=1)[:, None] * (without - without[:, :1])
    np.add.at(of_form, (causes + rows.kind, rows.organisation), change)
    quantity, price = np.divmod(terms, columns)
    return Movements(quantities, quantity, price, np.concatenate(weights), np.concatenate(of_form))


def _shares() -> FloatArray:
    """The share of a quantity that each cause, and last its price, takes under each of `SETS`.

    [at the price of the base year or at its own, cause or price, set].
    """
    of_sets = np.eye(len(SETS)).reshape((2,) * len(CAUSES) + (len(SETS),))
    found = priced_contributions(of_sets, len(CAUSES))
    at_base = np.vstack([found.without, -found.of_price])
    return np.stack([at_base, np.vstack([found.with_price, found.of_price])])


def moved_by(plan: Plan, found: Movements, factors: Factors) -> FloatArray:
    """What each cause and each kind of price added to positions since the base year.

    [part, organisation, projected year, draw], £m, the parts being `PARTS`. Together with the base
    position they are the do-nothing position before unattributed pressure, reserves, shocks.
    """
    quantities = quantities_at(found.quantities, factors)[:, 1:]
    rates = factors.rates[:, 1:]
    terms = np.empty((len(found.quantity), *rates.shape[1:]))
    for term, quantity, price in zip(terms, found.quantity, found.price, strict=True):
        np.multiply(quantities[quantity], rates[price], out=term)
    moved = weighted(found.weights, terms)
    moved += found.of_form[:, 1:, None]
    return moved.reshape(len(PARTS), len(plan.bodies.ids), *rates.shape[1:])


def quantities_at(stated: Quantities, factors: Factors) -> FloatArray:
    """Every quantity, [quantity, year, draw], with the plans agreed for the same causes."""
    rates = factors.rates
    activities = factors.demands[stated.activities.demand]
    activities *= rates[stated.activities.non_demographic]
    activities *= rates[stated.activities.growth]
    alike, agreements = replace(factors, activities=activities), stated.agreements
    (central, _), of = agreements.central_activity, agreements.activity
    agreed = paid(agreements, agreements.payments, activities, of, alike, central)
    return np.concatenate([activities, agreed])


def quantities_and_rows(plan: Plan, central: Factors) -> tuple[Quantities, Rows]:
    """The quantities of a plan, and the rows that its contracts and own costs make of them.

    Plans are agreed by the central indices.
    """
    listed: dict[tuple[int, int, Quantity], FloatArray] = {}
    count, columns = len(plan.bodies.ids), plan.lines.weights.shape[1]

    def add(organisation: int, kind: PriceKind, quantity: Quantity, weights: FloatArray) -> None:
        row = (organisation, PRICE_KINDS.index(kind), quantity)
        listed[row] = listed.get(row, np.zeros(columns)) + weights

    for quantity, payer, provider, weights in _flows(plan, columns):
        kind = _kind(payer, provider, count)
        for body, received in ((payer, -weights), (provider, weights)):
            if body < count:
                add(body, kind, quantity, received)
    for unit, quantity, weights in _unit_costs(plan):
        add(int(plan.unit_organisation[unit]), "prices", quantity, -weights)
    keys = [quantity for _, _, quantity in listed]
    under = {key: [_under(key, causes) for causes in SETS] for key in dict.fromkeys(keys)}
    every = list(dict.fromkeys(quantity for sets in under.values() for quantity in sets))
    activities = list(dict.fromkeys(index for _, *both in every for index in both))
    agreements = [quantity for quantity in every if quantity[0]]
    number: dict[Quantity, int] = {((), index, UNMOVED): n for n, index in enumerate(activities)}
    number |= {quantity: n for n, quantity in enumerate(agreements, len(activities))}
    numbers = {key: [number[quantity] for quantity in sets] for key, sets in under.items()}
    indices = np.array([both for _, *both in keys]).reshape(-1, 2, len(CAUSES))
    rows = Rows(
        organisation=_integers([organisation for organisation, _, _ in listed]),
        kind=_integers([kind for _, kind, _ in listed]),
        under=_integers([numbers[key] for key in keys]).reshape(-1, len(SETS)),
        moved=(indices != NONE).any(axis=1),
        weights=np.array(list(listed.values())).reshape(-1, columns),
    )
    return _quantities(plan, activities, agreements, central), rows


def _under(quantity: Quantity, causes: tuple[bool, ...]) -> Quantity:
    """The quantity with no other causes than these."""
    payments, *both = quantity
    activity, people = (
        tuple(n if acts else NONE for n, acts in zip(index, causes, strict=True)) for index in both
    )
    return payments, activity, people


def _integers(values: Sequence[int] | Sequence[Sequence[int]]) -> IntArray:
    return np.array(values, dtype=np.int64)


def _flows(plan: Plan, columns: int) -> list[tuple[Quantity, int, int, FloatArray]]:
    """The contracts: their quantity, who pays whom, their weights on the price indices."""
    flows = plan.flows
    payments: list[list[int]] = [[] for _ in flows.baseline]
    for number, group in enumerate(flows.payments):
        for contract in group.contracts:
            payments[contract].append(number)
    found = []
    for number, paid_by in enumerate(payments):
        weights = np.zeros(columns)
        weights[flows.price[number]] = flows.baseline[number]
        forms = {flows.payments[payment].form.form for payment in paid_by}
        activity = UNMOVED if forms <= FIXED else _index(plan, int(flows.activity[number]))
        quantity: Quantity = ((), activity, UNMOVED)
        if forms != {"tariff"}:
            people = _index(plan, int(flows.capitation[number]))
            quantity = (tuple(paid_by), activity, people)
        found.append((quantity, int(flows.payer[number]), int(flows.provider[number]), weights))
    return found


def _unit_costs(plan: Plan) -> list[tuple[int, Quantity, FloatArray]]:
    """Own costs: the cost unit, their quantity, their weights."""
    return [
        (int(unit), ((), _index(plan, int(plan.costs.activity[row])), UNMOVED), weights)
        for row, weights in enumerate(plan.costs.weights)
        for unit in np.flatnonzero(plan.cost_membership[:, row])
    ]


def _index(plan: Plan, activity: int) -> Index:
    """The index of each cause of an activity of the plan, NONE being no activity."""
    if activity == NONE:
        return UNMOVED
    of = plan.activities
    return int(of.demand[activity]), int(of.non_demographic[activity]), int(of.growth[activity])


def _kind(payer: int, provider: int, organisations: int) -> PriceKind:
    if payer >= organisations:
        return "income"
    return "contract_prices" if provider < organisations else "prices"


def _quantities(
    plan: Plan, activities: list[Index], agreements: list[Quantity], central: Factors
) -> Quantities:
    """Activities, and the agreements as contracts of £1m that no price moves."""
    count = len(agreements)
    by_payment = [
        _integers([n for n, (payments, _, _) in enumerate(agreements) if payment in payments])
        for payment in range(len(plan.flows.payments))
    ]
    none, nothing = np.full(count, NONE, dtype=np.int64), np.zeros((0, count))
    contracts = Contracts(
        baseline=np.ones(count),
        payer=none,
        provider=none,
        activity=_integers([activities.index(activity) for _, activity, _ in agreements]),
        price=none,
        target=none,
        removal=none,
        capitation=_integers([activities.index(people) for _, _, people in agreements]),
        payments=tuple(
            Payment(group.form, paid_by, paid_by, group.years)
            for group, paid_by in zip(plan.flows.payments, by_payment, strict=True)
            if paid_by.size
        ),
        touched=np.zeros(0, dtype=np.int64),
        touched_payments=(),
        internal=np.zeros(count, dtype=bool),
        incoming=nothing,
        outgoing=nothing,
        central_activity=np.ones((2, count, len(plan.years))),
    )
    demand, other, growth = _integers(activities).reshape(-1, len(CAUSES)).T
    indices = Activities(demand=demand, growth=growth, non_demographic=other)
    found = Quantities(indices, contracts)
    every = quantities_at(found, central)[contracts.activity, :, 0]
    agreed = np.broadcast_to(every, contracts.central_activity.shape)
    return replace(found, agreements=replace(contracts, central_activity=agreed))
