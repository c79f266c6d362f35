"""Distributions with a centre and tails, cut off at bounds where there are any.

The mean and standard deviation given (`mu`, `sd`) are those before bounds; `mean` is after them.
The means are partial expectations in closed form, held within the bounds: when the bounds are very
close together the closed form loses digits, and is then wrong by less than 1e-8 sd.
"""

import math
from functools import lru_cache, partial

import numpy as np
from msgspec import Struct

from finsim.uncertainty.arrays import FloatArray
from finsim.uncertainty.dependence import uniforms
from finsim.uncertainty.fixed_and_discrete import constant
from finsim.uncertainty.inverse_tables import student_t_inverse
from finsim.uncertainty.requirements import (
    require_bounds,
    require_finite,
    require_room,
    require_sd,
    require_within,
)
from finsim.uncertainty.special import ndtri, normal_cdf, student_t_cdf
from finsim.uncertainty.truncation import (
    Window,
    normal_density,
    normal_mass,
    quantile_within,
    window,
    without_rounding_past,
)


def held(value: float, support: tuple[float, float]) -> float:
    """`value` held within the support."""
    return min(max(value, support[0]), support[1])


class Normal(Struct, frozen=True):
    """A normal with mean `mu` and standard deviation `sd` before bounds.

    Raises ValueError for a negative sd, or bounds that leave nothing.
    """

    mu: float
    sd: float
    at_least: float = -math.inf
    at_most: float = math.inf

    def __post_init__(self) -> None:
        require_finite("normal", mean=self.mu)
        require_sd("normal", self.sd)
        require_bounds("normal", self.at_least, self.at_most)
        if self.sd == 0.0:
            require_within("normal", self.mu, self.at_least, self.at_most)
        elif not self.is_fixed:
            require_room("normal", self._window().mass, self.at_least, self.at_most)

    @property
    def mean(self) -> float:
        """Mu + sd (phi(a) - phi(b)) / (Phi(b) - Phi(a)), a and b the standardised bounds."""
        if self.is_fixed:
            return self.support[0]
        a, b = self._standardised()
        shift = (normal_density(a) - normal_density(b)) / self._window().mass
        return held(self.mu + self.sd * shift, self.support)

    @property
    def is_fixed(self) -> bool:
        """Whether the sd is nil or the bounds meet."""
        return self.sd == 0.0 or self.at_least == self.at_most

    @property
    def support(self) -> tuple[float, float]:
        """The bounds; the only value, twice, when it is fixed."""
        if self.sd == 0.0:
            return float(self.mu), float(self.mu)
        return float(self.at_least), float(self.at_most)

    def quantile(self, u: FloatArray) -> FloatArray:
        """Mu + sd Phi^-1(Phi(a) + u (Phi(b) - Phi(a)))."""
        if self.is_fixed:
            return constant(u, self.mean)
        score = quantile_within(np.asarray(u), self._window(), ndtri)
        return without_rounding_past(self.mu + self.sd * score, self.support)

    def at_scores(self, z: FloatArray) -> FloatArray:
        """The quantile at Phi(z), from the scores themselves where there are no bounds."""
        if self.is_fixed or not self._window().is_whole:
            return self.quantile(uniforms(z))
        return self.mu + self.sd * z

    def _standardised(self) -> tuple[float, float]:
        return (self.at_least - self.mu) / self.sd, (self.at_most - self.mu) / self.sd

    def _window(self) -> Window:
        return normal_window(*self._standardised())


class StudentT(Struct, frozen=True):
    """A Student t, scaled so that `sd` is its standard deviation before bounds.

    x = mu + sd sqrt((df - 2) / df) t.

    Raises ValueError unless there are more than 2 degrees of freedom (with fewer there is no
    standard deviation), for a negative sd, or bounds that leave nothing.
    """

    mu: float
    sd: float
    degrees_of_freedom: float
    at_least: float = -math.inf
    at_most: float = math.inf

    def __post_init__(self) -> None:
        require_finite("Student t", mean=self.mu, degrees_of_freedom=self.degrees_of_freedom)
        require_sd("Student t", self.sd)
        if self.degrees_of_freedom <= 2.0:
            raise ValueError(
                f"Student t: {self.degrees_of_freedom:g} degrees of freedom; use more than 2 "
                "(with fewer there is no standard deviation)"
            )
        require_bounds("Student t", self.at_least, self.at_most)
        if self.sd == 0.0:
            require_within("Student t", self.mu, self.at_least, self.at_most)
        elif not self.is_fixed:
            require_room("Student t", self._window().mass, self.at_least, self.at_most)

    @property
    def mean(self) -> float:
        """Mu + scale (g(a) - g(b)) / (F(b) - F(a)), g as in `student_t_tail_mean`."""
        if self.is_fixed:
            return self.support[0]
        a, b = self._standardised()
        df = self.degrees_of_freedom
        shift = (student_t_tail_mean(a, df) - student_t_tail_mean(b, df)) / self._window().mass
        return held(self.mu + self._scale() * shift, self.support)

    @property
    def is_fixed(self) -> bool:
        """Whether the sd is nil or the bounds meet."""
        return self.sd == 0.0 or self.at_least == self.at_most

    @property
    def support(self) -> tuple[float, float]:
        """The bounds; the only value, twice, when it is fixed."""
        if self.sd == 0.0:
            return float(self.mu), float(self.mu)
        return float(self.at_least), float(self.at_most)

    def quantile(self, u: FloatArray) -> FloatArray:
        """Mu + scale F^-1(F(a) + u (F(b) - F(a))); exact for 4 degrees of freedom, else within
        1e-6 sd, from a table.
        """
        if self.is_fixed:
            return constant(u, self.mean)
        inverse = student_t_inverse(float(self.degrees_of_freedom))
        t = quantile_within(np.asarray(u), self._window(), inverse)
        return without_rounding_past(self.mu + self._scale() * t, self.support)

    def _scale(self) -> float:
        return self.sd * math.sqrt((self.degrees_of_freedom - 2.0) / self.degrees_of_freedom)

    def _standardised(self) -> tuple[float, float]:
        scale = self._scale()
        return (self.at_least - self.mu) / scale, (self.at_most - self.mu) / scale

    def _window(self) -> Window:
        return student_t_window(*self._standardised(), self.degrees_of_freedom)


class Lognormal(Struct, frozen=True):
    """A lognormal with arithmetic mean `mu` and arithmetic standard deviation `sd` before bounds.

    ln x is normal with variance s^2 = ln(1 + (sd / mu)^2) and mean m = ln mu - s^2 / 2.

    Raises ValueError for a mean that is not above 0, a negative sd, or bounds that leave nothing.
    """

    mu: float
    sd: float
    at_least: float = -math.inf
    at_most: float = math.inf

    def __post_init__(self) -> None:
        require_finite("lognormal", mean=self.mu)
        require_sd("lognormal", self.sd)
        if self.mu <= 0.0:
            raise ValueError(f"lognormal: mean is {self.mu:g}; use a mean above 0")
        require_bounds("lognormal", self.at_least, self.at_most)
        if self.sd == 0.0:
            require_within("lognormal", self.mu, self.at_least, self.at_most)
            return
        if self.at_most <= 0.0:
            raise ValueError(
                f"lognormal: at most {self.at_most:g} leaves nothing; its values are all above 0"
            )
        if not self.is_fixed:
            require_room("lognormal", self._window().mass, self.at_least, self.at_most)

    @property
    def mean(self) -> float:
        """Mu (Phi(b - s) - Phi(a - s)) / (Phi(b) - Phi(a)), a and b the standardised log bounds."""
        if self.is_fixed:
            return self.support[0]
        a, b = self._standardised()
        s = self._log_sd()
        return held(self.mu * normal_mass(a - s, b - s) / self._window().mass, self.support)

    @property
    def is_fixed(self) -> bool:
        """Whether the sd is nil or the bounds meet."""
        return self.sd == 0.0 or self.at_least == self.at_most

    @property
    def support(self) -> tuple[float, float]:
        """The bounds, from 0; the only value, twice, when it is fixed."""
        if self.sd == 0.0:
            return float(self.mu), float(self.mu)
        return max(0.0, float(self.at_least)), float(self.at_most)

    def quantile(self, u: FloatArray) -> FloatArray:
        """exp(m + s Phi^-1(Phi(a) + u (Phi(b) - Phi(a))))."""
        if self.is_fixed:
            return constant(u, self.mean)
        score = quantile_within(np.asarray(u), self._window(), ndtri)
        return without_rounding_past(
            np.exp(self._log_mean() + self._log_sd() * score), self.support
        )

    def at_scores(self, z: FloatArray) -> FloatArray:
        """The quantile at Phi(z), from the scores themselves where there are no bounds."""
        if self.is_fixed or not self._window().is_whole:
            return self.quantile(uniforms(z))
        return np.asarray(np.exp(self._log_mean() + self._log_sd() * z))

    def _log_sd(self) -> float:
        return math.sqrt(math.log1p((self.sd / self.mu) ** 2))

    def _log_mean(self) -> float:
        return math.log(self.mu) - 0.5 * self._log_sd() ** 2

    def _standardised(self) -> tuple[float, float]:
        low, high = self.support
        m, s = self._log_mean(), self._log_sd()
        return (
            (math.log(low) - m) / s if low > 0.0 else -math.inf,
            (math.log(high) - m) / s if high < math.inf else math.inf,
        )

    def _window(self) -> Window:
        return normal_window(*self._standardised())


@lru_cache(maxsize=1024)
def normal_window(lower: float, upper: float) -> Window:
    """What two standardised bounds leave of the standard normal."""
    return window(normal_cdf, lower, upper)


@lru_cache(maxsize=1024)
def student_t_window(lower: float, upper: float, degrees_of_freedom: float) -> Window:
    """What two standardised bounds leave of Student t."""
    return window(partial(student_t_cdf, degrees_of_freedom), lower, upper)


def student_t_tail_mean(t: float, degrees_of_freedom: float) -> float:
    """The integral of x density(x) from t to infinity: (df + t^2) / (df - 1) x density(t)."""
    df = degrees_of_freedom
    log_constant = math.lgamma(0.5 * (df + 1.0)) - math.lgamma(0.5 * df)
    at_nil = math.exp(log_constant) / math.sqrt(math.pi * df) * df / (df - 1.0)
    return float(at_nil * (1.0 + t * t / df) ** (-0.5 * (df - 1.0)))
