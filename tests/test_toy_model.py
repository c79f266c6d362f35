"""The toy of the benchmarks is the same model for every tool: finsim and plain arithmetic agree."""

from __future__ import annotations

import re
import sys

import numpy as np
from example_files import ROOT

from finsim.simulation.arrangement import settled
from finsim.simulation.evaluate import evaluate
from finsim.simulation.resolve import resolve
from finsim.simulation.run import sampling, units

sys.path.insert(0, str(ROOT / "benchmarks" / "toy"))
import model


def test_finsim_and_plain_arithmetic_agree_in_every_draw() -> None:
    found = resolve(ROOT / "benchmarks" / "toy" / "toy.yaml")
    design = sampling(found.resolved.scenario.run).design
    x = next(units(found.plan, design, 0))
    outcome = evaluate(found.plan, x)
    position = settled(found.plan, found.arrangement, outcome, x).position

    inputs = {}
    for number, stated in enumerate(found.plan.inputs.inputs):
        scheme = re.fullmatch(r"schemes\.scheme_(\d+)\.(slip|delivered)", stated.name)
        name = f"{scheme[2]}_{scheme[1]}" if scheme else stated.name
        if name in model.INPUTS:
            inputs[name] = x[number, -1]
    assert len(inputs) == len(model.INPUTS) == len(found.plan.inputs.coordinates) == 33

    expected = model.position(inputs)

    for year, bodies in enumerate(expected):
        for number, body in enumerate(found.plan.bodies.ids):
            np.testing.assert_allclose(
                position[number, year], bodies[body], rtol=0, atol=1e-9, err_msg=f"{body} {year}"
            )
        gap = -outcome.position_before_risk_share[:, year].sum(axis=0)
        np.testing.assert_allclose(gap, bodies["gap"], rtol=0, atol=1e-9)
