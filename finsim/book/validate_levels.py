"""Whether the networks, localities and budgets of a book fit its lines, contracts and people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from finsim.book.findings import Finding, Path, unknown
from finsim.book.levels import Budgets, Held, body_named, in_group
from finsim.book.model import Book
from finsim.book.places import shown

TAGGED = ("lines", "contracts")


def level_findings(book: Book) -> list[Finding]:
    """Every tag, holder, area and body that leads nowhere; none for a book without levels."""
    return [*_tags(book), *_holders(book), *_people(book), *_budgets(book)]


def _tags(book: Book) -> Iterator[Finding]:
    """Tags are free words until the book says what its networks and localities are."""
    flows = (*book.lines, *book.contracts)
    places = {place.group for place in book.localities if place.group is not None}
    places |= {*(place.id for place in book.localities), *book.population.areas}
    networks = {word for flow in flows if book.networks and (word := flow.network)}
    localities = {word for flow in flows if book.localities and (word := flow.locality)}
    no_networks = {word for word in networks if body_named(book.networks, word) is None}
    no_places = {word for word in localities if not _is_place(book, word)}
    for section in TAGGED:
        for number, flow in enumerate(getattr(book, section)):
            if flow.network in no_networks:
                known = [network.id for network in book.networks]
                yield unknown((section, number, "network"), "network", flow.network, known)
            if flow.locality in no_places:
                path = (section, number, "locality")
                yield unknown(path, "locality, group or area", flow.locality, places)


def _is_place(book: Book, word: str) -> bool:
    return (
        body_named(book.localities, word) is not None
        or bool(in_group(book.localities, word))
        or word in book.population.areas
    )


def _holders(book: Book) -> Iterator[Finding]:
    known = [body.id for body in book.organisations if body.in_perimeter]
    for section in ("networks", "localities"):
        for number, body in enumerate(getattr(book, section)):
            for holder in body.held_by:
                if holder not in known:
                    path = (section, number, "held_by", holder)
                    yield unknown(path, "organisation in the system", holder, known)


def _people(book: Book) -> Iterator[Finding]:
    names = {place.id for place in book.localities}
    for number, place in enumerate(book.localities):
        for area in place.people:
            if area not in book.population.areas:
                path: Path = ("localities", number, "people", area)
                yield unknown(path, "area", area, book.population.areas)
        if place.group in names:
            text = f"{shown(place.group)} is a locality; a group needs a name of its own"
            yield Finding(("localities", number, "group"), text)


def _budgets(book: Book) -> Iterator[Finding]:
    for number, stated in enumerate(book.budgets):
        path: Path = ("budgets", number)
        bodies: Sequence[Held] = getattr(book, stated.level)
        if not bodies:
            text = f"the book has no {stated.level} that could have budgets"
            yield Finding((*path, "level"), text)
            continue
        known = [body.id for body in bodies]
        for n, move in enumerate(stated.moves):
            for end, word in (("from", move.giver), ("to", move.receiver)):
                if body_named(bodies, word) is None:
                    yield unknown((*path, "moves", n, end), "body of this level", word, known)
        yield from _covered(book, stated, (*path, "covers", "network"))


def _covered(book: Book, stated: Budgets, path: Path) -> Iterator[Finding]:
    words = () if stated.covers is None else stated.covers.network or ()
    for word in words:
        if book.networks and body_named(book.networks, word) is None:
            known = [network.id for network in book.networks]
            yield unknown(path, "network", word, known)
