"""Whether the draws that are asked for can carry the inputs of a plan."""

from __future__ import annotations

from finsim.book.nodes import place_of
from finsim.book.places import InputProblems, Problem
from finsim.simulation.resolve import Resolution
from finsim.simulation.run import TooManyInputs, check_capacity
from finsim.uncertainty.point_sets import Design


def check_draws(resolution: Resolution, design: Design) -> None:
    """Raises InputProblems when a replicate has too few draws for the inputs of the plan."""
    try:
        check_capacity(resolution.plan, design)
    except TooManyInputs as error:
        path = ("run", "draws_per_replicate")
        place = place_of(resolution.merged.scenario, path)
        raise InputProblems([Problem(place, " / ".join(path), str(error))]) from None
