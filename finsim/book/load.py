"""Reading an assumption book: a folder of CSV tables and YAML files."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from finsim.book.csv_reader import read_csv
from finsim.book.nodes import Listing, Mapping, Node, Scalar
from finsim.book.places import InputProblems, Place, Problem, shown
from finsim.book.yaml_reader import read_yaml

TABLES = {
    "organisations.csv": "organisations",
    "external.csv": "external",
    "lines.csv": "lines",
    "contracts.csv": "contracts",
    "curves.csv": "curves",
}
LISTS = frozenset({"areas"})
DOCUMENTS = {
    "drivers.yaml": ("drivers", "dependence"),
    "schemes.yaml": ("schemes",),
    "payments.yaml": ("payments",),
}
SETTINGS = "book.yaml"


@dataclass(frozen=True, slots=True)
class BookFiles:
    """A book's tree as its files state it, and the folder it came from."""

    tree: Mapping
    folder: Path


def read_book(folder: Path) -> BookFiles:
    """The tree of a book; raises InputProblems with every mistake in every file of it."""
    name = str(folder)
    if not folder.is_dir():
        message = "there is no such assumption book (a folder that holds book.yaml)"
        raise InputProblems([Problem(Place(name), "", message)])
    problems: list[Problem] = []
    entries: dict[str, Node] = {}
    places: dict[str, Place] = {}
    settings = _read(lambda: read_yaml(folder / SETTINGS, _named(folder / SETTINGS)), problems)
    if isinstance(settings, Mapping):
        for shared in _included(settings, folder, problems):
            national = read_book(shared).tree
            for key, node in national.entries.items():
                entries["national_drivers" if key == "drivers" else key] = node
        entries |= settings.without("includes").entries
        places |= settings.key_places
    for file, sections in _present(folder):
        path = folder / file
        read = _read(partial(_read_file, path), problems)
        for section, found in _sections(read, sections):
            entries[section] = _joined(entries.get(section), found)
    if problems:
        raise InputProblems(problems)
    return BookFiles(Mapping(entries, Place(_named(folder / SETTINGS), 1, 1), places), folder)


def _named(path: Path) -> str:
    return os.path.normpath(path)


def _present(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    known = {**{file: (section,) for file, section in TABLES.items()}, **DOCUMENTS}
    known["population.csv"] = ("population",)
    return [(file, sections) for file, sections in known.items() if (folder / file).exists()]


def _read(read: Callable[[], Node], problems: list[Problem]) -> Node | None:
    try:
        return read()
    except InputProblems as error:
        problems.extend(error.problems)
        return None


def _read_file(path: Path) -> Node:
    name = _named(path)
    if path.suffix == ".yaml":
        return read_yaml(path, name)
    table = read_csv(path, name, LISTS)
    if path.name == "population.csv":
        return _population(table)
    if path.name == "curves.csv":
        return _curves(table)
    return table


def _sections(node: Node | None, sections: tuple[str, ...]) -> list[tuple[str, Node]]:
    if isinstance(node, Mapping) and sections != ("population",):
        unknown = [key for key in node.entries if key not in sections]
        if unknown:
            place = node.key_places[unknown[0]]
            allowed = ", ".join(sections)
            message = f"the key {shown(unknown[0])} is not known; allowed: {allowed}"
            raise InputProblems([Problem(place, "", message)])
        return list(node.entries.items())
    return [(sections[0], node)] if node is not None else []


def _joined(first: Node | None, second: Node) -> Node:
    """A shared list followed by the book's own; anything else is replaced."""
    if isinstance(first, Listing) and isinstance(second, Listing):
        return Listing((*first.items, *second.items), second.place)
    return second


def _included(settings: Mapping, folder: Path, problems: list[Problem]) -> list[Path]:
    node = settings.get("includes")
    if node is None:
        return []
    if not isinstance(node, Listing):
        problems.append(Problem(node.place, "includes", "a list of folders is needed"))
        return []
    return [folder / item.text for item in node if isinstance(item, Scalar)]


def _is_age_band(column: str) -> bool:
    return column[:1].isdigit()


def _population(table: Listing) -> Mapping:
    """Rows of area, year, variant and people by age band; the total must be their sum."""
    rows: list[Node] = []
    problems: list[Problem] = []
    bands: list[str] = []
    for row in table:
        assert isinstance(row, Mapping)
        bands = bands or [column for column in row.entries if _is_age_band(column)]
        people = [node for band in bands if (node := row.get(band)) is not None]
        problems += _total_problem(row, people)
        kept = {key: row.entries[key] for key in ("area", "year", "variant") if key in row}
        kept["people"] = Listing(tuple(people), row.place)
        rows.append(Mapping(kept, row.place, row.key_places))
    if problems:
        raise InputProblems(problems)
    names = Listing(tuple(Scalar(band, table.place, True) for band in bands), table.place)
    return Mapping({"bands": names, "rows": Listing(tuple(rows), table.place)}, table.place)


def _total_problem(row: Mapping, people: list[Node]) -> list[Problem]:
    total = row.get("total")
    cells = [node.text for node in people if isinstance(node, Scalar)]
    if not isinstance(total, Scalar) or not all(cell.isdigit() for cell in [*cells, total.text]):
        return []
    if sum(map(int, cells)) == int(total.text):
        return []
    found = f"the total {shown(total.text)} is not the sum of the age bands, {sum(map(int, cells))}"
    return [Problem(total.place, "population", found)]


def _curves(table: Listing) -> Listing:
    rows: list[Node] = []
    for row in table:
        assert isinstance(row, Mapping)
        bands = [key for key in row.entries if _is_age_band(key)]
        cost = Listing(tuple(row.entries[band] for band in bands), row.place)
        rows.append(row.without(*bands).having("cost", cost))
    return Listing(tuple(rows), table.place)
