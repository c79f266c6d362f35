"""An Excel workbook from anyone, opened safely: bounded before anything in it is parsed.

A workbook is a zip of XML parts. Its size, entries, ratios and paths are judged from the zip's own
directory, then each part of XML is walked once with bounds on depth, elements, rows, cells and
text. What passes can be given to any reader. Formulas are never computed, macros never run and
links never followed.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.parsers import expat

from msgspec import Struct

from finsim.book.bounded_file import read_bytes
from finsim.book.excel_xml import Refused, Tally, Walk
from finsim.book.places import InputProblems, Place, Problem, shown

if TYPE_CHECKING:
    from openpyxl import Workbook

SUFFIXES = frozenset({".xlsx", ".xlsm"})
MAX_BYTES = 20_000_000
MAX_PARTS = 2_000
MAX_PART = 60_000_000
MAX_UNPACKED = 120_000_000
MAX_RATIO = 200
SMALL_PART = 1_000_000
MAX_SHEETS = 200
MAX_NAME = 255

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
_BROKEN = "is cut short or damaged; send or save it again"
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
    EOFError,
    NotImplementedError,
    ValueError,
    OSError,
)
_XML_STARTS = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_IGNORED = {
    "vbaproject": "holds macros, which are not run",
    "externallinks/": "holds links to other workbooks, which are not followed",
    "connections.xml": "holds connections to other sources, which are not followed",
}


class ExcelFile(Struct, frozen=True):
    """A workbook that may be read: its parts by name, its sheets' parts, what of it is ignored.

    `book_part` names the part that lists the sheets.
    """

    shown_as: str
    content: bytes
    parts: dict[str, bytes]
    book_part: str
    sheets: dict[str, str]
    has_formulas: bool
    warnings: tuple[Problem, ...]

    def __repr__(self) -> str:
        return f"<ExcelFile {self.shown_as}: {len(self.content):,} bytes>"

    def opened(self, *, formulas: bool = False) -> Workbook:
        """The workbook as openpyxl reads it row by row: stored values, or formulas as text.

        Raises InputProblems where openpyxl cannot make sense of it; so may walking its rows.
        """
        import warnings

        from openpyxl import load_workbook

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return load_workbook(
                    io.BytesIO(self.content),
                    read_only=True,
                    data_only=not formulas,
                    keep_links=False,
                )
            except Exception as error:
                raise InputProblems([self.unreadable(error)]) from None

    def unreadable(self, error: Exception) -> Problem:
        """What to say where openpyxl could not make sense of a workbook."""
        text = f"is not a workbook that can be read ({type(error).__name__}); save it again"
        return Problem(Place(self.shown_as), "", f"{text} from Excel as .xlsx")


def open_excel(path: Path, shown_as: str | None = None) -> ExcelFile:
    """A workbook whose every bound holds.

    Raises InputProblems, with one problem, for what is no .xlsx workbook (an old .xls, a
    password-protected, truncated or other file) and for one that is larger than the bounds in any
    respect, hides parts, or declares XML entities.
    """
    name = shown_as or str(path)
    content = read_bytes(path, Place(name), MAX_BYTES)
    try:
        return _opened(name, content)
    except Refused as reason:
        raise InputProblems([Problem(Place(name), "", str(reason))]) from None
    except _DAMAGE:
        raise InputProblems([Problem(Place(name), "", _BROKEN)]) from None


def _opened(name: str, content: bytes) -> ExcelFile:
    _judge_kind(content)
    if content.count(_CENTRAL) > MAX_PARTS:
        raise Refused(f"holds more than {MAX_PARTS:,} parts, the most allowed")
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        entries = package.infolist()
        _judge_entries(entries)
        _judge_package({entry.filename for entry in entries})
        parts = {entry.filename: package.read(entry) for entry in entries if not entry.is_dir()}
    tally = Tally()
    book_part = _book_part(parts, tally)
    sheets = _sheets(parts, book_part, tally)
    names = {part: sheet for sheet, part in sheets.items()}
    for part, xml in parts.items():
        _walk(part, xml, tally, names)
    warnings = _warnings(name, parts)
    return ExcelFile(name, content, parts, book_part, sheets, tally.formulas > 0, warnings)


def _judge_kind(content: bytes) -> None:
    """Tell an old, encrypted, cut short or other file apart from a zip."""
    if content.startswith(_OLE2):
        if _ENCRYPTED in content:
            raise Refused(
                "is protected with a password; save it without one "
                "(File, Info, Protect Workbook, Encrypt with Password, and clear it)"
            )
        raise Refused("is an old Excel file (.xls); save it as 'Excel Workbook (.xlsx)'")
    if not content:
        raise Refused("is empty; see `finsim new --excel` for an input workbook")
    if not content.startswith(_LOCAL):
        raise Refused("is not an Excel workbook; save it as 'Excel Workbook (.xlsx)'")
    if b"PK\x05\x06" not in content[-66_000:]:
        raise Refused(_BROKEN)


def _judge_entries(entries: list[zipfile.ZipInfo]) -> None:
    """Every bound that the zip's directory alone can tell."""
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED:
        raise Refused(f"unpacks to {unpacked / 1e6:,.0f} MB; {MAX_UNPACKED / 1e6:,.0f} MB at most")
    seen: set[str] = set()
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        name = entry.filename
        _judge_name(name)
        if name.casefold() in seen:
            raise Refused(f"holds the part {shown(name)} twice")
        seen.add(name.casefold())
        if entry.flag_bits & 0x1:
            raise Refused("is protected with a password; save it without one")
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise Refused(f"packs {shown(name)} in a way that no Excel does; save it again")
        if entry.file_size > MAX_PART:
            raise Refused(
                f"unpacks {shown(name)} to {entry.file_size / 1e6:,.0f} MB; "
                f"{MAX_PART / 1e6:,.0f} MB are the most allowed"
            )
        if entry.file_size > max(SMALL_PART, MAX_RATIO * entry.compress_size):
            raise Refused(
                f"unpacks {shown(name)} to more than {MAX_RATIO} times its packed size"
                "; delete empty rows and columns, and save it again"
            )
        if entry.header_offset < end:
            raise Refused(f"packs {shown(name)} over another part")
        end = entry.header_offset + 30 + entry.compress_size


def _judge_name(name: str) -> None:
    odd = not name.isprintable() or "\\" in name or ":" in name or len(name) > MAX_NAME
    if odd or name.startswith("/") or ".." in name.split("/"):
        raise Refused(f"holds a part with a path that no Excel writes, {shown(name)}")


def _judge_package(names: set[str]) -> None:
    if "[Content_Types].xml" not in names:
        if "mimetype" in names:
            raise Refused("is an OpenDocument file; save it as 'Excel Workbook (.xlsx)'")
        raise Refused("is a zip, but not an Excel workbook")
    if "xl/workbook.bin" in names:
        raise Refused("is a binary workbook (.xlsb); save it as 'Excel Workbook (.xlsx)'")


def _walk(part: str, xml: bytes, tally: Tally, sheets: dict[str, str]) -> None:
    """Walk one part, where it is XML, whatever its name says."""
    is_named_xml = part.endswith((".xml", ".rels"))
    if not is_named_xml and not xml[:64].lstrip().startswith(_XML_STARTS):
        return
    about = f"the sheet {shown(sheets[part])}" if part in sheets else f"the part {shown(part)}"
    try:
        Walk(tally).through(xml)
    except Refused as reason:
        raise Refused(f"{about} {reason}") from None
    except expat.ExpatError as error:
        if is_named_xml:
            raise Refused(f"{about} is not valid XML ({error}); save it again") from None


def _tree(parts: dict[str, bytes], part: str, tally: Tally) -> ElementTree.Element:
    """The tree of a part that must be there."""
    if part not in parts:
        raise Refused(f"is a zip, but not an Excel workbook: it has no {shown(part)}")
    _walk(part, parts[part], tally, {})
    return ElementTree.fromstring(parts[part])


def related(
    parts: dict[str, bytes], part: str, tally: Tally | None = None
) -> dict[str, tuple[str, str]]:
    """What a part refers to inside the package: by id, the kind (last word) and the part's name."""
    folder, _, own = part.rpartition("/")
    rels = posixpath.join(folder, "_rels", f"{own}.rels")
    if rels not in parts:
        return {}
    found: dict[str, tuple[str, str]] = {}
    for item in _tree(parts, rels, tally or Tally()).iter(f"{{{RELATIONSHIPS}}}Relationship"):
        if item.get("TargetMode") != "External":
            target = posixpath.join("/", folder, item.get("Target", ""))
            kind = item.get("Type", "").rpartition("/")[2]
            found[item.get("Id", "")] = (kind, posixpath.normpath(target).lstrip("/"))
    return found


def _book_part(parts: dict[str, bytes], tally: Tally) -> str:
    for kind, part in related(parts, "", tally).values():
        if kind == "officeDocument":
            return part
    raise Refused("is a zip, but not an Excel workbook")


def _sheets(parts: dict[str, bytes], book_part: str, tally: Tally) -> dict[str, str]:
    """The part of each sheet by the sheet's name, in the order of the tabs."""
    tree = _tree(parts, book_part, tally)
    if _STRICT in parts[book_part]:
        raise Refused("is a Strict Open XML file; save it as 'Excel Workbook (.xlsx)'")
    targets = related(parts, book_part, tally)
    items = list(tree.iter(f"{{{MAIN}}}sheet"))
    if not items:
        raise Refused("has no sheets that can be read")
    if len(items) > MAX_SHEETS:
        raise Refused(f"has {len(items):,} sheets; {MAX_SHEETS} are the most allowed")
    sheets: dict[str, str] = {}
    for item in items:
        kind, part = targets.get(item.get(f"{{{DOCUMENT}}}id", ""), ("", ""))
        if part not in parts:
            raise Refused(f"{_BROKEN} (the sheet {shown(item.get('name', ''))} is missing)")
        if kind == "worksheet":
            sheets[item.get("name", "")] = part
    return sheets


def _warnings(name: str, parts: dict[str, bytes]) -> tuple[Problem, ...]:
    folded = [part.casefold() for part in parts]
    return tuple(
        Problem(Place(name), "", text)
        for mark, text in _IGNORED.items()
        if any(mark in part for part in folded)
    )
