"""A contract: its activity, its tariff, how it is paid in each year, and what both ends book."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from finsim.book.model import Contract, PaymentForm, PaymentTerms
from finsim.outputs.trace_case import Case
from finsim.outputs.trace_factors import (
    Factor,
    driver_factor,
    factor_rows,
    in_numbers,
    movement,
    origins,
    removal_origin,
    removed,
)
from finsim.outputs.trace_sources import book_place, provenance, standing_text
from finsim.outputs.trace_text import (
    ROUNDED,
    RULE,
    Row,
    heading,
    listed,
    share,
    table,
    tagged,
    year_row,
)
from finsim.outputs.words import pounds
from finsim.outputs.workbook_words import payment_in_words
from finsim.simulation.compile_flows import payment_forms
from finsim.simulation.compile_schemes import served_contracts
from finsim.simulation.plan import FloatArray

PLANNED = frozenset({"blended", "cap and collar"})


class ContractTrace(Struct, frozen=True):
    """A contract's factors, [year]; their product is its value at tariff after schemes.

    `plan_activity` is the activity agreed before and after schemes, [2, year].
    """

    factors: tuple[Factor, ...]
    forms: tuple[PaymentForm, ...]
    people: FloatArray
    plan_activity: FloatArray
    at_tariff: FloatArray
    do_nothing: FloatArray
    value: FloatArray
    removed: FloatArray


def contract_trace(case: Case, number: int) -> ContractTrace:
    """The factors of a contract."""
    stated, arrays = case.book.contracts[number], case.plan.contracts
    target = int(arrays.target[number])
    gone = removed(case, target)
    base = np.full(len(case.plan.years), stated.baseline)
    place = book_place(case, "contracts", number, "baseline")
    factors = (
        Factor("B", "base-year value, £m", base, f"{standing_text(stated)}; {place}"),
        *movement(case, stated, int(arrays.activity[number])),
        Factor("1−R", "activity left", 1 - gone, removal_origin(case, target)),
        driver_factor(case, "τ", "tariff", stated.price),
    )
    return ContractTrace(
        factors=factors,
        forms=tuple(payment_forms(case.book, stated.payment, case.plan.years)),
        people=case.of(case.factors.activities)[int(arrays.capitation[number])],
        plan_activity=arrays.central_activity[:, number],
        at_tariff=np.prod([each.values for each in factors], axis=0),
        do_nothing=case.of(case.lines.contracts_do_nothing)[number],
        value=case.of(case.lines.contracts)[number],
        removed=gone,
    )


def contract(case: Case, number: int) -> list[str]:
    """A contract in words and figures."""
    stated = case.book.contracts[number]
    found = contract_trace(case, number)
    ends = f"{stated.payer} pays {stated.provider} for {stated.service.replace('_', ' ')}"
    tariff = in_numbers(found.factors, case.t, float(found.at_tariff[case.t]))
    growth = found.factors[1].letter
    return [
        *heading(case, f"{stated.name} ({stated.id}) – {ends}"),
        "",
        *tagged("At tariff", f"B × {growth} × N × (1 − R) × τ"),
        *tagged(case.year, tariff),
        *tagged("Paid", _payment_words(case, found)),
        *tagged(case.year, _paid_words(found, case.t)),
        "",
        *table("By year", case.shown_years, _rows(case, found)),
        "",
        "Where each comes from",
        *origins(found.factors),
        *tagged("  terms", _terms_origin(case, stated)),
        "",
        *tagged("Booked", _booked(stated)),
        *tagged("Served by", _served_by(case, number)),
        "",
        ROUNDED,
        "",
        *provenance(case, stated, "contracts", number),
    ]


def _rows(case: Case, found: ContractTrace) -> Iterator[Row]:
    yield from factor_rows(case, found.factors)
    forms = {found.forms[t].form for t in case.shown}
    if forms & PLANNED:
        yield year_row(case, "Plan activity, do nothing", found.plan_activity[0], "index")
        yield year_row(case, "Plan activity, after schemes", found.plan_activity[1], "index")
    if "capitated" in forms:
        yield year_row(case, "Weighted population", found.people, "index")
    yield RULE
    yield year_row(case, "At tariff, after schemes, £m", found.at_tariff)
    short = {"cap and collar": "collar"}
    cells = [short.get(found.forms[t].form, found.forms[t].form) for t in case.shown]
    yield Row("Paid by", tuple(f"{cell} " for cell in cells))
    yield year_row(case, "Do nothing, £m", found.do_nothing)
    yield year_row(case, "After schemes, £m", found.value)


def _payment_words(case: Case, found: ContractTrace) -> str:
    years = case.plan.years
    changes = {
        year: form
        for number, (year, form) in enumerate(zip(years, found.forms, strict=True))
        if number == 0 or form != found.forms[number - 1]
    }
    return payment_in_words(changes)


def _formula(form: PaymentForm) -> str:
    """How a form makes the value of the year."""
    return {
        "tariff": "tariff: B × A × τ",
        "block": "block: B × τ, whatever the activity",
        "blended": "blended: plan + m × (at tariff − plan), plan = B × plan activity × τ",
        "marginal": "marginal: B × τ × [min(A, θ) + r × max(A − θ, 0)]",
        "capitated": "capitated: B × weighted population × τ",
        "cap and collar": "cap and collar: at tariff inside the collar, shared outside it",
    }[form.form]


def _paid_words(found: ContractTrace, t: int) -> str:
    text = f"{_formula(found.forms[t])} = {pounds(float(found.value[t]))}"
    if found.forms[t].form not in PLANNED:
        return text
    base, price = found.factors[0].values[t], found.factors[-1].values[t]
    plan = float(base * found.plan_activity[1, t] * price)
    return f"{text}; plan {pounds(plan)}, at tariff {pounds(float(found.at_tariff[t]))}"


def _terms_origin(case: Case, stated: Contract) -> str:
    for number, terms in enumerate(case.book.payments):
        if terms.id == stated.payment:
            place = book_place(case, "payments", number)
            return f"{terms.name} ({terms.id}): {standing_text(terms)}; {place}"
    return f"{stated.payment}, in every year"


def _booked(stated: Contract) -> str:
    values = (stated.payer_value, stated.provider_value)
    if values == (None, None):
        return f"payer and provider both at {pounds(stated.baseline)}; no mismatch"
    payer, provider = (stated.baseline if value is None else value for value in values)
    settled = f"settled at {pounds(stated.baseline)}"
    mismatch = f"mismatch {pounds(stated.mismatch)} (provider less payer)"
    return f"payer {pounds(payer)}, provider {pounds(provider)}; {settled}; {mismatch}"


def _served_by(case: Case, number: int) -> str:
    provider = case.book.contracts[number].provider
    found = [
        f"{line.id} ({share(part)} of it)"
        for line in case.book.lines
        if line.organisation == provider
        for served, part in served_contracts(case.book, line)
        if served == number
    ]
    return listed(found) if found else "no own cost line of the provider follows it"


def payment(case: Case, number: int) -> list[str]:
    """Payment terms: the form by year, and who is paid by them."""
    terms: PaymentTerms = case.book.payments[number]
    used = [contract for contract in case.book.contracts if contract.payment == terms.id]
    total = sum(contract.baseline for contract in used)
    ids = listed([contract.id for contract in used]) or "none"
    return [
        *heading(case, f"{terms.name} ({terms.id}) – payment terms"),
        "",
        *tagged("Paid", payment_in_words(terms.by_year)),
        *tagged("Used by", f"{len(used)} contracts, {pounds(total)} in the base year: {ids}"),
        "",
        *provenance(case, terms, "payments", number),
    ]
