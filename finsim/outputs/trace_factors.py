"""The factors that lines and contracts share, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from finsim.book.model import Contract, Line
from finsim.book.quantities import money_text
from finsim.economics import population
from finsim.outputs.trace_case import Case
from finsim.outputs.trace_sources import book_place, driver_path, standing_text
from finsim.outputs.trace_text import Row, rate, share, tagged, year_row
from finsim.outputs.words import pounds
from finsim.simulation.inputs import GROWTH
from finsim.simulation.plan import NONE, FloatArray


class Factor(Struct, frozen=True):
    """One factor of a formula: its letter, what it is, its value by year, and its origin."""

    letter: str
    words: str
    values: FloatArray
    origin: str


def movement(case: Case, flow: Line | Contract, activity: int) -> tuple[Factor, ...]:
    """The factors of an activity index: demand D (or published growth G) and other growth N."""
    every = case.of(case.factors.activities)[activity]
    growth, other = case.index(flow.growth), case.index(flow.non_demographic)
    first = (
        Factor("G", f"growth: {flow.growth}", growth, driver_origin(case, flow.growth))
        if flow.demand == "growth"
        else Factor("D", _demand_words(flow), every / (growth * other), _demand_origin(case, flow))
    )
    return (first, driver_factor(case, "N", "other growth", flow.non_demographic))


def driver_factor(case: Case, letter: str, words: str, driver: str | None) -> Factor:
    """The index of a driver; 1 when there is none."""
    origin = "nothing moves it" if driver is None else driver_origin(case, driver)
    stated = words if driver is None else f"{words}: {driver}"
    return Factor(letter, stated, case.index(driver), origin)


def driver_origin(case: Case, name: str | None) -> str:
    """A driver by name, with its standing and place."""
    assert name is not None
    driver = next(d for d in case.book.all_drivers() if d.id == name)
    place = book_place(case, *driver_path(case, name), "value")
    return f"{driver.name} ({name}): {standing_text(driver)}; {place}"


def total_growth(case: Case) -> FloatArray:
    """Index of the total population, [year]."""
    people = case.plan.people
    assert people is not None
    if people.growth == NONE:
        return people.outturn_growth
    growth = case.input(people.growth)[:1]
    index = population.total_growth(growth, people.years_from_base, people.years_spanned)
    one: FloatArray = index[:, 0]
    return one


def _demand_words(flow: Line | Contract) -> str:
    return {
        "population": "demand: people and age",
        "headcount": "demand: people",
    }.get(flow.demand, "demand")


def _demand_origin(case: Case, flow: Line | Contract) -> str:
    if flow.demand not in {"population", "headcount"}:
        return "no population moves it"
    total = float(total_growth(case)[case.t])
    parts = [f"people of {', '.join(flow.areas)}; the total grows × {total:.4f} ({GROWTH})"]
    stated = case.book.demand
    if flow.demand == "population" and stated is not None:
        curves = " and ".join(stated.curves)
        parts.append(f"age-cost curves {curves} mixed by {stated.mix}")
    return "; ".join(parts)


def removal_words(case: Case, target: int) -> list[str]:
    """The schemes that act on a target, and what each removes in the traced year."""
    found = []
    for number, scheme in enumerate(case.plan.activity_schemes):
        if target in scheme.targets:
            share_removed = case.removal(number)[scheme.targets.tolist().index(target), case.t]
            found.append(f"{scheme.id} {rate(float(share_removed))}")
    return found


def removed(case: Case, target: int) -> FloatArray:
    """R of a target, [year]; nil where no scheme acts."""
    found: FloatArray = case.removed(target)
    return found


def removal_origin(case: Case, target: int) -> str:
    """R in words: the schemes behind it."""
    acting = [] if target == NONE else removal_words(case, target)
    if not acting:
        return "no scheme acts on it"
    total = rate(float(removed(case, target)[case.t]))
    return f"{', '.join(acting)}; together 1 − Π(1 − R) = {total}"


def efficiency_origin(case: Case, scope: int) -> str:
    """E in words: the efficiency schemes behind it."""
    acting = case.plan.scopes[scope]
    if not acting:
        return "no efficiency scheme acts on it"
    values = case.of(case.factors.scheme_efficiency)[:, case.t]
    return ", ".join(f"{case.plan.efficiency_schemes[n].id} {values[n]:.4f}" for n in acting)


def origins(factors: tuple[Factor, ...]) -> list[str]:
    """A line for each factor: what it rests on."""
    return [line for each in factors for line in tagged(f"  {each.letter}", each.origin)]


def product(factors: tuple[Factor, ...]) -> FloatArray:
    """The factors multiplied, [year]."""
    value: FloatArray = np.prod([each.values for each in factors], axis=0)
    return value


def in_numbers(factors: tuple[Factor, ...], t: int, value: float) -> str:
    """`£101.43m × 1.0643 × … = £123.4m`; the first factor is money, as it was written."""
    first, *rest = (float(each.values[t]) for each in factors)
    numbers = " × ".join([money_text(first), *(f"{number:.4f}" for number in rest)])
    return f"{numbers} = {pounds(value)}"


def release_words(cash_release: float) -> str:
    """What a line's cash release means."""
    return f"{share(cash_release)} of the cost of removed activity goes in the time"


def factor_rows(case: Case, factors: Sequence[Factor]) -> Iterator[Row]:
    """Each factor of a formula by year."""
    for each in factors:
        kind = "money" if each.letter == "B" else "index"
        yield year_row(case, f"{each.letter:<4}{each.words}", each.values, kind)
