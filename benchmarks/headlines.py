"""The headline figures of a scenario, replicate by replicate, that draws must make sure of."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

for _threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np
from numpy.typing import NDArray

from finsim.analysis.statistics import quantiles, tail_mean
from finsim.economics import ledger
from finsim.scenario.reading import read_files
from finsim.simulation.evaluate import evaluate
from finsim.simulation.resolve import Resolution, resolve_each
from finsim.simulation.run import units
from finsim.uncertainty.point_sets import Design

ROOT = Path(__file__).resolve().parents[1]
LEVELS = (0.1, 0.5, 0.9)
STEPS = (-50.0, 0.0, 50.0)
NAMES = ("mean", "P10", "P50", "P90", "tail mean", *(f"chance {step:+.0f}" for step in STEPS))
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Subject:
    """A scenario as stated, with the gap around which chances are asked for, £m."""

    resolution: Resolution
    middle: float

    def replicate(self, design: Design, number: int) -> FloatArray:
        """One replicate's figures of the last year's gap [figure], in the order of `NAMES`.

        A chance is that of a gap no larger than so many £m above or below its median.
        """
        gaps = np.sort(self._gaps(design, number))
        p10, p50, p90 = quantiles(gaps[None], LEVELS)[0]
        chances = [float((gaps <= self.middle + step).mean()) for step in STEPS]
        tail = float(tail_mean(gaps[None, ::-1])[0])
        return np.array([gaps.mean(), p10, p50, p90, tail, *chances])

    def _gaps(self, design: Design, number: int) -> FloatArray:
        plan = self.resolution.plan
        inside = plan.bodies.in_perimeter
        return np.concatenate(
            [
                ledger.gap(evaluate(plan, x).position_before_risk_share, inside)[-1]
                for x in units(plan, design, number)
            ]
        )


def subject(name: str) -> Subject:
    """A shipped scenario; its middle is the median gap of 16 replicates, to £1m."""
    resolution = resolve_each(read_files(ROOT / "scenarios" / f"{name}.yaml"), ["as stated"])[0]
    unset = Subject(resolution, 0.0)
    design = Design("lattice", resolution.resolved.scenario.run.draws_per_replicate, 1)
    medians = [unset.replicate(design, number)[2] for number in range(16)]
    return Subject(resolution, float(np.round(np.mean(medians))))
