"""Contracts and own costs as arrays, by themselves and with what moves alike merged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from finsim.book.model import Book, External, Organisation, PaymentForm
from finsim.book.validate import PAYMENT_NAMES
from finsim.simulation.compile_schemes import TargetKey, served_contracts
from finsim.simulation.indices import Indices, integers
from finsim.simulation.plan import (
    NONE,
    Contracts,
    CostGroups,
    CostRows,
    FloatArray,
    IntArray,
    Payment,
    ReleaseGroups,
    Targets,
)

FormRun = tuple[PaymentForm, int, int]


def contract_arrays(
    book: Book,
    years: tuple[int, ...],
    indices: Indices,
    named: dict[TargetKey, int],
    targets: Targets,
) -> Contracts:
    """Every contract of a book."""
    bodies: list[Organisation | External] = [*book.organisations, *book.external]
    node = {body.id: number for number, body in enumerate(bodies)}
    inside = np.array([getattr(body, "in_perimeter", False) for body in bodies], dtype=bool)
    payer = integers(node[contract.payer] for contract in book.contracts)
    provider = integers(node[contract.provider] for contract in book.contracts)
    count = len(book.contracts)
    target = integers(named.get(("contract", number), NONE) for number in range(count))
    touched = np.flatnonzero(target != NONE)
    words = dict.fromkeys(contract.payment for contract in book.contracts)
    runs = {word: form_runs(payment_forms(book, word, years)) for word in words}
    payments = payments_of([runs[contract.payment] for contract in book.contracts])
    return Contracts(
        baseline=np.array([contract.baseline for contract in book.contracts]),
        payer=payer,
        provider=provider,
        activity=indices.contract_activity,
        price=indices.contract_price,
        target=target,
        removal=_removal_of(targets, target),
        capitation=indices.capitation,
        payments=payments,
        touched=touched,
        touched_payments=_of_touched(payments, touched),
        internal=inside[payer] & inside[provider],
        incoming=_membership(provider, len(bodies)),
        outgoing=_membership(payer, len(bodies)),
        central_activity=np.ones((2, count, len(years))),
    )


def _removal_of(targets: Targets, target: IntArray) -> IntArray:
    """What takes activity from each target, NONE from none."""
    return np.append(targets.removal, NONE)[target]


def payment_forms(book: Book, payment: str, years: tuple[int, ...]) -> list[PaymentForm]:
    """The form that a contract's payment takes each year; the first holds before its year too."""
    for form in PAYMENT_NAMES:
        if form == payment:
            return [PaymentForm.model_construct(form=form)] * len(years)
    terms = next(terms for terms in book.payments if terms.id == payment)
    starts = sorted(terms.by_year)
    return [
        terms.by_year[max((start for start in starts if start <= year), default=starts[0])]
        for year in years
    ]


def form_runs(forms: Sequence[PaymentForm]) -> tuple[FormRun, ...]:
    """The runs of years in which each of a contract's payment forms, one for a year, applies."""
    starts = [t for t in range(len(forms)) if t == 0 or forms[t] != forms[t - 1]]
    ends = [*starts[1:], len(forms)]
    return tuple((forms[start], start, end) for start, end in zip(starts, ends, strict=True))


def payments_of(runs: Sequence[tuple[FormRun, ...]]) -> tuple[Payment, ...]:
    """The contracts, in the order of their runs, by the form that pays them and its years."""
    gathered: dict[FormRun, list[int]] = {}
    for number, of_contract in enumerate(runs):
        for run in of_contract:
            gathered.setdefault(run, []).append(number)
    return tuple(
        Payment(form, integers(numbers), integers(numbers), slice(first, last))
        for (form, first, last), numbers in gathered.items()
    )


def _of_touched(payments: tuple[Payment, ...], touched: IntArray) -> tuple[Payment, ...]:
    """The payments of touched contracts; their values stand by their order among those."""
    parts = [
        replace(
            group,
            contracts=(kept := group.contracts[np.isin(group.contracts, touched)]),
            rows=np.searchsorted(touched, kept),
        )
        for group in payments
    ]
    return tuple(part for part in parts if part.contracts.size)


def _membership(owner: IntArray, owners: int) -> FloatArray:
    """[owner, item] of ones and noughts."""
    belongs: FloatArray = (owner == np.arange(owners)[:, None]).astype(np.float64)
    return belongs


def merged_contracts(stated: Contracts, apart: set[int]) -> tuple[Contracts, IntArray]:
    """Contracts between the same bodies, moved and paid alike, by schemes too, as one.

    Those in `apart` stay by themselves. Also gives, for each contract, where it stands among them;
    of that one's value a contract has the part that its baseline is.
    """
    paid: list[list[int]] = [[] for _ in stated.baseline]
    for number, group in enumerate(stated.payments):
        for contract in group.contracts:
            paid[contract].append(number)
    keys: dict[tuple[object, ...], list[int]] = {}
    columns = (
        *(stated.payer, stated.provider, stated.activity, stated.price, stated.capitation),
        stated.removal,
    )
    for number in range(len(stated.baseline)):
        own = number if number in apart else NONE
        key = (*(int(column[number]) for column in columns), tuple(paid[number]), own)
        keys.setdefault(key, []).append(number)
    first = integers(numbers[0] for numbers in keys.values())
    target = stated.target[first]
    touched = np.flatnonzero(target != NONE)
    payments = tuple(
        replace(
            group, contracts=(kept := np.flatnonzero(np.isin(first, group.contracts))), rows=kept
        )
        for group in stated.payments
    )
    place = np.empty(len(stated.baseline), dtype=np.int64)
    for position, numbers in enumerate(keys.values()):
        place[numbers] = position
    merged = Contracts(
        baseline=np.array([stated.baseline[numbers].sum() for numbers in keys.values()]),
        payer=stated.payer[first],
        provider=stated.provider[first],
        activity=stated.activity[first],
        price=stated.price[first],
        target=target,
        removal=stated.removal[first],
        capitation=stated.capitation[first],
        payments=payments,
        touched=touched,
        touched_payments=_of_touched(payments, touched),
        internal=stated.internal[first],
        incoming=stated.incoming[:, first],
        outgoing=stated.outgoing[:, first],
        central_activity=stated.central_activity[:, first],
    )
    return merged, place


def _positions(items: IntArray, wanted: IntArray) -> IntArray:
    return np.flatnonzero(np.isin(items, wanted))


def line_rows(
    book: Book,
    indices: Indices,
    named: dict[TargetKey, int],
    targets: Targets,
    scopes: list[int],
) -> CostRows:
    """One row for each own line, or for each contract that a provider's line serves."""
    organisation = {body.id: number for number, body in enumerate(book.organisations)}
    rows: list[tuple[int, int, int, int, int]] = []
    money: list[tuple[int, float, float]] = []
    for number, line in enumerate(book.lines):
        fixed = (number, organisation[line.organisation], scopes[number])
        price = int(indices.line_price[number])
        served = served_contracts(book, line)
        if not served:
            activity = int(indices.line_activity[number])
            rows.append((*fixed, activity, named.get(("line", number), NONE)))
            money.append((price, line.baseline, line.cash_release))
        for contract, share in served:
            activity = int(indices.contract_activity[contract])
            rows.append((*fixed, activity, named.get(("contract", contract), NONE)))
            money.append((price, line.baseline * share, line.cash_release))
    weights = np.zeros((len(rows), indices.price_columns))
    releasing = np.zeros_like(weights)
    for position, (price, value, release) in enumerate(money):
        weights[position, price] = value
        releasing[position, price] = value * release
    columns = [integers(row[column] for row in rows) for column in range(5)]
    line_of, organisation_of, scope_of, activity_of, target_of = columns
    return CostRows(
        line=line_of,
        organisation=organisation_of,
        activity=activity_of,
        target=target_of,
        removal=_removal_of(targets, target_of),
        scope=scope_of,
        weights=weights,
        releasing=releasing,
    )


class CostUnits:
    """Own lines gathered into cost units, their activities and their removals."""

    def __init__(self, rows: CostRows, organisations: int) -> None:
        keys = np.stack([rows.organisation, rows.scope])
        distinct, unit = np.unique(keys, axis=1, return_inverse=True)
        unit = unit.ravel()
        self.organisation, self.scope = distinct
        count = distinct.shape[1]
        self.membership = _membership(self.organisation, organisations)
        cost_unit, cost_activity, weights, _ = _gathered(rows, unit, rows.activity)
        self.costs = CostGroups(cost_activity, weights)
        self.cost_membership = _membership(cost_unit, count)
        held = np.flatnonzero(rows.removal != NONE)
        touched = replace(
            rows,
            activity=rows.activity[held],
            weights=rows.weights[held],
            releasing=rows.releasing[held],
        )
        by_unit, removal, whole, going = _gathered(touched, unit[held], rows.removal[held])
        activity_of = dict(
            zip(rows.removal[held].tolist(), rows.activity[held].tolist(), strict=True)
        )
        activity = integers(activity_of[number] for number in removal.tolist())
        self.releases = ReleaseGroups(by_unit, removal, activity, whole, going)
        self.release_membership = _membership(by_unit, count)


def _gathered(
    rows: CostRows, unit: IntArray, by: IntArray
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Rows summed by unit and another key: the units, the keys, weights and releasing weights."""
    distinct, position = np.unique(np.stack([unit, by]), axis=1, return_inverse=True)
    weights = np.zeros((distinct.shape[1], rows.weights.shape[1]))
    releasing = np.zeros_like(weights)
    np.add.at(weights, position.ravel(), rows.weights)
    np.add.at(releasing, position.ravel(), rows.releasing)
    return distinct[0], distinct[1], weights, releasing
