"""What does not fit when a book and a scenario are put together: every mistake, not the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from finsim.book.model import Book
from finsim.book.quantities import rate_text
from finsim.book.uncertain import UncertainRate
from finsim.scenario.resolved import Resolved
from finsim.simulation.compile_schemes import SchemeCompiler, chosen_schemes
from finsim.simulation.indices import Indices
from finsim.simulation.inputs import GROWTH, InputError, Register
from finsim.simulation.plan import Plan

LOWEST_U = 2.0**-53
SHAPELESS = "is one value for all years; remove `over_years` and `path`"
Where = tuple[int | str, ...]


def misfits(resolved: Resolved) -> list[InputError]:
    """The mistakes for which no plan can be made of a scenario."""
    found: list[InputError] = []
    book, scenario = resolved.book, resolved.scenario
    people, held = scenario.population, resolved.held.unattributed
    growth = None if people is None or people.growth == "outturn" else people.growth
    spread = None if held is None else held.spread
    listed = resolved.held.listed
    register = _Lenient(book, scenario.year_numbers, growth, spread, listed, found)
    inputs = register.select(register.known)
    chosen = _tried(found, chosen_schemes, book, scenario) or []
    indices = _tried(found, Indices, book, scenario, inputs)
    if indices is not None:
        _tried(found, indices.people)
    schemes = SchemeCompiler(book, resolved.held, inputs, scenario.year_numbers)
    for number in chosen:
        _tried(found, schemes.compiled, [number])
    return found


def _tried(found: list[InputError], make: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return make(*arguments)
    except InputError as error:
        found.append(error)
        return None


class _Lenient(Register):
    """A register that gathers the inputs that cannot be sampled, and puts nil in their place."""

    def __init__(
        self,
        book: Book,
        years: Sequence[int],
        growth: UncertainRate | None,
        spread: UncertainRate | None,
        listed: Mapping[str, int],
        found: list[InputError],
    ) -> None:
        self.found = found
        super().__init__(book, years, growth, spread, listed)

    def _take(self, lane: int, name: str, value: UncertainRate, where: Where) -> None:
        try:
            super()._take(lane, name, value, where)
        except InputError as error:
            self.found.append(error)
            super()._take(lane, name, 0.0, where)

    def _group(self, *arguments: Any) -> Any:
        return _tried(self.found, super()._group, *arguments)


def impossible_inputs(plan: Plan) -> list[InputError]:
    """Inputs of a plan that can take values without a meaning."""
    return [*_impossible_growth(plan), *_impossible_mix(plan), *_impossible_slips(plan)]


def _impossible_growth(plan: Plan) -> Iterator[InputError]:
    """A population cannot lose more than all its people."""
    known = {item.name: item for item in plan.inputs.inputs}
    if GROWTH not in known:
        return
    distribution = known[GROWTH].distribution
    lowest = float(distribution.quantile(np.array([LOWEST_U]))[0])
    if lowest <= -1:
        text = f"the growth can fall to {rate_text(round(lowest, 4))}; write at_least: -50%"
        yield InputError(("scenario", "population", "growth"), text)


def _impossible_mix(plan: Plan) -> Iterator[InputError]:
    """The weight of an age-cost curve is a share."""
    book = plan.resolved.book
    known = {item.name: item for item in plan.inputs.inputs}
    if book.demand is None or book.demand.mix not in known:
        return
    item = known[book.demand.mix]
    where = _driver_place(book, item.name)
    if item.over_years != "constant" or item.path.any():
        yield InputError(where, f"the weight of an age-cost curve {SHAPELESS}")
    low, high = item.distribution.support
    if item.path.min() + low < 0 or item.path.max() + high > 1:
        yield InputError(where, "the weight of an age-cost curve must stay within 0% to 100%")


def _driver_place(book: Book, name: str) -> Where:
    for section, drivers in (
        ("national_drivers", book.national_drivers),
        ("drivers", book.drivers),
    ):
        for number, driver in enumerate(drivers):
            if driver.id == name:
                return section, number, "value"
    return ("demand", "mix")


def _impossible_slips(plan: Plan) -> Iterator[InputError]:
    """A scheme is never early, and slips once."""
    known = {item.name: item for item in plan.inputs.inputs}
    places = {scheme.id: number for number, scheme in enumerate(plan.resolved.book.schemes)}
    for scheme in plan.activity_schemes:
        item = known[f"schemes.{scheme.id}.slip"]
        where: Where = ("schemes", places[scheme.id], "slip")
        if item.over_years != "constant":
            yield InputError(where, f"the slip {SHAPELESS}")
        if item.distribution.support[0] < 0:
            yield InputError(where, "the slip can be negative; write at_least: 0 months")
