"""What the live sheets check of themselves, and against the run.

A check gives 0 where it passes and 1 where it fails. A difference from the run is a failure only
while the inputs are those of the run; after that the sheets say how many were changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from finsim.outputs.live.expressions import (
    Expression,
    above,
    added,
    choose,
    equals,
    is_number,
    most,
    size,
)
from finsim.outputs.live.input_rows import Inputs, numbers_on
from finsim.outputs.live.model import LiveModel
from finsim.outputs.live.rows import (
    CONSTANT,
    FIRST_YEAR_AT,
    INPUTS,
    Row,
    changed_at,
    column_letters,
    furthest,
    largest,
)
from finsim.outputs.live.run import Run
from finsim.simulation.arrangement import settled
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.plan import FloatArray

COMPARED = (
    ("position_do_nothing", "Position, do nothing", "do_nothing_gap", "Do-nothing gap"),
    ("position_before_risk_share", "Position before risk share", "gap", "Gap, before risk share"),
    ("position", "Position", "gap_after_support", "Gap after support and funding"),
)


class LiveCheck(Struct, frozen=True):
    """One check, its row (0 passed, 1 failed), and whether it compares with the run."""

    name: str
    how: str
    row: Row
    against_run: bool = False


class LiveChecks(Struct, frozen=True):
    """The checks, and the rows with how many inputs were changed and how many checks fail."""

    checks: tuple[LiveCheck, ...]
    changed: Row
    failed: Row


def live_checks(model: LiveModel, run: Run) -> LiveChecks:
    """Adds the reconciliation to the run, and the checks, to the sheet Calculations."""
    sheet = model.sheet
    differences = _differences(model, run)
    measured = list(_measured(model))
    sheet.heading("Checks: 0 passed, 1 failed")
    changed = sheet.works_out_once(
        "System", "Rows of Inputs changed since the run", "Sum of the last column of Inputs",
        "count", _changed(model.inputs),
    )  # fmt: skip
    broken = sheet.constant(
        "System", "Checks of the run that failed", "Figure of the run", "count",
        sum(not check.passed for check in run.checks), "engine",
    )  # fmt: skip
    measured.insert(0, ("The checks of the run", "Those listed above", broken.fixed, 0))
    checks = [
        LiveCheck(name, how, _judged(model, name, worst, tolerated))
        for name, how, worst, tolerated in measured
    ]
    for who, item, difference in differences:
        worst = furthest(sheet.years, difference)
        words = f"{item[0].lower()}{item[1:]}"
        row = sheet.works_out_once(
            who, f"Agrees with the run: {words}",
            "1 where a difference is above £1; 0 while inputs are changed", "count",
            choose(above(changed.fixed, 0), 0, _failing(worst, model.inputs.pound.fixed)),
        )  # fmt: skip
        how = "Live formula less the run in the case chosen, every year within £1"
        checks.append(LiveCheck(f"{who}: {words} agrees with the run", how, row, True))
    failed = sheet.works_out_once(
        "System", "Checks that fail", "Sum of the checks above", "count",
        added([check.row.fixed for check in checks]),
    )  # fmt: skip
    return LiveChecks(tuple(checks), changed, failed)


def _judged(model: LiveModel, name: str, worst: Expression, tolerated: Expression | int) -> Row:
    return model.sheet.works_out_once(
        "System", name, "1 where it fails, or is no number", "count", _failing(worst, tolerated)
    )


def _failing(worst: Expression, tolerated: Expression | int) -> Expression:
    """1 where a number is above what is tolerated, or is no number."""
    return choose(is_number(worst), choose(above(worst, tolerated), 1, 0), 1)


# the run


def _differences(model: LiveModel, run: Run) -> list[tuple[str, str, Row]]:
    """What the run found in both cases, and what the formulas differ by."""
    inputs, sheet = model.inputs, model.sheet
    sheet.heading("Reconciliation to the run (in italics: figures of the run, not formulas)")
    found = []
    for who, item, live, of_central, of_plan in _compared(model, run):
        stored = [
            sheet.by_year(who, f"{item}: the run, {case}", "Figure of the run", "£m", values,
                          kind="engine")
            for case, values in (("central", of_central), ("plan", of_plan))
        ]  # fmt: skip
        chosen = choose(equals(inputs.plan_case, 1), stored[1].here, stored[0].here)
        difference = sheet.works_out(
            who, f"{item}: live formula less the run", "Difference in the case that is chosen",
            "£m", live.here - chosen,
        )  # fmt: skip
        difference.look = "exact £m"
        found.append((who, item, difference))
    return found


def _compared(model: LiveModel, run: Run) -> Iterable[tuple[str, str, Row, FloatArray, FloatArray]]:
    """Positions of every organisation and the system's gaps: formulas, central and plan."""
    plan = model.inputs.plan
    live = [
        {**before, **after}
        for before, after in zip(
            model.positions.bodies,
            model.settled.bodies or [{}] * len(plan.bodies.ids),
            strict=True,
        )
    ]
    system = {**model.positions.system, **model.settled.system}
    figures: dict[str, list[FloatArray]] = {
        key: [getattr(case, key)[:, :, 0] for case in (run.central, run.planned)]
        for key, *_ in COMPARED[:2]
    }
    if model.settled.bodies:
        cases = ((run.central, central_inputs(plan)), (run.planned, plan_inputs(plan)))
        figures["position"] = [
            settled(plan, run.arrangement, outcome, x).position[:, :, 0] for outcome, x in cases
        ]
    for key, item, gap, of_system in COMPARED:
        if key not in figures:
            continue
        central, planned = figures[key]
        for n, name in enumerate(plan.bodies.names):
            yield name, item, live[n][key], central[n], planned[n]
        inside = plan.bodies.in_perimeter
        gaps = [-figure[inside].sum(axis=0) for figure in (central, planned)]
        yield "System", of_system, system[gap], gaps[0], gaps[1]


# inputs and formulas


Measured = tuple[str, str, Expression, Expression | int]


def _measured(model: LiveModel) -> Iterable[Measured]:
    """Each check: its name, how it is judged, what is measured and what is tolerated."""
    inputs = model.inputs
    yield (
        "Every input is a number",
        "As many numbers on the sheet Inputs as the run had",
        _missing(inputs), 0,
    )  # fmt: skip
    yield (
        "The case is 0 or 1",
        "0 central, 1 plan",
        size(inputs.plan_case * (1 - inputs.plan_case)), 0,
    )  # fmt: skip
    within = _between_0_and_1(inputs)
    if within:
        yield (
            "Shares and chances lie between 0% and 100%",
            "Chances, recurrent shares, cash releases and weights",
            added([most(0, row.fixed - 1) + most(0, 0 - row.fixed) for row in within]), 0,
        )  # fmt: skip
    if inputs.activity:
        yield (
            "Savings are shared out in full",
            "The shares of each saving that remove activity sum to 100%",
            added([
                size(1 - added([most(0, row.fixed) for row in scheme.shares]))
                for scheme in inputs.activity
            ]),
            inputs.pound.fixed,
        )  # fmt: skip
    paying = [scheme.delivery for scheme in inputs.schemes
              if scheme.delivery is not None and scheme.delivery.paid_by]  # fmt: skip
    if paying:
        yield (
            "No cost of delivery is paid twice", "The shares of each cost sum to 100% at most",
            added([
                most(0, added([row.fixed for row in cost.paid_by.values()]) - 1)
                for cost in paying
            ]),
            inputs.pound.fixed,
        )  # fmt: skip
    yield from _measured_by_year(model)


def _measured_by_year(model: LiveModel) -> Iterable[Measured]:
    inputs, sheet, positions = model.inputs, model.sheet, model.positions
    sheet.heading("What the checks judge")
    pound = inputs.pound.fixed
    nodes = [*positions.bodies, *positions.outside]
    net = sheet.works_out(
        "System", "Contracts: received less paid, outside included", "Sum over all", "£m",
        added([node["income"].here - node["out"].here for node in nodes]),
    )  # fmt: skip
    net.look = "exact £m"
    yield (
        "Contracts net to zero", "Received less paid over all bodies, within £1",
        furthest(sheet.years, net), pound,
    )  # fmt: skip
    inside = [
        body
        for body, counts in zip(positions.bodies, inputs.plan.bodies.in_perimeter, strict=True)
        if counts
    ]
    rest = sheet.works_out(
        "System", "Expenditure less income of the perimeter, less the gap", "Sum over it", "£m",
        added([body["expenditure"].here - body["income"].here for body in inside])
        - positions.system["gap"].here,
    )  # fmt: skip
    rest.look = "exact £m"
    yield (
        "Organisations sum to the system", "Expenditure less income is the gap, within £1",
        furthest(sheet.years, rest), pound,
    )  # fmt: skip
    if model.settled.bodies:
        moved = sheet.works_out(
            "System", "Transfers between organisations", "Sum over all", "£m",
            added([body["transfer"].here for body in model.settled.bodies]),
        )  # fmt: skip
        moved.look = "exact £m"
        yield (
            "Transfers net to zero", "Transfers over all organisations, within £1",
            furthest(sheet.years, moved), pound,
        )  # fmt: skip
    removals = list({row.number: row for row in model.schemes.removed.values()}.values())
    if removals:
        yield (
            "No more activity is removed than there is", "The largest share removed is at most 1",
            largest(sheet.years, removals) - 1, inputs.rounding.fixed,
        )  # fmt: skip
    changing = [
        [form.applies for form in forms if form.applies is not None]
        for forms in inputs.terms.values()
    ]
    rows = [
        sheet.works_out(
            flags[0].who, "Payment forms that apply, less one", "Sum of the switches − 1",
            "number", added([flag.here for flag in flags]) - 1,
        )
        for flags in changing
        if flags
    ]  # fmt: skip
    if rows:
        yield (
            "One payment form applies in each year", "The switches of payment terms sum to 1",
            furthest(sheet.years, *rows), 0,
        )  # fmt: skip


def _between_0_and_1(inputs: Inputs) -> list[Row]:
    rows = list(inputs.releases.values())
    if inputs.people is not None:
        rows.append(inputs.people.mix)
    for scheme in inputs.schemes:
        rows += [scheme.happens, scheme.recurrent]
    return rows


def _missing(inputs: Inputs) -> Expression:
    """How many numbers fewer the sheet Inputs holds than the run."""
    rows, years = inputs.sheet.rows, inputs.sheet.years
    end = column_letters(FIRST_YEAR_AT + years - 1)
    text = f"COUNT({INPUTS}!${CONSTANT}${rows[0].number}:${end}${rows[-1].number})"
    held = float(numbers_on(inputs.sheet))
    return inputs.stated.fixed - Expression(text, lambda _t: held)


def _changed(inputs: Inputs) -> Expression:
    """How many rows of Inputs are no longer those of the run: as written, none."""
    rows = inputs.sheet.rows
    column = column_letters(changed_at(inputs.sheet.years))
    text = f"SUM({INPUTS}!${column}${rows[0].number}:${column}${rows[-1].number})"
    return Expression(text, lambda _t: 0.0)
