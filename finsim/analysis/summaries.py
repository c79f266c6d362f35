"""What one replicate says of every option: its draws evaluated, observed and summed up."""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from finsim.analysis.bridge_steps import StepsGathered, StepsSummary
from finsim.analysis.moments import Moments, moments_of
from finsim.analysis.observe import (
    MONEY_SETTLED,
    Extremes,
    extremes,
    money_rows,
    observe_economics,
    observe_money,
    times_met,
)
from finsim.analysis.observe_levels import observe_levels, off_nought, off_the_system
from finsim.analysis.statistics import STATISTICS, quantiles, statistics, tail_mean_where
from finsim.analysis.study import Case, Layout, Study
from finsim.economics import control_totals as totals_of
from finsim.simulation.arrangement import Settled, settled
from finsim.simulation.evaluate import Outcome, Record, evaluate
from finsim.simulation.levels import LevelOutcome, level_outcomes
from finsim.simulation.plan import FloatArray, IntArray
from finsim.simulation.run import placed_units
from finsim.uncertainty.point_sets import Design

CURVE_LEVELS = tuple(level / 100 for level in range(1, 100))
TOTALS_AROUND = tuple(float(step) for step in range(-100, 101, 10))
RECORD: frozenset[Record] = frozenset({"positions", "schemes"})
SAME = 1e-9


class CaseSummary(Struct, frozen=True):
    """What one replicate says of a case.

    `values` [statistic, row] and `compared` [statistic, row]; `curves` [row, level] the percentiles
    of the system's gaps; `bearing` [body, year] the mean position in the system's worst tenth, the
    system first; `chances` [total] of the system's position reaching totals around its own.
    `moments` [2, input, year]: how each input moves with the last gap, as `Moments.with_gap` says.
    `steps` are what the replicate says of its bridge, where that is worked out.
    """

    values: FloatArray
    compared: FloatArray
    curves: FloatArray
    bearing: FloatArray
    chances: FloatArray
    extremes: Extremes
    moments: FloatArray
    steps: StepsSummary | None = None


class _Economics:
    """The rows of an economics, observed block by block, for the cases that share it."""

    def __init__(self, case: Case, stated: Layout, draws: int) -> None:
        self.plan = case.plan
        self.stated = stated
        self.rows = np.empty((len(stated.economics), draws))
        self.moments: Moments | None = None

    def add(self, x: FloatArray, outcome: Outcome, block: slice) -> Extremes:
        """Take a block in; returns how far it is from what must hold."""
        rows = observe_economics(self.plan, outcome, self.rows[:, block])
        here = moments_of(self.stated.inputs.deviations(x), rows[self.stated.last_gap])
        self.moments = here if self.moments is None else self.moments.merged(here)
        return extremes(self.plan, outcome)

    def summary(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The statistics of the rows, the percentiles of the system's gaps, and the moments."""
        assert self.moments is not None
        curves = quantiles(np.sort(self.rows[list(self.stated.curved)], axis=1), CURVE_LEVELS)
        moments = self.moments.with_gap()[:, self.stated.inputs.row_of]
        return statistics(self.rows, self.stated.economics), curves, moments


class _Settled:
    """What an option settles, observed block by block: its money, and how often totals are met."""

    def __init__(self, case: Case, stated: Layout, draws: int) -> None:
        self.case = case
        self.stated = stated
        self.rows = np.empty((len(money_rows(case.plan)), draws))
        self.system = np.empty(draws)
        self.met: list[IntArray] = []
        self.extremes: Extremes | None = None

    def add(self, result: Settled, common: Extremes, block: slice) -> None:
        """Take a block in."""
        arrangement = self.case.arrangement
        observe_money(self.case.plan, result, self.rows[:, block])
        self.met.append(times_met(result))
        self.system[block] = totals_of.system_position(
            result.judged[:, -1:], arrangement.totals[:, -1:], arrangement.in_system
        )
        own = common.with_settled(result)
        self.extremes = own if self.extremes is None else self.extremes.merged(own)

    def statistics(self) -> FloatArray:
        """The statistics of the rows that are reported: none where nobody is judged."""
        if not self.case.arrangement.has_totals:
            return np.zeros((len(STATISTICS), 0))
        chances = np.zeros((len(STATISTICS), len(self.met[0])))
        chances[0] = sum(self.met) / self.rows.shape[1]
        return np.concatenate([statistics(self.rows, self.stated.settled), chances], axis=1)

    @property
    def money(self) -> FloatArray:
        """[measure, body, year, draw] of what is settled, the system first."""
        years, bodies = len(self.case.plan.years), len(self.case.plan.bodies.ids) + 1
        shape = (len(MONEY_SETTLED), bodies, years, self.rows.shape[1])
        # They stand after the gap after support.
        return self.rows[years : years + math.prod(shape[:-1])].reshape(shape)


class _Levels:
    """The networks and localities of cases that have them alike, observed block by block."""

    def __init__(self, case: Case, stated: Layout, draws: int) -> None:
        self.case = case
        self.stated = stated
        self.rows = np.empty((len(stated.levels), draws))

    def add(
        self, x: FloatArray, outcome: Outcome, block: slice
    ) -> tuple[tuple[LevelOutcome, ...], float, float]:
        """Take a block in: its networks and localities, how far they are from what must hold."""
        plan, levels = self.case.plan, self.case.arrangement.levels
        bodies = level_outcomes(plan, levels, outcome, x)
        if bodies:
            observe_levels(levels, bodies, self.rows[:, block])
        return bodies, off_the_system(plan, outcome, bodies), off_nought(bodies)


def summarise(work: Study, design: Design, replicate: int) -> tuple[CaseSummary, ...]:
    """One replicate of every case, evaluated block by block and summed up."""
    draws = design.draws
    stated = [*zip(work.cases, work.layouts, strict=True)]
    economics = {n: _Economics(*stated[n], draws) for n in dict.fromkeys(work.shares)}
    levels = {n: _Levels(*stated[n], draws) for n in dict.fromkeys(work.levels)}
    options = [_Settled(*of_case, draws) for of_case in stated]
    steps: dict[int, StepsSummary] = {}
    for number, of_economics in economics.items():
        plan = work.cases[number].plan
        sharing = [n for n, first in enumerate(work.shares) if first == number]
        bridge = _bridge(work, replicate, sharing, draws)
        for x, block in placed_units(plan, design, replicate):
            outcome = evaluate(plan, x, RECORD)
            checked = of_economics.add(x, outcome, block)
            seen = {
                n: levels[n].add(x, outcome, block)
                for n in dict.fromkeys(work.levels[n] for n in sharing)
            }
            results = {}
            for n in sharing:
                case = work.cases[n]
                bodies, off, moved = seen[work.levels[n]]
                result = settled(case.plan, case.arrangement, outcome, x, bodies)
                options[n].add(result, replace(checked, levels=off, budgets=moved), block)
                if bridge is not None and n in bridge.settled:
                    results[n] = result
            if bridge is not None:
                bridge.add(x, outcome, results, block)
        if bridge is not None:
            steps |= bridge.summaries()
    return _summaries(work, economics, levels, options, steps)


def _bridge(work: Study, replicate: int, sharing: list[int], draws: int) -> StepsGathered | None:
    """What gathers the steps of cases that share an economics; None where none are wanted."""
    options = [n for n in sharing if n < len(work.steps)]
    if not options or (work.bridged is not None and replicate >= work.bridged):
        return None
    first = options[0]
    return StepsGathered(work.cases[first].plan, work.steps[first], options, draws)


def _summaries(
    work: Study,
    economics: dict[int, _Economics],
    levels: dict[int, _Levels],
    options: list[_Settled],
    steps: dict[int, StepsSummary],
) -> tuple[CaseSummary, ...]:
    shared = {n: found.summary() for n, found in economics.items()}
    of_levels = {n: statistics(found.rows, found.stated.levels) for n, found in levels.items()}
    first = options[0].money
    summaries = []
    for number, option in enumerate(options):
        common, curves, moments = shared[work.shares[number]]
        own = option.statistics()
        values = np.concatenate([common, own, of_levels[work.levels[number]]], axis=1)
        assert option.extremes is not None
        summaries.append(
            CaseSummary(
                values=values,
                compared=_compared(option.money, first) if number else values[:, :0],
                curves=curves,
                bearing=_bearing(option.money[-1]),
                chances=_chances(option),
                extremes=replace(option.extremes, finite=bool(np.isfinite(values).all())),
                moments=moments,
                steps=steps.get(number),
            )
        )
    return tuple(summaries)


def _compared(money: FloatArray, first: FloatArray) -> FloatArray:
    """Statistics of the differences from the first option, and the chance to be better."""
    difference = money - first
    better = np.zeros((len(STATISTICS), math.prod(difference.shape[1:-1])))
    better[0] = (difference[-1] > SAME).mean(axis=-1).ravel()
    rows = difference.reshape(-1, difference.shape[-1])
    return np.concatenate([statistics(rows, np.zeros(len(rows), dtype=bool)), better], axis=1)


def _bearing(position: FloatArray) -> FloatArray:
    """Who bears the tail: each body's mean position where the system's is in its worst tenth."""
    years = range(position.shape[1])
    return np.stack([tail_mean_where(position[:, t], position[0, t]) for t in years], axis=1)


def _chances(option: _Settled) -> FloatArray:
    """The chance, in the last year, of reaching totals around the system's."""
    arrangement = option.case.arrangement
    total = totals_of.system_total(arrangement.totals, arrangement.in_system)[-1]
    if not np.isfinite(total):
        return np.full(len(TOTALS_AROUND), np.nan)
    return totals_of.chance_of_meeting_by_total(option.system, total + np.array(TOTALS_AROUND))


__all__ = ["STATISTICS", "CaseSummary", "summarise"]
