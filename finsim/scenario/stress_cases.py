"""Named stress cases: what is made worse, on the same draws, with its source.

A case says what it does in words that fit any system: schemes by what they act on, drivers by
name, organisations by what they are. What a system does not have, a case does not touch.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from finsim.book.fields import Id, Model, Name, Rate, Share, Text, Version, Words, YearSpan, problem
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, shown
from finsim.book.schemes import Selector
from finsim.book.shipped import shipped
from finsim.book.sourced import Sourced
from finsim.book.typed import typed
from finsim.book.yaml_reader import read_yaml

SHIPPED = "stress_cases.yaml"
MOST_CASES = 50
Few = Field(default=(), max_length=20)


class DeliveredAs(Model):
    """Activity schemes deliver this share of plan, if so much of their saving is on these tags."""

    on: Selector
    at_least: Share = 0.5
    delivered: Rate


class RateMoved(Model):
    """A driver's yearly rate is this much higher over these years."""

    drivers: Words
    add: Rate
    over: YearSpan


class TurnoverShock(Model):
    """Organisations lose a share of turnover in the year that is looked at."""

    providers_of: Words | None = None
    kind: Literal["commissioner", "provider", "council"] | None = None
    turnover: Rate

    @model_validator(mode="after")
    def _whose(self) -> TurnoverShock:
        if (self.providers_of is None) == (self.kind is None):
            raise problem("needs one of `providers_of` (services) and `kind`")
        return self


class StressCase(Sourced):
    """One named stress case: any of four ways to make things worse."""

    id: Id
    name: Name
    delivered: Annotated[tuple[DeliveredAs, ...], Few]
    rates: Annotated[tuple[RateMoved, ...], Few]
    highest: Words = ()
    shocks: Annotated[tuple[TurnoverShock, ...], Few]

    @model_validator(mode="after")
    def _does_something(self) -> StressCase:
        if not (self.delivered or self.rates or self.highest or self.shocks):
            raise problem("does nothing; write `delivered`, `rates`, `highest` or `shocks`")
        return self


class StressCases(Model):
    """A file of stress cases."""

    finsim: Version
    title: Text | None = None
    stress_cases: Annotated[tuple[StressCase, ...], Field(max_length=MOST_CASES)]


def read_stress_cases(path: str | None = None) -> tuple[StressCase, ...]:
    """The cases of a file, or the shipped ones.

    Raises InputProblems with every mistake in the file.
    """
    file = _file(path)
    tree = read_yaml(file, str(file) if path is None else path)
    cases = typed(StressCases, tree).stress_cases
    if not cases:
        place = tree.key_places.get("stress_cases", tree.place)
        raise InputProblems([Problem(place, "stress_cases", "is empty; write at least one case")])
    ids = [case.id for case in cases]
    twice = dict.fromkeys(name for name in ids if ids.count(name) > 1)
    if twice:
        place = Place(path or str(file))
        text = f"is the id of more than one case: {', '.join(twice)}"
        raise InputProblems([Problem(place, "stress_cases", text)])
    return cases


def _file(path: str | None) -> Path:
    if path is not None:
        return Path(path)
    folder = shipped("assumptions", "national")
    assert folder is not None
    return Path(os.path.relpath(folder / SHIPPED))


def chosen_cases(cases: tuple[StressCase, ...], names: tuple[str, ...]) -> tuple[StressCase, ...]:
    """The cases of these ids or names; all of them where none is named.

    Raises InputProblems for a word that names none.
    """
    known = {case.id.casefold(): case for case in cases} | {c.name.casefold(): c for c in cases}
    ids = [case.id for case in cases]
    wrong = [name for name in names if name.casefold() not in known]
    if wrong:
        raise InputProblems(
            Problem(
                Place(f"--case {name}"),
                "",
                f"there is no stress case {shown(name)}; known: {', '.join(ids)}"
                f"{did_you_mean(name, ids)}",
            )
            for name in wrong
        )
    return tuple(dict.fromkeys(known[name.casefold()] for name in names)) or cases
