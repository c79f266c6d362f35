"""What can be traced: everything that has an id, a name, or a figure of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from msgspec import Struct

from finsim.analysis.measures import MEASURES
from finsim.book.model import Book
from finsim.book.places import did_you_mean, shown
from finsim.scenario.layers import ARRANGEMENTS, COMPARISONS
from finsim.scenario.resolved import Resolved
from finsim.simulation.inputs import GROWTH, PRESSURE

Kind: TypeAlias = Literal[
    "system", "measure", "pressure", "organisation", "external", "line", "contract", "input",
    "scheme", "theme", "payment", "dependence", "curve", "arrangement", "network", "locality",
]  # fmt: skip
SYSTEM = "system"
PRESSURE_NAME = "unattributed pressure"
SECTIONS: dict[str, Kind] = {
    "organisations": "organisation",
    "external": "external",
    "lines": "line",
    "contracts": "contract",
    "schemes": "scheme",
    "payments": "payment",
    "curves": "curve",
    "dependence": "dependence",
    "networks": "network",
    "localities": "locality",
    **dict.fromkeys((*ARRANGEMENTS, COMPARISONS), "arrangement"),
}


class UnknownName(LookupError):
    """Nothing has this id or name."""


class Subject(Struct, frozen=True):
    """Something that can be traced; `number` is its place in its list (`section`) of the book."""

    kind: Kind
    id: str
    name: str
    number: int = 0
    section: str = ""


def subjects(resolved: Resolved) -> tuple[Subject, ...]:
    """Everything that can be traced in a scenario."""
    return tuple(_subjects(resolved))


def find(resolved: Resolved, text: str) -> list[Subject]:
    """The subjects of an id, or else of a name, whatever its case; more than one may share it.

    `system` is the system alone; `control_totals.system` names what shares its id.

    Raises UnknownName, with the nearest id or name.
    """
    known = subjects(resolved)
    key = " ".join(text.split()).casefold()
    for found in (
        [subject for subject in known if subject.kind == "system" and subject.id == key],
        [subject for subject in known if subject.id == text],
        [subject for subject in known if subject.id.casefold() == key],
        [subject for subject in known if _qualified(subject) == key],
        [subject for subject in known if subject.name.casefold() == key],
    ):
        if found:
            return found
    choices = [*(subject.name for subject in known), *(subject.id for subject in known)]
    near = did_you_mean(text, dict.fromkeys(choices))
    raise UnknownName(f"there is no id or name {shown(text)} in this scenario{near}")


def _qualified(subject: Subject) -> str:
    return f"{subject.section}.{subject.id}".casefold()


def _subjects(resolved: Resolved) -> Iterator[Subject]:
    book = resolved.book
    yield Subject("system", SYSTEM, "The system")
    yield from _book_subjects(book)
    yield from _inputs(book)
    for theme in dict.fromkeys(scheme.theme for scheme in book.schemes):
        yield Subject("theme", theme, theme)
    for number, measure in enumerate(MEASURES):
        yield Subject("measure", measure.name, measure.title, number)
    yield Subject("pressure", "unattributed", PRESSURE_NAME)


def _book_subjects(book: Book) -> Iterator[Subject]:
    for section, kind in SECTIONS.items():
        for number, item in enumerate(getattr(book, section)):
            yield Subject(kind, item.id, getattr(item, "name", item.id), number, section)


def _inputs(book: Book) -> Iterator[Subject]:
    yield Subject("input", GROWTH, "Population growth")
    yield Subject("input", PRESSURE, "Spread of unattributed pressure")
    for number, driver in enumerate(book.all_drivers()):
        yield Subject("input", driver.id, driver.name, number, "drivers")
    for number, scheme in enumerate(book.schemes):
        for part in ("happens", "slip", "delivered"):
            name = f"schemes.{scheme.id}.{part}"
            yield Subject("input", name, f"{scheme.name}: {part}", number)
