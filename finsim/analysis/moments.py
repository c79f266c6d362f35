"""How each input moves with the gap, summed over draws as they are evaluated."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from finsim.simulation.plan import FloatArray


class Moments(Struct, frozen=True):
    """Sums over draws of inputs [input, year] and of the last gap, about the central case."""

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
        """[2, input, year]: covariance with the gap over the gap's variance, and own variance."""
        n = self.draws
        spread = self.gap_squares / n - (self.gap / n) ** 2
        together = self.products / n - self.inputs / n * (self.gap / n)
        own = np.maximum(self.squares / n - (self.inputs / n) ** 2, 0.0)
        return np.stack([together / spread if spread > 0 else np.zeros_like(own), own])


def moments_of(deviations: FloatArray, gap: FloatArray) -> Moments:
    """Of some draws: inputs less their central values [input, year, draw], and the gap [draw]."""
    return Moments(
        draws=gap.size,
        inputs=deviations.sum(axis=2),
        squares=np.vecdot(deviations, deviations),
        products=np.vecdot(deviations, gap),
        gap=float(gap.sum()),
        gap_squares=float(gap @ gap),
    )
