"""Estimates over replicates, each with its standard error.

Every replicate gives its own mean, percentiles, tail mean and chance; the estimate is their mean
and its standard error their spread, `sd / √replicates`. So memory does not grow with the draws and
the error is that of the figure shown. A percentile of a replicate of n draws is off by order 1/n
(£0.06m for a normal gap with an sd of £60m and n = 2,048), far below the errors claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from finsim.analysis.measures import BY_NAME, Row
from finsim.analysis.observe import Extremes, extremes, observe, observed_rows
from finsim.simulation.evaluate import Record, evaluate
from finsim.simulation.plan import FloatArray, Plan
from finsim.simulation.run import Engine, Sampling, units
from finsim.uncertainty.point_sets import Design

STATISTICS = ("mean", "p10", "p50", "p90", "tail_mean")
TAIL = 0.1
CURVE_LEVELS = tuple(level / 100 for level in range(1, 100))
CURVED = ("do_nothing_gap", "gap")
BATCH = 8
MOST_REPLICATES = 8_192
RECORD: frozenset[Record] = frozenset({"positions", "schemes"})


@dataclass(frozen=True, slots=True)
class Summary:
    """What one replicate says: [statistic, row], and the percentiles of the system's gaps."""

    statistics: FloatArray
    curves: FloatArray
    extremes: Extremes


@dataclass(frozen=True, slots=True)
class Estimates:
    """Each observed row's statistics and their standard errors, [statistic, row]."""

    rows: tuple[Row, ...]
    values: FloatArray
    errors: FloatArray
    curves: FloatArray
    curve_errors: FloatArray
    extremes: Extremes
    sampling: Sampling


def summarise(plan: Plan, design: Design, replicate: int) -> Summary:
    """One replicate evaluated unit by unit and summed up."""
    parts, worst = [], Extremes()
    for x in units(plan, design, replicate):
        outcome = evaluate(plan, x, RECORD)
        values = observe(plan, outcome)
        worst = worst.merged(extremes(plan, outcome, values))
        parts.append(values)
    values = np.concatenate(parts, axis=1)
    rows = observed_rows(plan)
    worse_high = np.array([BY_NAME[row.measure].worse == "high" for row in rows])
    curved = [number for number, row in enumerate(rows) if row.measure in CURVED]
    ordered = np.sort(values, axis=1)
    return Summary(
        statistics=_statistics(ordered, worse_high),
        curves=quantiles(ordered[curved], CURVE_LEVELS),
        extremes=worst,
    )


def _statistics(ordered: FloatArray, worse_high: np.ndarray) -> FloatArray:
    p10, p50, p90 = quantiles(ordered, (0.1, 0.5, 0.9)).T
    tail = np.where(worse_high, tail_mean(ordered[:, ::-1]), tail_mean(ordered))
    return np.stack([ordered.mean(axis=1), p10, p50, p90, tail])


def quantiles(ordered: FloatArray, levels: tuple[float, ...]) -> FloatArray:
    """Percentiles of sorted rows [row, draw] at levels: [row, level].

    Linear between the draws at `(i − ½) / n`, which has no bias to first order for symmetric
    distributions and treats both tails alike (Hyndman and Fan 1996, definition 5).
    """
    n = ordered.shape[1]
    position = np.clip(np.array(levels) * n - 0.5, 0, n - 1)
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, n - 1)
    weight = position - below
    result: FloatArray = ordered[:, below] * (1 - weight) + ordered[:, above] * weight
    return result


def tail_mean(ordered: FloatArray) -> FloatArray:
    """The mean of the first tenth of sorted rows [row, draw], the last draw counted in part."""
    size = ordered.shape[1] * TAIL
    whole = int(size)
    total = ordered[:, :whole].sum(axis=1)
    part = size - whole
    if part > 0:
        total = total + part * ordered[:, whole]
    result: FloatArray = total / size
    return result


def estimate(
    plan: Plan,
    sampling: Sampling,
    engine: Engine,
    progress: Callable[[int, int], None] | None = None,
    precision: float | None = None,
) -> Estimates:
    """The estimates over the replicates asked for, or over as many as a precision needs.

    `precision` is the largest standard error, £m, allowed to the P10, P50 and P90 of the system's
    gap in the last year.
    """
    work = partial(summarise, plan, sampling.design)
    summaries: list[Summary] = []
    rows = observed_rows(plan)
    wanted = sampling.replicates
    while True:
        for summary in engine.map(work, range(len(summaries), wanted)):
            summaries.append(summary)
            if progress is not None:
                progress(len(summaries), wanted)
        if precision is None or wanted >= MOST_REPLICATES:
            break
        if gap_error(rows, _errors(summaries), plan.years[-1]) <= precision:
            break
        wanted += max(BATCH, wanted // 2)
    return _combined(rows, summaries, Sampling(sampling.design, len(summaries)))


def gap_error(rows: tuple[Row, ...], errors: FloatArray, year: int) -> float:
    """The largest standard error of the P10, P50 and P90 of the system's gap in a year, £m."""
    number = rows.index(Row("system", "system", year, "gap"))
    return float(errors[1:4, number].max())


def _errors(summaries: list[Summary]) -> FloatArray:
    return standard_error(np.stack([summary.statistics for summary in summaries]))


def standard_error(by_replicate: FloatArray) -> FloatArray:
    """`sd / √replicates` over the first axis; exactly nought where every replicate agrees."""
    count = len(by_replicate)
    spread = by_replicate.std(axis=0, ddof=1) / np.sqrt(count)
    agree = np.ptp(by_replicate, axis=0) == 0
    result: FloatArray = np.where(agree, 0.0, spread)
    return result


def _mean(by_replicate: FloatArray) -> FloatArray:
    agree = np.ptp(by_replicate, axis=0) == 0
    result: FloatArray = np.where(agree, by_replicate[0], by_replicate.mean(axis=0))
    return result


def _combined(rows: tuple[Row, ...], summaries: list[Summary], sampling: Sampling) -> Estimates:
    statistics = np.stack([summary.statistics for summary in summaries])
    curves = np.stack([summary.curves for summary in summaries])
    worst = summaries[0].extremes
    for summary in _rest(summaries):
        worst = worst.merged(summary.extremes)
    return Estimates(
        rows=rows,
        values=_mean(statistics),
        errors=standard_error(statistics),
        curves=_mean(curves),
        curve_errors=standard_error(curves),
        extremes=worst,
        sampling=sampling,
    )


def _rest(summaries: list[Summary]) -> Iterator[Summary]:
    yield from summaries[1:]
