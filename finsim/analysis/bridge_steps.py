"""The steps of the bridge in one replicate: gathered block by block, summed up at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from finsim.analysis.statistics import STATISTICS, statistics
from finsim.simulation.arrangement import Settled
from finsim.simulation.evaluate import Outcome
from finsim.simulation.plan import FloatArray, Plan
from finsim.simulation.steps import DO_NOTHING, SETTLED, Steps, economic_steps, settled_steps

SHOWN = ("mean", "p10", "p90")


class Bridged(Struct, frozen=True):
    """Whose bridge is worked out along with a run: the first options', on the first replicates.

    None is all of them.
    """

    options: int | None = None
    replicates: int | None = None


WHOLE = Bridged()
OF_WORKBOOK = Bridged(options=1, replicates=4)


class StepsSummary(Struct, frozen=True):
    """What a replicate says of an option: [statistic, row] of steps and totals, and the tie."""

    steps: FloatArray
    totals: FloatArray
    largest: float
    scale: float


class StepsGathered:
    """The steps of an economics and of the options that share it, [step, body, year, draw].

    The perimeter comes before the organisations; the years are those projected.
    """

    def __init__(self, plan: Plan, stated: Steps, options: Sequence[int], draws: int) -> None:
        self.plan = plan
        self.stated = stated
        shape = (len(plan.bodies.ids) + 1, len(plan.years) - 1, draws)
        self.economic = np.empty((len(stated.names) - len(SETTLED), *shape))
        self.settled = {number: np.empty((len(SETTLED), *shape)) for number in options}
        self.largest = dict.fromkeys(options, 0.0)
        self.scale = 1.0

    def add(
        self,
        x: FloatArray,
        outcome: Outcome,
        results: Mapping[int, Settled],
        block: slice,
    ) -> None:
        """Take a block in: the economics and what each option settled."""
        steps = economic_steps(self.plan, self.stated, x, outcome.workings, outcome)
        self._put(steps, self.economic[..., block])
        before = steps.sum(axis=0)
        self.scale = max(self.scale, float(np.abs(outcome.income).sum(axis=0).max()))
        for number, gathered in self.settled.items():
            own = settled_steps(results[number])
            self._put(own, gathered[..., block])
            off = np.abs(before + own.sum(axis=0) - results[number].position)
            self.largest[number] = max(self.largest[number], float(off.max()))

    def _put(self, steps: FloatArray, into: FloatArray) -> None:
        steps[:, self.plan.bodies.in_perimeter, 1:].sum(axis=1, out=into[:, 0])
        into[:, 1:] = steps[:, :, 1:]

    def summaries(self) -> dict[int, StepsSummary]:
        """What the replicate says of each option."""
        shared = _statistics(self.economic)
        nothing = self.economic[: len(DO_NOTHING)].sum(axis=0)
        judged = self.economic.sum(axis=0)
        return {
            number: StepsSummary(
                steps=np.concatenate([shared, _statistics(own)], axis=1),
                totals=_statistics(np.stack([nothing, judged, judged + own.sum(axis=0)])),
                largest=self.largest[number],
                scale=self.scale,
            )
            for number, own in self.settled.items()
        }


def _statistics(values: FloatArray) -> FloatArray:
    """Mean, P10 and P90 of [step, body, year, draw] over the draws: [statistic, step, …]."""
    rows = values.reshape(-1, values.shape[-1])
    found = statistics(rows, np.zeros(len(rows), dtype=bool))
    shown = found[[STATISTICS.index(name) for name in SHOWN]]
    return shown.reshape(len(SHOWN), *values.shape[:-1])
