"""Networks, localities and their budgets as a book states them."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self, TypeAlias, TypeVar

from pydantic import Field, model_validator

from finsim.book.arrangements import Term, whole
from finsim.book.fields import (
    Amount,
    Id,
    Model,
    Name,
    NumberNotNegative,
    Share,
    Text,
    Year,
    problem,
)
from finsim.book.schemes import Selector
from finsim.book.sourced import Sourced

UNASSIGNED = "unassigned"
LevelName: TypeAlias = Literal["networks", "localities"]


class Held(Sourced):
    """A body of a level: `held_by` says which organisations hold its budget, in what shares."""

    id: Id
    name: Name
    held_by: dict[Text, Share] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _named_and_held(self) -> Self:
        if self.id == UNASSIGNED:
            raise problem(f"the id '{UNASSIGNED}' is the name of what carries no tag")
        if self.held_by:
            whole(self.held_by, "shares in held_by")
        return self


class Network(Held):
    """A pathway across commissioners and providers, which has one place-based budget."""


class Locality(Held):
    """A place within the system.

    `people` are its parts of the people of areas: an area's people are shared between its
    localities in proportion to the parts of those that are there in the year. `group` is the
    larger place that it belongs to, which a `locality` tag may name too.
    """

    group: Text | None = None
    people: dict[Text, NumberNotNegative]
    first_year: Year | None = None

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if sum(self.people.values()) <= 0:
            raise problem("has no part of the people of any area; write people: {<area>: 1}")
        return self


class Capitation(Model):
    """A straight move from historic shares (the last year of them) to weighted population."""

    start: Annotated[Year, Field(alias="from")]
    by: Year

    @model_validator(mode="after")
    def _later(self) -> Self:
        if self.by <= self.start:
            raise problem("`by` is not after `from`, the last year of historic shares")
        return self


class Move(Model):
    """Money that moves from one budget to another; each amount holds from its year on."""

    giver: Annotated[Text, Field(alias="from")]
    receiver: Annotated[Text, Field(alias="to")]
    by_year: dict[Year, Amount]

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.giver == self.receiver:
            raise problem(f"moves money from '{self.giver}' to itself")
        if any(value < 0 for value, _ in self.by_year.values()):
            raise problem("an amount is negative; exchange `from` and `to`")
        return self


class Budgets(Sourced):
    """How a level's bodies are given budgets, from when they are live, and who shares variances.

    `covers` selects the lines and contracts that the budgets are for; without it, all of them.
    Before `live_from` (or always, without it) they are in shadow: reported, and no money moves.
    """

    id: Id
    name: Name
    level: LevelName
    covers: Selector | None = None
    live_from: Year | None = None
    capitation: Capitation | None = None
    moves: tuple[Move, ...] = ()
    terms: tuple[Term, ...] = ()
    minimum_people: NumberNotNegative = 0.0

    @model_validator(mode="after")
    def _of_its_level(self) -> Self:
        if self.level == "networks":
            if self.capitation is not None:
                raise problem("networks serve the same people; `capitation` is for localities")
            if self.covers is not None:
                raise problem("a network's budget is for what is tagged to it; remove `covers`")
        return self


Body = TypeVar("Body", bound=Held)


def body_named(bodies: Sequence[Body], word: str) -> int | None:
    """The position of the network or locality that a word means, by id or name."""
    key = word.casefold()
    for number, body in enumerate(bodies):
        if key in {body.id.casefold(), body.name.casefold()}:
            return number
    return None


def in_group(localities: Sequence[Locality], word: str) -> tuple[int, ...]:
    """The positions of the localities of a group; none for a word that is no group."""
    key = word.casefold()
    return tuple(
        number
        for number, place in enumerate(localities)
        if place.group is not None and place.group.casefold() == key
    )
