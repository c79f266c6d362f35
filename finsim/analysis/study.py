"""Options on the same draws: cases, the economics that they share, and what a replicate says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from finsim.analysis.measures import BY_NAME, Row
from finsim.analysis.moments import Moments, moments_of
from finsim.analysis.observe import (
    MONEY_SETTLED,
    Extremes,
    economics_rows,
    extremes,
    is_chance,
    observe_economics,
    observe_settled,
    settled_rows,
)
from finsim.analysis.observe_levels import (
    level_rows,
    observe_levels,
    off_nought,
    off_the_system,
)
from finsim.analysis.statistics import (
    STATISTICS,
    quantiles,
    statistics_with_chances,
    tail_mean_where,
)
from finsim.economics import control_totals as totals_of
from finsim.simulation.arrangement import Arrangement, Settled, economics_text, settled
from finsim.simulation.evaluate import Outcome, Record, Workings, workings
from finsim.simulation.evaluate import outcome as outcome_of
from finsim.simulation.levels import LevelOutcome, level_outcomes
from finsim.simulation.plan import FloatArray, Plan
from finsim.simulation.run import units
from finsim.uncertainty.point_sets import Design

CURVE_LEVELS = tuple(level / 100 for level in range(1, 100))
CURVED = ("do_nothing_gap", "gap")
TOTALS_AROUND = tuple(float(step) for step in range(-100, 101, 10))
RECORD: frozenset[Record] = frozenset({"positions", "schemes"})
BY_SERVICE: frozenset[Record] = frozenset({*RECORD, "lines"})
SAME = 1e-9
Seen: TypeAlias = tuple[tuple[LevelOutcome, ...], float, float]
Part: TypeAlias = tuple[Settled, FloatArray, Extremes]


class Case(Struct, frozen=True):
    """One option, ready to be evaluated."""

    plan: Plan
    arrangement: Arrangement

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows that draws move."""
        plan, arrangement = self.plan, self.arrangement
        return (
            *economics_rows(plan),
            *settled_rows(plan, arrangement),
            *level_rows(plan, arrangement.levels),
        )


class Layout(Struct, frozen=True):
    """What the rows of a case are: how many are economics, how many levels, which are bad when
    high, and which are chances.

    `curved` are the system's gaps, by their place among the rows that are not chances.
    """

    economics: int
    levels: int
    worse_high: NDArray[np.bool_]
    chances: NDArray[np.bool_]
    curved: tuple[int, ...]


def layout(case: Case) -> Layout:
    """The layout of a case's rows."""
    rows = case.rows
    chances = np.array([is_chance(row) for row in rows], dtype=bool)
    money = [row for row in rows if not is_chance(row)]
    return Layout(
        economics=len(economics_rows(case.plan)),
        levels=len(level_rows(case.plan, case.arrangement.levels)),
        worse_high=np.array([BY_NAME[row.measure].worse == "high" for row in rows], dtype=bool),
        chances=chances,
        curved=tuple(n for n, row in enumerate(money) if row.measure in CURVED),
    )


class Study(Struct, frozen=True):
    """Cases on shared draws.

    `shares` gives for each the first case with the same economics, `levels` the first that has the
    same networks, localities and budgets as well.
    """

    cases: tuple[Case, ...]
    shares: tuple[int, ...]
    levels: tuple[int, ...]
    layouts: tuple[Layout, ...]

    @property
    def compared_rows(self) -> tuple[Row, ...]:
        """The rows of an option against the first: differences, then the chance to be better."""
        plan = self.cases[0].plan
        years, bodies = plan.years, plan.bodies
        keys = [("system", "system", True)]
        keys += [
            ("organisation", body, bool(inside))
            for body, inside in zip(bodies.ids, bodies.in_perimeter, strict=True)
        ]
        names = [*(f"difference_{name}" for name in MONEY_SETTLED), "better_than_first"]
        return tuple(
            Row(level, body, year, name, inside)  # type: ignore[arg-type]
            for name in names
            for level, body, inside in keys
            for year in years
        )


def study(cases: Sequence[Case]) -> Study:
    """Cases with the economics that they share found out."""
    texts = [economics_text(case.plan) if len(cases) > 1 else "" for case in cases]
    shares = tuple(texts.index(text) for text in texts)
    keys = [(text, case.arrangement.levels.key) for text, case in zip(texts, cases, strict=True)]
    levels = tuple(keys.index(key) for key in keys)
    return Study(tuple(cases), shares, levels, tuple(layout(case) for case in cases))


class CaseSummary(Struct, frozen=True):
    """What one replicate says of a case.

    `values` [statistic, row] and `compared` [statistic, row]; `curves` [row, level] the percentiles
    of the system's gaps; `bearing` [body, year] the mean position in the system's worst tenth, the
    system first; `chances` [total] of the system's position reaching totals around its own.
    `moments` [2, input, year]: how each input moves with the last gap, as `Moments.with_gap` says.
    """

    values: FloatArray
    compared: FloatArray
    curves: FloatArray
    bearing: FloatArray
    chances: FloatArray
    extremes: Extremes
    moments: FloatArray


def summarise(work: Study, design: Design, replicate: int) -> tuple[CaseSummary, ...]:
    """One replicate of every case, evaluated unit by unit and summed up."""
    gathered: list[list[Part]] = [[] for _ in work.cases]
    moments: dict[int, Moments] = {}
    for number, case in enumerate(work.cases):
        if work.shares[number] != number:
            continue
        sharing = [n for n, first in enumerate(work.shares) if first == number]
        by_service = any(work.cases[n].arrangement.services for n in sharing)
        record = BY_SERVICE if by_service else RECORD
        centre, last_gap = case.plan.inputs.central(), _last_gap(case)
        for x in units(case.plan, design, replicate):
            found_at = workings(case.plan, x)
            outcome = outcome_of(case.plan, x, found_at, record)
            common = observe_economics(case.plan, outcome)
            checked = extremes(case.plan, outcome, common)
            here = moments_of(x - centre, common[last_gap])
            moments[number] = moments[number].merged(here) if number in moments else here
            levels: dict[int, Seen] = {}
            for other in sharing:
                found = work.cases[other]
                plan, arrangement, first = found.plan, found.arrangement, work.levels[other]
                if first not in levels:
                    levels[first] = _seen(found, outcome, x, found_at)
                bodies, off, moved = levels[first]
                result = settled(plan, arrangement, outcome, x, bodies)
                parts = [common if other == number else common[:0]]
                if arrangement.has_totals:
                    parts.append(observe_settled(plan, result))
                if first == other and bodies:
                    parts.append(observe_levels(arrangement.levels, bodies))
                values = parts[0] if len(parts) == 1 else np.concatenate(parts)
                own = replace(checked.with_settled(result, values), levels=off, budgets=moved)
                gathered[other].append((result, values, own))
    with_gap = {number: found.with_gap() for number, found in moments.items()}
    return _summaries(work, gathered, with_gap)


def _last_gap(case: Case) -> int:
    """The row of the gap after schemes in the last year."""
    return economics_rows(case.plan).index(Row("system", "system", case.plan.years[-1], "gap"))


def _seen(case: Case, outcome: Outcome, x: FloatArray, found: Workings) -> Seen:
    """The networks and localities of a case, and how far they are from what must hold."""
    levels = level_outcomes(case.plan, case.arrangement.levels, outcome, x, found)
    return levels, off_the_system(case.plan, outcome, levels), off_nought(levels)


def _summaries(
    work: Study, gathered: list[list[Part]], moments: dict[int, FloatArray]
) -> tuple[CaseSummary, ...]:
    summaries: list[CaseSummary] = []
    shared: dict[int, tuple[FloatArray, FloatArray]] = {}
    of_levels: dict[int, FloatArray] = {}
    first: FloatArray | None = None
    for number, (case, parts) in enumerate(zip(work.cases, gathered, strict=True)):
        values = np.concatenate([values for _, values, _ in parts], axis=1)
        stated = work.layouts[number]
        has_economics, has_levels = work.shares[number] == number, work.levels[number] == number
        first_row = 0 if has_economics else stated.economics
        last_row = len(stated.chances) - (0 if has_levels else stated.levels)
        own, ordered = statistics_with_chances(
            values, stated.worse_high[first_row:last_row], stated.chances[first_row:last_row]
        )
        if has_economics:
            curves = quantiles(ordered[list(stated.curved)], CURVE_LEVELS)
            shared[number] = (own[:, : stated.economics], curves)
            own = own[:, stated.economics :]
        if has_levels:
            split = own.shape[1] - stated.levels
            of_levels[number] = own[:, split:]
            own = own[:, :split]
        common, curves = shared[work.shares[number]]
        money = _money(case, parts, values[stated.economics - first_row :])
        worst = parts[0][2]
        for _, _, other in parts[1:]:
            worst = worst.merged(other)
        summaries.append(
            CaseSummary(
                values=np.concatenate([common, own, of_levels[work.levels[number]]], axis=1),
                compared=_compared(money, first) if first is not None else own[:, :0],
                curves=curves,
                bearing=_bearing(case.plan, money[-1]),
                chances=_chances(case, parts),
                extremes=worst,
                moments=moments[work.shares[number]],
            )
        )
        first = money if first is None else first
    return tuple(summaries)


def _money(case: Case, parts: list[Part], observed: FloatArray) -> FloatArray:
    """[measure, body, year, draw] of what is settled, the system first."""
    years, bodies = len(case.plan.years), len(case.plan.bodies.ids) + 1
    if case.arrangement.has_totals:
        # They stand in the rows observed, after the gap after support.
        count = len(MONEY_SETTLED) * bodies * years
        shape = (len(MONEY_SETTLED), bodies, years, observed.shape[1])
        return observed[years : years + count].reshape(shape)
    inside = case.plan.bodies.in_perimeter
    measures = []
    for name in MONEY_SETTLED:
        settled_by_body = np.concatenate([getattr(result, name) for result, _, _ in parts], axis=2)
        system = settled_by_body[inside].sum(axis=0)
        measures.append(np.concatenate([system[None], settled_by_body]))
    return np.stack(measures)


def _compared(money: FloatArray, first: FloatArray) -> FloatArray:
    """Statistics of the differences from the first option, and the chance to be better."""
    difference = money - first
    better = (difference[-1:] > SAME).astype(np.float64)
    rows = np.concatenate([difference, better]).reshape(-1, money.shape[-1])
    chances = np.arange(len(rows)) >= len(rows) - better[0].shape[0] * better[0].shape[1]
    return statistics_with_chances(rows, np.zeros(len(rows), dtype=bool), chances)[0]


def _bearing(plan: Plan, position: FloatArray) -> FloatArray:
    """Who bears the tail: each body's mean position where the system's is in its worst tenth."""
    return np.stack(
        [tail_mean_where(position[:, t], position[0, t]) for t in range(len(plan.years))], axis=1
    )


def _chances(case: Case, parts: list[Part]) -> FloatArray:
    """The chance, in the last year, of reaching totals around the system's."""
    arrangement = case.arrangement
    total = totals_of.system_total(arrangement.totals, arrangement.in_system)[-1]
    if not np.isfinite(total):
        return np.full(len(TOTALS_AROUND), np.nan)
    judged = np.concatenate(
        [
            totals_of.system_position(result.judged, arrangement.totals, arrangement.in_system)[-1]
            for result, _, _ in parts
        ]
    )
    return totals_of.chance_of_meeting_by_total(judged, total + np.array(TOTALS_AROUND))


__all__ = ["STATISTICS", "Case", "CaseSummary", "Study", "is_chance", "study", "summarise"]
