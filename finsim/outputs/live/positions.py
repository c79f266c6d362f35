"""From contracts and costs to the position of every organisation and the gap of the system."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from finsim.outputs.live.expressions import Expression, added, least
from finsim.outputs.live.input_rows import Inputs
from finsim.outputs.live.money import MoneyRows
from finsim.outputs.live.rows import LiveSheet, Row, total, total_of_constants
from finsim.outputs.live.scheme_rows import SchemeRows
from finsim.simulation.named import bodies_named, found

BASIS = "Income − paid − own costs{} − pressure − reserves + shock, where it has them"


class PositionRows(Struct):
    """Rows of each organisation, by measure, of those outside, and of the system."""

    bodies: list[dict[str, Row]] = field(default_factory=list)
    outside: list[dict[str, Row]] = field(default_factory=list)
    system: dict[str, Row] = field(default_factory=dict)


def position_rows(
    inputs: Inputs, schemes: SchemeRows, money: MoneyRows, sheet: LiveSheet
) -> PositionRows:
    """Income less expenditure of every organisation, before and after schemes."""
    rows = PositionRows()
    reserves = _reserves(inputs, money, sheet)
    for number in range(len(inputs.plan.bodies.ids)):
        rows.bodies.append(_body(inputs, schemes, money, reserves, sheet, number))
    _outside(inputs, money, rows, sheet)
    _system(inputs, rows, sheet)
    return rows


def _reserves(inputs: Inputs, money: MoneyRows, sheet: LiveSheet) -> dict[int, list[Row]]:
    """What must be held back of contracts, by the organisation that holds it."""
    held = _held_back(inputs)
    if inputs.reserves is None or not held:
        return {}
    uncommitted, contingency = inputs.reserves
    sheet.heading("Reserves held back")
    by_body: dict[int, list[Row]] = {}
    for contract, body in held:
        before = money.contracts_do_nothing[contract]
        by_body.setdefault(body, []).append(
            sheet.works_out(
                inputs.plan.bodies.names[body], f"Reserve of {inputs.contracts[contract].item}",
                "Contract before schemes × (uncommitted + contingency)", "£m",
                before.here * (uncommitted.here + contingency.here),
            )
        )  # fmt: skip
    return by_body


def _held_back(inputs: Inputs) -> list[tuple[int, int]]:
    """Contracts of which a reserve is held, and by whom."""
    plan = inputs.plan
    book, word = plan.resolved.book, plan.resolved.scenario.reserves
    if word is None:
        return []
    number, stated = found(book.reserves, word, "reserves", ("scenario", "reserves"))
    members = bodies_named(book, stated.members, ("reserves", number, "members"))
    return [
        (n, int(plan.contracts.provider[n]))
        for n in inputs.contract_order
        if book.contracts[n].service == stated.service and book.contracts[n].provider in members
    ]


def _body(
    inputs: Inputs,
    schemes: SchemeRows,
    money: MoneyRows,
    reserves: dict[int, list[Row]],
    sheet: LiveSheet,
    number: int,
) -> dict[str, Row]:
    plan = inputs.plan
    name = plan.bodies.names[number]
    paid_to = [n for n in inputs.contract_order if plan.contracts.provider[n] == number]
    paid_by = [n for n in inputs.contract_order if plan.contracts.payer[n] == number]
    own = [n for n in inputs.line_order
           if plan.resolved.book.lines[n].organisation == plan.bodies.ids[number]]  # fmt: skip
    sheet.heading(name)
    rows: dict[str, Row] = {}

    def add(key: str, item: str, basis: str, formula: Expression) -> None:
        rows[key] = sheet.works_out(name, item, basis, "£m", formula)

    def summed(key: str, item: str, of: Sequence[Row]) -> None:
        add(key, item, "Sum of the rows above that belong to it", total(of))

    nothing, after = money.contracts_do_nothing, money.contracts
    summed("in_do_nothing", "Income under contracts, do nothing", [nothing[n] for n in paid_to])
    summed("out_do_nothing", "Paid under contracts, do nothing", [nothing[n] for n in paid_by])
    summed("costs_do_nothing", "Own costs, do nothing", [money.costs_do_nothing[n] for n in own])
    beside, shocks = _beside(inputs, reserves, sheet, number)
    add("position_do_nothing", "Position, do nothing", BASIS.format(""),
        _net(rows["in_do_nothing"], rows["out_do_nothing"], rows["costs_do_nothing"],
             beside, shocks))  # fmt: skip
    summed("income", "Income under contracts", [after[n] for n in paid_to])
    summed("out", "Paid under contracts", [after[n] for n in paid_by])
    summed("costs", "Own costs", [money.costs[n] for n in own])
    paying = [
        stated.paid_by[number].fixed * row.here
        for stated, row in schemes.costs
        if number in stated.paid_by
    ]
    add("cost_of_delivery", "Costs of delivery", "Sum over schemes of its share × their cost",
        added(paying))  # fmt: skip
    add("position_before_risk_share", "Position before risk share",
        BASIS.format(" − costs of delivery"),
        _net(rows["income"], rows["out"], rows["costs"], [*beside, rows["cost_of_delivery"]],
             shocks))  # fmt: skip
    add("saving", "Saving, net", "Position before risk share + costs of delivery − do nothing",
        rows["position_before_risk_share"].here + rows["cost_of_delivery"].here
        - rows["position_do_nothing"].here)  # fmt: skip
    stranded = [money.stranded[n] for n in own if n in money.stranded]
    summed("stranded_cost", "Stranded cost", stranded)
    add("expenditure", "Expenditure", "Income − position before risk share",
        rows["income"].here - rows["position_before_risk_share"].here)  # fmt: skip
    return rows


def _beside(
    inputs: Inputs, reserves: dict[int, list[Row]], sheet: LiveSheet, number: int
) -> tuple[list[Row], list[Row]]:
    """What stands beside contracts and own costs: expenditure, and shocks."""
    plan, spent, shocks = inputs.plan, [], []
    name = plan.bodies.names[number]
    pressure = inputs.pressure
    if pressure is not None and number in pressure.shares:
        grown = least(1, inputs.years_after.here / pressure.steps.fixed)
        formula = pressure.amount.fixed * pressure.shares[number].fixed * grown
        words = "Amount × share × years after the base year ÷ years to the target, at most 1"
        if pressure.spread is not None:
            formula, words = formula * (1 + pressure.spread.here), f"{words}, × (1 + spread)"
        spent.append(sheet.works_out(name, "Unattributed pressure", words, "£m", formula))
    if number in reserves:
        spent.append(
            sheet.works_out(
                name, "Reserves held back", "Sum of its reserves", "£m", total(reserves[number])
            )
        )
    if number in inputs.shocks:
        paid_to = [
            inputs.contracts[n]
            for n in inputs.contract_order
            if plan.contracts.provider[n] == number
        ]
        shocks.append(
            sheet.works_out(
                name, "Shock at its mean", "Mean × turnover in the base year", "£m",
                inputs.shocks[number].here * total_of_constants(paid_to),
            )
        )  # fmt: skip
    return spent, shocks


def _net(
    received: Row, paid: Row, costs: Row, beside: Sequence[Row], shocks: Sequence[Row]
) -> Expression:
    net = received.here - paid.here - costs.here
    for row in beside:
        net = net - row.here
    for row in shocks:
        net = net + row.here
    return net


def _outside(inputs: Inputs, money: MoneyRows, rows: PositionRows, sheet: LiveSheet) -> None:
    """What payers and suppliers that are no organisations of the book receive and pay."""
    plan = inputs.plan
    external = plan.resolved.book.external
    if not external or not inputs.contract_order:
        return
    sheet.heading("Outside")
    for number, body in enumerate(external, len(plan.bodies.ids)):
        paid_to = [n for n in inputs.contract_order if plan.contracts.provider[n] == number]
        paid_by = [n for n in inputs.contract_order if plan.contracts.payer[n] == number]
        rows.outside.append({
            key: sheet.works_out(
                body.name, item, "Sum of the rows above that belong to it", "£m",
                total([money.contracts[n] for n in of]),
            )
            for key, item, of in (
                ("income", "Income under contracts", paid_to),
                ("out", "Paid under contracts", paid_by),
            )
        })  # fmt: skip


def _system(inputs: Inputs, found_rows: PositionRows, sheet: LiveSheet) -> None:
    """The gap, over the organisations of the perimeter."""
    inside = [n for n, counts in enumerate(inputs.plan.bodies.in_perimeter) if counts]
    sheet.heading("System")
    for key, of, item in (
        ("do_nothing_gap", "position_do_nothing", "Do-nothing gap"),
        ("gap", "position_before_risk_share", "Gap, before risk share"),
    ):
        positions = [found_rows.bodies[n][of].here for n in inside]
        found_rows.system[key] = sheet.works_out(
            "System", item, "0 − sum of positions inside the perimeter", "£m",
            0 - added(positions),
        )  # fmt: skip
    for key, item in (
        ("saving", "Saving, net"),
        ("stranded_cost", "Stranded cost"),
        ("cost_of_delivery", "Costs of delivery"),
    ):
        found_rows.system[key] = sheet.works_out(
            "System", item, "Sum inside the perimeter", "£m",
            added([found_rows.bodies[n][key].here for n in inside]),
        )  # fmt: skip
