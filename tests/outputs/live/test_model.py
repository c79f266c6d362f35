"""The formulas of the live sheets, evaluated in Python, against the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import systems
from hypothesis import given, settings

from finsim.outputs.live.model import live_model
from finsim.scenario.resolved import Resolved
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.evaluate import Outcome, evaluate
from finsim.simulation.plan import Plan
from finsim.simulation.resolve import Resolution

POUND = 1e-6
SCENARIOS = Path(__file__).parents[3] / "scenarios"
MEASURES = (
    "position_do_nothing", "position_before_risk_share", "income", "expenditure", "saving",
    "stranded_cost", "cost_of_delivery",
)  # fmt: skip
SHIPPED = sorted(path.stem for path in SCENARIOS.glob("*.yaml"))


def engine(plan: Plan, as_planned: bool) -> Outcome:
    return evaluate(plan, plan_inputs(plan) if as_planned else central_inputs(plan))


def furthest(plan: Plan, as_planned: bool) -> float:
    """The largest difference between the formulas and the engine, £m."""
    model, outcome = live_model(plan, as_planned), engine(plan, as_planned)
    return max(
        float(np.abs(np.array([body[name].values for body in model.positions.bodies])
                     - getattr(outcome, name)[:, :, 0]).max())
        for name in MEASURES
    )  # fmt: skip


@pytest.mark.parametrize("as_planned", [False, True])
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scenarios_agree_with_the_engine(
    name: str, as_planned: bool, shipped: Callable[..., Resolution]
) -> None:
    assert furthest(shipped(name).plan, as_planned) < POUND


@settings(max_examples=150)
@given(systems.systems())
def test_any_system_agrees_with_the_engine(resolved: Resolved) -> None:
    plan = systems.plan_of(resolved)
    for as_planned in (False, True):
        assert furthest(plan, as_planned) < POUND
