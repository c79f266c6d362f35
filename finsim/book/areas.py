"""Areas that a body or a flow serves: whole, or in part (`leicestershire 43%`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

from finsim.book.fields import Words, problem
from finsim.book.places import shown
from finsim.book.quantities import QuantityError, rate


def area_and_part(words: str) -> tuple[str, float]:
    """An area's name and the part of its people that is served, 1 unless stated.

    Raises QuantityError for a part that is not a percentage.
    """
    name, _, part = words.rpartition(" ")
    return (name.strip(), rate(part)) if name and part.endswith("%") else (words, 1.0)


def parts_of_areas(areas: Iterable[str]) -> dict[str, float]:
    """The part of each area that is served, by its name."""
    return dict(area_and_part(words) for words in areas)


def area_names(areas: Iterable[str]) -> tuple[str, ...]:
    """The names of areas, without the parts."""
    return tuple(parts_of_areas(areas))


def _parts(areas: tuple[str, ...]) -> tuple[str, ...]:
    names: set[str] = set()
    for words in areas:
        try:
            name, part = area_and_part(words)
        except QuantityError as error:
            raise problem(str(error)) from None
        if not 0 < part <= 1:
            raise problem(f"{shown(words)}: the part of an area is above 0%, and at most 100%")
        if name in names:
            raise problem(f"the area {shown(name)} stands twice")
        names.add(name)
    return areas


Areas: TypeAlias = Annotated[Words, AfterValidator(_parts)]
