"""What one cell may hold beside a value: a list, names with values, or bands.

    emergency; elective                      a list
    bd_ccg: 60%; havering_ccg: 40%           names with values
    £0m to £5m: 0%; £5m: 50%                 bands, and the part of each that is pooled

Each has a reader, from text to a tree, and a writer, which gives None for what would not read back.
"""

from __future__ import annotations

from finsim.book.field_paths import PathError, scalar_or_empty
from finsim.book.nodes import Listing, Mapping, Node, Scalar
from finsim.book.places import Place, shown

MARK, NAMED, TO = ";", ":", " to "


def _parts(text: str) -> list[str]:
    return [part for part in (part.strip() for part in text.split(MARK)) if part]


def listed(text: str, place: Place) -> Node:
    """`a; b` as a list."""
    if text == "[]":
        return Listing((), place)
    return Listing(tuple(Scalar(part, place, quoted=True) for part in _parts(text)), place)


def named(text: str, place: Place) -> Node:
    """`a: 1%; b: 2%` as names with values; raises PathError for anything else."""
    if text == "{}":
        return Mapping({}, place)
    entries: dict[str, Node] = {}
    for part in _parts(text):
        name, mark, value = (word.strip() for word in part.partition(NAMED))
        if not (name and mark and value):
            raise PathError(f"{shown(part)} is no name and value; write them as a: 60%; b: 40%")
        if name in entries:
            raise PathError(f"{shown(name)} stands twice")
        entries[name] = Scalar(value, place, quoted=True)
    return Mapping(entries, place, dict.fromkeys(entries, place))


def banded(text: str, place: Place) -> Node:
    """`£0m to £5m: 0%; £5m: 50%` as bands; raises PathError for anything else."""
    bands: list[Node] = []
    for part in _parts(text):
        reach, mark, pooled = (word.strip() for word in part.rpartition(NAMED))
        low, _, high = (word.strip() for word in reach.partition(TO))
        if not (low and mark and pooled):
            text = f"{shown(part)} is no band; write them as £0m to £5m: 0%; £5m: 50%"
            raise PathError(text)
        found = {"from": low, "to": high, "pooled": pooled}
        entries: dict[str, Node] = {
            key: Scalar(value, place, quoted=True) for key, value in found.items() if value
        }
        bands.append(Mapping(entries, place, dict.fromkeys(entries, place)))
    return Listing(tuple(bands), place)


def value(text: str, kind: str, place: Place) -> Node:
    """What a cell of a kind holds; raises PathError for what does not fit the kind."""
    if kind == "list":
        return listed(text, place)
    if kind == "map":
        return named(text, place)
    if kind == "bands":
        return banded(text, place)
    return scalar_or_empty(text, place)


def _fits(text: object, *marks: str) -> bool:
    return (
        isinstance(text, str)
        and bool(text)
        and text == text.strip()
        and not any(mark in text for mark in (MARK, "\n", *marks))
    )


def list_text(items: object) -> str | None:
    """["a", "b"] → `a; b`; one word alone is a list of one."""
    if isinstance(items, str):
        return items if _fits(items) and items != "[]" else None
    if not isinstance(items, list) or not all(_fits(item) for item in items):
        return None
    text = f"{MARK} ".join(items) if items else "[]"
    return None if items == ["[]"] else text


def map_text(entries: object) -> str | None:
    """{"a": "1%"} → `a: 1%`."""
    if not isinstance(entries, dict):
        return None
    if not all(_fits(key, NAMED) and _fits(text) for key, text in entries.items()):
        return None
    return f"{MARK} ".join(f"{key}{NAMED} {text}" for key, text in entries.items()) or "{}"


def bands_text(bands: object) -> str | None:
    """[{"from": "£0m", "to": "£5m", "pooled": "0%"}] → `£0m to £5m: 0%`."""
    if not isinstance(bands, list) or not bands:
        return None
    parts = []
    for band in bands:
        if not isinstance(band, dict) or not {"from", "pooled"} <= band.keys() <= {
            "from",
            "to",
            "pooled",
        }:
            return None
        if not all(_fits(text, NAMED, TO) for text in band.values()):
            return None
        reach = TO.join(band[key] for key in ("from", "to") if key in band)
        parts.append(f"{reach}{NAMED} {band['pooled']}")
    return f"{MARK} ".join(parts)


def text_of(held: object, kind: str) -> str | None:
    """The cell's text for what a field holds; None where it would not read back."""
    if kind == "list":
        return list_text(held)
    if kind == "map":
        return map_text(held)
    if kind == "bands":
        return bands_text(held)
    if held in ([], {}):
        return "[]" if held == [] else "{}"
    is_plain = isinstance(held, str) and held == held.strip() and held not in {"", "[]", "{}"}
    return str(held) if is_plain else None
