"""The two cases without chance: central, and the plan as it is published."""

from __future__ import annotations

from finsim.simulation.plan import FloatArray, Plan


def central_inputs(plan: Plan) -> FloatArray:
    """Every numeric driver at its mean, events at their probability: [input, year, 1]."""
    return plan.inputs.central()


def plan_inputs(plan: Plan) -> FloatArray:
    """The central case with every scheme in full and on time: [input, year, 1]."""
    x = plan.inputs.central()
    for scheme in plan.schemes:
        x[scheme.happens] = 1.0
        x[scheme.delivered] = 1.0
    for activity in plan.activity_schemes:
        x[activity.slip] = 0.0
    return x
