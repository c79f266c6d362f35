"""The value at which a figure reaches a target, and how sure that value is.

The figure is a statistic of draws that are the same at every value, so it moves smoothly and a few
evaluations find the crossing. Each replicate has a figure of its own; the error of the answer
follows from their spread by the delta method,

    se(value) = se(figure) / |slope|,    slope = d figure / d value at the answer.

`f(value)` gives the figure by replicate, [replicate].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
from msgspec import Struct

from finsim.analysis.estimates import standard_error
from finsim.uncertainty.arrays import FloatArray
from finsim.uncertainty.dependence import normal_scores

ByReplicate: TypeAlias = Callable[[float], FloatArray]
Found: TypeAlias = Literal["found", "none"]
CLOSE = 0.05
WIDE = 3.0
RELATIVE = 1e-6
JUMP = 1e-3
LEAST_CHANCE = 1e-6
MOST_STEPS = 40
MOST_DOUBLINGS = 24


class Evaluation(Struct, frozen=True):
    """The figure at a value, with its standard error."""

    value: float
    figure: float
    error: float


class Solution(Struct, frozen=True):
    """What was found.

    `value` reaches the target; where none does, `value` is the one tried that comes nearest, and
    `error` is NaN. `evaluations` are in the order in which they were made.
    """

    status: Found
    value: float
    error: float
    reached: Evaluation
    evaluations: tuple[Evaluation, ...]


class _Record(Struct):
    """A figure by value, each evaluated once."""

    f: ByReplicate
    target: float
    is_chance: bool
    known: dict[float, Evaluation]

    def at(self, value: float) -> Evaluation:
        if value not in self.known:
            figures = np.asarray(self.f(value), dtype=np.float64)
            error = float(standard_error(figures)) if figures.size > 1 else 0.0
            self.known[value] = Evaluation(value, float(figures.mean()), error)
        return self.known[value]

    def miss(self, value: float) -> float:
        """By how much the target is passed; nought where the draws cannot tell.

        A chance is measured in normal scores, in which it moves nearly in a straight line.
        """
        found = self.at(value)
        if abs(found.figure - self.target) <= CLOSE * found.error:
            return 0.0
        if not self.is_chance:
            return found.figure - self.target
        both = np.clip([found.figure, self.target], LEAST_CHANCE, 1 - LEAST_CHANCE)
        score, wanted = normal_scores(both)
        return float(score - wanted)


def solve(
    f: ByReplicate,
    target: float,
    start: float,
    low: float,
    high: float,
    step: float,
    is_chance: bool = False,
) -> Solution:
    """The value between two bounds at which the mean of f is the target.

    Looked for from the start: towards both bounds at once where they are finite, by steps that
    double where they are not. Of several crossings the one nearest the start on the side that was
    tried first is given.

    Raises ValueError when the bounds are not in order about the start.
    """
    if not low <= start <= high:
        raise ValueError(f"start {start:g} is not between {low:g} and {high:g}")
    record = _Record(f, target, is_chance, {})
    bracket = _bracket(record, start, low, high, step)
    if bracket is not None:
        value = _crossing(record, *bracket)
        if _is_reached(record, value, *bracket):
            error = _error(record, value, low, high, step)
            return Solution("found", value, error, record.at(value), _made(record))
    nearest = min(record.known.values(), key=lambda e: abs(e.figure - target))
    return Solution("none", nearest.value, float("nan"), nearest, _made(record))


def _made(record: _Record) -> tuple[Evaluation, ...]:
    return tuple(record.known.values())


def _bracket(
    record: _Record, start: float, low: float, high: float, step: float
) -> tuple[float, float] | None:
    """Two values on either side of the target, the one nearer the start first."""
    at_start = record.miss(start)
    if at_start == 0:
        return start, start
    for bound in (high, low):
        inner, width = start, step
        for _ in range(MOST_DOUBLINGS):
            outer = bound
            if np.isinf(bound):
                outer = start + np.sign(bound) * width
                width *= 2
            if outer == inner:
                break
            miss = record.miss(outer)
            if miss == 0:
                return outer, outer
            if (miss > 0) != (at_start > 0):
                return inner, outer
            if outer == bound:
                break
            inner = outer
    return None


def _crossing(record: _Record, one: float, other: float) -> float:
    from scipy.optimize import brentq

    if one == other:
        return one
    found = brentq(
        record.miss, one, other, xtol=RELATIVE * abs(other - one), rtol=1e-12, maxiter=MOST_STEPS
    )
    tried = [
        e for e in record.known.values() if abs(e.value - found) <= RELATIVE * abs(other - one)
    ]
    best = min(tried, key=lambda e: abs(e.figure - record.target), default=None)
    return float(found) if best is None else best.value


def _is_reached(record: _Record, value: float, one: float, other: float) -> bool:
    """Whether the figure is the target there, and does not jump over it."""
    reached = record.at(value)
    span = abs(record.at(other).figure - record.at(one).figure)
    return abs(reached.figure - record.target) <= max(WIDE * reached.error, JUMP * span)


def _error(record: _Record, value: float, low: float, high: float, step: float) -> float:
    """The delta method, with the slope over a width that the draws can tell from nought."""
    error = record.at(value).error
    if error == 0:
        return 0.0
    if len(record.known) == 1:
        record.at(min(value + step, high) if value < high else max(value - step, low))
    slope = _slope(record, value, error, low, high)
    return error / abs(slope) if slope else float("inf")


def _slope(record: _Record, value: float, error: float, low: float, high: float) -> float:
    """Through the two evaluations nearest the answer whose figures differ by enough to tell."""
    near = sorted(record.known.values(), key=lambda e: abs(e.value - value))
    here = record.at(value)
    for other in near[1:]:
        if abs(other.figure - here.figure) >= WIDE * error:
            rough = (other.figure - here.figure) / (other.value - here.value)
            width = WIDE * error / abs(rough)
            if abs(other.value - value) <= 2 * width:
                return rough
            below, above = record.at(max(value - width, low)), record.at(min(value + width, high))
            if above.value == below.value:
                return rough
            return (above.figure - below.figure) / (above.value - below.value)
    return 0.0


def solve_whole(
    f: ByReplicate, target: float, low: int, high: int, better_high: bool
) -> tuple[Solution, Evaluation | None]:
    """The last whole value, going from one bound to the other, that still does.

    A value does when its figure is the target or better (higher, or lower). Also given is the
    neighbour that does not. The figure is taken to move one way.
    """
    record = _Record(f, target, False, {})

    def does(value: int) -> bool:
        miss = record.at(value).figure - target
        return miss >= 0 if better_high else miss <= 0

    ends = {value: does(value) for value in (low, high)}
    if ends[low] == ends[high]:
        nearest = min(record.known.values(), key=lambda e: abs(e.figure - target))
        status: Found = "found" if ends[low] else "none"
        return Solution(status, nearest.value, float("nan"), nearest, _made(record)), None
    good, bad = (low, high) if ends[low] else (high, low)
    while abs(good - bad) > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if does(middle) else (good, middle)
    found = Solution("found", good, 0.0, record.at(good), _made(record))
    return found, record.at(bad)
