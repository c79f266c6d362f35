"""A template's sheet as it stands in its file: where each cell is, byte for byte.

A value is put in by replacing the bytes of one cell and no others, so that whatever the sheet holds
(formats, validations, charts, what no library knows) stays as it was.
"""

from __future__ import annotations

import re
from typing import TypeAlias
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from msgspec import Struct, field

from finsim.book.places import column_letters

Splice: TypeAlias = tuple[int, int, bytes]
"""From a byte, to a byte, what stands there instead."""

_TAG = re.compile(rb"""<[^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*>""")
_TYPE = re.compile(rb"""\s+t\s*=\s*(?:"[^"]*"|'[^']*')""")
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_VALUED = frozenset({"t", "cm", "vm"})


class SheetCell(Struct):
    """A cell: its bytes, its attributes, the number of its format, and what it holds."""

    row: int
    column: int
    start: int
    head_end: int
    tag: str
    attributes: dict[str, str]
    style: int
    end: int = 0
    text: str = ""
    value_span: tuple[int, int] | None = None
    formula: dict[str, str] | None = None

    @property
    def spreads(self) -> bool:
        """Whether other cells take part in its formula."""
        return self.formula is not None and (
            self.formula.get("t") in {"array", "dataTable"} or "ref" in self.formula
        )


class SheetRow(Struct):
    """A row: where its cells end, and its cells by column."""

    number: int
    tag: str
    end: int = 0
    style: int | None = None
    cells: dict[int, SheetCell] = field(default_factory=dict)


class TemplateSheet(Struct):
    """What is known of a sheet's part; rows by number."""

    content: bytes
    rows: dict[int, SheetRow] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    column_styles: list[tuple[int, int, int]] = field(default_factory=list)
    is_protected: bool = False

    def cell(self, row: int, column: int) -> SheetCell | None:
        """The cell at a place, where the file has one."""
        found = self.rows.get(row)
        return found.cells.get(column) if found is not None else None

    def style_at(self, row: int, column: int) -> int:
        """The format of a place: its cell's, else its row's, else its column's."""
        cell = self.cell(row, column)
        if cell is not None:
            return cell.style
        line = self.rows.get(row)
        if line is not None and line.style is not None:
            return line.style
        styles = (style for low, high, style in self.column_styles if low <= column <= high)
        return next(styles, 0)

    def covered(self, row: int, column: int) -> bool:
        """Whether a place lies under a merged cell that begins elsewhere."""
        return any(
            top <= row <= bottom and left <= column <= right and (row, column) != (top, left)
            for top, left, bottom, right in self.merged
        )

    def put(self, row: int, column: int, value: float) -> Splice:
        """The change that puts a number into a cell, or makes the cell; its row is there."""
        cell = self.cell(row, column)
        if cell is not None:
            kept = {key: text for key, text in cell.attributes.items() if key not in _VALUED}
            return cell.start, cell.end, _cell(cell.tag, kept, value)
        line = self.rows[row]
        after = [other.start for place, other in line.cells.items() if place > column]
        at = min(after, default=line.end)
        tag = line.tag.removesuffix("row") + "c"
        style = self.style_at(row, column)
        attributes = {"r": f"{column_letters(column)}{row}", **({"s": str(style)} if style else {})}
        return at, at, _cell(tag, attributes, value)

    def without_values(self) -> list[Splice]:
        """The changes that drop what was stored for formulas."""
        splices: list[Splice] = []
        for line in self.rows.values():
            for cell in line.cells.values():
                if cell.formula is None:
                    continue
                head = self.content[cell.start : cell.head_end]
                if (kind := _TYPE.search(head)) is not None:
                    splices.append((cell.start + kind.start(), cell.start + kind.end(), b""))
                if cell.value_span is not None:
                    splices.append((*cell.value_span, b""))
        return splices


def spliced(content: bytes, splices: list[Splice]) -> bytes:
    """The content with changes made; those at one place stand in the order given."""
    parts: list[bytes] = []
    done = 0
    for start, end, fresh in sorted(splices, key=lambda splice: splice[:2]):
        assert start >= done, "changes overlap"
        parts += [content[done:start], fresh]
        done = end
    return b"".join([*parts, content[done:]])


def element_end(content: bytes, start: int, closing: int) -> int:
    """The byte after an element, from where it begins and where its end was met.

    An element without content ends with its only tag, whatever follows it.
    """
    head = tag_end(content, start)
    return head if content[head - 2 : head] == b"/>" else content.index(b">", closing) + 1


def tag_end(content: bytes, start: int) -> int:
    """The byte after the tag that begins at a byte."""
    match = _TAG.match(content, start)
    assert match is not None
    return match.end()


def _cell(tag: str, attributes: dict[str, str], value: float) -> bytes:
    written = "".join(f" {key}={quoteattr(text)}" for key, text in attributes.items())
    inner = tag.removesuffix("c") + "v"
    return f"<{tag}{written}><{inner}>{value!r}</{inner}></{tag}>".encode()


def column_number(letters: str) -> int:
    """A → 1, AA → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


class _Walk:
    """One walk through a sheet's part."""

    def __init__(self, content: bytes, shared: list[str]) -> None:
        self.sheet = TemplateSheet(content)
        self.shared = shared
        self.path: list[str] = []
        self.row: SheetRow | None = None
        self.cell: SheetCell | None = None
        self.started = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._opened
        self.parser.EndElementHandler = self._closed
        self.parser.CharacterDataHandler = self._said

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self.path.append(local)
        match local:
            case "row" if self.path[-2:-1] == ["sheetData"]:
                self._row(name, attributes)
            case "c" if self.path[-2:-1] == ["row"]:
                self._cell(name, attributes)
            case "f" if self.cell is not None:
                self.cell.formula = attributes
            case "v" if self.cell is not None:
                self.started = self.parser.CurrentByteIndex
            case "sheetProtection":
                self.sheet.is_protected = attributes.get("sheet", "0") in {"1", "true"}
            case "mergeCell":
                self._merged(attributes.get("ref", ""))
            case "col" if "style" in attributes:
                low, high, style = (int(attributes[key]) for key in ("min", "max", "style"))
                self.sheet.column_styles.append((low, high, style))

    def _row(self, name: str, attributes: dict[str, str]) -> None:
        number = int(attributes.get("r") or max(self.sheet.rows, default=0) + 1)
        self.row = SheetRow(number, name)
        if attributes.get("customFormat") in {"1", "true"}:
            self.row.style = int(attributes.get("s", "0"))
        self.sheet.rows[number] = self.row

    def _cell(self, name: str, attributes: dict[str, str]) -> None:
        assert self.row is not None
        match = _REFERENCE.fullmatch(attributes.get("r", ""))
        after = max(self.row.cells, default=0) + 1
        column = column_number(match[1]) if match else after
        start = self.parser.CurrentByteIndex
        head = tag_end(self.sheet.content, start)
        style = int(attributes.get("s", "0"))
        self.cell = SheetCell(self.row.number, column, start, head, name, attributes, style)
        self.row.cells[column] = self.cell

    def _merged(self, reference: str) -> None:
        ends = [_REFERENCE.fullmatch(part) for part in reference.split(":")]
        if len(ends) == 2 and ends[0] and ends[1]:
            top, left = int(ends[0][2]), column_number(ends[0][1])
            self.sheet.merged.append((top, left, int(ends[1][2]), column_number(ends[1][1])))

    def _said(self, text: str) -> None:
        if self.cell is not None and self.path[-1] in {"v", "t"} and "rPh" not in self.path:
            self.cell.text += text

    def _end(self, start: int) -> int:
        return element_end(self.sheet.content, start, self.parser.CurrentByteIndex)

    def _closed(self, name: str) -> None:
        local = self.path.pop()
        if local == "v" and self.cell is not None:
            self.cell.value_span = (self.started, self._end(self.started))
        elif local == "c" and self.cell is not None:
            self.cell.end = self._end(self.cell.start)
            if self.cell.attributes.get("t") == "s":
                self.cell.text = self.shared[int(self.cell.text)]
            self.cell = None
        elif local == "row" and self.row is not None and self.path[-1:] == ["sheetData"]:
            self.row.end = self.parser.CurrentByteIndex
            self.row = None


def read_sheet(content: bytes, shared: list[str]) -> TemplateSheet:
    """Where the cells of a sheet's part are, and what they say.

    Raises ValueError, IndexError or expat.ExpatError for a part that no Excel writes.
    """
    walk = _Walk(content, shared)
    walk.parser.Parse(content, True)
    return walk.sheet
