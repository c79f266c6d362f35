"""A template filled in its own file: the bytes of some cells change, and every other part is kept.

What was stored for formulas is dropped and the workbook told to calculate when it is opened, so
that no figure in it is older than what was filled in.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from msgspec import Struct, field

from finsim.book.excel_file import MAIN, ExcelFile, open_excel, related
from finsim.book.places import InputProblems, Place, Problem
from finsim.outputs.template_sheet import Splice, TemplateSheet, element_end, read_sheet, spliced

_BEFORE_CALCULATION = frozenset(
    {
        "fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets",
        "functionGroups", "externalReferences", "definedNames",
    }
)  # fmt: skip
_TYPES = "[Content_Types].xml"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Template(Struct, eq=False):
    """A template's file, its sheets as they stand, and the changes to make to their cells."""

    excel: ExcelFile
    sheets: dict[str, TemplateSheet]
    unlocked: frozenset[int]
    changes: dict[str, dict[tuple[int, int], Splice]] = field(default_factory=dict)

    def obstacle(self, sheet: str, row: int, column: int, over_formulas: bool = False) -> str:
        """Why a cell may not be filled; nothing when it may."""
        found = self.sheets[sheet]
        cell = found.cell(row, column)
        if (row, column) in self.changes.get(sheet, {}):
            return "is filled by another line of the map"
        if found.covered(row, column):
            return "lies under a merged cell"
        if found.is_protected and found.style_at(row, column) not in self.unlocked:
            return "is locked on a protected sheet"
        if cell is None or cell.formula is None:
            return ""
        if cell.spreads:
            return "holds a formula that other cells share"
        return "" if over_formulas else "holds a formula"

    def fill(self, sheet: str, row: int, column: int, value: float) -> None:
        """Put a number into a cell that has no obstacle."""
        change = self.sheets[sheet].put(row, column, value)
        self.changes.setdefault(sheet, {})[row, column] = change

    def content(self) -> bytes:
        """The file with every change made, in the order of its parts."""
        parts = dict(self.excel.parts)
        for name, part in self.excel.sheets.items():
            parts[part] = self._sheet(name)
        book = self.excel.book_part
        parts[book] = _calculating(parts[book])
        if self._lost_formulas():
            _drop_chain(parts, book)
        return _packed(self.excel, parts)

    def _sheet(self, name: str) -> bytes:
        sheet = self.sheets[name]
        filled = [change for _, change in sorted(self.changes.get(name, {}).items())]
        spans = [(start, end) for start, end, _ in filled]
        dropped = [
            splice
            for splice in sheet.without_values()
            if not any(start <= splice[0] < end for start, end in spans)
        ]
        return spliced(sheet.content, [*dropped, *filled])

    def _lost_formulas(self) -> bool:
        cells = (
            self.sheets[name].cell(row, column)
            for name, changed in self.changes.items()
            for row, column in changed
        )
        return any(cell is not None and cell.formula is not None for cell in cells)


def open_template(path: Path) -> Template:
    """A template, ready to be filled.

    Raises InputProblems for what `open_excel` refuses, for a signed workbook (its signature would
    be lost), and for sheets that no Excel writes.
    """
    excel = open_excel(path)
    signed = [part for part in excel.parts if part.casefold().startswith("_xmlsignatures/")]
    if signed:
        text = "is signed, and filling it would lose the signature; ask for an unsigned copy"
        raise InputProblems([Problem(Place(excel.shown_as), "", text)])
    shared = _shared_texts(excel)
    sheets: dict[str, TemplateSheet] = {}
    problems: list[Problem] = []
    for name, part in excel.sheets.items():
        try:
            if excel.parts[part].startswith(_UTF16):
                raise ValueError("UTF-16")
            sheets[name] = read_sheet(excel.parts[part], shared)
        except (ValueError, IndexError, AssertionError, expat.ExpatError):
            text = "could not be read as Excel writes it; open the template in Excel and save it"
            problems.append(Problem(Place(f"{excel.shown_as}:{name}"), "", text))
    if problems:
        raise InputProblems(problems)
    return Template(excel, sheets, _unlocked(excel))


def _part_of_kind(excel: ExcelFile, kind: str) -> bytes | None:
    for found, part in related(excel.parts, excel.book_part).values():
        if found == kind:
            return excel.parts.get(part)
    return None


def _shared_texts(excel: ExcelFile) -> list[str]:
    """The texts that cells refer to by number, without phonetic readings."""
    content = _part_of_kind(excel, "sharedStrings")
    if content is None:
        return []
    name, run, text = (f"{{{MAIN}}}{word}" for word in ("si", "r", "t"))
    return [
        "".join(
            part.text or ""
            for holder in (item, *item.findall(run))
            for part in holder.findall(text)
        )
        for item in ElementTree.fromstring(content).iter(name)
    ]


def _unlocked(excel: ExcelFile) -> frozenset[int]:
    """The formats that leave a cell open on a protected sheet."""
    content = _part_of_kind(excel, "styles")
    formats = (
        None if content is None else ElementTree.fromstring(content).find(f"{{{MAIN}}}cellXfs")
    )
    return frozenset(
        number
        for number, item in enumerate(formats if formats is not None else ())
        if (protection := item.find(f"{{{MAIN}}}protection")) is not None
        and protection.get("locked") in {"0", "false"}
    )


# parts beside the sheets


class _Element(NamedTuple):
    """A child of a part's root, and the bytes that it takes."""

    tag: str
    attributes: dict[str, str]
    start: int
    end: int


def _children(content: bytes) -> list[_Element]:
    """The children of a part's root, in order."""
    found: list[_Element] = []
    opened: list[tuple[str, dict[str, str], int]] = []
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        opened.append((name, attributes, parser.CurrentByteIndex))

    def end(_: str) -> None:
        name, attributes, begun = opened.pop()
        if len(opened) == 1:
            closed = element_end(content, begun, parser.CurrentByteIndex)
            found.append(_Element(name, attributes, begun, closed))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.Parse(content, True)
    return found


def _calculating(book: bytes) -> bytes:
    """The workbook's part, told to calculate everything when it is opened."""
    children = _children(book)
    stated = [item for item in children if item.tag.rpartition(":")[2] == "calcPr"]
    if stated:
        item = stated[0]
        attributes = {**item.attributes, "fullCalcOnLoad": "1"}
        written = "".join(f" {key}={quoteattr(text)}" for key, text in attributes.items())
        return spliced(book, [(item.start, item.end, f"<{item.tag}{written}/>".encode())])
    before = [item for item in children if item.tag.rpartition(":")[2] in _BEFORE_CALCULATION]
    prefix = before[-1].tag.rpartition(":")
    tag = f"{prefix[0]}{prefix[1]}calcPr"
    at = before[-1].end
    return spliced(book, [(at, at, f'<{tag} fullCalcOnLoad="1"/>'.encode())])


def _drop_chain(parts: dict[str, bytes], book: str) -> None:
    """Take away the order of calculation, which names formulas that are there no more.

    Excel makes it again; a chain with a cell that holds no formula would be called damage.
    """
    chains = {part for kind, part in related(parts, book).values() if kind == "calcChain"}
    folder, _, own = book.rpartition("/")
    links = f"{folder}/_rels/{own}.rels" if folder else f"_rels/{own}.rels"
    for part in chains:
        parts.pop(part, None)
    kinds = [item for item in _children(parts[links]) if _is_chain(item.attributes.get("Type", ""))]
    parts[links] = spliced(parts[links], [(item.start, item.end, b"") for item in kinds])
    types = [
        item
        for item in _children(parts[_TYPES])
        if item.attributes.get("PartName", "").lstrip("/") in chains
    ]
    parts[_TYPES] = spliced(parts[_TYPES], [(item.start, item.end, b"") for item in types])


def _is_chain(kind: str) -> bool:
    return kind.rpartition("/")[2] == "calcChain"


def _packed(excel: ExcelFile, parts: dict[str, bytes]) -> bytes:
    """The parts as a zip, in the template's order and with its dates."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(excel.content)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package,
    ):
        for entry in source.infolist():
            if entry.filename in parts:
                fresh = zipfile.ZipInfo(entry.filename, entry.date_time)
                fresh.compress_type = zipfile.ZIP_DEFLATED
                fresh.external_attr = entry.external_attr
                package.writestr(fresh, parts[entry.filename])
    return target.getvalue()
