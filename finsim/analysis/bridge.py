"""The bridge from the base-year position to the position, for every body, year and option.

The steps are worked out in every draw, so each has a range of its own. Means add up to the mean
position; percentiles do not add. Everything is summed up replicate by replicate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from finsim.analysis.bridge_rows import TOTALS, Bridge, BridgeRow
from finsim.analysis.checks import ROUNDING, TOLERANCE, Check
from finsim.analysis.estimates import Estimate, combined
from finsim.analysis.observe import SYSTEM
from finsim.analysis.results import Results
from finsim.analysis.statistics import quantiles
from finsim.analysis.study import Case, study
from finsim.book.quantities import financial_year_text
from finsim.simulation.arrangement import settled
from finsim.simulation.evaluate import POSITIONS, Record, outcome, workings
from finsim.simulation.plan import FloatArray, Plan
from finsim.simulation.run import Engine, Sampling, Serial, units
from finsim.simulation.steps import DO_NOTHING, Steps, economic_steps, settled_steps, steps_of
from finsim.uncertainty.point_sets import Design

SHOWN = ("mean", "p10", "p90")
TIES = "The bridge ties"
WORKBOOK_REPLICATES = 4
WITH_LINES: frozenset[Record] = frozenset({"positions", "lines"})
Result = TypeVar("Result")


class _Summary(Struct, frozen=True):
    """What one replicate says of an option: [statistic, row] of steps and totals, and the tie."""

    steps: FloatArray
    totals: FloatArray
    largest: float
    scale: float


class _Work(Struct, frozen=True):
    """Options to bridge; those that share their economics have it worked out once."""

    cases: tuple[Case, ...]
    shares: tuple[int, ...]
    stated: tuple[Steps, ...]
    design: Design

    @classmethod
    def of(cls, cases: Sequence[Case], design: Design) -> _Work:
        stated = tuple(steps_of(case.plan) for case in cases)
        return cls(tuple(cases), study(cases).shares, stated, design)

    def summarised(self, replicate: int) -> tuple[_Summary, ...]:
        """One replicate of every option."""
        summaries: dict[int, _Summary] = {}
        for number in dict.fromkeys(self.shares):
            sharing = [(n, self.cases[n]) for n, first in enumerate(self.shares) if first == number]
            summaries |= _of_economics(self.stated[number], sharing, self.design, replicate)
        return tuple(summaries[number] for number in range(len(self.cases)))

    def bridges(self, by_replicate: Sequence[tuple[_Summary, ...]]) -> tuple[Bridge, ...]:
        """The bridge of each option, from what each replicate says."""
        draws = len(by_replicate) * self.design.draws
        found: list[Bridge] = []
        for number, case in enumerate(self.cases):
            summaries = [replicate[number] for replicate in by_replicate]
            steps = combined([summary.steps for summary in summaries])
            totals = combined([summary.totals for summary in summaries])
            found.append(
                Bridge(
                    rows=tuple(_rows(case.plan, self.stated[number].names, steps)),
                    totals=tuple(_rows(case.plan, TOTALS, totals)),
                    check=_tie(summaries, draws),
                    draws=draws,
                )
            )
        return tuple(found)


def bridges(
    cases: Sequence[Case], sampling: Sampling, engine: Engine | None = None
) -> tuple[Bridge, ...]:
    """The bridge of each option, on the draws of a sampling, with its standard errors.

    The economics that options share is worked out once.
    """
    work = _Work.of(cases, sampling.design)
    by_replicate = (engine or Serial()).map(work.summarised, range(sampling.replicates))
    return work.bridges(list(by_replicate))


def bridged(results: Sequence[Results], engine: Engine | None = None) -> tuple[Results, ...]:
    """Results with the bridge of every option, on all draws of the run, checked to tie."""
    cases = [Case(result.plan, result.arrangement) for result in results]
    return tuple(
        _with(result, bridge)
        for result, bridge in zip(results, bridges(cases, results[0].sampling, engine), strict=True)
    )


def with_bridges(results: Sequence[Results]) -> tuple[Results, ...]:
    """Results as a workbook shows them: the first with its bridge, and a check that it ties.

    On the first few replicates of the run, so that it adds little to its time.
    """
    first = results[0]
    (bridge,) = bridges([Case(first.plan, first.arrangement)], _few(first.sampling))
    return _first_with(results, bridge)


class Bridging:
    """An engine that works out the bridge of a workbook along with the replicates of its run.

    Copies of the process are then made once for both, and none waits for the other. `meanwhile` is
    done once, when the first replicate has come and copies draw the others.
    """

    def __init__(
        self,
        engine: Engine,
        case: Case,
        sampling: Sampling,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        self.engine = engine
        self.meanwhile = meanwhile
        self.work = _Work.of([case], sampling.design)
        self.left = list(range(_few(sampling).replicates))
        self.summaries: list[tuple[_Summary, ...]] = []

    def map(self, work: Callable[[int], Result], replicates: Iterable[int]) -> Iterator[Result]:
        """The work of each replicate, in order; the bridge's replicates come after the first."""
        asked, own, self.left = list(replicates), self.left, []
        both = partial(_either, work, self.work.summarised)
        found = iter(self.engine.map(both, [*asked, *(~replicate for replicate in own)]))
        for _ in asked:
            yield next(found)  # type: ignore[misc]
            if self.meanwhile is not None:
                self.meanwhile()
                self.meanwhile = None
        self.summaries += found  # type: ignore[arg-type]

    def with_bridges(self, results: Sequence[Results]) -> tuple[Results, ...]:
        """What `with_bridges` gives, once the run is done."""
        (bridge,) = self.work.bridges(self.summaries)
        return _first_with(results, bridge)


def _either(
    work: Callable[[int], Result], bridge: Callable[[int], tuple[_Summary, ...]], number: int
) -> Result | tuple[_Summary, ...]:
    """The work of a replicate, or of the bridge's replicate ~number where that is negative."""
    return work(number) if number >= 0 else bridge(~number)


def _few(sampling: Sampling) -> Sampling:
    return replace(sampling, replicates=min(WORKBOOK_REPLICATES, sampling.replicates))


def _first_with(results: Sequence[Results], bridge: Bridge) -> tuple[Results, ...]:
    first, *others = results
    return (_with(first, bridge), *others)


def _with(result: Results, bridge: Bridge) -> Results:
    return replace(result, checks=(*result.checks, bridge.check), bridge=bridge)


def _tie(found: Sequence[_Summary], draws: int) -> Check:
    largest = max(summary.largest for summary in found)
    scale = max(summary.scale for summary in found)
    detail = f"largest difference £{largest * 1e6:,.4f} in {draws:,} draws"
    return Check(TIES, bool(largest <= max(TOLERANCE, ROUNDING * scale)), detail)


def _of_economics(
    stated: Steps, sharing: Sequence[tuple[int, Case]], design: Design, replicate: int
) -> dict[int, _Summary]:
    """The options that share a plan's economics, one replicate."""
    plan = sharing[0][1].plan
    services = any(case.arrangement.services for _, case in sharing)
    record = WITH_LINES if services else POSITIONS
    gathered: dict[int, list[FloatArray]] = {number: [] for number, _ in sharing}
    economic: list[FloatArray] = []
    largest = dict.fromkeys(gathered, 0.0)
    scale = 1.0
    for x in units(plan, design, replicate):
        found = workings(plan, x)
        positions = outcome(plan, x, found, record)
        steps = economic_steps(plan, stated, x, found, positions)
        before = steps.sum(axis=0)
        scale = max(scale, float(np.abs(positions.income).sum(axis=0).max()))
        economic.append(_with_system(plan, steps))
        for number, case in sharing:
            result = settled(case.plan, case.arrangement, positions, x)
            own = settled_steps(result)
            off = np.abs(before + own.sum(axis=0) - result.position)
            largest[number] = max(largest[number], float(off.max()))
            gathered[number].append(_with_system(plan, own))
    shared = np.concatenate(economic, axis=-1)
    shared_statistics = _statistics(shared)
    nothing = shared[: len(DO_NOTHING)].sum(axis=0)
    judged = shared.sum(axis=0)
    summaries = {}
    for number, _ in sharing:
        own = np.concatenate(gathered[number], axis=-1)
        totals = np.stack([nothing, judged, judged + own.sum(axis=0)])
        summaries[number] = _Summary(
            steps=np.concatenate([shared_statistics, _statistics(own)], axis=1),
            totals=_statistics(totals),
            largest=largest[number],
            scale=scale,
        )
    return summaries


def _with_system(plan: Plan, steps: FloatArray) -> FloatArray:
    """Steps of the projected years with the perimeter's first: [step, body, year, draw]."""
    system = steps[:, plan.bodies.in_perimeter, 1:].sum(axis=1, keepdims=True)
    return np.concatenate([system, steps[:, :, 1:]], axis=1)


def _statistics(values: FloatArray) -> FloatArray:
    """Mean, P10 and P90 of [step, body, year, draw] over the draws: [statistic, step, …]."""
    flat = values.reshape(-1, values.shape[-1])
    found = np.repeat(flat[None, :, 0], len(SHOWN), axis=0)
    varies = np.flatnonzero((flat != flat[:, :1]).any(axis=1))
    ordered = np.sort(flat[varies], axis=1)
    found[0, varies] = ordered.mean(axis=1)
    found[1:, varies] = quantiles(ordered, (0.1, 0.9)).T
    return found.reshape(len(SHOWN), *values.shape[:-1])


def _rows(plan: Plan, steps: Sequence[str], found: Estimate) -> list[BridgeRow]:
    """The rows of an option by body, year and step; money below a thousandth of a £ is nil."""
    values, errors = (_without_noise(part) for part in (found.values, found.errors))
    bodies = (SYSTEM, *plan.bodies.ids)
    return [
        BridgeRow(
            plan.resolved.option,
            body,
            financial_year_text(year),
            step,
            *map(float, values[:, s, b, t]),
            *map(float, errors[:, s, b, t]),
        )
        for b, body in enumerate(bodies)
        for t, year in enumerate(plan.years[1:])
        for s, step in enumerate(steps)
    ]


def _without_noise(values: FloatArray) -> FloatArray:
    result: FloatArray = np.where(np.abs(values) < TOLERANCE, 0.0, values)
    return result


__all__ = ["Bridge", "BridgeRow", "Bridging", "bridged", "bridges", "with_bridges"]
