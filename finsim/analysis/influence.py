"""How strongly each input moves the gap: rank correlations on a run's own draws.

Cheap enough to put assumptions in the order in which they matter: a few thousand draws of the run
are evaluated once, whatever the number of inputs.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from finsim.analysis.estimates import combined
from finsim.economics import ledger
from finsim.simulation.compile_arrangement import attainment_drivers
from finsim.simulation.evaluate import evaluate
from finsim.simulation.plan import NONE, FloatArray, Plan
from finsim.simulation.run import Sampling, units
from finsim.uncertainty.dependence import average_ranks

REPLICATES = 4


class Influence(Struct, frozen=True):
    """The rank correlation of an input with the gap, and its standard error."""

    name: str
    rank_correlation: float
    error: float


def influence(
    plan: Plan, sampling: Sampling, year: int | None = None, replicates: int = REPLICATES
) -> tuple[Influence, ...]:
    """Every input that random numbers move, the strongest first.

    The rank correlation is with the system's gap after schemes in a year (the last unless said), on
    the first replicates of the run; positive where more of the input is a larger gap. An input
    that varies by year counts by `acting`.
    """
    t = len(plan.years) - 1 if year is None else plan.years.index(year)
    found = []
    for replicate in range(min(replicates, sampling.replicates)):
        inputs, gaps = [], []
        for x in units(plan, sampling.design, replicate):
            position = evaluate(plan, x).position_before_risk_share
            gaps.append(ledger.gap(position, plan.bodies.in_perimeter)[t])
            inputs.append(acting(plan, x, t))
        found.append(rank_correlations(np.concatenate(inputs, axis=1), np.concatenate(gaps)))
    estimate = combined(found)
    listed = [
        Influence(item.name, float(value), float(error))
        for item, value, error in zip(
            plan.inputs.inputs, estimate.values, estimate.errors, strict=True
        )
        if not item.is_fixed
    ]
    return tuple(sorted(listed, key=lambda one: -abs(one.rank_correlation)))


def acting(plan: Plan, x: FloatArray, t: int) -> FloatArray:
    """One number for each input and draw that stands for what it did by a year: [input, draw].

    A shock and a performance act in their own year alone: their value in that year. All else
    builds up, as a yearly price does: the mean over the years after the base year.
    """
    built = x[:, 1 : t + 1].mean(axis=1) if t > 0 else x[:, 0].copy()
    alone = acts_alone(plan)
    built[alone] = x[alone, t]
    return built


def acts_alone(plan: Plan) -> np.ndarray:
    """Whether each input acts in its own year and leaves the years after it as they were."""
    alone = np.zeros(len(plan.inputs.inputs), dtype=bool)
    alone[[shock for shock in plan.bodies.shock.tolist() if shock != NONE]] = True
    attained = attainment_drivers(plan.resolved)
    alone |= np.array([item.name in attained for item in plan.inputs.inputs], dtype=bool)
    return alone


def rank_correlations(inputs: FloatArray, result: FloatArray) -> FloatArray:
    """Spearman's correlation of each row [input, draw] with a result [draw]; 0 where one is flat.

    Equal values share the mean of their ranks.
    """
    ranked = average_ranks(result)
    ranked -= ranked.mean()
    size = np.sqrt(ranked @ ranked)
    correlations = np.zeros(len(inputs))
    for number, row in enumerate(inputs):
        ranks = average_ranks(row)
        ranks -= ranks.mean()
        both = size * np.sqrt(ranks @ ranks)
        correlations[number] = (ranks @ ranked) / both if both > 0 else 0.0
    return correlations
