"""Where a traced value was written, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from finsim.book.nodes import Listing, Mapping, Node, Scalar, place_of
from finsim.book.places import Place
from finsim.book.sourced import Sourced
from finsim.outputs.trace_case import Case
from finsim.outputs.trace_text import TAG, WIDTH, tagged

Step = int | str
Leaf = tuple[str, Place]
LONGEST_PLACE = WIDTH - TAG - 2


def place_text(place: Place) -> str:
    """`file:line`, its beginning left out when it is too long for a line."""
    is_line = place.line and not place.in_sheet and not place.file.startswith("--set")
    text = f"{place.file}:{place.line}" if is_line else str(place) if place.in_sheet else place.file
    return text if len(text) <= LONGEST_PLACE else f"…{text[-LONGEST_PLACE + 1 :]}"


def book_place(case: Case, *path: Step) -> str:
    """Where a value of the book was written."""
    return _places(case.resolution.merged.book, path)


def scenario_place(case: Case, *path: Step) -> str:
    """Where a value of the scenario was written."""
    return _places(case.resolution.merged.scenario, path)


def _places(tree: Node, path: Sequence[Step]) -> str:
    """The place of a value; when parts of it come from other files, those with their names."""
    node = _at(tree, path)
    if node is None or isinstance(node, Scalar):
        return place_text(place_of(tree, path))
    by_file: dict[str, list[Leaf]] = {}
    for leaf in _leaves(node):
        by_file.setdefault(leaf[1].file, []).append(leaf)
    if not by_file:
        return place_text(place_of(tree, path))
    main, *others = sorted(by_file.values(), key=len, reverse=True)
    first = place_text(min(place for _, place in main))
    rest = [f"{word} at {place_text(place)}" for leaves in others for word, place in leaves]
    return "; ".join([first, *rest])


def _at(node: Node | None, path: Sequence[Step]) -> Node | None:
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str):
            node = node.get(step)
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            return None
    return node


def _leaves(node: Node, word: str = "") -> Iterator[Leaf]:
    if isinstance(node, Scalar):
        yield word, node.place
    elif isinstance(node, Mapping):
        for key, value in node.entries.items():
            yield from _leaves(value, key)
    else:
        for item in node.items:
            yield from _leaves(item, word)


def driver_path(case: Case, name: str) -> tuple[Step, ...]:
    """The path in the book of a driver."""
    for section in ("national_drivers", "drivers"):
        for number, driver in enumerate(getattr(case.book, section)):
            if driver.id == name:
                return (section, number)
    raise KeyError(name)


def standing_text(item: Sourced) -> str:
    """Standing and date, and how good and how weighty it is where that is said."""
    grades = [
        f"{word} {grade}"
        for word, grade in (("quality", item.quality), ("impact", item.impact))
        if grade is not None
    ]
    spread = item.rests_on_judgement and item.standing != "illustrative"
    standing = f"{item.standing} (spread illustrative)" if spread else item.standing
    return ", ".join([standing, f"as at {item.as_at}", *grades])


def provenance(case: Case, item: Sourced, *path: Step) -> list[str]:
    """Source, standing, what would replace it, its note, and where the item was written."""
    lines = [*tagged("Source", item.source), *tagged("Standing", standing_text(item))]
    if item.replace_with:
        lines += tagged("Replace by", item.replace_with)
    if item.note:
        lines += tagged("Note", item.note)
    return [*lines, *tagged("Written", book_place(case, *path))]
