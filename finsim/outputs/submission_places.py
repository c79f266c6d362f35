"""Where the figures of a submission go: rows by label and columns by year, found in a template."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from finsim.book.nodes import Mapping, place_of, words_of
from finsim.book.places import Problem, did_you_mean, shown
from finsim.book.quantities import QuantityError, financial_year, financial_year_text
from finsim.outputs.submission_map import Block, SubmissionMap
from finsim.outputs.template_file import Template
from finsim.outputs.template_sheet import SheetCell, TemplateSheet

_YEAR = re.compile(r"([0-9]{4})\s*[-–/]\s*(?:[0-9]{2})?([0-9]{2})")


class Table(Struct, frozen=True):
    """A table of a template: the row of each label, and the column of each year."""

    rows: dict[str, int]
    columns: dict[int, int]


class _Mistakes(Struct):
    """What a block of the map asks for that the template does not have."""

    tree: Mapping
    block: int
    found: list[Problem] = field(default_factory=list)

    def add(self, message: str, *steps: str) -> None:
        path: tuple[str | int, ...] = ("fill", self.block, *steps)
        place = place_of(self.tree, path)
        self.found.append(Problem(place, words_of(self.tree, path), message))


def tables(
    stated: SubmissionMap, tree: Mapping, template: Template
) -> tuple[list[Table], list[Problem]]:
    """The tables that the map names, and what of it the template does not have."""
    found: list[Table] = []
    problems: list[Problem] = []
    for number, block in enumerate(stated.fill):
        mistakes = _Mistakes(tree, number)
        sheet = template.sheets.get(block.sheet)
        if sheet is None:
            near = did_you_mean(block.sheet, template.sheets)
            mistakes.add(f"the template has no sheet {shown(block.sheet)}{near}", "sheet")
        elif (head := _heading(sheet, block, mistakes)) is not None:
            columns = _columns(sheet, block, head, mistakes)
            found.append(Table(_rows(sheet, block, head, mistakes), columns))
        problems += mistakes.found
    return found, problems


def _plain(text: str) -> str:
    """A label or heading as a person reads it: without the case, spaces and colon around it."""
    return " ".join(text.split()).rstrip(":").strip().casefold()


def _cells_of(sheet: TemplateSheet, text: str) -> list[SheetCell]:
    """The cells that say a text, from top to bottom."""
    wanted = _plain(text)
    cells = (cell for row in sorted(sheet.rows) for cell in sheet.rows[row].cells.values())
    return [cell for cell in cells if cell.text and _plain(cell.text) == wanted]


def _heading(sheet: TemplateSheet, block: Block, mistakes: _Mistakes) -> SheetCell | None:
    """The heading of the column of labels, in a row that has headings of years."""
    start = 0
    if block.under is not None:
        parts = _cells_of(sheet, block.under)
        if len(parts) != 1:
            count = "no cell" if not parts else f"{len(parts)} cells"
            mistakes.add(f"{count} of the sheet say {shown(block.under)}; one is needed", "under")
            return None
        start = parts[0].row
    heads = [
        cell
        for cell in _cells_of(sheet, block.labels)
        if cell.row > start and any(True for _ in _years(sheet, cell, block))
    ]
    if len(heads) == 1 or (heads and block.under is not None):
        return heads[0]
    if heads:
        rows = " and ".join(f"row {cell.row}" for cell in heads)
        mistakes.add(f"{shown(block.labels)} heads {rows}; name its part with `under`", "labels")
    else:
        text = f"the sheet has no heading {shown(block.labels)} in a row with headings of years"
        mistakes.add(text, "labels")
    return None


def _years(sheet: TemplateSheet, head: SheetCell, block: Block) -> Iterator[tuple[SheetCell, int]]:
    """The headings of years beside a heading, with their years."""
    stated = {_plain(text): year for text, year in block.columns.items()}
    for _, cell in sorted(sheet.rows[head.row].cells.items()):
        year = stated.get(_plain(cell.text)) if stated else _year_of(cell.text)
        if year is not None and cell.text:
            yield cell, year


def _year_of(text: str) -> int | None:
    """`2016/17`, `2016-17`, `2016/2017` → 2016."""
    match = _YEAR.fullmatch(text.strip())
    if match is None:
        return None
    try:
        return financial_year(f"{match[1]}/{match[2]}")
    except QuantityError:
        return None


def _columns(
    sheet: TemplateSheet, block: Block, head: SheetCell, mistakes: _Mistakes
) -> dict[int, int]:
    columns: dict[int, int] = {}
    for cell, year in _years(sheet, head, block):
        if year in columns:
            text = f"{financial_year_text(year)} heads two columns; name them in `columns`"
            mistakes.add(text, "labels")
        columns.setdefault(year, cell.column)
    heads = {_plain(cell.text) for cell in sheet.rows[head.row].cells.values()}
    for text in block.columns:
        if _plain(text) not in heads:
            mistakes.add(f"the template has no column headed {shown(text)}", "columns", text)
    return columns


def _rows(
    sheet: TemplateSheet, block: Block, head: SheetCell, mistakes: _Mistakes
) -> dict[str, int]:
    """The row of each label of the block, below the heading and before it stands again."""
    again = [cell.row for cell in _cells_of(sheet, block.labels) if cell.column == head.column]
    last = min((row for row in again if row > head.row), default=max(sheet.rows) + 1)
    labels: dict[str, list[int]] = {}
    for row in range(head.row + 1, last):
        cell = sheet.cell(row, head.column)
        if cell is not None and cell.text.strip():
            labels.setdefault(_plain(cell.text), []).append(row)
    rows: dict[str, int] = {}
    for label in block.rows:
        places = labels.get(_plain(label), [])
        if len(places) == 1:
            rows[label] = places[0]
        elif places:
            words = " and ".join(f"row {row}" for row in places)
            text = f"{shown(label)} stands in {words}; name its part with `under`"
            mistakes.add(text, "rows", label)
        else:
            near = did_you_mean(label, labels)
            text = f"the sheet {shown(block.sheet)} has no row {shown(label)}{near}"
            mistakes.add(text, "rows", label)
    return rows
