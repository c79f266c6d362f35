"""Estimates over replicates, each with its standard error.

Every replicate gives its own mean, percentiles, tail mean and chance; the estimate is their mean
and its standard error their spread, `sd / √replicates`. So memory does not grow with the draws and
the error is that of the figure shown. A percentile of a replicate of n draws is off by order 1/n
(£0.1m for a normal gap with an sd of £60m and n = 1,024), below the errors claimed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from msgspec import Struct

from finsim.analysis.bridge_steps import StepsSummary
from finsim.analysis.measures import Row
from finsim.analysis.observe import Extremes
from finsim.analysis.study import Study
from finsim.analysis.summaries import CaseSummary, summarise
from finsim.simulation.plan import FloatArray
from finsim.simulation.run import Engine, Sampling, prepare

BATCH = 8
MOST_REPLICATES = 8_192
MOMENTS_KEPT = 512
SUMMED = ("values", "compared", "curves", "bearing", "chances")


class Estimate(Struct, frozen=True):
    """Numbers and their standard errors, of one shape."""

    values: FloatArray
    errors: FloatArray


class Estimates(Struct, frozen=True):
    """What the replicates say of a case: see `CaseSummary` for the shapes.

    `moments` [replicate, 2, input, year] are those of each replicate, up to the 512th, `steps` what
    the replicates that were bridged say of the bridge.
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
    steps: tuple[StepsSummary, ...]


class Running:
    """The mean and spread of arrays of one shape that come one by one; none of them is kept.

    Squares are of the distance from the first array, which keeps their digits.

    Source: Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance.
    """

    def __init__(self, first: FloatArray) -> None:
        self.count = 0
        self.first = first
        self.total = np.zeros_like(first)
        self.distance = np.zeros_like(first)
        self.squares = np.zeros_like(first)

    def add(self, values: FloatArray) -> None:
        """Take one array in."""
        distance = values - self.first
        self.count += 1
        self.total += values
        self.distance += distance
        self.squares += distance**2

    def estimate(self) -> Estimate:
        """The mean and its standard error, `sd / √count`; where all agree the value and nought."""
        agree = self.squares == 0
        about_mean = self.squares - self.distance**2 / self.count
        variance = np.maximum(about_mean, 0.0) / max(self.count - 1, 1)
        return Estimate(
            np.where(agree, self.first, self.total / self.count),
            np.where(agree, 0.0, np.sqrt(variance / self.count)),
        )


class _Gathered:
    """A case's replicates, gathered one by one in their order."""

    def __init__(self, first: CaseSummary) -> None:
        self.arrays = {name: Running(getattr(first, name)) for name in SUMMED}
        self.extremes = first.extremes
        self.moments: list[FloatArray] = []
        self.steps: list[StepsSummary] = []
        self.count = 0

    def add(self, summary: CaseSummary) -> None:
        for name, running in self.arrays.items():
            running.add(getattr(summary, name))
        if self.count:
            self.extremes = self.extremes.merged(summary.extremes)
        if self.count < MOMENTS_KEPT:
            self.moments.append(summary.moments)
        if summary.steps is not None:
            self.steps.append(summary.steps)
        self.count += 1


def estimate(
    work: Study,
    sampling: Sampling,
    engine: Engine,
    progress: Callable[[int, int], None] | None = None,
    precision: float | None = None,
) -> tuple[Estimates, ...]:
    """The estimates of each case over the replicates asked for, or as many as a precision needs.

    `precision` is the largest standard error, £m, allowed to the P10, P50 and P90 of the system's
    gap in the last year, of every case. One that would take more than 8,192 replicates is not tried
    for: the error that is reached then says so.
    """
    for case in work.cases:
        prepare(case.plan, sampling.design)
    task = partial(summarise, work, sampling.design)
    gathered: tuple[_Gathered, ...] = ()
    done, wanted = 0, sampling.replicates
    while True:
        for summaries in engine.map(task, range(done, wanted)):
            gathered = gathered or tuple(map(_Gathered, summaries))
            for of_case, summary in zip(gathered, summaries, strict=True):
                of_case.add(summary)
            done += 1
            if progress is not None:
                progress(done, wanted)
        if precision is None:
            break
        wanted = replicates_for(precision, gap_error(work, gathered), done)
        if wanted <= done:
            break
    used = Sampling(sampling.design, done)
    return tuple(_combined(work, number, of_case, used) for number, of_case in enumerate(gathered))


def replicates_for(precision: float, error: float, done: int) -> int:
    """How many replicates a precision takes, as errors fall with their root; those done if enough.

    Those done too when it would take more than there may be.
    """
    if error <= precision:
        return done
    needed = done * (error / precision) ** 2
    if needed > MOST_REPLICATES:
        return done
    return min(max(done + BATCH, math.ceil(needed)), MOST_REPLICATES)


def gap_error(work: Study, gathered: Sequence[_Gathered]) -> float:
    """The largest standard error of the P10, P50 and P90 of any case's last gap, £m."""
    errors = []
    for case, of_case in zip(work.cases, gathered, strict=True):
        row = case.rows.index(Row("system", "system", case.plan.years[-1], "gap"))
        errors.append(float(of_case.arrays["values"].estimate().errors[1:4, row].max()))
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


def _combined(work: Study, number: int, gathered: _Gathered, sampling: Sampling) -> Estimates:
    arrays = gathered.arrays
    return Estimates(
        rows=work.cases[number].rows,
        compared_rows=work.compared_rows if number else (),
        statistics=arrays["values"].estimate(),
        compared=arrays["compared"].estimate(),
        curves=arrays["curves"].estimate(),
        bearing=arrays["bearing"].estimate(),
        chances=arrays["chances"].estimate(),
        extremes=gathered.extremes,
        sampling=sampling,
        moments=np.stack(gathered.moments),
        steps=tuple(gathered.steps),
    )
