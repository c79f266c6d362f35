"""One cell of a sweep: a scenario with some overrides, all its options on the same draws."""

from __future__ import annotations

from msgspec import Struct

from finsim.analysis.results import Figure, simulate_cases
from finsim.analysis.study import Case
from finsim.simulation.run import Sampling, Serial


class CellTask(Struct, frozen=True):
    """All that a worker needs: the options' plans and arrangements, and what to draw.

    `measures` are those to keep; none named means all.
    """

    cases: tuple[Case, ...]
    sampling: Sampling
    measures: tuple[str, ...] = ()


class CellResult(Struct, frozen=True):
    """What a worker sends back: the figures, and the names of the checks that failed."""

    figures: tuple[Figure, ...]
    failed: tuple[str, ...]
    draws: int
    inputs: int
    years: tuple[str, ...]


class CellFailed(Struct, frozen=True):
    """Why a cell could not be computed, in words; the others go on."""

    why: str


def simulated(task: CellTask) -> CellResult | CellFailed:
    """The figures of a cell; the same to the bit wherever it is run."""
    try:
        return _simulated(task)
    except Exception as error:
        return CellFailed(f"{type(error).__name__}: {error}")


def _simulated(task: CellTask) -> CellResult:
    results = simulate_cases(task.cases, task.sampling, Serial())
    figures = (figure for result in results for figure in result.measures())
    return CellResult(
        figures=tuple(f for f in figures if not task.measures or f.measure in task.measures),
        failed=tuple(
            f"{result.option}: {check.name}"
            for result in results
            for check in result.checks
            if not check.passed
        ),
        draws=results[0].sampling.draws,
        inputs=max(result.inputs for result in results),
        years=results[0].years,
    )
