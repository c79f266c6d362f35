"""From a resolved scenario to a plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.book.model import Book, Contract, External, Organisation, PaymentForm
from finsim.book.quantities import financial_year_text
from finsim.book.uncertain import UncertainRate
from finsim.book.validate import PAYMENT_NAMES
from finsim.economics import costs, ledger
from finsim.scenario.resolved import Resolved
from finsim.simulation.compile_schemes import SchemeCompiler, chosen_schemes, served_contracts
from finsim.simulation.evaluate import central_activities, planned_removal
from finsim.simulation.indices import Indices, integers
from finsim.simulation.inputs import GROWTH, PRESSURE, InputError, Inputs, Register
from finsim.simulation.plan import (
    NONE,
    Bodies,
    Contracts,
    Costs,
    FloatArray,
    Payment,
    Plan,
)

ROUNDING = 1e-9
GroupKey = tuple[int, int, int, int]


def compile_plan(resolved: Resolved) -> Plan:
    """The plan of a scenario.

    Raises InputError, with the path of the value in the book or scenario, for what can only be
    judged together: a path without a year, an impossible correlation, people that are missing, a
    scheme that removes more activity than there is.
    """
    book, scenario, held = resolved.book, resolved.scenario, resolved.held
    years = scenario.year_numbers
    chosen = chosen_schemes(book, scenario)
    spread = held.unattributed.spread if held.unattributed is not None else None
    register = Register(book, years, _growth(resolved), spread)
    inputs = register.select(_names(book, chosen, spread))
    indices = Indices(book, scenario, inputs)
    schemes = SchemeCompiler(book, held, inputs, years)
    activity, efficiency = schemes.compiled(chosen)
    scopes = schemes.scopes(chosen)
    distinct = tuple(dict.fromkeys(scopes))
    contracts = _contracts(book, years, indices, schemes)
    lines = _line_rows(book, indices, schemes, [distinct.index(scope) for scope in scopes])
    plan = Plan(
        resolved=resolved,
        years=years,
        inputs=inputs,
        bodies=_bodies(book, contracts, inputs),
        people=indices.people(),
        rates=indices.rates(),
        activities=indices.activities(),
        contracts=contracts,
        costs=_grouped(lines),
        targets=schemes.target_arrays(indices),
        activity_schemes=activity,
        efficiency_schemes=efficiency,
        scopes=distinct,
        unattributed=_unattributed(resolved),
        unattributed_spread=NONE if spread is None else inputs.position(PRESSURE),
        lines=lines,
    )
    _refuse_over_removal(plan, chosen)
    central = central_activities(plan)
    return replace(plan, contracts=replace(contracts, central_activity=central))


def _growth(resolved: Resolved) -> UncertainRate | None:
    people = resolved.scenario.population
    return None if people is None or people.growth == "outturn" else people.growth


def _names(book: Book, chosen: list[int], spread: UncertainRate | None) -> list[str]:
    """The inputs that move some result of this scenario."""
    names: list[str | None] = [body.shock for body in book.organisations]
    for flow in (*book.lines, *book.contracts):
        names += [flow.growth, flow.non_demographic, flow.price]
    for number in chosen:
        prefix = f"schemes.{book.schemes[number].id}"
        names += [f"{prefix}.{part}" for part in ("happens", "slip", "delivered")]
    if book.demand is not None:
        names += [GROWTH, book.demand.mix]
    if spread is not None:
        names.append(PRESSURE)
    return [name for name in names if name is not None]


def _contracts(
    book: Book, years: tuple[int, ...], indices: Indices, schemes: SchemeCompiler
) -> Contracts:
    bodies: list[Organisation | External] = [*book.organisations, *book.external]
    node = {body.id: number for number, body in enumerate(bodies)}
    inside = np.array([getattr(body, "in_perimeter", False) for body in bodies], dtype=bool)
    payer = integers(node[contract.payer] for contract in book.contracts)
    provider = integers(node[contract.provider] for contract in book.contracts)
    targets = schemes.targets
    count = len(book.contracts)
    return Contracts(
        baseline=np.array([contract.baseline for contract in book.contracts]),
        payer=payer,
        provider=provider,
        activity=indices.contract_activity,
        price=indices.contract_price,
        target=integers(targets.get(("contract", number), NONE) for number in range(count)),
        capitation=indices.capitation,
        payments=_payments(book, years),
        internal=inside[payer] & inside[provider],
        incidence=ledger.contract_incidence(payer, provider, len(bodies)),
        central_activity=np.ones((2, count, len(years))),
    )


def payment_forms(book: Book, contract: Contract, years: tuple[int, ...]) -> list[PaymentForm]:
    """The payment form of a contract in each year; the first stated holds before its year too."""
    if contract.payment in PAYMENT_NAMES:
        form = PaymentForm.model_validate({"form": contract.payment})
        return [form] * len(years)
    terms = next(terms for terms in book.payments if terms.id == contract.payment)
    starts = sorted(terms.by_year)
    return [
        terms.by_year[max((start for start in starts if start <= year), default=starts[0])]
        for year in years
    ]


def _payments(book: Book, years: tuple[int, ...]) -> tuple[Payment, ...]:
    """Contracts gathered by payment form and by the run of years in which it applies."""
    runs: dict[tuple[PaymentForm, int, int], list[int]] = {}
    for number, contract in enumerate(book.contracts):
        forms = payment_forms(book, contract, years)
        start = 0
        for t in range(1, len(forms) + 1):
            if t == len(forms) or forms[t] != forms[start]:
                runs.setdefault((forms[start], start, t), []).append(number)
                start = t
    return tuple(
        Payment(form, integers(numbers), slice(first, last))
        for (form, first, last), numbers in runs.items()
    )


def _line_rows(book: Book, indices: Indices, schemes: SchemeCompiler, scopes: list[int]) -> Costs:
    """One row for each own line, or for each contract that a provider's line serves."""
    organisation = {body.id: number for number, body in enumerate(book.organisations)}
    targets = schemes.targets
    rows: list[tuple[int, int, int, int, int]] = []
    money: list[tuple[int, float, float]] = []
    for number, line in enumerate(book.lines):
        fixed = (number, organisation[line.organisation], scopes[number])
        price = int(indices.line_price[number])
        served = served_contracts(book, line)
        if not served:
            activity = int(indices.line_activity[number])
            target = targets.get(("line", number), NONE)
            rows.append((*fixed, activity, target))
            money.append((price, line.baseline, line.cash_release))
        for contract, share in served:
            activity = int(indices.contract_activity[contract])
            target = targets.get(("contract", contract), NONE)
            rows.append((*fixed, activity, target))
            money.append((price, line.baseline * share, line.cash_release))
    weights = np.zeros((len(rows), indices.price_columns))
    releasing = np.zeros_like(weights)
    for position, (price, value, release) in enumerate(money):
        weights[position, price] = value
        releasing[position, price] = value * release
    columns = [integers(row[column] for row in rows) for column in range(5)]
    line_of, organisation_of, scope_of, activity_of, target_of = columns
    return Costs(line_of, organisation_of, activity_of, target_of, scope_of, weights, releasing)


def _grouped(rows: Costs) -> Costs:
    """Rows of one organisation, activity, target and efficiency as one cost group."""
    keys = np.stack([rows.organisation, rows.activity, rows.target, rows.scope])
    distinct, position = np.unique(keys, axis=1, return_inverse=True)
    groups = distinct.shape[1]
    weights = np.zeros((groups, rows.weights.shape[1]))
    releasing = np.zeros_like(weights)
    np.add.at(weights, position.ravel(), rows.weights)
    np.add.at(releasing, position.ravel(), rows.releasing)
    organisation, activity, target, scope = distinct
    line = np.full(groups, NONE)
    return Costs(line, organisation, activity, target, scope, weights, releasing)


def _bodies(book: Book, contracts: Contracts, inputs: Inputs) -> Bodies:
    count = len(book.organisations)
    income = ledger.contracts_in(contracts.incidence, contracts.baseline[:, None, None])
    return Bodies(
        ids=tuple(body.id for body in book.organisations),
        names=tuple(body.name for body in book.organisations),
        in_perimeter=np.array([body.in_perimeter for body in book.organisations], dtype=bool),
        local_share=np.array([body.local_share for body in book.organisations]),
        shock=integers(
            NONE if body.shock is None else inputs.position(body.shock)
            for body in book.organisations
        ),
        turnover=income[:count, 0, 0],
    )


def _unattributed(resolved: Resolved) -> FloatArray:
    """[organisation, year], £m: nil in the base year, equal steps to the year it was solved in."""
    held, years = resolved.held.unattributed, resolved.scenario.year_numbers
    bodies = [body.id for body in resolved.book.organisations]
    if held is None:
        return np.zeros((len(bodies), len(years)))
    target = held.in_year - years[0]
    shares = [held.shares.get(body, 0.0) for body in bodies]
    return np.stack(
        [costs.unattributed_pressure(held.amount, s, 0, target, len(years)) for s in shares]
    )


def _refuse_over_removal(plan: Plan, chosen: list[int]) -> None:
    """A full effect above the activity that it acts on is a mistake in the scheme."""
    if not plan.activity_schemes:
        return
    share = planned_removal(plan)
    worst = np.unravel_index(np.argmax(share), share.shape)
    if share[worst] <= 1 + ROUNDING:
        return
    scheme = plan.activity_schemes[int(worst[0])]
    book = plan.resolved.book
    number = next(n for n in chosen if book.schemes[n].id == scheme.id)
    year = financial_year_text(plan.years[int(worst[2])])
    text = f"at its full effect removes {share[worst]:.0%} of what it acts on in {year}"
    raise InputError(("schemes", number, "saving"), f"{text}; at most 100% can be removed")
