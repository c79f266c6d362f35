"""The distributions that an uncertain input can have.

Each is a frozen description with the mean, the support and the inverse distribution function of
what is really drawn, bounds included. This is the one place to import them from; they are written
in `fixed_and_discrete`, `bounded`, `bell_shaped` and `from_quantiles`.
"""

from typing import Protocol

from finsim.uncertainty.arrays import FloatArray
from finsim.uncertainty.bell_shaped import Lognormal, Normal, StudentT
from finsim.uncertainty.bounded import Beta, Pert, Triangular, Uniform
from finsim.uncertainty.dependence import uniforms
from finsim.uncertainty.fixed_and_discrete import Discrete, Event, Fixed
from finsim.uncertainty.from_quantiles import Quantiles

__all__ = [
    "Beta",
    "Discrete",
    "Distribution",
    "Event",
    "Fixed",
    "FloatArray",
    "Lognormal",
    "Normal",
    "Pert",
    "Quantiles",
    "StudentT",
    "Triangular",
    "Uniform",
    "quantile_at_scores",
]


class Distribution(Protocol):
    """What the simulation asks of a distribution.

    Constructors raise ValueError, saying what was found and what is allowed.
    """

    @property
    def mean(self) -> float:
        """The mean of what is drawn: of the truncated distribution when there are bounds."""

    @property
    def is_fixed(self) -> bool:
        """Whether every draw is the same value; then it is exactly the mean."""

    @property
    def support(self) -> tuple[float, float]:
        """The lowest and highest value that can be drawn; infinite where there is no limit."""

    def quantile(self, u: FloatArray) -> FloatArray:
        """The inverse distribution function, any shape, u strictly between 0 and 1; never falls."""


def quantile_at_scores(distribution: Distribution, z: FloatArray) -> FloatArray:
    """The quantile at u = Phi(z), any shape; without u where a distribution starts from scores."""
    if isinstance(distribution, Normal | Lognormal | Quantiles | Pert | Beta):
        return distribution.at_scores(z)
    return distribution.quantile(uniforms(z))
