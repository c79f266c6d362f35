"""CSV tables into the same tree as YAML: one mapping a row, blank cells left out."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from msgspec import Struct

from finsim.book.nodes import Listing, Mapping, Node, Scalar
from finsim.book.places import InputProblems, Place, Problem, shown
from finsim.book.yaml_reader import MAX_NODES, MAX_PROBLEMS, read_text

LIST_MARK = ";"


class Table(Struct, frozen=True):
    """A table's columns and its rows; the place of the rows is the header's."""

    columns: tuple[str, ...]
    rows: Listing
    headings: tuple[Place, ...] = ()

    def column_place(self, column: str) -> Place:
        """Where a column's heading stands."""
        number, place = self.columns.index(column), self.rows.place
        if self.headings:
            return self.headings[number]
        return Place(place.file, place.line, number + 1)


def read_csv(path: Path, shown_as: str | None = None, lists: frozenset[str] = frozenset()) -> Table:
    """A CSV file as a table of mappings; the columns named in `lists` split at semicolons.

    The column of a place counts cells from 1. Raises InputProblems for doubled or blank headings,
    rows longer than the header, quotes that are not closed, and more cells than the limit.
    """
    name = shown_as or str(path)
    text = read_text(path, name).replace("\r\n", "\n").replace("\r", "\n")
    problems: list[Problem] = []
    records = _records(text, name, problems)
    if not records:
        raise InputProblems(problems)
    (place, first), *rest = records
    header = tuple(cell.strip() for cell in first)
    problems += _header_problems(header, place)
    if len(rest) * len(header) > MAX_NODES:
        problems.append(Problem(place, "", f"holds more than {MAX_NODES:,} values"))
        rest = []
    rows: list[Node] = []
    for start, cells in rest:
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            found = f"has {len(cells)} cells; the header has {len(header)} columns"
            problems.append(Problem(start, "", f"{found} (put text that holds a comma in quotes)"))
        rows.append(_row(header, cells, start, lists))
    if problems:
        raise InputProblems(problems[:MAX_PROBLEMS])
    return Table(header, Listing(tuple(rows), place))


def _records(text: str, name: str, problems: list[Problem]) -> list[tuple[Place, list[str]]]:
    """The rows that hold something, each with the place where it begins."""
    reader = csv.reader(io.StringIO(text), strict=True)
    records: list[tuple[Place, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append((Place(name, line, 1), cells))
            line = reader.line_num + 1
    except csv.Error as error:
        remedy = "; a quote is not closed" if "unexpected end" in str(error) else ""
        problems.append(Problem(Place(name, line, 1), "", f"is not valid CSV: {error}{remedy}"))
    return records


def _header_problems(header: tuple[str, ...], place: Place) -> list[Problem]:
    if len(header) == 1:
        for mark, words in ((";", "semicolons"), ("\t", "tabs")):
            if mark in header[0]:
                message = f"columns are parted by {words}; save the table with commas"
                return [Problem(place, "", message)]
    doubled = sorted({column for column in header if header.count(column) > 1 and column})
    problems = [
        Problem(place, "", f"the column {shown(column)} stands twice") for column in doubled
    ]
    if "" in header:
        problems.append(Problem(place, "", f"column {header.index('') + 1} has no heading"))
    return problems


def _row(header: tuple[str, ...], cells: list[str], place: Place, lists: frozenset[str]) -> Mapping:
    entries: dict[str, Node] = {}
    for number, (column, cell) in enumerate(zip(header, cells, strict=False), start=1):
        text = cell.strip()
        if not text:
            continue
        where = Place(place.file, place.line, number)
        if column in lists:
            parts = (part.strip() for part in text.split(LIST_MARK))
            items = (Scalar(part, where, quoted=True) for part in parts if part)
            entries[column] = Listing(tuple(items), where)
        else:
            entries[column] = Scalar(text, where, quoted=True)
    return Mapping(entries, place, {key: node.place for key, node in entries.items()})
