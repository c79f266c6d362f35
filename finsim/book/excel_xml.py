"""The XML of a workbook's parts, walked once and judged before any reader builds a tree of it."""

from __future__ import annotations

from xml.parsers import expat

from msgspec import Struct

MAX_DEPTH = 64
MAX_ELEMENTS = 3_000_000
MAX_ROWS = 100_000
MAX_COLUMNS = 2_000
MAX_CELLS = 500_000
MAX_AREA = 5_000_000
MAX_TEXTS = 200_000
MAX_TEXT = 32_767


class Refused(Exception):
    """Why a part is not read."""


class Tally(Struct):
    """What the parts of one workbook hold so far."""

    elements: int = 0
    rows: int = 0
    cells: int = 0
    area: int = 0
    texts: int = 0
    formulas: int = 0


class Walk(Struct):
    """One walk through one part; raises Refused as soon as a bound is passed."""

    tally: Tally
    root: str = ""
    depth: int = 0
    length: int = 0
    reached: int = 0

    def through(self, content: bytes) -> None:
        """Walk a part; raises Refused, or expat.ExpatError where it is not well formed."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._declared
        parser.StartElementHandler = self._opened
        parser.EndElementHandler = self._closed
        parser.CharacterDataHandler = self._said
        parser.Parse(content, True)

    def _declared(self, *_: object) -> None:
        raise Refused("declares XML entities, which no workbook needs")

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        tally = self.tally
        self.depth += 1
        tally.elements += 1
        if self.depth > MAX_DEPTH:
            raise Refused(f"is nested more than {MAX_DEPTH} deep")
        if tally.elements > MAX_ELEMENTS:
            raise Refused(f"holds more than {MAX_ELEMENTS:,} elements, the most allowed")
        name = name.rpartition(":")[2]
        if not self.root:
            self.root = name
        if self.root != "sst" or name == "si":
            self.length = 0
        if self.root == "worksheet":
            self._in_sheet(name, attributes)
        elif self.root == "sst" and name == "si":
            tally.texts += 1
            if tally.texts > MAX_TEXTS:
                raise Refused(f"holds more than {MAX_TEXTS:,} different texts, the most allowed")

    def _in_sheet(self, name: str, attributes: dict[str, str]) -> None:
        tally = self.tally
        if name == "c":
            tally.cells += 1
            if tally.cells > MAX_CELLS:
                raise Refused(f"has more than {MAX_CELLS:,} cells, the most allowed")
            self._spread(_column(attributes.get("r", "")) or self.reached + 1)
        elif name == "row":
            tally.rows += 1
            self.reached = 0
            if tally.rows > MAX_ROWS:
                raise Refused(f"has more than {MAX_ROWS:,} rows, the most allowed{_EMPTY}")
            _judge_row(attributes.get("r", ""))
        elif name == "f":
            tally.formulas += 1
        elif name == "dimension":
            _column(attributes.get("ref", "").rpartition(":")[2])

    def _spread(self, column: int) -> None:
        """Count a row as far as its last cell: readers fill what lies between."""
        if column > self.reached:
            self.tally.area += column - self.reached
            self.reached = column
        if self.tally.area > MAX_AREA:
            raise Refused(
                f"spreads over more than {MAX_AREA:,} cells, the most allowed; "
                "delete the empty columns between what it says, and save it again"
            )

    def _said(self, text: str) -> None:
        self.length += len(text)
        if self.length > MAX_TEXT and self.root in {"worksheet", "sst"}:
            raise Refused(f"has a cell of more than {MAX_TEXT:,} characters, the most allowed")

    def _closed(self, _: str) -> None:
        self.depth -= 1


_EMPTY = "; delete the empty rows below what it says, and save it again"


def _judge_row(row: str) -> None:
    if row and (not row.isdecimal() or len(row) > 7 or int(row) > MAX_ROWS):
        raise Refused(f"uses row {row[:20]}; {MAX_ROWS:,} rows are the most allowed{_EMPTY}")


def _column(reference: str) -> int:
    """The column of a cell, 0 where none is said; raises Refused for a place out of bounds."""
    plain = reference.replace("$", "")
    letters = plain.rstrip("0123456789")
    _judge_row(plain[len(letters) :])
    column = 0
    for letter in letters[:4].upper():
        column = column * 26 + ord(letter) - 64 if "A" <= letter <= "Z" else MAX_COLUMNS + 1
    if column > MAX_COLUMNS:
        raise Refused(
            f"uses column {letters[:20]}; {MAX_COLUMNS:,} columns are the most allowed; "
            "delete the empty columns to the right, and save it again"
        )
    return column
