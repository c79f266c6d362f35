"""The live model of a plan: its inputs, and every row that is worked out from them."""

from __future__ import annotations

from msgspec import Struct

from finsim.outputs.live.indices import IndexRows, index_rows
from finsim.outputs.live.input_rows import Inputs
from finsim.outputs.live.inputs import stated_inputs
from finsim.outputs.live.money import MoneyRows, money_rows
from finsim.outputs.live.positions import PositionRows, position_rows
from finsim.outputs.live.rows import CALCULATIONS, LiveSheet
from finsim.outputs.live.scheme_rows import SchemeRows, scheme_rows
from finsim.outputs.live.settlement import SettledRows, settled_rows
from finsim.simulation.arrangement import Arrangement
from finsim.simulation.plan import Plan


class LiveModel(Struct, frozen=True):
    """The two sheets of a plan, and where its results stand on them."""

    inputs: Inputs
    sheet: LiveSheet
    indices: IndexRows
    schemes: SchemeRows
    money: MoneyRows
    positions: PositionRows
    settled: SettledRows


def live_model(
    plan: Plan, arrangement: Arrangement | None = None, plan_case: bool = False
) -> LiveModel:
    """The live model of a plan and an option's arrangement, in the central or in the plan case.

    Every row is evaluated from its own formula; nothing is taken from the engine.
    """
    inputs = stated_inputs(plan, arrangement, plan_case)
    sheet = LiveSheet(CALCULATIONS, len(plan.years))
    indices = index_rows(inputs, sheet)
    schemes = scheme_rows(inputs, indices, sheet)
    money = money_rows(inputs, indices, schemes, sheet)
    positions = position_rows(inputs, schemes, money, sheet)
    settled = settled_rows(inputs, positions, sheet)
    return LiveModel(inputs, sheet, indices, schemes, money, positions, settled)
