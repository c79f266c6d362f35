"""The sheet Inputs: every number that the central case rests on, each in one place."""

from __future__ import annotations

from finsim.outputs.live.arrangement_inputs import arrangement_inputs
from finsim.outputs.live.input_rows import Inputs, numbers_on
from finsim.outputs.live.money_inputs import (
    contract_inputs,
    line_inputs,
    payment_inputs,
    pressure_inputs,
    reserve_inputs,
    shock_inputs,
)
from finsim.outputs.live.people_inputs import people_inputs, rate_inputs
from finsim.outputs.live.rows import (
    INPUTS,
    LiveSheet,
)
from finsim.outputs.live.scheme_inputs import scheme_inputs, shape_inputs
from finsim.simulation.arrangement import Arrangement
from finsim.simulation.indices import Indices
from finsim.simulation.plan import Plan

POUND = 1e-6
ROUNDING = 1e-12


def stated_inputs(
    plan: Plan, arrangement: Arrangement | None = None, plan_case: bool = False
) -> Inputs:
    """The sheet Inputs of a plan, with the switch on the central or on the plan case."""
    sheet = LiveSheet(INPUTS, len(plan.years))
    resolved = plan.resolved
    sheet.heading("Case")
    case = sheet.constant(
        "System", "Case: 0 central, 1 plan",
        "0: every input at its mean, events at their probability. 1: every scheme in full and on "
        "time. This is the switch; it is named plan_case", "switch", float(plan_case),
    )  # fmt: skip
    years_after = sheet.by_year(
        "System", "Years after the base year", "Definition; do not change", "years",
        range(len(plan.years)), kind="definition",
    )  # fmt: skip
    pound = sheet.constant(
        "System", "£1, within which results must agree", "Definition; do not change", "£m", POUND,
        "definition",
    )  # fmt: skip
    rounding = sheet.constant(
        "System", "Rounding of a computer's numbers", "Definition; do not change", "number",
        ROUNDING, "definition",
    )  # fmt: skip
    pound.look, rounding.look = "exact £m", "power of ten"
    stated = sheet.constant(
        "System", "Numbers on this sheet", "As the run had them; do not change", "count", 0,
        "definition",
    )  # fmt: skip
    indices = Indices(resolved.book, resolved.scenario, plan.inputs)
    inputs = Inputs(sheet, plan, indices, case, pound, rounding, years_after, stated)
    central = plan.inputs.central()[:, :, 0]
    people_inputs(inputs, central)
    rate_inputs(inputs, central)
    contract_inputs(inputs)
    payment_inputs(inputs)
    line_inputs(inputs)
    shape_inputs(inputs)
    scheme_inputs(inputs, central)
    pressure_inputs(inputs, central)
    reserve_inputs(inputs)
    shock_inputs(inputs, central)
    if arrangement is not None:
        inputs.arrangement = arrangement_inputs(sheet, plan, arrangement, central)
    stated.constant = float(numbers_on(sheet))
    return inputs
