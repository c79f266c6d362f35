"""The toy model in finsim: the inputs, evaluated and settled."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from finsim.simulation.arrangement import settled
from finsim.simulation.evaluate import evaluate
from finsim.simulation.resolve import Resolution, resolve
from finsim.simulation.run import sampling, units

SCENARIO = Path(__file__).with_name("toy.yaml")


def loaded() -> Resolution:
    return resolve(SCENARIO)


def drawn(found: Resolution, draws: int) -> int:
    """Only the inputs; how many numbers."""
    design = sampling(found.resolved.scenario.run).design
    replicates = -(-draws // design.draws)
    return sum(x.size for n in range(replicates) for x in units(found.plan, design, n))


def positions(found: Resolution, draws: int) -> np.ndarray:
    """Positions after the corridor, [organisation, year, draw]."""
    design = sampling(found.resolved.scenario.run).design
    parts = []
    for replicate in range(-(-draws // design.draws)):
        for x in units(found.plan, design, replicate):
            outcome = evaluate(found.plan, x)
            parts.append(settled(found.plan, found.arrangement, outcome, x).position)
    return np.concatenate(parts, axis=2)[:, :, :draws]
