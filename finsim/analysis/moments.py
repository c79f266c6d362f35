"""How each input moves with the gap, summed over draws as they are evaluated."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from finsim.simulation.inputs import Inputs
from finsim.simulation.plan import FloatArray, IntArray


class Distinct(Struct, frozen=True):
    """Inputs by year [input, year] as rows, what is the same in all years once.

    `rows` are the places of the rows among all inputs by year, `row_of` [input, year] is the row
    of each, `centre` [row, 1] the central case.
    """

    rows: IntArray
    row_of: IntArray
    centre: FloatArray

    def deviations(self, x: FloatArray) -> FloatArray:
        """Inputs [input, year, draw] less their central values: [row, draw]."""
        found = x.reshape(-1, x.shape[2]).take(self.rows, axis=0)
        found -= self.centre
        return found


def distinct(inputs: Inputs) -> Distinct:
    """The distinct rows of some inputs."""
    place = np.arange(len(inputs.inputs) * inputs.years).reshape(-1, inputs.years)
    alike = np.array([item.over_years == "constant" for item in inputs.inputs], dtype=bool)
    place[alike] = place[alike, :1]
    rows, row_of = np.unique(place, return_inverse=True)
    centre = inputs.central().reshape(-1, 1)[rows]
    return Distinct(rows, row_of.reshape(place.shape), centre)


class Moments(Struct, frozen=True):
    """Sums over draws of inputs [row] and of the last gap, about the central case."""

    draws: int
    inputs: FloatArray
    squares: FloatArray
    products: FloatArray
    gap: float
    gap_squares: float

    def merged(self, other: Moments) -> Moments:
        """Those of both."""
        return Moments(
            self.draws + other.draws,
            self.inputs + other.inputs,
            self.squares + other.squares,
            self.products + other.products,
            self.gap + other.gap,
            self.gap_squares + other.gap_squares,
        )

    def with_gap(self) -> FloatArray:
        """[2, row]: covariance with the gap over the gap's variance, and own variance."""
        n = self.draws
        spread = self.gap_squares / n - (self.gap / n) ** 2
        together = self.products / n - self.inputs / n * (self.gap / n)
        own = np.maximum(self.squares / n - (self.inputs / n) ** 2, 0.0)
        return np.stack([together / spread if spread > 0 else np.zeros_like(own), own])


def moments_of(deviations: FloatArray, gap: FloatArray) -> Moments:
    """Of some draws: inputs less their central values [row, draw], and the gap [draw]."""
    return Moments(
        draws=gap.size,
        inputs=deviations.sum(axis=-1),
        squares=np.vecdot(deviations, deviations),
        products=np.vecdot(deviations, gap),
        gap=float(gap.sum()),
        gap_squares=float(gap @ gap),
    )
