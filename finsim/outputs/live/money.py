"""Contracts and own costs on the sheet Calculations, before and after schemes."""

from __future__ import annotations

from msgspec import Struct, field

from finsim.outputs.live.expressions import Expression, added, least, lift, most, product
from finsim.outputs.live.indices import IndexRows
from finsim.outputs.live.input_rows import FormInputs, Inputs
from finsim.outputs.live.rows import LiveSheet, Row, total_of_constants
from finsim.outputs.live.scheme_rows import SchemeRows, central_removal
from finsim.simulation.plan import NONE

AGREED_IN_PLANS = ("blended", "cap and collar")


class MoneyRows(Struct):
    """Contracts and lines by their place in the book, £m."""

    contracts_do_nothing: dict[int, Row] = field(default_factory=dict)
    contracts: dict[int, Row] = field(default_factory=dict)
    costs_do_nothing: dict[int, Row] = field(default_factory=dict)
    costs: dict[int, Row] = field(default_factory=dict)
    stranded: dict[int, Row] = field(default_factory=dict)


class Served(Struct, frozen=True):
    """The contracts that a provider's lines follow, as weighted means over their values.

    `removed` and `added` are activity × share removed, of what is removed and of what is added.
    """

    activity: Row | None
    removed: Row | None
    added: Row | None


def money_rows(
    inputs: Inputs, indices: IndexRows, schemes: SchemeRows, sheet: LiveSheet
) -> MoneyRows:
    """The value of every contract and own cost."""
    found = MoneyRows()
    central = _central(inputs, indices, schemes, sheet)
    _contracts(inputs, indices, schemes, central, sheet, found)
    _costs(inputs, indices, schemes, sheet, found)
    return found


def _central(
    inputs: Inputs, indices: IndexRows, schemes: SchemeRows, sheet: LiveSheet
) -> dict[int, Row]:
    """The central removal of what contracts with an agreed plan are paid for."""
    book, stated = inputs.plan.resolved.book, inputs.plan.contracts
    targets = [
        int(stated.target[n])
        for n in inputs.contract_order
        if stated.target[n] != NONE
        and any(f.form in AGREED_IN_PLANS for f in inputs.terms[book.contracts[n].payment])
    ]
    if not targets:
        return {}
    return central_removal(inputs, indices, sheet, targets, schemes.gross)


# contracts


def _contracts(
    inputs: Inputs,
    indices: IndexRows,
    schemes: SchemeRows,
    central: dict[int, Row],
    sheet: LiveSheet,
    found: MoneyRows,
) -> None:
    book, stated = inputs.plan.resolved.book, inputs.plan.contracts
    if not inputs.contract_order:
        return
    sheet.heading("Contracts before schemes")
    for n in inputs.contract_order:
        own, forms = inputs.contracts[n], inputs.terms[book.contracts[n].payment]
        activity = indices.activity(int(stated.activity[n]))
        price = indices.price(int(stated.price[n]))
        people = indices.activity(int(stated.capitation[n]))
        found.contracts_do_nothing[n] = sheet.works_out(
            own.who, own.item, _words(forms, after=False), "£m",
            _by_year(forms, [
                _before(form, own.fixed, activity, price, people) for form in forms
            ]),
        )  # fmt: skip
    sheet.heading("Contracts after schemes")
    for n in inputs.contract_order:
        own, forms = inputs.contracts[n], inputs.terms[book.contracts[n].payment]
        target = int(stated.target[n])
        before = found.contracts_do_nothing[n]
        if target == NONE:
            words, formula = "As before schemes: none acts on it", before.here
        else:
            activity = indices.activity(int(stated.activity[n]))
            price = indices.price(int(stated.price[n]))
            removed = schemes.removed[target].here
            agreed = central[target].here if target in central else None
            words = _words(forms, after=True)
            formula = _by_year(forms, [
                _after(form, own.fixed, activity, price, before.here, removed, agreed)
                for form in forms
            ])  # fmt: skip
        found.contracts[n] = sheet.works_out(own.who, own.item, words, "£m", formula)


def _by_year(forms: tuple[FormInputs, ...], values: list[Expression]) -> Expression:
    """The one form, or each in the years in which it applies."""
    if len(forms) == 1:
        return values[0]
    return added([
        form.applies.here * value
        for form, value in zip(forms, values, strict=True)
        if form.applies is not None
    ])  # fmt: skip


def _before(
    form: FormInputs,
    baseline: Expression,
    activity: Expression | None,
    price: Expression | None,
    people: Expression | None,
) -> Expression:
    """Before schemes activity is as planned, so a plan pays what the tariff pays."""
    if form.form == "block":
        return product(baseline, price)
    if form.form == "capitated":
        return product(baseline, people, price)
    if form.form == "marginal":
        return product(baseline, price, _marginal(form, lift(1) if activity is None else activity))
    return product(baseline, activity, price)


def _after(
    form: FormInputs,
    baseline: Expression,
    activity: Expression | None,
    price: Expression | None,
    before: Expression,
    removed: Expression,
    agreed: Expression | None,
) -> Expression:
    """The value when a share of the activity is removed; block and capitated do not follow it."""
    if form.form in {"block", "capitated"}:
        return before
    left = product(activity, 1 - removed)
    if form.form == "marginal":
        return product(baseline, price, _marginal(form, left))
    tariff = product(baseline, activity, price)
    if form.form == "tariff":
        return tariff * (1 - removed)
    assert agreed is not None
    return tariff * _against_plan(form, 1 - removed, 1 - agreed)


def _marginal(form: FormInputs, activity: Expression) -> Expression:
    """`min(A, θ) + r · max(A − θ, 0)`."""
    edge, rate = form.parameters["threshold"].fixed, form.parameters["marginal_rate"].fixed
    return least(activity, edge) + rate * most(0, activity - edge)


def _against_plan(form: FormInputs, left: Expression, plan: Expression) -> Expression:
    """What is paid on each £1 of do-nothing tariff value: `left` of it is done, `plan` agreed."""
    rows = form.parameters
    if form.form == "blended":
        deviation, rate = left - plan, rows["marginal_rate"].fixed
        if "break_glass" not in rows:
            return plan + rate * deviation
        edge = rows["break_glass"].fixed * plan
        return left - (1 - rate) * most(0 - edge, least(edge, deviation))
    floor = plan * (1 - rows["collar"].fixed)
    ceiling = plan * (1 + rows["cap"].fixed)
    inside = most(floor, least(ceiling, left))
    above = rows["payer_share_above"].fixed * most(0, left - ceiling)
    below = (1 - rows["payer_share_below"].fixed) * most(0, floor - left)
    return inside + above - below


BASIS = {
    "tariff": "base-year value × activity × price",
    "block": "base-year value × agreed uplifts",
    "blended": "plan + marginal rate × deviation from plan",
    "marginal": "tariff to the threshold, marginal rate above it",
    "capitated": "base-year value × weighted people of the payer × price",
    "cap and collar": "tariff inside the collar, the payer's share outside it",
}


def _words(forms: tuple[FormInputs, ...], after: bool) -> str:
    told = []
    for form in forms:
        as_planned = form.form in AGREED_IN_PLANS and not after
        basis = f"{BASIS['tariff']}, as planned" if as_planned else BASIS[form.form]
        if after and form.form == "tariff":
            basis = "base-year value × activity × price × (1 − removed)"
        told.append(f"{form.form}: {basis}".capitalize())
    return "; then ".join(told)


# own costs


def _costs(
    inputs: Inputs,
    indices: IndexRows,
    schemes: SchemeRows,
    sheet: LiveSheet,
    found: MoneyRows,
) -> None:
    plan = inputs.plan
    if not inputs.line_order:
        return
    served = _served(inputs, indices, schemes, sheet)
    own_target = {int(n): k for k, n in enumerate(plan.targets.line) if n != NONE}
    sheet.heading("Own costs before schemes")
    for n in inputs.line_order:
        stated = inputs.lines[n]
        found.costs_do_nothing[n] = sheet.works_out(
            stated.who, stated.item, "Base-year value × activity × price", "£m",
            product(stated.fixed, *_moved(inputs, indices, served, n)),
        )  # fmt: skip
    sheet.heading("Own costs after schemes")
    scope_of = {int(line): int(scope) for line, scope in
                zip(plan.lines.line, plan.lines.scope, strict=True)}  # fmt: skip
    stranding: list[tuple[int, Expression]] = []
    for n in inputs.line_order:
        stated, before = inputs.lines[n], found.costs_do_nothing[n].here
        scope = plan.scopes[scope_of[n]]
        efficiency = schemes.efficiency[scope].here if scope else None
        words = ["before schemes"]
        formula = before
        group = served.get(inputs.served[n])
        if n in inputs.releases:
            release = inputs.releases[n].fixed
            if n in own_target:
                removed = schemes.removed[own_target[n]].here
                formula = before * (1 - release * most(0, removed) - least(0, removed))
                left = before * (1 - release) * most(0, removed)
            else:
                assert group is not None
                assert group.removed is not None
                assert group.added is not None
                price = indices.price(_price(inputs, n))
                size = product(stated.fixed, price)
                formula = before - size * (release * group.removed.here + group.added.here)
                left = size * (1 - release) * group.removed.here
            words.append("less what is released")
            stranding.append((n, product(left, efficiency)))
        if efficiency is not None:
            formula = formula * efficiency
            words.append("× efficiency")
        text = (
            " ".join(words).capitalize() if len(words) > 1 else "As before schemes: none acts on it"
        )
        found.costs[n] = sheet.works_out(stated.who, stated.item, text, "£m", formula)
    if stranding:
        sheet.heading("Stranded cost: of removed activity, what stays behind")
    for n, formula in stranding:
        stated = inputs.lines[n]
        found.stranded[n] = sheet.works_out(
            stated.who, stated.item, "Cost × (1 − cash release) × share removed × efficiency",
            "£m", formula,
        )  # fmt: skip


def _price(inputs: Inputs, number: int) -> int:
    return int(inputs.indices.line_price[number])


def _moved(
    inputs: Inputs, indices: IndexRows, served: dict[tuple[int, ...], Served], number: int
) -> list[Expression | None]:
    price = indices.price(_price(inputs, number))
    group = inputs.served[number]
    if not group:
        return [indices.activity(int(inputs.indices.line_activity[number])), price]
    activity = served[group].activity
    return [None if activity is None else activity.here, price]


def _served(
    inputs: Inputs, indices: IndexRows, schemes: SchemeRows, sheet: LiveSheet
) -> dict[tuple[int, ...], Served]:
    """Each set of contracts that some line follows."""
    book = inputs.plan.resolved.book
    groups: dict[tuple[int, ...], int] = {}
    for n in inputs.line_order:
        if group := inputs.served[n]:
            groups.setdefault(group, n)
    if not groups:
        return {}
    sheet.heading("Activity of the contracts that own costs follow")
    found = {}
    for group, first in groups.items():
        line = book.lines[first]
        who, name = inputs.lines[first].who, f"{line.service} contracts"
        base = total_of_constants([inputs.contracts[n] for n in group])
        found[group] = Served(
            _mean_activity(inputs, indices, sheet, group, who, name, base),
            *_mean_removed(inputs, indices, schemes, sheet, group, who, name, base),
        )
    return found


def _mean_activity(
    inputs: Inputs,
    indices: IndexRows,
    sheet: LiveSheet,
    group: tuple[int, ...],
    who: str,
    name: str,
    base: Expression,
) -> Row | None:
    by_activity: dict[int, list[Row]] = {}
    for n in group:
        by_activity.setdefault(int(inputs.plan.contracts.activity[n]), []).append(
            inputs.contracts[n]
        )
    if all(indices.activity(activity) is None for activity in by_activity):
        return None
    parts = [
        product(total_of_constants(rows), indices.activity(activity))
        for activity, rows in by_activity.items()
    ]
    return sheet.works_out(
        who, f"Activity index of {name}", "Mean over contracts, by base-year value", "index",
        added(parts) / base,
    )  # fmt: skip


def _mean_removed(
    inputs: Inputs,
    indices: IndexRows,
    schemes: SchemeRows,
    sheet: LiveSheet,
    group: tuple[int, ...],
    who: str,
    name: str,
    base: Expression,
) -> tuple[Row | None, Row | None]:
    by_key: dict[tuple[int, int], list[Row]] = {}
    stated = inputs.plan.contracts
    for n in group:
        target = int(stated.target[n])
        if target != NONE:
            key = (int(stated.activity[n]), schemes.removed[target].number)
            by_key.setdefault(key, []).append(inputs.contracts[n])
    if not by_key:
        return None, None
    row_of = {row.number: row for row in schemes.removed.values()}
    made = []
    for words, part in (("removed from", most), ("added to", least)):
        terms = [
            product(
                total_of_constants(rows),
                indices.activity(activity),
                part(0, row_of[number].here),
            )
            for (activity, number), rows in by_key.items()
        ]
        made.append(
            sheet.works_out(
                who, f"Activity {words} {name}",
                "Mean over contracts of activity × share removed" if part is most
                else "Mean over contracts of activity × share removed, where it is below 0",
                "index", added(terms) / base,
            )
        )  # fmt: skip
    return made[0], made[1]
