"""The choice of schemes of a scenario, and what more evidence on each would be worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from finsim.analysis.choosing import (
    Candidate,
    Chosen,
    Judged,
    Limits,
    best_of,
    found_sets,
    improved,
    judged,
)
from finsim.analysis.estimates import combined
from finsim.analysis.perfect_information import value_of_knowing, value_of_knowing_all
from finsim.analysis.study import Case
from finsim.analysis.watched import Watched
from finsim.simulation.cases import plan_inputs
from finsim.simulation.evaluate import evaluate
from finsim.simulation.plan import FloatArray
from finsim.simulation.run import Sampling, units
from finsim.uncertainty.point_sets import Design

SEARCH_DRAWS = 256
SEARCHES = 3
SCREEN_DRAWS = 1024
SCREEN = SEARCHES
APART = 10_000  # replicates that no run reaches: what chooses a set must not judge it
WORTH_REPLICATES = 8
CaseOf = Callable[[Chosen], Case]


class Aim(Struct, frozen=True):
    """What the set is chosen for: that a control total is met, or a gap is at most a value."""

    of: Watched
    at_most: float | None = None

    def margin(self, case: Case, x: FloatArray) -> FloatArray:
        """By how much it is reached in each draw, [draw], £m; nought or more is reached."""
        if self.at_most is not None:
            return self.at_most - self.of.values(case, x)
        return self.of.margin(case, x)


class Worth(Struct, frozen=True):
    """What a scheme takes and brings beside the schemes chosen, £m, to the year of the aim.

    `added` is what it adds to the margin; `benefit` what it adds to the system's positions of all
    years up to then, its costs included. `knowing_delivered` and `knowing_all` are the values of
    perfect information to the decision to go ahead with it.
    """

    id: str
    name: str
    candidate: Candidate
    chosen: bool
    added: float
    benefit: float
    knowing_delivered: float
    knowing_all: float
    se_added: float
    se_benefit: float
    se_knowing_delivered: float
    se_knowing_all: float


class Choice(Struct, frozen=True):
    """The chosen set, what stands against it, and each scheme's worth.

    `sets` are how many were evaluated in full.
    """

    aim: Aim
    limits: Limits
    chosen: Judged
    none: Judged
    every: Judged
    worths: tuple[Worth, ...]
    sets: int


def candidates_of(case: Case) -> tuple[Candidate, ...]:
    """Every scheme of a scenario with its planned cost of delivery over all years, £m.

    Its capacity is what the book states; 1 where it states none.
    """
    plan = case.plan
    results = evaluate(plan, plan_inputs(plan), frozenset({"positions", "schemes"})).schemes
    assert results is not None
    invested = results.cost_of_delivery[:, :, 0].sum(axis=1)
    stated = {
        scheme.id: 1.0 if scheme.capacity is None else scheme.capacity
        for scheme in plan.resolved.book.schemes
    }
    return tuple(
        Candidate(scheme.id, float(cost), stated[scheme.id])
        for scheme, cost in zip(plan.schemes, invested, strict=True)
    )


def choose(
    case: Case,
    case_of: CaseOf,
    aim: Aim,
    limits: Limits,
    sampling: Sampling,
    progress: Callable[[int, int], None] | None = None,
) -> Choice:
    """The set within the limits with the best chance of the aim.

    `case_of` gives the scenario with a set of its schemes. The set is searched for on draws of its
    own and judged on the run's; the standing error is that of the run's replicates.
    """
    candidates = candidates_of(case)
    searching = Margins(case_of, aim, sampling.design.seed)
    found = found_sets(searching, candidates, limits, range(SEARCHES), progress)
    screened = [judged(searching, one, [SCREEN, SCREEN + 1]) for one in found]
    best = improved(searching, best_of(screened).chosen, candidates, limits, SCREEN)
    everyone = frozenset(one.id for one in candidates)

    def full(chosen: Chosen) -> Judged:
        def margins(some: Chosen, replicate: int) -> FloatArray:
            return _margins(case_of(some), aim, sampling.design, replicate)

        return judged(margins, chosen, range(sampling.replicates))

    chosen = full(best)
    return Choice(
        aim=aim,
        limits=limits,
        chosen=chosen,
        none=full(frozenset()),
        every=chosen if best == everyone else full(everyone),
        worths=_worths(case, case_of, aim, candidates, best, sampling),
        sets=searching.evaluated,
    )


class Margins:
    """The margin of a set on samples of draws, each evaluated once.

    Samples of the search are small; those from `SCREEN` on are larger.
    """

    def __init__(self, case_of: CaseOf, aim: Aim, seed: int) -> None:
        self.case_of, self.aim, self.seed = case_of, aim, seed
        self.known: dict[tuple[Chosen, int], FloatArray] = {}

    @property
    def evaluated(self) -> int:
        """How many sets were evaluated."""
        return len({chosen for chosen, _ in self.known})

    def __call__(self, chosen: Chosen, sample: int) -> FloatArray:
        """[draw]"""
        key = chosen, sample
        if key not in self.known:
            draws = SEARCH_DRAWS if sample < SCREEN else SCREEN_DRAWS
            design = Design("latin hypercube", draws, self.seed)
            self.known[key] = _margins(self.case_of(chosen), self.aim, design, APART + sample)
        return self.known[key]


def _margins(case: Case, aim: Aim, design: Design, replicate: int) -> FloatArray:
    return np.concatenate([aim.margin(case, x) for x in units(case.plan, design, replicate)])


def _worths(
    case: Case,
    case_of: CaseOf,
    aim: Aim,
    candidates: Sequence[Candidate],
    chosen: Chosen,
    sampling: Sampling,
) -> tuple[Worth, ...]:
    replicates = range(min(WORTH_REPLICATES, sampling.replicates))
    names = {scheme.id: scheme.name for scheme in case.plan.schemes}
    here = [_brought(case_of(chosen), aim, sampling.design, r) for r in replicates]
    found = []
    for one in candidates:
        inside = one.id in chosen
        other = case_of(chosen - {one.id} if inside else chosen | {one.id})
        with_it = case_of(chosen) if inside else other
        number = with_it.plan.inputs.position(f"schemes.{one.id}.delivered")
        rows = []
        for replicate in replicates:
            there = _brought(other, aim, sampling.design, replicate)
            sign = 1 if inside else -1
            margin, benefit = (sign * (a - b) for a, b in zip(here[replicate], there, strict=True))
            delivered = np.concatenate(
                [x[number, aim.of.t] for x in units(with_it.plan, sampling.design, replicate)]
            )
            values = margin.mean(), benefit.mean()
            knowing = value_of_knowing(delivered, benefit), value_of_knowing_all(benefit)
            rows.append(np.array([*values, *knowing]))
        estimate = combined(rows)
        found.append(
            Worth(
                one.id,
                names[one.id],
                one,
                inside,
                *map(float, estimate.values),
                *map(float, estimate.errors),
            )
        )
    return tuple(found)


def _brought(case: Case, aim: Aim, design: Design, replicate: int) -> tuple[FloatArray, FloatArray]:
    """The margin, and the system's positions of the years up to the aim's together: [draw]."""
    margins, positions = [], []
    for x in units(case.plan, design, replicate):
        margins.append(aim.margin(case, x))
        before = evaluate(case.plan, x).position_before_risk_share
        positions.append(before[case.plan.bodies.in_perimeter, : aim.of.t + 1].sum(axis=(0, 1)))
    return np.concatenate(margins), np.concatenate(positions)
