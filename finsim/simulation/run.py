"""Drawing and evaluating replicates; the engines that map them.

A replicate is the unit of work. Its draws are evaluated some units at a time, in the order of their
index. No bit of a draw depends on how many, which the plan fixes; so no result depends on what
engine or number of workers runs them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Protocol, TypeVar

import numpy as np
from msgspec import Struct

from finsim.book.places import shown
from finsim.economics.arrays import UNIT
from finsim.scenario.model import Run
from finsim.simulation.evaluate import Outcome, Record, evaluate
from finsim.simulation.plan import FloatArray, Plan
from finsim.uncertainty.point_sets import Design, points

CACHED = 2**19  # numbers by year that a block may hold in cache, found by trying
MOST_TOGETHER = 4096
KEPT_BYTES = 31 * 2**20  # above 32 MiB glibc does not learn
LEAST_REPLICATES = 8
Result = TypeVar("Result")


class TooManyInputs(ValueError):
    """A point set that carries fewer coordinates than the plan needs."""


class Sampling(Struct, frozen=True):
    """How many draws, in how many replicates, of which point set."""

    design: Design
    replicates: int

    @property
    def draws(self) -> int:
        """All draws together."""
        return self.replicates * self.design.draws


def sampling(run: Run, seed: int | None = None, draws: int | None = None) -> Sampling:
    """The replicates that give at least the draws asked for, and at least eight of them."""
    design = Design(run.points, run.draws_per_replicate, run.seed if seed is None else seed)
    wanted = run.draws if draws is None else draws
    return Sampling(design, max(LEAST_REPLICATES, math.ceil(wanted / design.draws)))


def check_capacity(plan: Plan, design: Design) -> None:
    """Raises TooManyInputs when the point set has no coordinate for some input of the plan."""
    most, needed = design.coordinates, plan.inputs.coordinates
    if most is not None and needed.size and int(needed.max()) >= most:
        text = f"the inputs reach place {int(needed.max()) + 1}; a {design.kind} of {design.draws}"
        more = shown("draws_per_replicate: 4096")
        raise TooManyInputs(f"{text} draws carries {most}: write {more} under run")


def units(
    plan: Plan, design: Design, replicate: int, block: int | None = None
) -> Iterator[FloatArray]:
    """The inputs of a replicate's draws, some whole units at a time: [input, year, draw].

    How many moves no bit of a draw: it depends on no other, and a matrix product is of one unit.
    """
    keep_freed_memory()
    block = draws_together(plan) if block is None else block
    coordinates = plan.inputs.coordinates
    for start in range(0, design.draws, block):
        stop = min(start + block, design.draws)
        yield plan.inputs.values(points(design, coordinates, replicate, start, stop))


def placed_units(plan: Plan, design: Design, replicate: int) -> Iterator[tuple[FloatArray, slice]]:
    """What `units` gives, and where it stands among the replicate's draws."""
    stop = 0
    for x in units(plan, design, replicate):
        start, stop = stop, stop + x.shape[2]
        yield x, slice(start, stop)


def draws_together(plan: Plan) -> int:
    """How many draws to evaluate at once: a power of two that keeps the plan's rows in cache.

    More make fewer calls, which is half the time of a small plan; too many spill.
    """
    single = (plan.inputs.inputs, plan.flows.baseline, plan.flows.touched, plan.costs.activity)
    triple = (plan.schemes, plan.removals.activity, plan.releases.activity)
    rows = sum(map(len, single)) + 3 * sum(map(len, triple))
    wanted = min(max(CACHED // max(rows, 1), UNIT), MOST_TOGETHER)
    return 1 << wanted.bit_length() - 1


def prepare(plan: Plan, design: Design) -> None:
    """Import and tabulate what every draw needs, before processes are copied or timed."""
    plan.inputs.values(points(design, plan.inputs.coordinates, 0, 0, 1))


@cache
def keep_freed_memory() -> None:
    """Have the C library keep the memory of one unit's arrays for the next.

    By default glibc gives the top of its heap back to the system when much of it is free, and takes
    it again, page by page, for the next array: a third of the time of a draw. It keeps up to twice
    the largest block that it has seen freed; this one is never touched, so it costs nothing.
    """
    np.empty(KEPT_BYTES, dtype=np.uint8)


def replay(
    plan: Plan, design: Design, draw: int, record: frozenset[Record]
) -> tuple[Outcome, FloatArray, int]:
    """One draw by its index: its whole unit evaluated, the unit's inputs, its place in the unit."""
    replicate, within = divmod(draw, design.draws)
    start = within // UNIT * UNIT
    stop = min(start + UNIT, design.draws)
    u = points(design, plan.inputs.coordinates, replicate, start, stop)
    x = plan.inputs.values(u)
    return evaluate(plan, x, record), x, within - start


class Engine(Protocol):
    """Maps work over replicates, giving the results in their order."""

    def map(self, work: Callable[[int], Result], replicates: Iterable[int]) -> Iterator[Result]:
        """The work of each replicate, in order."""
        ...


class Serial(Struct, frozen=True):
    """One replicate after the other, in this process."""

    def map(self, work: Callable[[int], Result], replicates: Iterable[int]) -> Iterator[Result]:
        """The work of each replicate, in order."""
        return map(work, replicates)
