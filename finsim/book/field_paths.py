"""Nested fields as a path of words, `ramp / shape`, and trees built from such paths.

`#2` is the second of a list. A step that would be misread stands in double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct, field

from finsim.book.nodes import Listing, Mapping, Node, Scalar
from finsim.book.places import Place

Step: TypeAlias = str | int
SEPARATOR = " / "
MOST_ITEMS = 1_000
_STEP = re.compile(r'\s*(?:"((?:[^"]|"")*)"|(.*?))\s*(?: / |$)', re.DOTALL)
_ITEM = re.compile(r"#([1-9][0-9]{0,3})")


class PathError(ValueError):
    """A path that cannot be followed."""


def path_text(steps: Sequence[Step]) -> str:
    """("terms", 1, "pool") → `terms / #2 / pool`."""
    return SEPARATOR.join(f"#{step + 1}" if isinstance(step, int) else _key(step) for step in steps)


def _key(text: str) -> str:
    is_plain = text and text == text.strip() and "/ " not in text and " /" not in text
    if is_plain and not text.startswith(("#", '"')) and text.isprintable():
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def path_steps(text: str) -> tuple[Step, ...]:
    """`terms / #2 / pool` → ("terms", 1, "pool")."""
    steps: list[Step] = []
    position = 0
    while position <= len(text):
        match = _STEP.match(text, position)
        assert match is not None
        quoted, plain = match.groups()
        if quoted is not None:
            steps.append(quoted.replace('""', '"'))
        elif (item := _ITEM.fullmatch(plain)) is not None:
            steps.append(int(item[1]) - 1)
        elif plain:
            steps.append(plain)
        else:
            raise PathError("has an empty step; write it as ramp / shape")
        if match.end() == len(text) and not text.endswith(SEPARATOR):
            break
        position = match.end()
    return tuple(steps)


class Group(Struct):
    """Named parts of a tree that is still being built."""

    place: Place
    parts: dict[str, Part] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)


class Series(Struct):
    """Parts in order of a tree that is still being built."""

    place: Place
    parts: list[Part] = field(default_factory=list)


Part: TypeAlias = Group | Series | Node


def put(group: Group, steps: Sequence[Step], node: Part) -> None:
    """Put a value at a path; raises PathError where something else stands in its way."""
    place = node.place
    here: Part = group
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        last = following is None
        if not last:
            fresh: Part = Series(place) if isinstance(following, int) else Group(place)
        else:
            fresh = node
        here = _into(here, step, fresh, place, last)


def _into(here: Part, step: Step, fresh: Part, place: Place, last: bool) -> Part:
    if isinstance(here, Group) and isinstance(step, str):
        if step not in here.parts:
            here.parts[step] = fresh
            here.places[step] = place
        elif last:
            raise PathError(f"{_key(step)} is stated twice (first in {here.parts[step].place})")
        return here.parts[step]
    if isinstance(here, Series) and isinstance(step, int):
        if step == len(here.parts):
            here.parts.append(fresh)
        elif step > len(here.parts):
            raise PathError(f"#{step + 1} stands before #{len(here.parts) + 1}")
        elif last:
            raise PathError(f"#{step + 1} is stated twice (first in {here.parts[step].place})")
        return here.parts[step]
    if isinstance(here, (Group, Series)):
        kind = "a list (#1, #2 …)" if isinstance(here, Series) else "a group of names"
        raise PathError(f"{path_text([step])} does not fit: {here.place} makes it {kind}")
    raise PathError(f"{path_text([step])} does not fit: {here.place} gives one value")


def frozen(part: Part) -> Node:
    """The tree that was built."""
    if isinstance(part, Group):
        entries = {key: frozen(value) for key, value in part.parts.items()}
        return Mapping(entries, part.place, dict(part.places))
    if isinstance(part, Series):
        return Listing(tuple(frozen(item) for item in part.parts), part.place)
    return part


def scalar_or_empty(text: str, place: Place) -> Node:
    """The value that a cell's text stands for; `[]` and `{}` are an empty list and group."""
    if text == "[]":
        return Listing((), place)
    if text == "{}":
        return Mapping({}, place)
    return Scalar(text, place, quoted=True)
