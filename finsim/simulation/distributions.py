"""From a distribution as it is written to one that can be sampled."""

from __future__ import annotations

from math import inf

from finsim.book import uncertain as written
from finsim.uncertainty import distributions as sampled


def distribution_from(value: float | written.RateDistribution) -> sampled.Distribution:
    """The distribution of a value; raises ValueError, in plain words, when there is none."""
    if isinstance(value, (int, float)):
        return sampled.Fixed(float(value))
    return _from_shape(value)


def _from_shape(value: written.RateDistribution) -> sampled.Distribution:
    match value:
        case written.Uniform():
            return sampled.Uniform(value.low, value.high)
        case written.Triangular():
            return sampled.Triangular(value.low, value.mode, value.high)
        case written.Pert():
            return sampled.Pert(value.low, value.mode, value.high)
        case written.Beta():
            return sampled.Beta(value.mean, value.sd, value.low, value.high)
        case written.Event():
            return sampled.Event(value.chance)
        case written.Discrete():
            pairs = [(part.value, part.weight) for part in value.values]
            return sampled.Discrete(*(tuple(column) for column in zip(*pairs, strict=True)))
        case written.Quantiles():
            points = sorted((int(key[1:]) / 100, level) for key, level in value.points.items())
            return sampled.Quantiles(tuple(points), *_bounds(value))
        case written.Lognormal():
            return sampled.Lognormal(value.mean, value.sd, *_bounds(value))
        case written.StudentT():
            bounds = _bounds(value)
            return sampled.StudentT(value.mean, value.sd, value.degrees_of_freedom, *bounds)
        case _:
            return sampled.Normal(value.mean, value.sd, *_bounds(value))


def _bounds(
    value: written.Quantiles | written.Normal | written.StudentT | written.Lognormal,
) -> tuple[float, float]:
    low = -inf if value.at_least is None else value.at_least
    high = inf if value.at_most is None else value.at_most
    return low, high
