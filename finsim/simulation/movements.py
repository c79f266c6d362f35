"""What moved each organisation's do-nothing position since the base year.

Contracts and own costs are quantities times prices. A quantity is what a form of payment makes of
activity, its central plan and the people of the payer; activity is demand times growth. So what
moves alike stands once: a *quantity* for each activity, as a tariff pays it, one for each activity
under another form of payment, and a *row* for each organisation, quantity and kind of price, with
its weights on the price indices.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from finsim.book.model import PaymentForm
from finsim.economics.arrays import weighted
from finsim.economics.decomposition import PricedContributions, priced_contributions, products
from finsim.simulation.cases import central_inputs
from finsim.simulation.compile_flows import form_runs, payments_of
from finsim.simulation.evaluate import paid
from finsim.simulation.factors import Factors, factors_at
from finsim.simulation.plan import NONE, Contracts, FloatArray, IntArray, Plan

Cause: TypeAlias = Literal["demography", "non_demographic_growth", "stated_growth"]
PriceKind: TypeAlias = Literal["prices", "contract_prices", "income"]
CAUSES: tuple[Cause, ...] = ("demography", "non_demographic_growth", "stated_growth")
PRICE_KINDS: tuple[PriceKind, ...] = ("prices", "contract_prices", "income")
TARIFF = PaymentForm(form="tariff")
FIXED = ("block", "capitated")  # forms that activity does not move
QuantityKey: TypeAlias = tuple[tuple[PaymentForm, ...], int, int]
RowKey: TypeAlias = tuple[int, int, int]


class Movements(Struct, frozen=True):
    """A plan's quantities, and the rows that they make: see `movements`.

    The activities come first, then what follows none, then the `agreements`. `central` [set…,
    activity, year] are the central activities under every set of causes, with which plans are
    agreed; `agreed` [quantity, year] what each quantity is with no cause at all, other than 1 only
    where the form of payment itself changes. `moved` are the rows that each cause moves. `weights`
    [row, price index] are £m of the base year, received positive; `of_organisation` [organisation,
    row] and `of_kind` [organisation and kind, row] are ones and noughts.
    """

    agreements: Contracts
    central: FloatArray
    agreed: FloatArray
    quantity: IntArray
    moved: tuple[IntArray, ...]
    weights: FloatArray
    of_organisation: FloatArray
    of_kind: FloatArray


def movements(plan: Plan) -> Movements:
    """The quantities and rows of a plan."""
    keys, rows = _keys_and_rows(plan)
    count, kinds = len(plan.bodies.ids), len(PRICE_KINDS)
    factors = factors_at(plan, central_inputs(plan))
    columns = plan.lines.weights.shape[1]
    of_row = np.array(list(rows), dtype=np.int64).reshape(-1, 3)
    agreements = _agreements(keys, len(plan.years))
    moving = _moving(plan, agreements)[:, of_row[:, 1]]
    found = Movements(
        agreements=agreements,
        central=_activity_sets(plan, factors)[..., 0],
        agreed=np.ones((0, len(plan.years))),
        quantity=of_row[:, 1],
        moved=tuple(np.flatnonzero(rows) for rows in moving),
        weights=np.stack(list(rows.values())) if rows else np.zeros((0, columns)),
        of_organisation=_ones(of_row[:, 0], count),
        of_kind=_ones(of_row[:, 0] * kinds + of_row[:, 2], count * kinds),
    )
    return replace(found, agreed=quantity_sets(plan, found, factors)[0, 0, 0, :, :, 0])


def _keys_and_rows(plan: Plan) -> tuple[list[QuantityKey], dict[RowKey, FloatArray]]:
    """The agreements, and the weights of each organisation, quantity and kind of price."""
    agreements: dict[QuantityKey, int] = {}
    rows: dict[RowKey, FloatArray] = {}
    count, columns = len(plan.bodies.ids), plan.lines.weights.shape[1]
    activities = len(plan.activities.demand)

    def add(organisation: int, key: QuantityKey, kind: PriceKind, weights: FloatArray) -> None:
        forms, activity, _ = key
        if all(form.form == TARIFF.form for form in forms):
            number = activities if activity == NONE else activity
        else:
            number = agreements.setdefault(key, activities + 1 + len(agreements))
        row = (organisation, number, PRICE_KINDS.index(kind))
        rows[row] = rows.get(row, np.zeros(columns)) + weights

    for key, payer, provider, weights in _flows(plan, columns):
        kind = _kind(payer, provider, count)
        for body, received in ((payer, -weights), (provider, weights)):
            if body < count:
                add(body, key, kind, received)
    always = (TARIFF,) * len(plan.years)
    for unit, activity, weights in _unit_costs(plan):
        add(int(plan.unit_organisation[unit]), (always, activity, NONE), "prices", -weights)
    return list(agreements), rows


def moved_by(plan: Plan, found: Movements, factors: Factors) -> dict[str, FloatArray]:
    """What each cause and each kind of price added to positions since the base year.

    By the names of `CAUSES` and `PRICE_KINDS`, [organisation, year, draw], £m. Together with the
    base position they are the do-nothing position before unattributed pressure, reserves, shocks.
    """
    priced = priced_contributions(quantity_sets(plan, found, factors), len(CAUSES))
    price = weighted(found.weights, factors.rates)
    base = found.weights.sum(axis=1)[:, None, None]
    moved: dict[str, FloatArray] = {}
    for number, cause in enumerate(CAUSES):
        moved[cause] = _of_cause(found, priced, number, price, base)
    by_kind = priced.of_price[found.quantity]
    by_kind *= price - base
    by_kind += (found.agreed - found.agreed[:, :1])[found.quantity, :, None] * base
    count = len(found.of_organisation)
    shape = (count, len(PRICE_KINDS), *price.shape[1:])
    kinds = weighted(found.of_kind, by_kind).reshape(shape)
    for number, kind in enumerate(PRICE_KINDS):
        moved[kind] = kinds[:, number]
    return moved


def _of_cause(
    found: Movements,
    priced: PricedContributions,
    cause: int,
    price: FloatArray,
    base: FloatArray,
) -> FloatArray:
    """The rows whose quantity the cause moves, summed by organisation."""
    rows = found.moved[cause]
    value = priced.with_price[cause][found.quantity[rows]]
    value *= price[rows]
    value += priced.without[cause][found.quantity[rows]] * base[rows]
    return weighted(found.of_organisation[:, rows], value)


def _flows(plan: Plan, columns: int) -> list[tuple[QuantityKey, int, int, FloatArray]]:
    """The contracts: what each follows, who pays whom, its weights on the price indices."""
    flows = plan.flows
    forms: list[list[PaymentForm]] = [[TARIFF] * len(plan.years) for _ in flows.baseline]
    for group in flows.payments:
        for contract in group.contracts:
            forms[contract][group.years] = [group.form] * len(forms[contract][group.years])
    found = []
    for number, by_year in enumerate(forms):
        weights = np.zeros(columns)
        weights[flows.price[number]] = flows.baseline[number]
        moved = any(form.form not in FIXED for form in by_year)
        activity = int(flows.activity[number]) if moved else NONE
        key = (tuple(by_year), activity, int(flows.capitation[number]))
        found.append((key, int(flows.payer[number]), int(flows.provider[number]), weights))
    return found


def _unit_costs(plan: Plan) -> list[tuple[int, int, FloatArray]]:
    """Own costs: the cost unit, the activity that they follow, their weights."""
    return [
        (int(unit), int(plan.costs.activity[row]), plan.costs.weights[row])
        for row in range(len(plan.costs.weights))
        for unit in np.flatnonzero(plan.cost_membership[:, row])
    ]


def _kind(payer: int, provider: int, organisations: int) -> PriceKind:
    if payer >= organisations:
        return "income"
    return "contract_prices" if provider < organisations else "prices"


def _ones(owner: IntArray, owners: int) -> FloatArray:
    belongs: FloatArray = (owner == np.arange(owners)[:, None]).astype(np.float64)
    return belongs


def _moving(plan: Plan, agreements: Contracts) -> NDArray[np.bool_]:
    """Whether each cause moves each quantity: [cause, quantity]."""
    index = plan.activities
    by_cause = np.stack([index.demand, index.non_demographic, index.growth]) != NONE
    activities = np.concatenate([by_cause, np.zeros((len(CAUSES), 1), dtype=bool)], axis=1)
    agreed = activities[:, agreements.activity] | activities[:, agreements.capitation]
    return np.concatenate([activities, agreed], axis=1)


def _agreements(keys: list[QuantityKey], years: int) -> Contracts:
    """The quantities that no tariff pays, as contracts of £1m that no price moves."""
    count = len(keys)
    payments = payments_of([form_runs(forms) for forms, _, _ in keys])
    none = np.full(count, NONE, dtype=np.int64)
    nothing = np.zeros((0, count))
    return Contracts(
        baseline=np.ones(count),
        payer=none,
        provider=none,
        activity=np.array([activity for _, activity, _ in keys], dtype=np.int64),
        price=none,
        target=none,
        removal=none,
        capitation=np.array([capitation for _, _, capitation in keys], dtype=np.int64),
        payments=payments,
        touched=np.zeros(0, dtype=np.int64),
        touched_payments=(),
        internal=np.zeros(count, dtype=bool),
        incoming=nothing,
        outgoing=nothing,
        central_activity=np.ones((2, count, years)),
    )


def _activity_sets(plan: Plan, factors: Factors) -> FloatArray:
    """Every activity under every set of causes, [2, 2, 2, activity, year, draw]; the last is 1."""
    index, rates = plan.activities, factors.rates
    growth, other = rates[index.growth], rates[index.non_demographic]
    grown = growth * other
    demography = np.divide(factors.activities, grown, out=np.ones_like(grown), where=grown != 0)
    sets = products([demography, other, growth])
    last = np.ones((*sets.shape[:3], 1, *sets.shape[4:]))
    return np.concatenate([sets, last], axis=3)


def quantity_sets(plan: Plan, found: Movements, factors: Factors) -> FloatArray:
    """Every quantity under every set of causes, the plans agreed with the same causes."""
    sets = _activity_sets(plan, factors)
    stated = found.agreements
    values = np.empty((*sets.shape[:3], len(stated.baseline), *sets.shape[4:]))
    for chosen in np.ndindex(sets.shape[:3]):
        alike = replace(factors, activities=sets[chosen])
        central = found.central[chosen][stated.activity]
        values[chosen] = paid(
            stated, stated.payments, alike.activities, stated.activity, alike, central
        )
    return np.concatenate([sets, values], axis=3)
