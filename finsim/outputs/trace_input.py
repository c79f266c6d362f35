"""An uncertain input: its distribution, its values, what moves with it, and what it moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from finsim.book.model import AgeCostCurve, Contract, Line
from finsim.book.quantities import months_text, rate_text
from finsim.book.schemes import ActivityScheme
from finsim.book.sourced import Sourced
from finsim.book.uncertain import UncertainRate
from finsim.outputs.trace_case import Case, central_case
from finsim.outputs.trace_dependence import dependence_words, members
from finsim.outputs.trace_factors import total_growth
from finsim.outputs.trace_names import Subject
from finsim.outputs.trace_sources import (
    Step,
    book_place,
    driver_path,
    provenance,
    scenario_place,
    standing_text,
)
from finsim.outputs.trace_text import (
    Row,
    heading,
    listed,
    months,
    rate,
    rate_cell,
    table,
    tagged,
    year_row,
)
from finsim.outputs.words import percent, pounds
from finsim.outputs.workbook_words import in_words
from finsim.simulation.inputs import GROWTH, PRESSURE, Input, Register
from finsim.simulation.plan import NONE, FloatArray


class InputTrace(Struct, frozen=True):
    """An input as it is sampled; `values` [year] and `position` only where the scenario uses it."""

    sampled: Input
    stated: UncertainRate | None
    position: int
    central: FloatArray
    values: FloatArray | None
    is_rate_index: bool


def input_trace(case: Case, name: str) -> InputTrace:
    """An input of the book or the scenario by its name."""
    sampled = _register(case).known[name]
    names = [item.name for item in case.plan.inputs.inputs]
    position = names.index(name) if name in names else NONE
    return InputTrace(
        sampled=sampled,
        stated=_stated(case, name),
        position=position,
        central=sampled.central(),
        values=None if position == NONE else case.input(position),
        is_rate_index=position != NONE and position in case.plan.rates.tolist(),
    )


def _register(case: Case) -> Register:
    resolved = case.resolution.resolved
    people, held = resolved.scenario.population, resolved.held.unattributed
    growth = None if people is None or people.growth == "outturn" else people.growth
    spread = None if held is None else held.spread
    return Register(resolved.book, case.plan.years, growth, spread, resolved.held.listed)


def _stated(case: Case, name: str) -> UncertainRate | None:
    """The value as it was written; None where the scenario states none, or for an event."""
    resolved = case.resolution.resolved
    if name == GROWTH:
        people = resolved.scenario.population
        return None if people is None or people.growth == "outturn" else people.growth
    if name == PRESSURE:
        return None if resolved.held.unattributed is None else resolved.held.unattributed.spread
    if not name.startswith("schemes."):
        return next(d.value for d in resolved.book.all_drivers() if d.id == name)
    _, scheme_id, part = name.split(".")
    scheme = next(s for s in resolved.book.schemes if s.id == scheme_id)
    if part == "delivered":
        return scheme.delivered
    return scheme.slip if part == "slip" and isinstance(scheme, ActivityScheme) else None


def uncertain_input(case: Case, subject: Subject) -> list[str]:
    """An input in words and figures."""
    name = subject.id
    found = input_trace(case, name)
    return [
        *heading(case, f"{subject.name} ({name}) – {_kind(case, name)}"),
        "",
        *tagged("Drawn", _drawn(case, name, found)),
        *_means(found, name),
        *tagged("Places", _places(found)),
        *tagged("Moves with", _together(case, name)),
        "",
        *_value_lines(case, name, found),
        "",
        *_uses(case, name),
        "",
        *_provenance(case, subject),
    ]


def _kind(case: Case, name: str) -> str:
    if name in {GROWTH, PRESSURE}:
        return "an input of the scenario"
    if name.startswith("schemes."):
        return "an input of a scheme"
    driver = next(d for d in case.book.all_drivers() if d.id == name)
    return f"driver of {driver.group}, {driver.unit}"


def _drawn(case: Case, name: str, found: InputTrace) -> str:
    if name.endswith(".happens") and name.startswith("schemes."):
        chance = found.sampled.distribution.mean
        return f"happens with a chance of {rate_text(chance)}; one draw holds in every year"
    if found.stated is None:
        people = case.resolution.resolved.scenario.population
        if name == GROWTH and people is not None and people.growth == "outturn":
            return "not drawn: the total follows the population table"
        return "not drawn: the scenario states none"
    said = in_words(found.stated, months_text if _is_slip(name) else rate_text)
    if found.sampled.is_fixed:
        return f"{said}; no random number moves it"
    once = "; one draw holds in every year" if found.sampled.over_years == "constant" else ""
    return f"{said}{once}"


def _is_slip(name: str) -> bool:
    return name.startswith("schemes.") and name.endswith(".slip")


def _means(found: InputTrace, name: str) -> list[str]:
    if found.sampled.is_fixed:
        return []
    low, high = found.sampled.distribution.support
    say = months if _is_slip(name) else rate
    ends = [
        f"{word} {say(end)}"
        for word, end in (("not below", low), ("not above", high))
        if np.isfinite(end)
    ]
    what = "mean" if not found.sampled.path.any() else "mean deviation from the path"
    stated = f"{what} {say(found.sampled.distribution.mean)}"
    return tagged("Of draws", ", ".join([stated, *ends]))


def _places(found: InputTrace) -> str:
    held = listed([str(place) for place in found.sampled.coordinates])
    if found.sampled.is_fixed:
        return f"{held} in the list of random numbers, kept for it"
    return f"{held} in the list of random numbers"


def _together(case: Case, name: str) -> str:
    said = []
    for number, group in enumerate(case.book.dependence):
        if name in members(case, group) or name == group.factor:
            place = book_place(case, "dependence", number)
            said.append(f"{group.id} ({dependence_words(case, group)}); {place}")
    return "; ".join(said) or "nothing: independent of every other input"


def _value_lines(case: Case, name: str, found: InputTrace) -> list[str]:
    """One figure where the years are alike, a table where they are not."""
    stated = [("Central", "Central case", found.central)]
    if case.is_draw and found.values is not None:
        stated.append(("Draw", case.words.capitalize(), found.values))
    lines = [] if found.values is not None else tagged("Not used", "no result here rests on it")
    rows = []
    if all(np.ptp(values) == 0 for *_, values in stated) and not found.is_rate_index:
        for tag, _, values in stated:
            lines += tagged(tag, f"{_said(name, float(values[0]))}, in every year")
    else:
        idle = found.is_rate_index or found.position in case.plan.bodies.shock.tolist()
        rows = [_value_row(case, name, words, values, idle) for _, words, values in stated]
    rows += _index_rows(case, name, found)
    return [*lines, *table("By year", case.shown_years, rows)] if rows else lines


def _said(name: str, value: float) -> str:
    if name.startswith("schemes.") and name.endswith(".happens") and value in {0.0, 1.0}:
        return "happens" if value else "does not happen"
    return months(value) if _is_slip(name) else rate(value)


def _index_rows(case: Case, name: str, found: InputTrace) -> list[Row]:
    """The index that a yearly rate, or the growth of the population, makes."""
    cases = [central_case(case.resolution, case.t), case] if case.is_draw else [case]
    if name == GROWTH and case.plan.people is not None:
        words = "Index of total population"
        return [year_row(case, f"{words}, {c.words}", total_growth(c), "index") for c in cases]
    if found.is_rate_index:
        return [year_row(case, f"Index, {c.words}", c.index(name), "index") for c in cases]
    return []


def _value_row(case: Case, name: str, label: str, values: FloatArray, idle: bool) -> Row:
    def cell(t: int) -> str:
        # In the base year a rate has no effect, and neither has a shock.
        if idle and t == 0:
            return "– "
        if _is_slip(name):
            return f"{values[t]:.1f} m "
        return rate_cell(float(values[t]))

    return Row(label, tuple(cell(t) for t in case.shown))


def _uses(case: Case, name: str) -> list[str]:
    said = [line for words, used in _users(case, name) for line in tagged(words, used)]
    return said or tagged("Moves", "no line, contract, organisation or scheme")


def _users(case: Case, name: str) -> Iterator[tuple[str, str]]:
    book = case.book
    yield from _flows_moved(book.lines, "Lines", name)
    yield from _flows_moved(book.contracts, "Contracts", name)
    shocked = [body.id for body in book.organisations if body.shock == name]
    if shocked:
        yield "Shocks", f"{', '.join(shocked)}: turnover × this, in each projected year"
    if book.demand is not None and name in {GROWTH, book.demand.mix}:
        by_age = [f for f in book.lines if f.demand == "population"]
        paid = [f for f in book.contracts if f.demand == "population"]
        count = len(by_age) + len(paid)
        yield "Demand", f"of {count} lines and contracts that follow the population by age"
    for fund in book.funds:
        parts = [part for part, driver in fund.attainment.items() if driver == name]
        if parts:
            yield "Funding", f"performance on {', '.join(parts)} in the fund {fund.id}"
    bound = [group.id for group in book.dependence if group.factor == name]
    if bound:
        yield "Factor", f"shared by the groups {', '.join(bound)}"
    yield from _moved_by_scenario(case, name)


def _flows_moved(
    flows: Sequence[Line | Contract], words: str, name: str
) -> Iterator[tuple[str, str]]:
    for field in ("growth", "non_demographic", "price"):
        used = [flow for flow in flows if getattr(flow, field) == name]
        if used:
            used.sort(key=lambda flow: -flow.baseline)
            total = pounds(sum(flow.baseline for flow in used))
            ids = listed([flow.id for flow in used])
            how = field.replace("_", "-")
            yield words, f"as {how} of {len(used)}, {total} in the base year: {ids}"


def _moved_by_scenario(case: Case, name: str) -> Iterator[tuple[str, str]]:
    people = case.resolution.resolved.scenario.population
    if name == GROWTH and people is not None and people.by is not None:
        span = f"{people.from_year} to {people.by}"
        yield "Formula", f"T(t) = (1 + G)^(years since the base year ÷ years {span})"
    if name.startswith("schemes."):
        scheme = name.split(".")[1]
        taken_up = any(each.id == scheme for each in case.plan.schemes)
        yield "Scheme", scheme if taken_up else f"{scheme}, which this scenario does not take up"
    if name == PRESSURE:
        yield "Pressure", "unattributed pressure × (1 + this)"


def _provenance(case: Case, subject: Subject) -> list[str]:
    name = subject.id
    if name == GROWTH:
        return tagged("Written", scenario_place(case, "population", "growth"))
    if name == PRESSURE:
        return tagged("Written", scenario_place(case, "calibrate", "spread"))
    if name.startswith("schemes."):
        part = {"happens": "chance"}.get(name.split(".")[2], name.split(".")[2])
        scheme = case.book.schemes[subject.number]
        return provenance(case, scheme, "schemes", subject.number, part)
    item: Sourced = next(d for d in case.book.all_drivers() if d.id == name)
    path: tuple[Step, ...] = (*driver_path(case, name), "value")
    return provenance(case, item, *path)


def curve(case: Case, number: int) -> list[str]:
    """An age-cost curve."""
    stated: AgeCostCurve = case.book.curves[number]
    bands = case.book.population.bands
    costs = ", ".join(f"{b} {c:g}" for b, c in zip(bands, stated.cost, strict=True))
    demand = case.book.demand
    lines = [
        *heading(case, f"{stated.name} ({stated.id}) – age-cost curve"),
        "",
        *tagged("Cost", f"of a person of each age, relative to ages 15–44: {costs}"),
    ]
    if demand is not None and stated.id in demand.curves:
        mix = float(case.input(case.plan.inputs.position(demand.mix))[case.t])
        weight = mix if stated.id == demand.curves[1] else 1 - mix
        mixed = f"{percent(weight, 1)} of the mix by {demand.mix}"
        driver = next(d for d in case.book.all_drivers() if d.id == demand.mix)
        lines += tagged("Weight", f"{mixed}, {standing_text(driver)}")
    return [*lines, "", *provenance(case, stated, "curves", number)]
