"""What gives a stated figure: levers solved for a target on one set of draws."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np
from msgspec import Struct

from finsim.analysis.estimates import standard_error
from finsim.analysis.levers import Lever, Put
from finsim.analysis.measures import BY_NAME
from finsim.analysis.solving import Evaluation, Solution, solve, solve_whole
from finsim.analysis.statistics import quantiles, tail_mean
from finsim.analysis.study import Case
from finsim.analysis.watched import Watched
from finsim.simulation.cases import central_inputs
from finsim.simulation.plan import FloatArray
from finsim.simulation.run import Sampling, units

Statistic: TypeAlias = Literal["mean", "p10", "p50", "p90", "tail", "central"]
STATISTICS: tuple[str, ...] = get_args(Statistic)
LEVELS = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
MOST_KEPT = 30_000_000


class Target(Struct, frozen=True):
    """A statistic of a figure and the value that it must reach, £m or a chance."""

    of: Watched
    statistic: Statistic
    value: float

    @property
    def better_high(self) -> bool:
        """Whether more of the figure is better."""
        return BY_NAME[self.of.measure].worse == "low"

    def statistic_of(self, figures: FloatArray) -> float:
        """The statistic of a figure by draw [draw]."""
        if self.statistic in LEVELS:
            ordered = np.sort(figures)[None]
            return float(quantiles(ordered, (LEVELS[self.statistic],))[0, 0])
        if self.statistic == "tail":
            ordered = np.sort(figures if self.better_high else -figures)[None]
            return float(tail_mean(ordered)[0]) * (1 if self.better_high else -1)
        return float(figures.mean())


class Answer(Struct, frozen=True):
    """What a lever gives. `beyond` is the neighbour of a whole answer that no longer does."""

    lever: Lever
    solution: Solution
    beyond: Evaluation | None = None


class Figures:
    """A target's statistic by replicate, for any value put into the scenario.

    The inputs of the scenario's own draws are kept where they are few enough to hold.
    """

    def __init__(self, case: Case, target: Target, sampling: Sampling) -> None:
        self.target, self.sampling = target, sampling
        self.inputs = case.plan.inputs
        size = len(self.inputs.inputs) * self.inputs.years * sampling.draws
        self.keeps = size <= MOST_KEPT
        self.kept: dict[int, list[FloatArray]] = {}
        self.standing = self(Put(case))

    def __call__(self, put: Put) -> FloatArray:
        """The statistic of each replicate: [replicate]; one of the central case."""
        if self.target.statistic == "central":
            return np.array([self._of(put, [central_inputs(put.case.plan)])])
        return np.array(
            [self._of(put, self._units(put, r)) for r in range(self.sampling.replicates)]
        )

    def _of(self, put: Put, parts: list[FloatArray]) -> float:
        found = []
        for x in parts:
            changed = x if put.change is None else put.change(x)
            found.append(self.target.of.values(put.case, changed, put.extra))
        return self.target.statistic_of(np.concatenate(found))

    def _units(self, put: Put, replicate: int) -> list[FloatArray]:
        if not self.keeps or put.case.plan.inputs is not self.inputs:
            return list(units(put.case.plan, self.sampling.design, replicate))
        if replicate not in self.kept:
            self.kept[replicate] = list(units(put.case.plan, self.sampling.design, replicate))
        return self.kept[replicate]


def answer(figures: Figures, lever: Lever) -> Answer:
    """The value of a lever that reaches the target, or how far it gets."""
    target = figures.target

    def f(value: float) -> FloatArray:
        if lever.stands_at(value):
            return figures.standing
        return figures(lever.put(value))

    if lever.whole:
        found, beyond = solve_whole(
            f, target.value, round(lever.low), round(lever.high), target.better_high
        )
        return Answer(lever, found, beyond)
    start = lever.low if lever.start is None else lever.start
    solution = solve(f, target.value, start, lever.low, lever.high, lever.step, target.of.is_chance)
    return Answer(lever, solution)


def now(figures: Figures) -> Evaluation:
    """The figure as the scenario stands."""
    found = figures.standing
    error = float(standard_error(found)) if found.size > 1 else 0.0
    return Evaluation(0.0, float(found.mean()), error)
