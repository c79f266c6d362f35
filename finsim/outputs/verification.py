"""A workbook of ours against a fresh run of the scenario that it carries, cell by cell."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from finsim.analysis.results import FIELDS
from finsim.outputs.workbook_reading import Formula, Grid, Value, agree, table_rows
from finsim.outputs.workbook_sheet import Placed
from finsim.outputs.workbook_sheets_evidence import RUN_COLUMNS, TEXT_COLUMNS, VERSIONS

RUN_LOG = "Run log"
FIGURE_KEY = ("option", "level", "body", "year", "measure")
TIDY = {
    "Measures": (FIELDS, FIGURE_KEY),
    "Scheme measures": (FIELDS, FIGURE_KEY),
    "Percentiles": (
        ("option", "measure", "year", "percentile", "value", "se"),
        ("option", "measure", "year", "percentile"),
    ),
}
LABELS = 2
Key: TypeAlias = tuple[Value | None, ...]


class NotOurs(ValueError):
    """A workbook that does not carry a run of ours, or not all of it."""


class Carried(Struct, frozen=True):
    """The run that a workbook carries: canonical texts by option, draws, and what the log says."""

    texts: Mapping[str, str]
    draws: int
    log: Mapping[tuple[str, str], str]

    def logged(self, option: str, item: str) -> str | None:
        """What the run log says of an option."""
        return self.log.get((option, item))


class Difference(Struct, frozen=True):
    """A cell that holds something else than a fresh run gives; what is not there is None.

    `row` and `column` say in words where it stands; of a tidy sheet, `body`, `measure` and `year`.
    """

    sheet: str
    cell: str
    row: str
    column: str
    stored: Value | None
    found: Value | None
    option: str | None = None
    body: str | None = None
    measure: str | None = None
    year: str | None = None


class Verification(Struct, frozen=True):
    """What of a workbook still holds."""

    cells: int
    sheets: int
    differences: tuple[Difference, ...]
    changed: tuple[tuple[str, str, str], ...]
    missing: tuple[str, ...]
    foreign: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every sheet is there and every cell holds what a fresh run gives."""
        return not self.differences and not self.missing


# what a workbook carries


def carried(grids: Mapping[str, Grid], most_draws: int) -> Carried:
    """The run that a workbook carries; raises NotOurs, in words, where it carries none."""
    log = grids.get(RUN_LOG)
    if log is None:
        raise NotOurs("carries no run of finsim: it has no sheet 'Run log'")
    facts = {
        (str(row["Option"]), str(row["Item"])): str(row.get("Value", ""))
        for _, row in table_rows(log, RUN_COLUMNS)
        if "Item" in row
    }
    parts: dict[str, dict[float, str]] = {}
    for _, row in table_rows(log, TEXT_COLUMNS):
        number, text = row.get("Part"), row.get("Text")
        if isinstance(number, float) and isinstance(text, str):
            parts.setdefault(str(row["Option"]), {})[number] = text
    if not parts:
        raise NotOurs("carries no scenario: the sheet 'Run log' has no table Scenario_text")
    for option, numbered in parts.items():
        if sorted(numbered) != list(range(1, len(numbered) + 1)):
            raise NotOurs(f"carries only some parts of the scenario of '{option}'")
    texts = {option: _joined(numbered) for option, numbered in parts.items()}
    return Carried(texts, _draws(facts, next(iter(texts)), most_draws), facts)


def _joined(parts: Mapping[float, str]) -> str:
    return "".join(parts[number] for number in sorted(parts)).replace("\r\n", "\n")


def _draws(facts: Mapping[tuple[str, str], str], option: str, most: int) -> int:
    text = facts.get((option, "Draws"), "")
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:12]) <= most:
        raise NotOurs(f"says '{text[:20]}' for the draws of '{option}', not a number of them")
    return int(text[:12])


# cell by cell


def identical(content: bytes) -> Verification:
    """What is said of a workbook that is, to the last byte, the one written again."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        cells = sum(parts.read(name).count(b"<c ") for name in sheets)
    return Verification(cells, len(sheets), (), (), (), ())


def compared(
    stored: Mapping[str, Grid], fresh: Mapping[str, Grid], tables: Sequence[Placed]
) -> Verification:
    """Every cell of a workbook against those of one written afresh from the same run."""
    differences: list[Difference] = []
    changed: list[tuple[str, str, str]] = []
    cells = 0
    for name, grid in fresh.items():
        if name not in stored:
            continue
        cells += len(grid)
        if name in TIDY:
            differences += _tidy(name, stored[name], grid)
        found = _cells(name, stored[name], grid, [table for table in tables if table.sheet == name])
        for difference in found:
            if difference.row in VERSIONS:
                words = (difference.row, _said(difference.stored), _said(difference.found))
                changed += [words] if words not in changed else []
            else:
                differences.append(difference)
    return Verification(
        cells=cells,
        sheets=sum(name in stored for name in fresh),
        differences=tuple(differences),
        changed=tuple(changed),
        missing=tuple(name for name in fresh if name not in stored),
        foreign=tuple(name for name in stored if name not in fresh),
    )


def _said(value: Value | None) -> str:
    return "nothing" if value is None else str(value)


def _tidy(name: str, stored: Grid, fresh: Grid) -> Iterator[Difference]:
    """The figures of a tidy sheet, matched by what they are of, wherever they stand."""
    headers, key = TIDY[name]
    kept, found = (_records(grid, headers, key) for grid in (stored, fresh))
    places = {header: number for number, header in enumerate(headers, 1)}
    for of, (row, figures) in found.items():
        at, before = kept.get(of, (row, {}))
        for header in headers:
            if not agree(before.get(header), figures.get(header)):
                yield _figure(
                    name,
                    (at, places[header]),
                    header,
                    before,
                    figures,
                    dict(zip(key, of, strict=True)),
                )
    for of, (row, _) in kept.items():
        if of not in found:
            stated = dict(zip(key, of, strict=True))
            yield _figure(name, (row, 1), "", {"": "a row that the run does not give"}, {}, stated)


def _records(
    grid: Grid, headers: Sequence[str], key: Sequence[str]
) -> dict[Key, tuple[int, dict[str, Value]]]:
    rows = table_rows(grid, headers)
    return {tuple(row.get(name) for name in key): (number, row) for number, row in rows}


def _figure(
    sheet: str,
    place: tuple[int, int],
    header: str,
    stored: Mapping[str, Value],
    found: Mapping[str, Value],
    of: Mapping[str, Value | None],
) -> Difference:
    named = {name: str(of[name]) for name in ("option", "body", "measure", "year") if name in of}
    return Difference(
        sheet,
        cell_name(*place),
        ", ".join(str(word) for word in of.values() if word is not None),
        header,
        stored.get(header),
        found.get(header),
        **named,
    )


def _cells(name: str, stored: Grid, fresh: Grid, tables: Sequence[Placed]) -> Iterator[Difference]:
    """What stands in other words or numbers, outside the tables that are matched by row."""
    here, there = (_matched_by_row(name, grid) for grid in (stored, fresh))
    for place in sorted({*fresh, *stored}):
        before = None if place in here else stored.get(place)
        found = None if place in there else fresh.get(place)
        if not agree(before, found):
            yield Difference(
                name,
                cell_name(*place),
                _row_in_words(fresh, place),
                _header(tables, place),
                before,
                found,
            )


def _matched_by_row(name: str, grid: Grid) -> frozenset[tuple[int, int]]:
    """The cells of a tidy sheet that are matched by what they are of: one row for each figure."""
    if name not in TIDY:
        return frozenset()
    headers, key = TIDY[name]
    rows = (row for row, _ in _records(grid, headers, key).values())
    return frozenset((row, column) for row in rows for column in range(1, len(headers) + 1))


def _row_in_words(grid: Grid, place: tuple[int, int]) -> str:
    """The first texts of a row, up to the cell itself."""
    row, column = place
    texts = (grid.get((row, number)) for number in range(1, min(column, LABELS + 2)))
    words = [text for text in texts if isinstance(text, str)][:LABELS]
    return next((word for word in words if word in VERSIONS), ", ".join(words))


def _header(tables: Sequence[Placed], place: tuple[int, int]) -> str:
    row, column = place
    for table in tables:
        if table.first_row < row <= table.last_row and column <= len(table.columns):
            return table.columns[column - 1]
    return ""


def cell_name(row: int, column: int) -> str:
    """A cell as Excel names it: (45, 8) is H45."""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(65 + letter) + letters
    return f"{letters}{row}"


def value_in_words(value: Value | None, longest: int = 60) -> str:
    """A cell's value on one line, shortened when it is long."""
    if value is None:
        return "nothing"
    if isinstance(value, Formula):
        return f"{value.text} ({value_in_words(value.stored)})"
    if isinstance(value, float):
        return f"{value!r}"
    if isinstance(value, bool):
        return str(value).upper()
    text = " ".join(value.split())
    return f"'{text if len(text) <= longest else text[: longest - 1] + '…'}'"
