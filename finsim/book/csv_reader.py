"""CSV tables into the same tree as YAML: one mapping a row, blank cells left out."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from finsim.book.nodes import Listing, Mapping, Node, Scalar
from finsim.book.places import InputProblems, Place, Problem, shown
from finsim.book.yaml_reader import MAX_NODES, read_text

LIST_MARK = ";"


def read_csv(
    path: Path, shown_as: str | None = None, lists: frozenset[str] = frozenset()
) -> Listing:
    """A CSV file as a listing of mappings; the columns named in `lists` split at semicolons.

    The column of a place counts cells from 1. Raises InputProblems for doubled or blank headers,
    rows longer than the header, and more cells than the limit.
    """
    name = shown_as or str(path)
    reader = csv.reader(io.StringIO(read_text(path, name)), strict=True)
    problems: list[Problem] = []
    rows: list[Node] = []
    try:
        header = [cell.strip() for cell in next(reader)]
        problems += _header_problems(header, Place(name, 1, 1))
        for cells in reader:
            place = Place(name, reader.line_num, 1)
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                found = f"has {len(cells)} cells; the header has {len(header)} columns"
                problems.append(
                    Problem(place, "", f"{found} (put text that holds a comma in quotes)")
                )
            rows.append(_row(header, cells, place, lists))
            if len(rows) * len(header) > MAX_NODES:
                raise InputProblems([Problem(place, "", f"holds more than {MAX_NODES:,} values")])
    except csv.Error as error:
        problems.append(Problem(Place(name, reader.line_num, 1), "", f"is not valid CSV: {error}"))
    if problems:
        raise InputProblems(problems)
    return Listing(tuple(rows), Place(name, 1, 1))


def _header_problems(header: list[str], place: Place) -> list[Problem]:
    doubled = sorted({column for column in header if header.count(column) > 1 and column})
    problems = [
        Problem(place, "", f"the column {shown(column)} stands twice") for column in doubled
    ]
    if "" in header:
        problems.append(Problem(place, "", f"column {header.index('') + 1} has no heading"))
    return problems


def _row(header: list[str], cells: list[str], place: Place, lists: frozenset[str]) -> Mapping:
    entries: dict[str, Node] = {}
    for number, (column, cell) in enumerate(zip(header, cells, strict=False), start=1):
        text = cell.strip()
        if not text:
            continue
        where = Place(place.file, place.line, number)
        if column in lists:
            parts = (part.strip() for part in text.split(LIST_MARK))
            entries[column] = Listing(tuple(Scalar(part, where) for part in parts if part), where)
        else:
            entries[column] = Scalar(text, where)
    return Mapping(entries, place, {key: node.place for key, node in entries.items()})
