"""The independent strands that a scenario's uncertainty is made of, and how they are grouped.

Inputs that move together are not independent, and an index of one of them by itself would have no
meaning. What they are made of is independent:

- an input that shares a factor is its own part and the factor; the factor is a strand by itself;
- inputs in a correlation matrix have no parts of their own; they are one strand together;
- every other input is a strand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np
from msgspec import Struct

from finsim.book.model import Book, Dependence, Driver
from finsim.book.schemes import Scheme
from finsim.book.validate import input_names, members_of
from finsim.simulation.evaluate import evaluate
from finsim.simulation.inputs import GROWTH, PRESSURE
from finsim.simulation.plan import FloatArray, Plan
from finsim.uncertainty.distributions import Event

By: TypeAlias = Literal["input", "assumption", "theme", "owner", "organisation", "standing"]
GROUPINGS: tuple[str, ...] = get_args(By)
PARTS = {"happens": "happens", "slip": "slip", "delivered": "delivered"}
HIGH_U = 0.9
MOVED = 1e-9
ILLUSTRATIVE = "illustrative"
NO_OWNER = "nobody: outside the schemes"
IN_SCENARIO = "stated in the scenario"
SEVERAL = "several organisations"
NO_POSITION = "funding alone"


class Strand(Struct, frozen=True):
    """A part of the uncertainty that is independent of all others.

    `inputs` are the positions of the inputs that it moves; `coordinates` what it draws. A factor
    is `shared`: it moves inputs that have strands of their own.
    """

    name: str
    title: str
    inputs: tuple[int, ...]
    coordinates: tuple[int, ...]
    shared: bool = False


def strands(plan: Plan) -> tuple[Strand, ...]:
    """Every strand: those of single inputs in their order, then matrices and factors."""
    inputs = plan.inputs
    tied = {
        member for group in inputs.groups if group.matrix is not None for member in group.members
    }
    found = [
        Strand(item.name, input_title(plan, item.name), (number,), item.coordinates)
        for number, item in enumerate(inputs.inputs)
        if not item.is_fixed and number not in tied
    ]
    for group in inputs.groups:
        stated = _stated(plan, inputs.inputs[group.members[0]].name)
        if group.matrix is not None:
            sources = tuple(c for source in group.sources for c in source)
            title = f"{stated.id.replace('_', ' ')}, moving together"
            found.append(Strand(stated.id, title, group.members, sources))
        else:
            assert stated.factor is not None
            title = input_title(plan, stated.factor)
            found.append(Strand(stated.factor, title, group.members, group.factor, shared=True))
    return tuple(found)


def _stated(plan: Plan, member: str) -> Dependence:
    """The dependence of the book that an input is a member of."""
    book = plan.resolved.book
    names = list(input_names(book))
    return next(
        stated
        for stated in book.dependence
        if any(member in members_of(pattern, names) for pattern in stated.members)
    )


def input_title(plan: Plan, name: str) -> str:
    """An input in words: `Tariff`, `Diabetes: delivered`."""
    book = plan.resolved.book
    if name == GROWTH:
        return "Population growth"
    if name == PRESSURE:
        return "Unattributed pressure, spread"
    source = assumption(book, name)
    if source is None:
        return name
    if isinstance(source, Driver):
        return source.name
    return f"{source.name}: {PARTS[name.rpartition('.')[2]]}"


def assumption(book: Book, name: str) -> Driver | Scheme | None:
    """The driver or scheme of the book that an input is stated in; None: in the scenario."""
    if name.startswith("schemes."):
        identity = name.split(".")[1]
        return next(scheme for scheme in book.schemes if scheme.id == identity)
    return next((driver for driver in book.all_drivers() if driver.id == name), None)


# groupings


def grouped(plan: Plan, by: str) -> dict[str, tuple[Strand, ...]]:
    """The strands under each label, in the order of the inputs.

    What moves inputs of several labels, such as a factor that schemes of many owners share, belongs
    to none of them and is a group of its own; only standings are told by the weakest.
    """
    whole = strands(plan)
    label = _labels(plan, by)
    groups: dict[str, list[Strand]] = {}
    for strand in whole:
        groups.setdefault(_label_of(strand, by, label), []).append(strand)
    return {name: tuple(members) for name, members in groups.items()}


def _label_of(strand: Strand, by: str, label: Callable[[int], str]) -> str:
    if by == "input" or (by == "assumption" and strand.shared):
        return strand.title
    labels = {label(number) for number in strand.inputs}
    if by == "standing":
        return max(labels, key=_weakness)
    if len(labels) == 1:
        return labels.pop()
    return strand.title


def _labels(plan: Plan, by: str) -> Callable[[int], str]:
    """The label of an input by its position."""
    match by:
        case "organisation":
            bodies = list(_bodies_moved(plan))
            return lambda number: bodies[number]
        case "theme":
            return lambda number: _theme(plan, plan.inputs.inputs[number].name)
        case "owner":
            return lambda number: _owner(plan, plan.inputs.inputs[number].name)
        case "standing":
            return lambda number: standing_of(plan, plan.inputs.inputs[number].name)
        case _:
            return lambda number: _assumption_title(plan, plan.inputs.inputs[number].name)


def _assumption_title(plan: Plan, name: str) -> str:
    source = assumption(plan.resolved.book, name)
    return input_title(plan, name) if source is None else source.name


def _theme(plan: Plan, name: str) -> str:
    source = assumption(plan.resolved.book, name)
    if source is None:
        return "population" if name == GROWTH else "unattributed pressure"
    return source.group if isinstance(source, Driver) else source.theme


def _owner(plan: Plan, name: str) -> str:
    source = assumption(plan.resolved.book, name)
    return NO_OWNER if source is None or isinstance(source, Driver) else source.owner


def standing_of(plan: Plan, name: str) -> str:
    """The standing of an input: that of its spread, which is what varies."""
    source = assumption(plan.resolved.book, name)
    if source is None:
        return IN_SCENARIO
    if isinstance(source, Driver) and source.spread_standing not in {None, source.standing}:
        return f"{source.standing} centre, {source.spread_standing} spread"
    return source.standing


def _weakness(standing: str) -> tuple[bool, bool, str]:
    """Standings in the order of how little they are worth."""
    return standing == ILLUSTRATIVE, ILLUSTRATIVE in standing, standing


def _bodies_moved(plan: Plan) -> Iterator[str]:
    """For each input, the one organisation of the perimeter whose position it moves."""
    x = one_at_a_time(plan)
    positions = evaluate(plan, x).position_before_risk_share
    central = evaluate(plan, plan.inputs.central()).position_before_risk_share
    changed = (np.abs(positions - central) > MOVED).any(axis=1)
    changed &= plan.bodies.in_perimeter[:, None]
    for column in changed.T:
        (bodies,) = np.nonzero(column)
        if len(bodies) == 1:
            yield plan.bodies.names[bodies[0]]
        else:
            yield SEVERAL if len(bodies) else NO_POSITION


def one_at_a_time(plan: Plan) -> FloatArray:
    """The central case once for each input, that input at its P90: [input, year, input]."""
    items = plan.inputs.inputs
    x = np.repeat(plan.inputs.central(), len(items), axis=2)
    for number, item in enumerate(items):
        happens = isinstance(item.distribution, Event)
        raised = 1.0 if happens else float(item.distribution.quantile(np.array([HIGH_U]))[0])
        first = 0 if item.over_years == "constant" else 1
        x[number, first:, number] = item.path[first:] + raised
    return x


def coordinates_of(plan: Plan, members: Sequence[Strand]) -> list[int]:
    """The rows of u, in the order in which the inputs take them, that strands draw."""
    rows = {coordinate: row for row, coordinate in enumerate(plan.inputs.coordinates.tolist())}
    wanted = {rows[c] for strand in members for c in strand.coordinates}
    return sorted(wanted)
