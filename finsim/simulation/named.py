"""What the words of a scenario name: items of the book, organisations and years."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from finsim.book import arrangements as written
from finsim.book.levels import Budgets
from finsim.book.model import Book, Organisation
from finsim.book.places import did_you_mean, shown
from finsim.book.quantities import financial_year_text
from finsim.simulation.inputs import InputError

GROUPS = ("NHS bodies", "commissioners", "providers", "councils", "all")
ROLES = {"parties": "party", "partners": "partner"}
KINDS = {"commissioners": "commissioner", "providers": "provider", "councils": "council"}
Where = tuple[int | str, ...]
Named = TypeVar(
    "Named",
    written.TotalsSet,
    written.ControlTotals,
    written.FundingRules,
    written.Fund,
    written.Reserves,
    written.RiskShare,
    Budgets,
)


def found(items: Sequence[Named], word: str, kind: str, where: Where) -> tuple[int, Named]:
    """The item that a scenario names by id or name; raises InputError for a word that is none."""
    key = word.casefold()
    for number, item in enumerate(items):
        if key in {item.id.casefold(), item.name.casefold()}:
            return number, item
    known = ", ".join(item.id for item in items) or "nothing of the kind in the book"
    near = did_you_mean(word, [item.id for item in items])
    raise InputError(where, f"there is no {kind} {shown(word)}; known: {known}{near}")


def bodies_named(
    book: Book, words: Iterable[str], where: Where, beside: bool = False
) -> tuple[str, ...]:
    """The organisations that ids and group words mean, in the book's order.

    Those in the perimeter; with `beside`, those that stand beside it too. Group words other than
    `parties` and `partners` mean bodies in the perimeter always.
    """
    known = [body for body in book.organisations if body.in_perimeter or beside]
    named: set[str] = set()
    for word in words:
        if word in ROLES:
            named |= {body.id for body in known if body.role == ROLES[word]}
        elif word in GROUPS:
            named |= {body.id for body in known if body.in_perimeter and _in_group(body, word)}
        elif word in {body.id for body in known}:
            named.add(word)
        else:
            allowed = [*(body.id for body in known), *GROUPS, *ROLES]
            listed = ", ".join(allowed)
            text = f"there is no organisation {shown(word)} in the system; known: {listed}"
            raise InputError(where, text + did_you_mean(word, allowed))
    return tuple(body.id for body in known if body.id in named)


def _in_group(body: Organisation, word: str) -> bool:
    if word == "all":
        return True
    if word == "NHS bodies":
        return body.kind != "council"
    return body.kind == KINDS[word]


def check_year(years: Sequence[int], year: int, where: Where) -> None:
    """Raises InputError for a year that is not projected."""
    if year not in years[1:]:
        first, last = map(financial_year_text, (years[1], years[-1]))
        text = f"{financial_year_text(year)} is not a projected year; those are {first} to {last}"
        raise InputError(where, text)
