"""The tree that every input file becomes: scalars as text, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct, field

from finsim.book.places import Place

NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Scalar(Struct, frozen=True):
    """One value as it was written; `quoted` text is never read as null."""

    text: str
    place: Place
    quoted: bool = False

    @property
    def is_null(self) -> bool:
        """Whether the value was left out or written as null."""
        return not self.quoted and self.text in NULLS


class Mapping(Struct, frozen=True):
    """Named values; `key_places` tells where each name was written."""

    entries: dict[str, Node]
    place: Place
    key_places: dict[str, Place] = field(default_factory=dict)

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def get(self, key: str) -> Node | None:
        """The value under a name, or None."""
        return self.entries.get(key)

    def overlaid(self, other: Mapping) -> Mapping:
        """A copy in which the other's values replace or follow these."""
        return Mapping(
            {**self.entries, **other.entries}, other.place, {**self.key_places, **other.key_places}
        )

    def without(self, *keys: str) -> Mapping:
        """A copy without some names."""
        kept = {key: value for key, value in self.entries.items() if key not in keys}
        return Mapping(kept, self.place, self.key_places)

    def having(self, key: str, node: Node) -> Mapping:
        """A copy with one value replaced or added."""
        places = {**self.key_places, key: self.key_places.get(key, node.place)}
        return Mapping({**self.entries, key: node}, self.place, places)


class Listing(Struct, frozen=True):
    """Values in order."""

    items: tuple[Node, ...]
    place: Place

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


Node: TypeAlias = Scalar | Mapping | Listing


def plain(node: Node) -> object:
    """The tree as dicts, lists, text and None, for validation."""
    if isinstance(node, Scalar):
        return None if node.is_null else node.text
    if isinstance(node, Mapping):
        return {key: plain(value) for key, value in node.entries.items()}
    return [plain(item) for item in node.items]


def place_of(node: Node, path: Sequence[int | str]) -> Place:
    """The place of the deepest part of a path that the tree holds; names before their values."""
    place = node.place
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
            place = node.key_places.get(step, node.entries[step].place)
            node = node.entries[step]
            if isinstance(node, Scalar):
                place = node.place
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = node.place
    return place


def words_of(node: Node, path: Sequence[int | str]) -> str:
    """A path in words: entries of a list by their id or name, rather than by number."""
    words: list[str] = []
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str):
            words.append(step)
            if step not in node.entries:
                break
            node = node.entries[step]
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            label = node.get("id") or node.get("name") if isinstance(node, Mapping) else None
            words.append(label.text if isinstance(label, Scalar) else str(step + 1))
    return " / ".join(words)
