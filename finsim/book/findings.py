"""What does not fit in a book, and where: before it has a place in a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from finsim.book.places import did_you_mean, shown

Path: TypeAlias = tuple[int | str, ...]


class Finding(NamedTuple):
    """What does not fit, where; `name` is set when it is a name that leads nowhere."""

    path: Path
    text: str
    name: str = ""


def unknown(path: Path, kind: str, found: str, allowed: Iterable[str]) -> Finding:
    """A name that leads nowhere, with the names that do."""
    choices = sorted(allowed)
    listed = f"; known: {', '.join(choices)}" if len(choices) <= 12 else ""
    text = f"there is no {kind} {shown(found)}{listed}{did_you_mean(found, choices)}"
    return Finding(path, text, found)
