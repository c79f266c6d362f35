"""What every distribution requires of its parameters, said for the person who wrote them."""

import math
from itertools import pairwise

LEAST_PROBABILITY = 1e-18


def require_finite(kind: str, **parameters: float) -> None:
    """Raises ValueError for a parameter that is infinite or not a number."""
    for name, value in parameters.items():
        if not math.isfinite(value):
            raise ValueError(f"{kind}: {name.replace('_', ' ')} is {value:g}; use a finite number")


def require_sd(kind: str, sd: float) -> None:
    """Raises ValueError for a standard deviation that is negative or not finite."""
    require_finite(kind, sd=sd)
    if sd < 0.0:
        raise ValueError(f"{kind}: sd is {sd:g}; use 0 or more")


def require_rising(kind: str, **parameters: float) -> None:
    """Raises ValueError when parameters, in the order given, are not finite or fall."""
    require_finite(kind, **parameters)
    for (name, value), (next_name, next_value) in pairwise(parameters.items()):
        if value > next_value:
            raise ValueError(
                f"{kind}: {name} is {value:g}, above {next_name}, {next_value:g}; "
                f"use {' <= '.join(parameters)}"
            )


def require_bounds(kind: str, at_least: float, at_most: float) -> None:
    """Raises ValueError for bounds that are not numbers, or leave nothing between them."""
    if math.isnan(at_least) or math.isnan(at_most):
        raise ValueError(f"{kind}: a bound is not a number")
    if at_least > at_most or math.inf == at_least or at_most == -math.inf:
        raise ValueError(
            f"{kind}: at least {at_least:g} and at most {at_most:g} leave nothing; "
            "use at least <= at most"
        )


def require_within(kind: str, value: float, at_least: float, at_most: float) -> None:
    """Raises ValueError when a value that never varies lies outside its bounds."""
    if not at_least <= value <= at_most:
        raise ValueError(
            f"{kind}: with sd 0 every value is {value:g}, outside the bounds "
            f"{at_least:g} to {at_most:g}"
        )


def require_room(kind: str, probability: float, at_least: float, at_most: float) -> None:
    """Raises ValueError when less than 1e-18 of the distribution lies between its bounds."""
    if not probability > LEAST_PROBABILITY:
        raise ValueError(
            f"{kind}: the bounds {at_least:g} to {at_most:g} leave practically nothing of it; "
            "use bounds nearer to its centre, or further apart"
        )
