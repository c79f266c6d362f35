"""The steps of the bridge in one replicate: gathered block by block, summed up at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from finsim.analysis.statistics import mean_and_range
from finsim.economics.ledger import system_total
from finsim.simulation.arrangement import Settled
from finsim.simulation.evaluate import Outcome
from finsim.simulation.plan import FloatArray, Plan
from finsim.simulation.steps import DO_NOTHING, SETTLED, Steps, economic_steps, settled_steps


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

    The perimeter comes before the organisations; the years are those projected. `totals` are the
    position with nothing done and that before risk share.
    """

    def __init__(self, plan: Plan, stated: Steps, options: Sequence[int], draws: int) -> None:
        self.plan = plan
        self.stated = stated
        shape = (len(plan.bodies.ids) + 1, len(plan.years) - 1, draws)
        self.economic = np.empty((len(stated.names) - len(SETTLED), *shape))
        self.totals = np.empty((2, *shape))
        self.settled = {number: np.empty((len(SETTLED) + 1, *shape)) for number in options}
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
        total = np.zeros(outcome.saving[:, 1:].shape)
        for number, step in enumerate(economic_steps(self.plan, self.stated, x, outcome)):
            self._put(step, self.economic[number, ..., block])
            total += step
            if number == len(DO_NOTHING) - 1:
                self._put(total, self.totals[0, ..., block])
        self._put(total, self.totals[1, ..., block])
        self.scale = max(self.scale, float(np.abs(outcome.income).sum(axis=0).max()))
        for number, gathered in self.settled.items():
            reached = total.copy()
            for place, step in enumerate(settled_steps(results[number])):
                self._put(step, gathered[place, ..., block])
                reached += step
            self._put(reached, gathered[-1, ..., block])
            reached -= results[number].position[:, 1:]
            self.largest[number] = max(self.largest[number], float(np.abs(reached).max()))

    def _put(self, step: FloatArray, into: FloatArray) -> None:
        into[1:] = step
        into[0] = system_total(step, self.plan.bodies.in_perimeter)

    def summaries(self) -> dict[int, StepsSummary]:
        """What the replicate says of each option."""
        shared, reached = _statistics(self.economic), _statistics(self.totals)
        found = {number: _statistics(own) for number, own in self.settled.items()}
        return {
            number: StepsSummary(
                steps=np.concatenate([shared, own[:, :-1]], axis=1),
                totals=np.concatenate([reached, own[:, -1:]], axis=1),
                largest=self.largest[number],
                scale=self.scale,
            )
            for number, own in found.items()
        }


def _statistics(values: FloatArray) -> FloatArray:
    """Mean, P10 and P90 of [step, body, year, draw] over the draws: [statistic, step, …]."""
    found = mean_and_range(values.reshape(-1, values.shape[-1]))
    return found.reshape(-1, *values.shape[:-1])
