"""Distributions between a lowest and a highest value: uniform, triangular, PERT and beta."""

import numpy as np
from msgspec import Struct

from finsim.uncertainty.arrays import FloatArray
from finsim.uncertainty.fixed_and_discrete import constant
from finsim.uncertainty.inverse_tables import InverseTable, beta_inverse
from finsim.uncertainty.requirements import require_finite, require_rising, require_sd
from finsim.uncertainty.truncation import without_rounding_past

PERT_WEIGHT_OF_MODE = 4.0


class Uniform(Struct, frozen=True):
    """Every value from low to high equally likely. Raises ValueError when low is above high."""

    low: float
    high: float

    def __post_init__(self) -> None:
        require_rising("uniform", low=self.low, high=self.high)

    @property
    def mean(self) -> float:
        """(low + high) / 2."""
        return self.low + 0.5 * (self.high - self.low)

    @property
    def is_fixed(self) -> bool:
        """Whether low is high."""
        return self.low == self.high

    @property
    def support(self) -> tuple[float, float]:
        """Low and high."""
        return float(self.low), float(self.high)

    def quantile(self, u: FloatArray) -> FloatArray:
        """Low + u (high - low)."""
        if self.is_fixed:
            return constant(u, self.low)
        return without_rounding_past(
            self.low + np.asarray(u) * (self.high - self.low), self.support
        )


class Triangular(Struct, frozen=True):
    """A density that rises in a line from low to the mode and falls in a line to high.

    Raises ValueError unless low <= mode <= high.
    """

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        require_rising("triangular", low=self.low, mode=self.mode, high=self.high)

    @property
    def mean(self) -> float:
        """(low + mode + high) / 3."""
        return self.low + ((self.mode - self.low) + (self.high - self.low)) / 3.0

    @property
    def is_fixed(self) -> bool:
        """Whether low is high."""
        return self.low == self.high

    @property
    def support(self) -> tuple[float, float]:
        """Low and high."""
        return float(self.low), float(self.high)

    def quantile(self, u: FloatArray) -> FloatArray:
        """The root of the rising side up to the mode, of the falling side after it."""
        if self.is_fixed:
            return constant(u, self.low)
        u = np.asarray(u)
        width = self.high - self.low
        rising = self.low + np.sqrt(u * (width * (self.mode - self.low)))
        falling = self.high - np.sqrt((1.0 - u) * (width * (self.high - self.mode)))
        x = np.where(u * width < self.mode - self.low, rising, falling)
        return without_rounding_past(x, self.support)


class Pert(Struct, frozen=True):
    """A smooth hump from low to high that leans to the mode.

    A beta distribution with mean (low + 4 mode + high) / 6.

    Raises ValueError unless low <= mode <= high.

    Source: Malcolm, Roseboom, Clark and Fazar (1959); shapes as in Vose, Risk Analysis (2008).
    """

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        require_rising("PERT", low=self.low, mode=self.mode, high=self.high)

    @property
    def mean(self) -> float:
        """(low + 4 mode + high) / 6."""
        rise = PERT_WEIGHT_OF_MODE * (self.mode - self.low) + (self.high - self.low)
        return self.low + rise / (PERT_WEIGHT_OF_MODE + 2.0)

    @property
    def is_fixed(self) -> bool:
        """Whether low is high."""
        return self.low == self.high

    @property
    def support(self) -> tuple[float, float]:
        """Low and high."""
        return float(self.low), float(self.high)

    def quantile(self, u: FloatArray) -> FloatArray:
        """Low + (high - low) x the beta quantile with shapes 1 + 4 (mode - low) / (high - low) and
        1 + 4 (high - mode) / (high - low); from a table, within 1e-6 of the range.
        """
        if self.is_fixed:
            return constant(u, self.low)
        return stretched(self._inverse()(np.asarray(u)), self.low, self.high)

    def at_scores(self, z: FloatArray) -> FloatArray:
        """The quantile at Phi(z), from a table of scores."""
        if self.is_fixed:
            return constant(z, self.low)
        return stretched(self._inverse().at_scores(z), self.low, self.high)

    def _inverse(self) -> InverseTable:
        width = self.high - self.low
        a = 1.0 + PERT_WEIGHT_OF_MODE * (self.mode - self.low) / width
        b = 1.0 + PERT_WEIGHT_OF_MODE * (self.high - self.mode) / width
        return beta_inverse(a, b)


class Beta(Struct, frozen=True):
    """A beta between low and high, given by its mean and standard deviation.

    With m = (mu - low) / (high - low), v = (sd / (high - low))^2 and k = m (1 - m) / v - 1 the
    shapes are m k and (1 - m) k.

    Raises ValueError when the mean is not between low and high, or the sd is as large as only a
    distribution on low and high alone could have: sd^2 >= (mu - low) (high - mu).
    """

    mu: float
    sd: float
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        require_finite("beta", mean=self.mu)
        require_sd("beta", self.sd)
        require_rising("beta", low=self.low, high=self.high)
        if not self.low <= self.mu <= self.high:
            raise ValueError(
                f"beta: mean is {self.mu:g}; use a mean from {self.low:g} to {self.high:g}"
            )
        if self.sd > 0.0 and self.sd**2 >= (self.mu - self.low) * (self.high - self.mu):
            most = ((self.mu - self.low) * (self.high - self.mu)) ** 0.5
            raise ValueError(
                f"beta: sd is {self.sd:g}; with mean {self.mu:g} between {self.low:g} and "
                f"{self.high:g} it must be below {most:g}"
            )

    @property
    def mean(self) -> float:
        """The mean as given."""
        return float(self.mu)

    @property
    def is_fixed(self) -> bool:
        """Whether the standard deviation is nil."""
        return self.sd == 0.0

    @property
    def support(self) -> tuple[float, float]:
        """Low and high; the mean, twice, when it is fixed."""
        if self.is_fixed:
            return self.mean, self.mean
        return float(self.low), float(self.high)

    def quantile(self, u: FloatArray) -> FloatArray:
        """Low + (high - low) x the beta quantile; from a table, within 1e-6 of the range."""
        if self.is_fixed:
            return constant(u, self.mu)
        return stretched(self._inverse()(np.asarray(u)), self.low, self.high)

    def at_scores(self, z: FloatArray) -> FloatArray:
        """The quantile at Phi(z), from a table of scores."""
        if self.is_fixed:
            return constant(z, self.mu)
        return stretched(self._inverse().at_scores(z), self.low, self.high)

    def _inverse(self) -> InverseTable:
        width = self.high - self.low
        m = (self.mu - self.low) / width
        k = m * (1.0 - m) / (self.sd / width) ** 2 - 1.0
        return beta_inverse(m * k, (1.0 - m) * k)


def stretched(x: FloatArray, low: float, high: float) -> FloatArray:
    """Values from 0 to 1, stretched to low..high."""
    return without_rounding_past(np.asarray(low + (high - low) * x), (low, high))
