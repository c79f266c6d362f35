"""Stress: what bad draws have in common, named cases on the same draws, and the reserve to hold."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from msgspec import Struct

from finsim.analysis.estimates import Estimate, combined
from finsim.analysis.features import Feature, features, features_at
from finsim.analysis.judged import Targets, targets_of
from finsim.analysis.reserves import MEANS, Reserves, reserves_in
from finsim.analysis.reverse_stress import FIGURES, in_common
from finsim.analysis.statistics import quantiles, worst_tenth
from finsim.analysis.study import Case
from finsim.economics.control_totals import met
from finsim.scenario.stress_cases import StressCase
from finsim.simulation.arrangement import Settled, settled
from finsim.simulation.evaluate import Record, evaluate
from finsim.simulation.plan import FloatArray
from finsim.simulation.run import Engine, Sampling, Serial, units
from finsim.simulation.stress import Stress, stress_of, together
from finsim.uncertainty.point_sets import Design

STRESSED = ("mean", "p10", "p90", "chance")
SCHEMES: frozenset[Record] = frozenset({"positions", "schemes"})
NOISE = 1e-9
TOGETHER = "together"
TOGETHER_NAME = "All of them together"


class Laid(Struct, frozen=True):
    """A case as it is laid over one plan: its id, its name, what it is, and what it touches."""

    id: str
    name: str
    stress: Stress
    source: StressCase | None


class _Summary(Struct, frozen=True):
    """One replicate: [figure, body, feature], reserves, and [case, statistic, body]."""

    common: FloatArray
    reserves: Reserves
    stressed: FloatArray


class StressTest(Struct, frozen=True):
    """What a stress test found for one option in one year; bodies are led by the system.

    `common` [figure, body, feature] by `FIGURES`; `needed` [body, confidence], `tail` [figure,
    body] by `MEANS` and `shares` [body] of the need in the system's worst tenth; `base`
    [statistic, body] by `STRESSED`, `cases` and `differences` [case, statistic, body], each
    difference taken replicate by replicate.
    """

    case: Case
    year: int
    targets: Targets
    confidences: tuple[float, ...]
    features: tuple[Feature, ...]
    laid: tuple[Laid, ...]
    common: Estimate
    needed: Estimate
    tail: Estimate
    shares: Estimate
    base: Estimate
    cases: Estimate
    differences: Estimate
    sampling: Sampling

    def separating(self, body: int, most: int = 3) -> list[int]:
        """The inputs and themes that alone separate a body's worst tenth best.

        Of inputs that move together only the one that separates best.
        """
        by_separation = self.common.values[FIGURES.index("separation"), body]
        chosen: list[int] = []
        for number in np.argsort(-by_separation, kind="stable").tolist():
            feature = self.features[number]
            groups = {self.features[other].group for other in chosen} - {""}
            if feature.kind in {"input", "theme"} and feature.group not in groups:
                chosen.append(number)
        return chosen[:most]


def laid_over(case: Case, named: Sequence[StressCase], t: int) -> tuple[Laid, ...]:
    """Named cases on a plan, and all that touch it together when there are several."""
    found = [Laid(c.id, c.name, stress_of(case.plan, c, t), c) for c in named]
    acting = [laid.stress for laid in found if laid.stress.acts_on]
    if len(acting) > 1:
        found.append(Laid(TOGETHER, TOGETHER_NAME, together(acting), None))
    return tuple(found)


def stress_test(
    case: Case,
    named: Sequence[StressCase],
    sampling: Sampling,
    t: int,
    confidences: tuple[float, ...],
    engine: Engine | None = None,
) -> StressTest:
    """The stress test of an option in the year at position t, on the draws of a sampling."""
    laid = laid_over(case, named, t)
    task = partial(_summarised, case, laid, sampling.design, t, confidences)
    found = list((engine or Serial()).map(task, range(sampling.replicates)))
    return StressTest(
        case=case,
        year=case.plan.years[t],
        targets=targets_of(case, t),
        confidences=confidences,
        features=features(case.plan),
        laid=laid,
        common=_estimated([one.common for one in found]),
        needed=_estimated([one.reserves.needed for one in found]),
        tail=_estimated([one.reserves.figures for one in found]),
        shares=_estimated([one.reserves.shares for one in found]),
        base=_estimated([one.stressed[0] for one in found]),
        cases=_estimated([one.stressed[1:] for one in found]),
        differences=_estimated([one.stressed[1:] - one.stressed[0] for one in found]),
        sampling=sampling,
    )


def _estimated(by_replicate: list[FloatArray]) -> Estimate:
    """The mean over replicates and its error; the noise of floating point is nought."""
    found = combined(by_replicate)
    values, errors = (
        np.where(np.abs(part) < NOISE, 0.0, part) for part in (found.values, found.errors)
    )
    return Estimate(values, errors)


def _summarised(
    case: Case,
    laid: tuple[Laid, ...],
    design: Design,
    t: int,
    confidences: tuple[float, ...],
    replicate: int,
) -> _Summary:
    """One replicate: the draws as they are, then under each case."""
    plan, targets = case.plan, targets_of(case, t)
    acting = [laid_case.stress for laid_case in laid]
    seen: list[FloatArray] = []
    positions: list[list[FloatArray]] = [[] for _ in range(len(acting) + 1)]
    judged: list[list[FloatArray]] = [[] for _ in range(len(acting) + 1)]
    for x in units(plan, design, replicate):
        outcome = evaluate(plan, x, SCHEMES)
        seen.append(features_at(plan, x, outcome, t))
        base = settled(plan, case.arrangement, outcome, x)
        _gather(case, targets, base, positions[0], judged[0])
        for number, stress in enumerate(acting, start=1):
            if not stress.acts_on:
                result = base
            else:
                y = stress.inputs(x)
                changed = outcome if y is x else evaluate(plan, y)
                result = settled(plan, case.arrangement, stress.outcome(changed), y)
            _gather(case, targets, result, positions[number], judged[number])
    together_judged = [np.concatenate(part, axis=1) for part in judged]
    together_positions = [np.concatenate(part, axis=1) for part in positions]
    counted = np.array([False, *plan.bodies.in_perimeter])
    return _Summary(
        common=in_common(
            np.concatenate(seen, axis=1),
            np.stack([worst_tenth(position) for position in together_positions[0]]),
        ),
        reserves=reserves_in(together_judged[0], targets, counted, confidences),
        stressed=np.stack(
            [
                _statistics(position, own, targets)
                for position, own in zip(together_positions, together_judged, strict=True)
            ]
        ),
    )


def _gather(
    case: Case,
    targets: Targets,
    result: Settled,
    positions: list[FloatArray],
    judged: list[FloatArray],
) -> None:
    own = result.position[:, targets.t]
    system = own[case.plan.bodies.in_perimeter].sum(axis=0)
    positions.append(np.concatenate([system[None], own]))
    judged.append(targets.judged(case, result))


def _statistics(positions: FloatArray, judged: FloatArray, targets: Targets) -> FloatArray:
    """Mean, P10 and P90 of positions [body, draw], and the chance of the target."""
    ordered = np.sort(positions, axis=1)
    p10, p90 = quantiles(ordered, (0.1, 0.9)).T
    chance = met(judged, targets.values).mean(axis=1)
    return np.stack([ordered.mean(axis=1), p10, p90, chance])


__all__ = ["MEANS", "Laid", "StressTest", "laid_over", "stress_test"]
