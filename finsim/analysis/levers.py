"""Levers: what `finsim solve` varies, and how a value of it is put into a scenario.

Everything that a file solved and holds stays as it was. A lever on inputs moves them in every draw
and keeps the rest of the draw; a lever on a value of the files reads the scenario with the value
overridden, on the same draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from finsim.analysis.influence import acting, acts_alone
from finsim.analysis.strands import input_title
from finsim.analysis.study import Case
from finsim.analysis.tornado import HIGH, LOW, at_level
from finsim.book.places import did_you_mean, shown
from finsim.book.quantities import money_text, months_text, number_text, rate_text
from finsim.book.validate import members_of
from finsim.simulation.cases import central_inputs
from finsim.simulation.evaluate import evaluate
from finsim.simulation.inputs import Input
from finsim.simulation.plan import NONE, FloatArray, Plan
from finsim.uncertainty.dependence import normal_scores
from finsim.uncertainty.distributions import Event

How: TypeAlias = Literal["shift", "scale", "value"]
Unit: TypeAlias = Literal["£m", "fraction", "months", "month", "number", "factor"]
HOWS: tuple[str, ...] = get_args(How)
WRITERS: Mapping[str, Callable[[float], str]] = {
    "£m": money_text,
    "fraction": rate_text,
    "months": months_text,
}
SAVING = "saving"
PARTS = ("delivered", "slip", "chance")
ALL = "all"
WIDEST = 4.0
WITHOUT_SPREAD = 0.02
MOST_SLIP = 24.0
MOST_SCALE = 2.0


class UnknownLever(ValueError):
    """Something to vary that the scenario does not have, or not in that way."""


class Put(Struct, frozen=True):
    """A value put into a scenario: the case, what it does to the inputs, and money beside."""

    case: Case
    change: Callable[[FloatArray], FloatArray] | None = None
    extra: FloatArray | None = None


class Lever(Struct, frozen=True):
    """Something to vary: where it stands, how far it may go, and how a value is put in.

    `start` is where the scenario has it; None where only its bounds are known. A `whole` lever
    takes whole numbers, such as months of a start date.
    """

    name: str
    title: str
    how: How
    unit: Unit
    start: float | None
    low: float
    high: float
    step: float
    put: Callable[[float], Put]
    whole: bool = False

    def stands_at(self, value: float) -> bool:
        """Whether a value leaves the scenario as it is: fixed inputs no longer vary, nor differ."""
        return self.how != "value" and value == self.start

    def within(self, low: float | None, high: float | None) -> Lever:
        """The same between bounds that were asked for.

        Raises UnknownLever when the scenario's own value is not between them.
        """
        low, high = self.low if low is None else low, self.high if high is None else high
        if low >= high:
            raise UnknownLever("--from must be below --to")
        if self.start is not None and not low <= self.start <= high:
            now = WRITERS.get(self.unit, number_text)(float(f"{self.start:.4g}"))
            raise UnknownLever(f"the scenario has {now}, which must lie between --from and --to")
        return replace(self, low=low, high=high)


def lever(case: Case, name: str, how: How | None, t: int) -> Lever | None:
    """The lever that a name means; None where it is no saving and no input.

    `saving` or `saving:ID`; an input, several with commas, or a pattern with a star;
    `delivered:WORD`, `slip:WORD` or `chance:WORD` for the schemes of a theme, owner, name or id.

    Raises UnknownLever for words that nearly mean something, or a way that does not fit.
    """
    kind, _, word = name.partition(":")
    if kind == SAVING:
        return extra_saving(case, word, t)
    if word and kind in PARTS:
        names = _of_schemes(case.plan, kind, word)
    else:
        words = [part.strip().removeprefix("drivers.") for part in name.split(",")]
        known = [item.name for item in case.plan.inputs.inputs]
        names = [found for part in words for found in members_of(part, known)]
        if not names:
            return None
        missing = [part for part in words if not members_of(part, known)]
        if missing:
            near = did_you_mean(missing[0], known)
            raise UnknownLever(f"there is no input {shown(missing[0])}{near}")
    return of_inputs(case, name, names, how, t)


def _of_schemes(plan: Plan, part: str, word: str) -> list[str]:
    """The inputs of a kind of the schemes that a word means."""
    chosen = {scheme.id for scheme in plan.schemes}
    schemes = [scheme for scheme in plan.resolved.book.schemes if scheme.id in chosen]
    wanted = word.casefold()
    found = [
        scheme.id
        for scheme in schemes
        if word == ALL
        or wanted in {w.casefold() for w in (scheme.id, scheme.name, scheme.theme, scheme.owner)}
    ]
    if not found:
        known = dict.fromkeys(
            w for scheme in schemes for w in (scheme.theme, scheme.owner, scheme.id)
        )
        text = f"no scheme of this scenario has the theme, owner, name or id {shown(word)}"
        raise UnknownLever(text + did_you_mean(word, known))
    ending = "happens" if part == "chance" else part
    known_inputs = {item.name for item in plan.inputs.inputs}
    names = [f"schemes.{identity}.{ending}" for identity in found]
    return [name for name in names if name in known_inputs]


# an extra saving


def extra_saving(case: Case, body: str, t: int) -> Lever:
    """£m a year, in each projected year, beside what the schemes save.

    Without a body it is shared by the organisations of the system total (of the perimeter, where
    there is none) by their central expenditure of the year.
    """
    plan = case.plan
    shares = _shares(case, body, t)
    years = np.arange(len(plan.years)) > 0

    def put(value: float) -> Put:
        return Put(case, None, value * shares[:, None] * years[None])

    names = dict(zip(plan.bodies.ids, plan.bodies.names, strict=True))
    title = "Extra recurrent saving" + (f", {names[body]}" if body else "")
    step = max(1.0, 0.01 * _expenditure(plan, t).sum())
    return Lever(
        f"{SAVING}:{body}" if body else SAVING, title, "value", "£m", 0.0, 0.0, np.inf, step, put
    )


def _shares(case: Case, body: str, t: int) -> FloatArray:
    bodies = case.plan.bodies
    if body:
        if body not in bodies.ids:
            near = did_you_mean(body, bodies.ids)
            raise UnknownLever(f"there is no body {shown(body)}{near}")
        one: FloatArray = (np.array(bodies.ids) == body).astype(np.float64)
        return one
    in_system = case.arrangement.in_system
    chosen = in_system if case.arrangement.has_totals and in_system.any() else bodies.in_perimeter
    spent = np.where(chosen, _expenditure(case.plan, t), 0.0)
    shares: FloatArray = spent / spent.sum()
    return shares


def _expenditure(plan: Plan, t: int) -> FloatArray:
    spent: FloatArray = evaluate(plan, central_inputs(plan)).expenditure[:, t, 0]
    return spent


# inputs


def of_inputs(case: Case, name: str, names: Sequence[str], how: How | None, t: int) -> Lever:
    """Inputs moved together: by a shift of their mean, by a factor, or fixed at a value."""
    plan = case.plan
    numbers = [plan.inputs.position(one) for one in names]
    items = [plan.inputs.inputs[number] for number in numbers]
    if any(isinstance(item.distribution, Event) for item in items):
        if how not in {None, "value"}:
            raise UnknownLever(f"the chance of an event takes a value, not a {how}")
        return _chance(case, name, names, numbers)
    central = acting(plan, plan.inputs.central(), t)[:, 0]
    start = float(np.mean(central[numbers]))
    chosen: How = how or "shift"
    low, high, step = _reach(plan, names, items, numbers, start, t)
    unit: Unit = "months" if all(one.endswith(".slip") for one in names) else "fraction"
    if chosen == "scale":
        unit, start, low, high, step = "factor", 1.0, 0.0, MOST_SCALE, 0.1
    put = _putting(case, names, numbers, chosen, start)
    title = _title(plan, name, names)
    return Lever(name, title, chosen, unit, start, low, high, step, put)


def _title(plan: Plan, name: str, names: Sequence[str]) -> str:
    if len(names) == 1:
        return input_title(plan, names[0])
    kind, _, word = name.partition(":")
    return f"{kind.capitalize()}, {word}" if word else f"{len(names)} inputs: {name}"


def _reach(
    plan: Plan,
    names: Sequence[str],
    items: Sequence[Input],
    numbers: Sequence[int],
    start: float,
    t: int,
) -> tuple[float, float, float]:
    """How far a mean may be taken, and a first step.

    What schemes deliver: from nothing to all of it. Slip: from none to two years more. Others: four
    standard deviations either way, or two points where there is no spread.
    """
    if all(name.endswith(".delivered") for name in names):
        return min(0.0, start), max(1.0, start), 0.1
    if all(name.endswith(".slip") for name in names):
        return 0.0, start + MOST_SLIP, 3.0
    alone = acts_alone(plan)
    wide = float(np.diff(normal_scores(np.array([LOW, HIGH])))[0])
    spreads = [
        (at_level(item, HIGH, alone[n])[t] - at_level(item, LOW, alone[n])[t]) / wide
        for item, n in zip(items, numbers, strict=True)
    ]
    spread = float(np.mean(spreads)) or WITHOUT_SPREAD / WIDEST
    return start - WIDEST * spread, start + WIDEST * spread, spread


def _putting(
    case: Case, names: Sequence[str], numbers: Sequence[int], how: How, start: float
) -> Callable[[float], Put]:
    inputs = case.plan.inputs
    first = [0 if inputs.inputs[n].over_years == "constant" else 1 for n in numbers]
    never_early = [name.endswith(".slip") for name in names]

    def put(value: float) -> Put:
        def change(x: FloatArray) -> FloatArray:
            moved = x.copy()
            for number, begin, late in zip(numbers, first, never_early, strict=True):
                if how == "shift":
                    moved[number, begin:] += value - start
                elif how == "scale":
                    moved[number, begin:] *= value
                else:
                    moved[number, begin:] = value
                if late:
                    np.maximum(moved[number], 0.0, out=moved[number])
            return moved

        return Put(case, change)

    return put


def _chance(case: Case, name: str, names: Sequence[str], numbers: Sequence[int]) -> Lever:
    """The chance that events happen; a draw in which one happened keeps it as the chance rises."""
    inputs = case.plan.inputs
    start = float(np.mean([inputs.inputs[n].distribution.mean for n in numbers]))

    def put(value: float) -> Put:
        changed = list(inputs.inputs)
        for number in numbers:
            changed[number] = replace(changed[number], distribution=Event(value))
        plan = replace(case.plan, inputs=replace(inputs, inputs=tuple(changed)))
        return Put(replace(case, plan=plan))

    title = _title(case.plan, name, names)
    return Lever(name, title, "value", "fraction", start, 0.0, 1.0, 0.1, put)


def main_levers(case: Case, swings: Iterable[str], count: int, t: int) -> list[Lever]:
    """The levers of the inputs that swing a figure most; shocks have no centre to be wrong."""
    shocks = {n for n in case.plan.bodies.shock.tolist() if n != NONE}
    names = [name for name in swings if case.plan.inputs.position(name) not in shocks]
    return [of_inputs(case, name, [name], None, t) for name in names[:count]]
