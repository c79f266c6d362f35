"""Distributions on single values: fixed, an event, and a list of values with weights."""

import math

import numpy as np
from msgspec import Struct
from msgspec.structs import force_setattr

from finsim.uncertainty.arrays import FloatArray
from finsim.uncertainty.requirements import require_finite

WEIGHTS_TOLERANCE = 1e-9


def constant(u: FloatArray, value: float) -> FloatArray:
    """The value in the shape of u."""
    return np.full(np.shape(u), value, dtype=np.float64)


class Fixed(Struct, frozen=True):
    """One value in every draw. Raises ValueError when it is not finite."""

    value: float

    def __post_init__(self) -> None:
        require_finite("fixed", value=self.value)

    @property
    def mean(self) -> float:
        """The value."""
        return float(self.value)

    @property
    def is_fixed(self) -> bool:
        """Always."""
        return True

    @property
    def support(self) -> tuple[float, float]:
        """The value, twice."""
        return self.mean, self.mean

    def quantile(self, u: FloatArray) -> FloatArray:
        """The value in the shape of u."""
        return constant(u, self.value)


class Event(Struct, frozen=True):
    """1 when something happens, 0 when it does not.

    It happens where 1 - u < probability, in the upper part of u. Like every quantile this never
    falls with u, so a positive rank correlation with another input means that the event goes with
    high values of it (the lower part would turn the sign round). Raising the probability keeps
    every draw in which it happened and adds more.

    Raises ValueError for a probability outside 0 to 1.
    """

    probability: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"event: probability is {self.probability:g}; use 0 to 1 (0% to 100%)")

    @property
    def mean(self) -> float:
        """The probability."""
        return float(self.probability)

    @property
    def is_fixed(self) -> bool:
        """Whether it is certain, one way or the other."""
        return self.probability in {0.0, 1.0}

    @property
    def support(self) -> tuple[float, float]:
        """0 to 1, or the certain one."""
        return (self.mean, self.mean) if self.is_fixed else (0.0, 1.0)

    def quantile(self, u: FloatArray) -> FloatArray:
        """1.0 where 1 - u < probability, else 0.0."""
        return (1.0 - np.asarray(u) < self.probability).astype(np.float64)


class Discrete(Struct, frozen=True):
    """One of several values, each with its weight.

    Raises ValueError unless there are as many weights as values, at least one, none negative, and
    they sum to 1 within 1e-9.
    """

    values: tuple[float, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        force_setattr(self, "values", tuple(self.values))
        force_setattr(self, "weights", tuple(self.weights))
        if len(self.values) != len(self.weights) or not self.values:
            raise ValueError(
                f"discrete: {len(self.values)} values and {len(self.weights)} weights; "
                "use one weight for each value"
            )
        for value, weight in zip(self.values, self.weights, strict=True):
            require_finite("discrete", value=value, weight=weight)
            if weight < 0.0:
                raise ValueError(f"discrete: weight {weight:g}; use 0 or more")
        total = math.fsum(self.weights)
        if abs(total - 1.0) > WEIGHTS_TOLERANCE:
            raise ValueError(f"discrete: the weights sum to {total:g}; they must sum to 1 (100%)")

    @property
    def mean(self) -> float:
        """The weighted mean."""
        if self.is_fixed:
            return self.support[0]
        weighted = (v * w for v, w in zip(self.values, self.weights, strict=True))
        return math.fsum(weighted) / math.fsum(self.weights)

    @property
    def is_fixed(self) -> bool:
        """Whether only one value has weight."""
        return self.support[0] == self.support[1]

    @property
    def support(self) -> tuple[float, float]:
        """The lowest and highest value with weight."""
        values = [value for value, _ in self._possible()]
        return values[0], values[-1]

    def quantile(self, u: FloatArray) -> FloatArray:
        """The smallest value whose cumulative weight reaches u."""
        values, weights = np.array(self._possible(), dtype=np.float64).T
        # Without the last sum, which may fall short of 1 by rounding: what is left is the top
        # value.
        below = np.cumsum(weights)[:-1] / math.fsum(weights)
        return np.asarray(values[np.searchsorted(below, u, side="left")])

    def _possible(self) -> list[tuple[float, float]]:
        pairs = zip(self.values, self.weights, strict=True)
        return sorted((float(v), float(w)) for v, w in pairs if w > 0.0)
