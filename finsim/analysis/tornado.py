"""The tornado: what one input at a time does to a figure.

Each bar has two readings. *With the others at their centre*: the figure with the input at its P10
and at its P90, and every other input as in the central case. *Over the draws*: the mean of the
figure in the tenth of the draws in which the input is lowest, and in which it is highest; the other
inputs then vary, and those that move with it move. The first can be checked by hand; a chance has
only the second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from finsim.analysis.estimates import Estimate, combined
from finsim.analysis.influence import acting, acts_alone, rank_correlations
from finsim.analysis.statistics import tail_mean_where
from finsim.analysis.strands import Strand, input_title, strands
from finsim.analysis.study import Case
from finsim.analysis.watched import Watched
from finsim.economics.arrays import UNIT
from finsim.simulation.inputs import Input
from finsim.simulation.plan import FloatArray, Plan
from finsim.simulation.run import Sampling
from finsim.uncertainty import dependence
from finsim.uncertainty.distributions import Event
from finsim.uncertainty.point_sets import points

LOW, HIGH = 0.1, 0.9
GRID = 256


class Bar(Struct, frozen=True):
    """One input or shared factor: its two values, and the figure at each of them.

    `low` and `high` are in the input's own unit; a factor's are in standard deviations. `at_low`
    and `at_high` are the figure with the others at their centre, `mean_low` and `mean_high` over
    the draws.
    """

    name: str
    title: str
    is_factor: bool
    low: float
    high: float
    at_low: float
    at_high: float
    mean_low: float
    mean_high: float
    swing_over_draws: float
    rank_correlation: float
    se_mean_low: float
    se_mean_high: float
    se_swing_over_draws: float
    se_rank_correlation: float

    @property
    def swing(self) -> float:
        """The figure at the high value less that at the low one, the others at their centre."""
        return self.at_high - self.at_low


def tornado(case: Case, of: Watched, sampling: Sampling) -> tuple[Bar, ...]:
    """The bars of every uncertain input and shared factor, the widest first.

    A chance's by their swing over the draws, for the central case has none between 0 and 1.
    """
    plan = case.plan
    free, factors = _movers(plan)
    certain = _with_others_central(case, of, free, factors)
    names = [plan.inputs.inputs[n].name for n in free] + [strand.name for strand in factors]
    found = _over_draws(case, of, sampling, acts_alone(plan), free, factors)
    bars = [
        Bar(
            name,
            input_title(plan, name),
            k >= len(free),
            *(float(values[k]) for values in (*certain, *found.values)),
            *(float(errors[k]) for errors in found.errors),
        )
        for k, name in enumerate(names)
    ]
    return tuple(sorted(bars, key=lambda bar: -_width(bar, of)))


def swings(case: Case, of: Watched) -> dict[str, float]:
    """The swing of every uncertain input with the others at their centre, the widest first."""
    free, _ = _movers(case.plan)
    _, _, at_low, at_high = _with_others_central(case, of, free, [])
    found = {
        case.plan.inputs.inputs[n].name: float(swing)
        for n, swing in zip(free, at_high - at_low, strict=True)
    }
    return dict(sorted(found.items(), key=lambda pair: -abs(pair[1])))


def _movers(plan: Plan) -> tuple[list[int], list[Strand]]:
    """The positions of the uncertain inputs, and the shared factors."""
    free = [number for number, item in enumerate(plan.inputs.inputs) if not item.is_fixed]
    return free, [strand for strand in strands(plan) if strand.shared]


def _with_others_central(
    case: Case, of: Watched, free: Sequence[int], factors: Sequence[Strand]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Low and high values, and the figure at each of them: [moved]."""
    plan = case.plan
    alone = acts_alone(plan)
    lows, highs = (_moved(plan, alone, free, factors, level) for level in (LOW, HIGH))
    at_low, at_high = np.split(of.values(case, np.concatenate([lows, highs], axis=2)), 2)
    ends = [np.diag(acting(plan, x, of.t)[free]) for x in (lows, highs)]
    scores = dependence.normal_scores(np.array([LOW, HIGH]))
    low, high = (
        np.append(end, np.full(len(factors), score))
        for end, score in zip(ends, scores, strict=True)
    )
    return low, high, at_low, at_high


def _width(bar: Bar, of: Watched) -> float:
    return abs(bar.swing_over_draws if of.is_chance else bar.swing)


# with the others at their centre


def _moved(
    plan: Plan,
    alone: np.ndarray,
    free: Sequence[int],
    factors: Sequence[Strand],
    level: float,
) -> FloatArray:
    """The central case with each input, then each factor, at a level: [input, year, moved]."""
    x = np.repeat(plan.inputs.central(), len(free) + len(factors), axis=2)
    for column, number in enumerate(free):
        x[number, :, column] = at_level(plan.inputs.inputs[number], level, bool(alone[number]))
    groups = {group.factor: group for group in plan.inputs.groups if group.loadings is not None}
    for column, factor in enumerate(factors, start=len(free)):
        group = groups[factor.coordinates]
        assert group.loadings is not None
        for number, loading in zip(group.members, group.loadings, strict=True):
            item = plan.inputs.inputs[number]
            score = _year_score(item, level, bool(alone[number]))
            x[number, :, column] = given_factor(item, float(loading), score)
    return x


def at_level(item: Input, level: float, alone: bool) -> FloatArray:
    """An input at a level of its distribution, [year].

    What varies by year and builds up is raised in every year by as much as puts the *mean* of its
    scores at the level; what acts in its own year alone is at the level in each. An event does not
    happen, or it does.
    """
    if isinstance(item.distribution, Event):
        deviation = float(level > 0.5)
    else:
        u = dependence.uniforms(np.array([_year_score(item, level, alone)]))
        deviation = float(item.distribution.quantile(u)[0])
    return _about(item, np.full(item.path.size, deviation))


def _about(item: Input, deviation: FloatArray) -> FloatArray:
    """The path of an input with its deviation by year; what varies is at its mean at first."""
    if item.over_years != "constant":
        deviation[0] = item.distribution.mean
    return item.path + deviation


def _year_score(item: Input, level: float, alone: bool) -> float:
    """The normal score of each year when the input as a whole is at a level."""
    score = float(dependence.normal_scores(np.array([level]))[0])
    if item.over_years == "constant" or alone:
        return score
    apart = np.abs(np.subtract.outer(np.arange(item.path.size - 1), np.arange(item.path.size - 1)))
    correlation = (item.persistence if item.over_years == "ar1" else 0.0) ** apart
    return score * float(np.sqrt(correlation.mean()))


def given_factor(item: Input, loading: float, score: float) -> FloatArray:
    """The mean of an input when its factor has a score in every year: [year].

    The input's score is normal about `loading × score` with the variance that the factor leaves; an
    AR(1) path carries both from year to year.
    """
    left = dependence.normal_scores((np.arange(GRID) + 0.5) / GRID)
    phi = item.persistence if item.over_years == "ar1" else 0.0
    fresh = 1 - phi**2
    centre, variance = loading * score, 1 - loading**2
    means = np.empty(item.path.size)
    for t in range(item.path.size):
        if t > 1 and item.over_years != "constant":
            centre = phi * centre + np.sqrt(fresh) * loading * score
            variance = phi**2 * variance + fresh * (1 - loading**2)
        u = dependence.uniforms(centre + np.sqrt(variance) * left)
        means[t] = item.distribution.quantile(u).mean()
    return _about(item, means)


# over the draws


def _over_draws(
    case: Case,
    of: Watched,
    sampling: Sampling,
    alone: np.ndarray,
    free: Sequence[int],
    factors: Sequence[Strand],
) -> Estimate:
    """[mean low, mean high, swing, rank correlation; input]."""
    events = [isinstance(case.plan.inputs.inputs[n].distribution, Event) for n in free]
    events += [False] * len(factors)
    found = []
    for replicate in range(sampling.replicates):
        moved, figures = [], []
        for u, x in _units(case.plan, sampling, replicate):
            scores = [_factor_score(case.plan, alone, factor, u, of.t) for factor in factors]
            moved.append(np.stack([*acting(case.plan, x, of.t)[free], *scores]))
            figures.append(of.values(case, x))
        rows, figure = np.concatenate(moved, axis=1), np.concatenate(figures)
        low, high = tails(rows, np.array(events), figure)
        found.append(np.stack([low, high, high - low, rank_correlations(rows, figure)]))
    return combined(found)


def _units(
    plan: Plan, sampling: Sampling, replicate: int
) -> Iterator[tuple[FloatArray, FloatArray]]:
    design, coordinates = sampling.design, plan.inputs.coordinates
    for start in range(0, design.draws, UNIT):
        u = points(design, coordinates, replicate, start, min(start + UNIT, design.draws))
        yield u, plan.inputs.values(u)


def _factor_score(
    plan: Plan, alone: np.ndarray, factor: Strand, u: FloatArray, t: int
) -> FloatArray:
    """A factor's normal score [draw]: of the year itself, or the mean of the years up to it."""
    rows = {coordinate: row for row, coordinate in enumerate(plan.inputs.coordinates.tolist())}
    scores = dependence.normal_scores(u[[rows[c] for c in factor.coordinates]])
    own_year = all(alone[number] for number in factor.inputs)
    first = t - 1 if own_year else 0
    mean: FloatArray = (scores if len(scores) == 1 else scores[first:t]).mean(axis=0)
    return mean


def tails(
    rows: FloatArray, events: np.ndarray, figure: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The mean of a figure [draw] where each row [input, draw] is in its lowest and highest tenth.

    An event's two ends are that it does not happen and that it does.
    """
    low, high = np.empty(len(rows)), np.empty(len(rows))
    for number, (row, event) in enumerate(zip(rows, events, strict=True)):
        if event and row.min() < row.max():
            happens = row == row.max()
            low[number], high[number] = figure[~happens].mean(), figure[happens].mean()
        else:
            low[number] = tail_mean_where(figure[None], row)[0]
            high[number] = tail_mean_where(figure[None], -row)[0]
    return low, high
