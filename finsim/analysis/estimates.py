"""Estimates over replicates, each with its standard error.

Every replicate gives its own mean, percentiles, tail mean and chance; the estimate is their mean
and its standard error their spread, `sd / √replicates`. So memory does not grow with the draws and
the error is that of the figure shown. A percentile of a replicate of n draws is off by order 1/n
(£0.1m for a normal gap with an sd of £60m and n = 1,024), below the errors claimed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from finsim.analysis.measures import Row
from finsim.analysis.observe import Extremes
from finsim.analysis.study import CaseSummary, Study, summarise
from finsim.simulation.plan import FloatArray
from finsim.simulation.run import Engine, Sampling, prepare

BATCH = 8
MOST_REPLICATES = 8_192


@dataclass(frozen=True, slots=True)
class Estimate:
    """Numbers and their standard errors, of one shape."""

    values: FloatArray
    errors: FloatArray


@dataclass(frozen=True, slots=True)
class Estimates:
    """What the replicates say of a case: see `CaseSummary` for the shapes.

    `moments` [replicate, 2, input, year] are those of each replicate.
    """

    rows: tuple[Row, ...]
    compared_rows: tuple[Row, ...]
    statistics: Estimate
    compared: Estimate
    curves: Estimate
    bearing: Estimate
    chances: Estimate
    extremes: Extremes
    sampling: Sampling
    moments: FloatArray


def estimate(
    work: Study,
    sampling: Sampling,
    engine: Engine,
    progress: Callable[[int, int], None] | None = None,
    precision: float | None = None,
) -> tuple[Estimates, ...]:
    """The estimates of each case over the replicates asked for, or as many as a precision needs.

    `precision` is the largest standard error, £m, allowed to the P10, P50 and P90 of the system's
    gap in the last year, of every case.
    """
    for case in work.cases:
        prepare(case.plan, sampling.design)
    task = partial(summarise, work, sampling.design)
    summaries: list[tuple[CaseSummary, ...]] = []
    wanted = sampling.replicates
    while True:
        for summary in engine.map(task, range(len(summaries), wanted)):
            summaries.append(summary)
            if progress is not None:
                progress(len(summaries), wanted)
        if precision is None or wanted >= MOST_REPLICATES:
            break
        if gap_error(work, summaries) <= precision:
            break
        wanted += max(BATCH, wanted // 2)
    used = Sampling(sampling.design, len(summaries))
    return tuple(
        _combined(work, number, [summary[number] for summary in summaries], used)
        for number in range(len(work.cases))
    )


def gap_error(work: Study, summaries: list[tuple[CaseSummary, ...]]) -> float:
    """The largest standard error of the P10, P50 and P90 of any case's last gap, £m."""
    errors = []
    for number, case in enumerate(work.cases):
        row = case.rows.index(Row("system", "system", case.plan.years[-1], "gap"))
        by_replicate = np.stack([summary[number].values[1:4, row] for summary in summaries])
        errors.append(float(standard_error(by_replicate).max()))
    return max(errors)


def standard_error(by_replicate: FloatArray) -> FloatArray:
    """`sd / √replicates` over the first axis; exactly nought where every replicate agrees."""
    spread = by_replicate.std(axis=0, ddof=1) / np.sqrt(len(by_replicate))
    result: FloatArray = np.where(_agree(by_replicate), 0.0, spread)
    return result


def _agree(by_replicate: FloatArray) -> np.ndarray:
    agree: np.ndarray = (by_replicate == by_replicate[0]).all(axis=0)
    return agree


def combined(by_replicate: list[FloatArray]) -> Estimate:
    """The mean over replicates and its standard error."""
    stacked = np.stack(by_replicate)
    mean = np.where(_agree(stacked), stacked[0], stacked.mean(axis=0))
    return Estimate(mean, standard_error(stacked))


def _combined(
    work: Study, number: int, summaries: list[CaseSummary], sampling: Sampling
) -> Estimates:
    worst = summaries[0].extremes
    for summary in summaries[1:]:
        worst = worst.merged(summary.extremes)
    return Estimates(
        rows=work.cases[number].rows,
        compared_rows=work.compared_rows if number else (),
        statistics=combined([summary.values for summary in summaries]),
        compared=combined([summary.compared for summary in summaries]),
        curves=combined([summary.curves for summary in summaries]),
        bearing=combined([summary.bearing for summary in summaries]),
        chances=combined([summary.chances for summary in summaries]),
        extremes=worst,
        sampling=sampling,
        moments=np.stack([summary.moments for summary in summaries]),
    )
