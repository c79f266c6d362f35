"""Reading an assumption book: a folder of CSV tables and YAML files."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from finsim.book.bounded_file import names_beside
from finsim.book.csv_reader import Table, read_csv
from finsim.book.nodes import Listing, Mapping, Node, Scalar
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, nearest, shown
from finsim.book.quantities import QuantityError, number
from finsim.book.shipped import shipped
from finsim.book.yaml_reader import read_yaml

TABLES = {
    "organisations.csv": "organisations",
    "external.csv": "external",
    "lines.csv": "lines",
    "contracts.csv": "contracts",
    "curves.csv": "curves",
    "outturn.csv": "outturns",
}
LISTS = frozenset({"areas", "bodies"})
DOCUMENTS = {
    "drivers.yaml": ("drivers", "dependence"),
    "schemes.yaml": ("schemes",),
    "payments.yaml": ("payments",),
    "funding_rules.yaml": ("funding_rules",),
    "comparisons.yaml": ("comparisons",),
    "arrangements.yaml": (
        "totals",
        "control_totals",
        "funds",
        "reserves",
        "risk_shares",
    ),
    "levels.yaml": ("networks", "localities", "budgets"),
}
SETTINGS = "book.yaml"
POPULATION = "population.csv"
KNOWN_FILES = (SETTINGS, *TABLES, POPULATION, *DOCUMENTS)
PERSONS = frozenset({"area_code", "area", "variant", "year", "total"})
WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})
"""Suffixes of what is read as an input workbook, or refused as one."""
MAX_INCLUDED = 4
SLIP = 0.8


class BookFiles(Struct, frozen=True):
    """A book's tree as its files state it, the folder it came from, and what could not be read.

    `problems` are mistakes of whole files; the tree then lacks what those files hold.
    """

    tree: Mapping
    folder: Path
    problems: tuple[Problem, ...] = ()


def read_book(folder: Path) -> BookFiles:
    """The tree of a book; raises InputProblems with every mistake in every file of it."""
    files = read_parts(folder)
    if files.problems:
        raise InputProblems(files.problems)
    return files


def read_parts(
    folder: Path, including: tuple[str, ...] = (), *, with_included: bool = True
) -> BookFiles:
    """What can be read of a book, with the mistakes in the rest.

    Without those that it includes, `includes` stays in the tree as it was written.
    Raises InputProblems when there is no such folder, or when it includes itself.
    """
    if not os.path.isdir(folder):
        message = "there is no such assumption book (a folder that holds book.yaml)"
        raise InputProblems([Problem(Place(str(folder)), "", message)])
    problems: list[Problem] = _near_misses(folder)
    entries: dict[str, Node] = {}
    places: dict[str, Place] = {}
    settings = _read(folder / SETTINGS, problems)
    if isinstance(settings, Mapping) and not with_included:
        entries |= settings.entries
    elif isinstance(settings, Mapping):
        for shared in _included(settings, folder, including, problems):
            entries |= _as_shared(shared)
        entries |= settings.without("includes").entries
    if isinstance(settings, Mapping):
        places |= settings.key_places
    for file, sections in _present(folder):
        read = _read(folder / file, problems)
        for section, found in _sections(read, sections, problems):
            entries[section] = _joined(entries.get(section), found)
    place = Place(_named(folder / SETTINGS), 1, 1)
    return BookFiles(Mapping(entries, place, places), folder, tuple(problems))


def book_in_workbook(stated: Mapping, folder: Path) -> BookFiles:
    """The tree of a book that an input workbook states, with the books that it includes."""
    problems: list[Problem] = []
    entries: dict[str, Node] = {}
    for shared in _included(stated, folder, (), problems):
        entries |= _as_shared(shared)
    for section, found in stated.without("includes").entries.items():
        entries[section] = _joined(entries.get(section), found)
    return BookFiles(Mapping(entries, stated.place, stated.key_places), folder, tuple(problems))


def _as_shared(book: Mapping) -> dict[str, Node]:
    """What a book gives to one that includes it: its drivers are national there."""
    return {
        "national_drivers" if key == "drivers" else key: node for key, node in book.entries.items()
    }


def _named(path: Path) -> str:
    return os.path.normpath(path)


def _near_misses(folder: Path) -> list[Problem]:
    """Files that nothing reads and whose names are slips for ones that are missing."""
    names = names_beside(folder / SETTINGS)
    missing = tuple(name for name in KNOWN_FILES if name not in names)
    tables = [name for name in names if name not in KNOWN_FILES and _is_table(name)]
    return [
        Problem(
            Place(_named(folder / name)),
            "",
            f"is not a file of a book; those are {', '.join(KNOWN_FILES)}"
            f"{did_you_mean(name, missing)}",
        )
        for name in tables
        if nearest(name, missing, SLIP) is not None
    ]


def _is_table(name: str) -> bool:
    return Path(name).suffix.lower() in {".csv", ".yaml", ".yml"}


def _present(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    known = {**{file: (section,) for file, section in TABLES.items()}, **DOCUMENTS}
    known[POPULATION] = ("population",)
    return [(file, sections) for file, sections in known.items() if (folder / file).exists()]


def _read(path: Path, problems: list[Problem]) -> Node | None:
    name = _named(path)
    try:
        if path.suffix == ".yaml":
            return read_yaml(path, name)
        table = read_csv(path, name, LISTS)
    except InputProblems as error:
        problems.extend(error.problems)
        return None
    if path.name == POPULATION:
        return population_of(table, problems)
    return curves_of(table) if path.name == "curves.csv" else table.rows


def _sections(
    node: Node | None, sections: tuple[str, ...], problems: list[Problem]
) -> list[tuple[str, Node]]:
    if node is None:
        return []
    if not isinstance(node, Mapping) or sections == ("population",):
        return [(sections[0], node)]
    for key in node.entries:
        if key not in sections:
            text = f"the key {shown(key)} is not known; allowed: {', '.join(sections)}"
            place = node.key_places.get(key, node.place)
            problems.append(Problem(place, "", text + did_you_mean(key, sections)))
    return [(key, found) for key, found in node.entries.items() if key in sections]


def _joined(first: Node | None, second: Node) -> Node:
    """A shared list followed by the book's own; anything else is replaced."""
    if isinstance(first, Listing) and isinstance(second, Listing):
        return Listing((*first.items, *second.items), second.place)
    return second


def _included(
    settings: Mapping, folder: Path, including: tuple[str, ...], problems: list[Problem]
) -> list[Mapping]:
    """The trees of the books that a book includes."""
    node = settings.get("includes")
    if node is None:
        return []
    items = node.items if isinstance(node, Listing) else (node,)
    trees: list[Mapping] = []
    above = (*including, os.path.realpath(folder))
    for item in items:
        if not isinstance(item, Scalar) or item.is_null:
            problems.append(
                Problem(item.place, "includes", "a folder, or a list of folders, is needed")
            )
            continue
        beside = folder / item.text
        shared = beside if os.path.isdir(beside) else shipped("assumptions", item.text)
        if shared is None:
            shared = beside
            near = did_you_mean(shared.name, names_beside(shared))
            text = f"there is no such assumption book {shown(item.text)}{near}"
            problems.append(Problem(item.place, "includes", text))
        elif os.path.realpath(shared) in above or len(above) > MAX_INCLUDED:
            text = f"the book includes itself, or more than {MAX_INCLUDED} in a chain"
            problems.append(Problem(item.place, "includes", text))
        else:
            files = read_parts(shared, above)
            problems += files.problems
            trees.append(files.tree)
    return trees


# tables that are wider than their fields


def is_age_band(column: str) -> bool:
    """Whether a heading names ages: `0-4`, `85+`."""
    return column[:1].isdigit()


def population_of(table: Table, problems: list[Problem]) -> Mapping:
    """Rows of area, year, variant and people by age band; the total must be their sum."""
    bands = [column for column in table.columns if is_age_band(column)]
    known = ", ".join(sorted(PERSONS))
    for column in table.columns:
        if column not in PERSONS and column not in bands:
            text = f"the column {shown(column)} is not known; allowed: {known} and age bands"
            near = did_you_mean(column, sorted(PERSONS))
            problems.append(Problem(table.column_place(column), "population", text + near))
    rows: list[Node] = []
    for row in table.rows:
        assert isinstance(row, Mapping)
        problems += _people_problems(row, bands)
        people = tuple(row.entries[band] for band in bands if band in row)
        kept = {key: row.entries[key] for key in ("area", "year", "variant") if key in row}
        kept["people"] = Listing(people, row.place)
        rows.append(Mapping(kept, row.place, row.key_places))
    return Mapping(
        {"bands": _names(bands, table), "rows": Listing(tuple(rows), table.rows.place)},
        table.rows.place,
    )


def _names(columns: list[str], table: Table) -> Listing:
    items = tuple(Scalar(column, table.column_place(column), quoted=True) for column in columns)
    return Listing(items, table.rows.place)


def _people_problems(row: Mapping, bands: list[str]) -> list[Problem]:
    blank = [band for band in bands if band not in row]
    if blank:
        text = f"there are no people of {', '.join(blank)}; write 0 if there are none"
        return [Problem(row.place, "population", text)]
    total = row.get("total")
    if not isinstance(total, Scalar):
        return []
    try:
        stated = number(total.text)
        people = sum(
            number(node.text) for band in bands if isinstance(node := row.get(band), Scalar)
        )
    except QuantityError:
        return []
    if stated == people:
        return []
    found = f"the total {shown(total.text)} is not the sum of the age bands, {people:,.0f}"
    return [Problem(total.place, "population", found)]


def curves_of(table: Table) -> Listing:
    """Rows with the cost in each age band as a list."""
    bands = [column for column in table.columns if is_age_band(column)]
    rows: list[Node] = []
    for row in table.rows:
        assert isinstance(row, Mapping)
        cost = Listing(tuple(row.entries[band] for band in bands if band in row), row.place)
        rest = row.without(*bands).having("cost", cost)
        rows.append(rest.having("bands", _names(bands, table)))
    return Listing(tuple(rows), table.rows.place)
