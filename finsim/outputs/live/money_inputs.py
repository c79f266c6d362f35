"""Money on the sheet Inputs: contracts, own costs, and what stands beside them."""

from __future__ import annotations

from collections.abc import Sequence

from finsim.book.model import PaymentForm
from finsim.outputs.live.input_rows import (
    FormInputs,
    Inputs,
    PressureInputs,
    body_names,
    sourced,
)
from finsim.outputs.live.rows import (
    LiveSheet,
    Row,
)
from finsim.simulation.compile_flows import payment_forms
from finsim.simulation.compile_schemes import served_contracts
from finsim.simulation.named import found
from finsim.simulation.plan import NONE, FloatArray, Plan

PARAMETERS: dict[str, tuple[tuple[str, str], ...]] = {
    "blended": (
        ("marginal_rate", "share of the tariff paid on a deviation from plan"),
        ("break_glass", "deviation from plan beyond which the full tariff applies"),
    ),
    "marginal": (
        ("threshold", "activity up to which the full tariff applies"),
        ("marginal_rate", "share of the tariff paid above the threshold"),
    ),
    "cap and collar": (
        ("collar", "how far below plan the tariff holds"),
        ("cap", "how far above plan the tariff holds"),
        ("payer_share_below", "payer's share of a shortfall below the floor"),
        ("payer_share_above", "payer's share of an excess above the ceiling"),
    ),
}


def contract_inputs(inputs: Inputs) -> None:
    """What each contract is worth in the base year, by who pays."""
    plan, sheet = inputs.plan, inputs.sheet
    book, names = plan.resolved.book, body_names(plan.resolved.book)
    stated = plan.contracts
    inputs.contract_order = sorted(
        range(len(book.contracts)), key=lambda n: (stated.payer[n], stated.provider[n], n)
    )
    if not inputs.contract_order:
        return
    sheet.heading("Contracts: value in the base year, by who pays")
    for number in inputs.contract_order:
        contract = book.contracts[number]
        inputs.contracts[number] = sheet.constant(
            names[contract.payer],
            f"{contract.name} (to {names[contract.provider]})",
            sourced(contract), "£m", contract.baseline,
        )  # fmt: skip


def payment_inputs(inputs: Inputs) -> None:
    """The parameters of payment forms, and when each applies."""
    plan, sheet = inputs.plan, inputs.sheet
    book = plan.resolved.book
    named = {terms.id: terms for terms in book.payments}
    used = dict.fromkeys(book.contracts[n].payment for n in inputs.contract_order)
    started = False
    for word in used:
        forms = payment_forms(book, word, plan.years)
        distinct = list(dict.fromkeys(forms))
        plain = len(distinct) == 1 and distinct[0].form not in PARAMETERS
        if not plain and not started:
            sheet.heading("Payment terms")
            started = True
        terms = named.get(word)
        name = terms.name if terms is not None else f"Payment form {word}"
        basis = sourced(terms) if terms is not None else "Default of the payment form"
        inputs.terms[word] = tuple(
            _form(sheet, name, basis, form, forms, len(distinct) > 1) for form in distinct
        )


def _form(
    sheet: LiveSheet,
    name: str,
    basis: str,
    form: PaymentForm,
    forms: Sequence[PaymentForm],
    changes: bool,
) -> FormInputs:
    applies = None
    if changes:
        flags = [float(each == form) for each in forms]
        applies = sheet.by_year(name, f"Paid by {form.form}: 1 yes, 0 no", basis, "switch", flags)
    parameters = {
        key: sheet.constant(name, f"{form.form}: {words}", basis, "%", value)
        for key, words in PARAMETERS.get(form.form, ())
        if (value := getattr(form, key)) is not None
    }
    return FormInputs(form.form, applies, parameters)


def line_inputs(inputs: Inputs) -> None:
    """What each own cost is in the base year, and the part of it that goes with activity."""
    plan, sheet = inputs.plan, inputs.sheet
    book, names = plan.resolved.book, body_names(plan.resolved.book)
    place = {body: number for number, body in enumerate(plan.bodies.ids)}
    inputs.line_order = sorted(
        range(len(book.lines)), key=lambda n: (place[book.lines[n].organisation], n)
    )
    if not inputs.line_order:
        return
    sheet.heading("Own costs: value in the base year")
    for number in inputs.line_order:
        line = book.lines[number]
        inputs.served[number] = tuple(n for n, _ in served_contracts(book, line))
        inputs.lines[number] = sheet.constant(
            names[line.organisation], line.name, sourced(line), "£m", line.baseline
        )
    needed = _released(plan)
    if not needed:
        return
    sheet.heading("Own costs that schemes act on: the part that goes when activity goes")
    for number in inputs.line_order:
        if number in needed:
            line = book.lines[number]
            inputs.releases[number] = sheet.constant(
                names[line.organisation], f"{line.name}: cash release", sourced(line), "share",
                line.cash_release,
            )  # fmt: skip


def _released(plan: Plan) -> set[int]:
    """The lines of which schemes remove activity."""
    rows = plan.lines
    return {
        int(line) for line, target in zip(rows.line, rows.target, strict=True) if target != NONE
    }


def pressure_inputs(inputs: Inputs, central: FloatArray) -> None:
    """Unattributed pressure as it is held."""
    plan, sheet = inputs.plan, inputs.sheet
    held = plan.resolved.held.unattributed
    if held is None:
        return
    basis = f"Solved in {held.solved_in} and held"
    sheet.heading("Unattributed pressure: held, so an input")
    inputs.pressure = PressureInputs(
        amount=sheet.constant("System", "Unattributed pressure in its target year", basis, "£m",
                              held.amount),
        steps=sheet.constant("System", "Years from the base year to the target year", basis,
                             "years", held.in_year - plan.years[0]),
        shares={
            number: sheet.constant(
                plan.bodies.names[number], "Share of unattributed pressure", basis, "share",
                held.shares[body],
            )
            for number, body in enumerate(plan.bodies.ids)
            if held.shares.get(body)
        },
        spread=None
        if plan.unattributed_spread == NONE
        else sheet.by_year(
            "System", "Spread of the pressure, at its mean", basis, "%",
            central[plan.unattributed_spread],
        ),
    )  # fmt: skip


def reserve_inputs(inputs: Inputs) -> None:
    """What must be held back."""
    plan, sheet = inputs.plan, inputs.sheet
    if not plan.reserved:
        return
    book, word = plan.resolved.book, plan.resolved.scenario.reserves
    assert word is not None
    _, stated = found(book.reserves, word, "reserves", ("scenario", "reserves"))
    sheet.heading("Reserves held back, of the allocation")
    first = plan.reserved[0]
    inputs.reserves = (
        sheet.by_year("System", f"{stated.name}: uncommitted", sourced(stated), "%",
                      first.uncommitted),
        sheet.by_year("System", f"{stated.name}: contingency", sourced(stated), "%",
                      first.contingency),
    )  # fmt: skip


def shock_inputs(inputs: Inputs, central: FloatArray) -> None:
    """Shocks whose mean is not nil; the others are not in the central case."""
    plan, sheet = inputs.plan, inputs.sheet
    drivers = {driver.id: driver for driver in plan.resolved.book.all_drivers()}
    moving = [
        (number, shock)
        for number, shock in enumerate(plan.bodies.shock)
        if shock != NONE and central[shock, 1:].any()
    ]
    if not moving:
        return
    sheet.heading("Shocks whose mean is not nil, of turnover in the base year")
    rows: dict[int, Row] = {}
    for number, shock in moving:
        if shock not in rows:
            driver = drivers[plan.inputs.inputs[shock].name]
            rows[shock] = sheet.by_year(
                "System", driver.name, sourced(driver), "%", central[shock], blank=(0,)
            )
        inputs.shocks[number] = rows[shock]
