"""The toy model in finsim: the inputs, evaluated and settled."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from finsim.simulation.arrangement import settled
from finsim.simulation.evaluate import evaluate
from finsim.simulation.resolve import Resolution, resolve
from finsim.simulation.run import Engine, sampling, units

SCENARIO = Path(__file__).with_name("toy.yaml")


def loaded() -> Resolution:
    return resolve(SCENARIO)


def drawn(found: Resolution, draws: int) -> int:
    """Only the inputs; how many numbers."""
    design = sampling(found.resolved.scenario.run).design
    replicates = -(-draws // design.draws)
    return sum(x.size for n in range(replicates) for x in units(found.plan, design, n))


def gaps(found: Resolution, draws: int, engine: Engine) -> np.ndarray:
    """The gap of the last year after the corridor, [draw], by an engine of `finsim run`."""
    design = sampling(found.resolved.scenario.run).design

    def of_replicate(replicate: int) -> np.ndarray:
        parts = []
        for x in units(found.plan, design, replicate):
            position = settled(found.plan, found.arrangement, evaluate(found.plan, x), x).position
            parts.append(-position[:, -1].sum(axis=0))
        return np.concatenate(parts)

    replicates = range(-(-draws // design.draws))
    return np.concatenate(list(engine.map(of_replicate, replicates)))[:draws]
