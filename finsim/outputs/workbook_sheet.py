"""One sheet as it is laid out: a title, lines of text, and named tables from column A down."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from msgspec import Struct

from finsim.outputs.workbook_style import (
    A4,
    LINE_HEIGHT,
    MARGIN_INCHES,
    NUMBER_FORMATS,
    Formats,
    Style,
)

NOT_APPLICABLE = "[z]"
IN_WORDS = "[w]"
MOST_TEXT = 32_767
MOST_HEADER_TITLE = 100
NARROWEST, WIDEST = 9.0, 60.0
TALLEST = 409.0
BUTTON = 3
INDENT = 1.3
BOLD = 1.08
LETTERS = {
    letter: units / 556
    for units, letters in (
        (222, "'’ijl|"),
        (278, " !,./:;I[]\\ft"),
        (333, "()-`r“”"),
        (389, '"*'),
        (500, "Jckvxyzs"),
        (584, "+<=>~×−"),
        (611, "FTZ"),
        (667, "ABEKPSVXY&"),
        (722, "CDHNRUw"),
        (778, "GOQ"),
        (833, "Mm"),
        (1000, "W%@—…"),
    )
    for letter in letters
}
"""Widths of letters in Arial, in digits; those not named are as wide as a digit."""
SPACE = LETTERS[" "]
WIDEST_LETTER = LETTERS["W"]
DIGIT_MM = 9 * 25.4 / 96
PADDING_MM = 5 * 25.4 / 96
PRINTED_WIDTH_MM = 297 - 2 * 25.4 * MARGIN_INCHES - 2
LEAST_SCALE = 10
LEGIBLE_SCALE = 58
"""Per cent of 12 points: smaller print than this goes on pages side by side."""
ROW_PIXELS = 20.6
CHART_OFFSET = 2


class Link(Struct, frozen=True):
    """Text that leads to a cell of this workbook."""

    sheet: str
    cell: str
    text: str


class Shown(Struct, frozen=True):
    """A number in another format than the rest of its column."""

    value: float
    style: Style


class Formula(Struct, frozen=True):
    """A formula, without its equals sign, and the value that it has."""

    text: str
    value: str | float


Cell: TypeAlias = str | float | bool | Link | Shown | Formula | None


class Column(Struct, frozen=True):
    """A column of a table; without a width it is as wide as what it holds."""

    header: str
    style: Style = "text"
    width: float | None = None


class Placed(Struct, frozen=True, eq=False):
    """Where a table stands, with rows counted from one as a reader sees them."""

    name: str
    heading: str
    sheet: str
    first_row: int
    last_row: int
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]] = ()


class Sheet:
    """A sheet being written from the top down."""

    def __init__(
        self,
        worksheet: Any,
        formats: Formats,
        master_check: str,
        footer: str,
        check_shown: Formula | str,
    ) -> None:
        self.worksheet = worksheet
        self.formats = formats
        self.name = str(worksheet.get_name())
        self.row = 0
        self.widths: dict[int, float] = {}
        self.tables: list[Placed] = []
        self.broken_at = self.kept = 0
        self.wide: Placed | None = None
        self.legible = LEGIBLE_SCALE
        self.check_shown = check_shown
        self._set_up_page(master_check, footer)

    def _set_up_page(self, master_check: str, footer: str) -> None:
        page = self.worksheet
        page.set_landscape()
        page.set_paper(A4)
        page.fit_to_pages(1, 0)
        page.set_margins(*[MARGIN_INCHES] * 2, top=0.7, bottom=0.6)
        left, right = _in_header(self.name), _in_header(master_check)
        page.set_header(f'&L&"Arial,Bold"{left}&R&"Arial,Regular"{right}')
        page.set_footer(f'&L&"Arial,Regular"{_in_header(footer)}&RPage &P of &N')

    # text

    def title(self, text: str) -> None:
        """The title in A1, and under it the master check as it now stands."""
        self._text(text, "title")
        if isinstance(self.check_shown, Formula):
            self.formula_line(self.check_shown, "strong")
        else:
            self.lines(self.check_shown, "strong")

    def heading(self, text: str) -> None:
        """A heading, with a row left free above it."""
        self.row += 1
        self._text(text, "heading")

    def lines(self, text: str, style: Style = "line", width: int = 165) -> None:
        """A paragraph over as many rows as it needs, so that it is never cut."""
        for line in textwrap.wrap(text, width) or [""]:
            self._text(line, style)

    def formula_line(self, formula: Formula, style: Style = "line") -> None:
        """A line of words that a formula gives."""
        self.worksheet.put_formula(self.row, 0, formula, self.formats[style])
        self.row += 1

    def link(self, link: Link) -> None:
        """A line that leads to another place."""
        self._link(self.row, 0, link, "link")
        self.row += 1

    def _text(self, text: str, style: Style) -> None:
        assert len(text) <= MOST_TEXT
        self.worksheet.put_line(self.row, text, self.formats[style])
        self.row += 1

    # tables

    def table(
        self,
        name: str,
        heading: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Cell]],
        *,
        filtered: bool = False,
        marked: bool = True,
        row_height: float | None = None,
    ) -> Placed:
        """A named table from column A on: a header row, then the rows.

        What does not apply (None) is marked, or, in the tidy sheets, left empty.
        """
        kept = list(rows) or [[NOT_APPLICABLE] * len(columns)]
        first = self.row
        self._header(columns, filtered)
        wrapped = [
            (number, column.width or WIDEST)
            for number, column in enumerate(columns)
            if column.style == "wrapped"
        ]
        looks = [
            self.worksheet.look(
                number,
                self.formats[column.style],
                self.formats["marker" if column.style in NUMBER_FORMATS else column.style],
            )
            for number, column in enumerate(columns)
        ]
        if any(column.style == "text_link" for column in columns):
            for offset, row in enumerate(kept, first + 1):
                self._linked_row(offset, columns, row)
        else:
            self.worksheet.put_rows(first + 1, looks, kept, self.formats, marked)
        for offset, row in enumerate(kept, first + 1):
            if row_height:
                self.worksheet.set_row(offset, row_height)
            elif wrapped:
                height = height_of([(row[number], width) for number, width in wrapped])
                if height != LINE_HEIGHT:
                    self.worksheet.set_row(offset, height)
        last = first + len(kept)
        headers = tuple(column.header for column in columns)
        self.worksheet.put_table(
            first,
            last,
            len(columns),
            {
                "name": name,
                "columns": [
                    {"header": column.header, "header_format": self.formats[_header_of(column)]}
                    for column in columns
                ],
                "style": None,
                "autofilter": filtered,
                "title": heading,
                "description": f"{heading}. Columns: {'; '.join(headers)}",
            },
        )
        self._fit(columns, kept, filtered)
        self.row = last + 1
        placed = Placed(name, heading, self.name, first + 1, last + 1, headers, kept)
        self.tables.append(placed)
        return placed

    def _header(self, columns: Sequence[Column], filtered: bool) -> None:
        lines = 1
        for column in columns:
            width = column.width or _header_width(column.header)
            lines = max(lines, _line_count(column.header, width, BOLD))
        height = (lines + filtered) * LINE_HEIGHT
        self.worksheet.set_row(self.row, height + 4)

    def _linked_row(self, row: int, columns: Sequence[Column], cells: Sequence[Cell]) -> None:
        for number, (column, cell) in enumerate(zip(columns, cells, strict=True)):
            if isinstance(cell, Link):
                self._link(row, number, cell, "text_link")
            else:
                self.worksheet.put_text(row, number, str(cell), self.formats[column.style])

    def _link(self, row: int, column: int, link: Link, style: Style) -> None:
        target = f"internal:'{link.sheet}'!{link.cell}"
        self.worksheet.write_url(row, column, target, self.formats[style], link.text)

    # charts

    def room(self, height: int) -> int:
        """Rows kept free for charts of a height in pixels; gives the first of them."""
        first = self.row + 1
        self.row = first + math.ceil(height / ROW_PIXELS) + 1
        for row in range(first, self.row):
            self.worksheet.set_row(row, LINE_HEIGHT)
        return first

    def chart(self, chart: Any, row: int, alt_text: str, left: int = 0) -> None:
        """A chart in the room kept for it, so many pixels from the left."""
        assert alt_text
        options = {
            "description": alt_text,
            "x_offset": left + CHART_OFFSET,
            "y_offset": 0,
            "object_position": 2,
        }
        self.worksheet.insert_chart(row, 0, chart, options)

    # widths, panes and print

    def _fit(
        self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], filtered: bool
    ) -> None:
        for number, column in enumerate(columns):
            width = column.width or _fitted(column, number, rows, filtered)
            self.widths[number] = max(self.widths.get(number, 0.0), width)

    def freeze(self, placed: Placed, columns: int = 0) -> None:
        """Keeps a table's header and first columns in view."""
        self.worksheet.freeze_panes(placed.first_row, columns)

    def repeat(self, placed: Placed) -> None:
        """Prints a table's header again on each page."""
        self.worksheet.repeat_rows(placed.first_row - 1)

    def one_page(self) -> None:
        """Prints the whole sheet on one page."""
        self.worksheet.fit_to_pages(1, 1)

    def portrait(self, scale: int) -> None:
        """Prints a narrow table on upright pages, at a percentage of its size."""
        self.worksheet.set_portrait()
        self.worksheet.set_print_scale(scale)

    def split(self, placed: Placed, at: int, kept: int) -> None:
        """Prints a table's columns from one on by themselves, led by its first few again."""
        self.broken_at, self.kept = at, kept
        last, width = placed.last_row - 1, len(placed.columns)
        self.worksheet.put_print_areas(
            (0, 0, last, at - 1), (placed.first_row - 1, at, last, width - 1)
        )
        self.worksheet.repeat_columns(0, kept - 1)

    def paged(self, placed: Placed, kept: int, legible: int = LEGIBLE_SCALE) -> None:
        """Prints a wide table on pages side by side, large enough to read.

        Each is led by the table's first columns and its header. What stands below comes last.
        """
        self.wide, self.kept, self.legible = placed, kept, legible
        self.repeat(placed)

    def _page_breaks(self, placed: Placed) -> None:
        """As few pages side by side as keep the print legible, and the scale that fills them."""
        widths = [_printed_mm(self.widths[number]) for number in range(len(placed.columns))]
        lead = sum(widths[: self.kept])
        room = PRINTED_WIDTH_MM * 100 / self.legible
        pages = [[lead, self.kept]]
        for number in range(self.kept, len(widths)):
            if pages[-1][0] + widths[number] > room and pages[-1][1] < number:
                pages.append([lead, number])
            pages[-1][0] += widths[number]
        if len(pages) == 1:
            return
        last = placed.last_row - 1
        areas = [(0, 0, last, int(pages[1][1]) - 1)]
        for number, (_, first) in enumerate(pages[1:], 2):
            end = int(pages[number][1]) if number < len(pages) else len(widths)
            areas.append((placed.first_row - 1, int(first), last, end - 1))
        below = self.tables[self.tables.index(placed) + 1 :]
        if below:
            end = max(len(table.columns) for table in below)
            areas.append((last + 1, 0, self.row - 1, end - 1))
        self.worksheet.put_print_areas(*areas)
        self.worksheet.repeat_columns(0, self.kept - 1)
        scale = PRINTED_WIDTH_MM / max(width for width, _ in pages)
        self.worksheet.set_print_scale(max(LEAST_SCALE, min(100, int(100 * scale))))

    def finish(self) -> None:
        """Sets the widths that the tables need, and the print scale of a sheet that is split."""
        for number, width in self.widths.items():
            self.worksheet.set_column(number, number, width)
        if self.wide is not None:
            self._page_breaks(self.wide)
        if self.broken_at:
            widths = [self.widths[number] for number in sorted(self.widths)]
            pages = widths[: self.broken_at], [*widths[: self.kept], *widths[self.broken_at :]]
            scale = min(PRINTED_WIDTH_MM / sum(map(_printed_mm, page)) for page in pages)
            self.worksheet.set_print_scale(max(LEAST_SCALE, min(100, int(100 * scale))))


def _printed_mm(width: float) -> float:
    """How wide a column is on paper at its full size."""
    return width * DIGIT_MM + PADDING_MM


def height_of(wrapped: Sequence[tuple[Cell, float]]) -> float:
    """The height of a row whose wrapped texts stand in columns of these widths."""
    lines = 1
    for cell, width in wrapped:
        if isinstance(cell, str):
            lines = max(lines, _line_count(cell, width))
    return LINE_HEIGHT if lines == 1 else min(lines * LINE_HEIGHT + 2, TALLEST)


@lru_cache(maxsize=20_000)
def _line_count(text: str, width: float, size: float = 1.0) -> int:
    """Lines that a text takes when it wraps, `size` times as wide as in the plain font."""
    room = (width - INDENT) / size
    if len(text) * WIDEST_LETTER <= room:
        return 1
    lines, used = 1, 0.0
    for length in map(_printed_digits, text.split(" ")):
        if used and used + length > room:
            lines, used = lines + 1, 0.0
        if length >= room:
            lines += int(length / room)
        used += length + SPACE
    return lines


@lru_cache(maxsize=20_000)
def _printed_digits(word: str) -> float:
    """How wide a word is in Arial, in digits."""
    return sum([LETTERS.get(letter, 1.0) for letter in word])


def _header_of(column: Column) -> Style:
    return "header_right" if column.style in NUMBER_FORMATS else "header"


def _header_width(header: str) -> float:
    longest = max(len(word) for word in header.split())
    return max(NARROWEST, min(len(header), longest * 1.15 + 1 + INDENT))


def _fitted(column: Column, number: int, rows: Sequence[Sequence[Cell]], filtered: bool) -> float:
    """Wide enough for the longest of what is shown."""
    width = _header_width(column.header) + (BUTTON - 1 if filtered else 0)
    if column.style in NUMBER_FORMATS and column.style not in {"money", "whole"}:
        return width
    shown = {row[number] for row in rows}
    largest = max((abs(cell) for cell in shown if isinstance(cell, float)), default=0.0)
    texts = (_text_length(cell) for cell in shown if not isinstance(cell, float))
    longest = max(len(f"({largest:,.1f})"), *texts, 0)
    return min(WIDEST, max(width, longest * 1.02 + 1 + INDENT))


def _text_length(cell: Cell) -> int:
    if isinstance(cell, Link):
        return len(cell.text)
    return len(cell) if isinstance(cell, str) else len("FALSE")


def _in_header(text: str) -> str:
    """Text of a page header: one line, its ampersands kept, and short enough for Excel."""
    line = re.sub(r"\s+", " ", text).strip()
    if len(line) > MOST_HEADER_TITLE:
        line = line[: MOST_HEADER_TITLE - 1] + "…"
    return line.replace("&", "&&")


def chunks(text: str, size: int) -> list[str]:
    """Text in parts of at most a size, cut after line ends where it can be; joined, the same."""
    parts: list[str] = []
    start = 0
    while start < len(text):
        end = start + size
        if end < len(text):
            end = text.rfind("\n", start, end) + 1 or end
        parts.append(text[start:end])
        start = end
    return parts
