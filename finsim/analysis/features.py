"""What a draw is like: one number for each input, each scheme and each theme of savings.

An input that has a value for each year becomes one number: a yearly rate its average to the year
looked at (compounded), a shock its value in that year, anything else its mean over the projected
years. A scheme is what it saves the system in that year, so that whether it happens, how late and
how much it delivers stand together; a theme is its schemes together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np
from msgspec import Struct

from finsim.analysis.observe import themes
from finsim.simulation.evaluate import Outcome
from finsim.simulation.inputs import GROWTH, PRESSURE
from finsim.simulation.plan import FloatArray, Plan

Kind: TypeAlias = Literal["input", "theme", "scheme", "part"]
PARTS = {"happens": "happens", "slip": "months late", "delivered": "share delivered"}
MONEY = "£m"
SHARE = "share"
MONTHS = "months"


class Feature(Struct, frozen=True):
    """Something that differs between draws, in words.

    `theme` is that of a saving, `group` names the inputs that it moves together with.
    """

    name: str
    title: str
    kind: Kind
    unit: str
    theme: str = ""
    group: str = ""


def features(plan: Plan) -> tuple[Feature, ...]:
    """The features of a plan's draws: its inputs, then themes, then schemes."""
    return tuple(_features(plan))


def _features(plan: Plan) -> Iterator[Feature]:
    book = plan.resolved.book
    drivers = {driver.id: driver for driver in book.all_drivers()}
    schemes = {scheme.id: scheme for scheme in plan.schemes}
    groups = {
        member: tuple(plan.inputs.inputs[n].name for n in group.members)
        for group in plan.inputs.groups
        for member in group.members
    }
    for number, item in enumerate(plan.inputs.inputs):
        if item.is_fixed:
            continue
        if item.name.startswith("schemes."):
            _, identity, part = item.name.split(".")
            scheme = schemes[identity]
            unit = MONTHS if part == "slip" else SHARE
            yield Feature(item.name, f"{scheme.name}: {PARTS[part]}", "part", unit, scheme.theme)
        elif item.name in {GROWTH, PRESSURE}:
            words = "Population growth" if item.name == GROWTH else "Unattributed pressure, spread"
            yield Feature(item.name, words, "input", SHARE)
        else:
            driver = drivers[item.name]
            together = groups.get(number, ())
            others = len(together) - 1
            moving = f" (and {others} tied to it)" if others > 0 else ""
            group = ", ".join(together) if others > 0 else ""
            yield Feature(item.name, f"{driver.name}{moving}", "input", driver.unit, group=group)
    for theme in themes(plan):
        title = f"{theme[:1].upper()}{theme[1:]}: savings"
        yield Feature(f"theme: {theme}", title, "theme", MONEY, theme)
    for scheme in plan.schemes:
        title = f"{scheme.name}: saving"
        yield Feature(f"scheme: {scheme.id}", title, "scheme", MONEY, scheme.theme)


def features_at(plan: Plan, x: FloatArray, outcome: Outcome, t: int) -> FloatArray:
    """The features of draws in the year at position t: [feature, draw].

    The outcome must have recorded its schemes.
    """
    rates, shocks = set(plan.rates.tolist()), set(plan.bodies.shock.tolist())
    rows = []
    for number, item in enumerate(plan.inputs.inputs):
        if item.is_fixed:
            continue
        if number in shocks:
            rows.append(x[number, t])
        elif number in rates:
            rows.append(np.prod(1 + x[number, 1 : t + 1], axis=0) ** (1 / t) - 1)
        else:
            rows.append(x[number, 1 : t + 1].mean(axis=0))
    assert outcome.schemes is not None
    savings = outcome.schemes.net[:, t]
    for theme in themes(plan):
        of_theme = [n for n, scheme in enumerate(plan.schemes) if scheme.theme == theme]
        rows.append(savings[of_theme].sum(axis=0))
    return np.concatenate([np.stack(rows), savings]) if rows else savings
