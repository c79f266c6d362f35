"""Worksheets that keep every digit and write their rows quickly.

Import this only where a workbook is written: it loads XlsxWriter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from msgspec.json import encode
from xlsxwriter.utility import xl_col_to_name, xl_range  # type: ignore[import-untyped]
from xlsxwriter.worksheet import CellStringTuple, Worksheet  # type: ignore[import-untyped]

from finsim.outputs.workbook_sheet import NOT_APPLICABLE, Cell, Formula, Shown
from finsim.outputs.workbook_style import Style

Look = tuple[str, str, str]
"""A column's letters, the style of its own values, and the style of text in it.

Styles are the digits of their numbers, since a cell is made quicker of text than of numbers.
"""
ROW = "\x03"
"""Stands for the number of a row in what is written of it."""


def style_of(cell_format: Any) -> str:
    """The style of a cell that has a format, as it is written."""
    return str(cell_format._get_xf_index())


def escaped(text: str) -> str:
    """Text as it stands in XML; `xml.sax.saxutils` would take in `urllib` and `ssl` for it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def digits(values: Sequence[float]) -> list[str]:
    """Numbers as they are written, with every digit that is needed to read them back to the bit.

    As `repr` would, in a fifth of the time. Raises ValueError for NaN and infinity.
    """
    written = encode(values).decode()
    if "null" in written:
        found = next(value for value in values if not isfinite(value))
        raise ValueError(f"{found} among the numbers of a sheet: not a number")
    return written[1:-1].split(",")


def formula_cell(place: str, style: str, formula: str, value: str | float) -> str:
    """A formula, escaped, as it is written, never without its value.

    Raises ValueError for NaN and infinity.
    """
    if isinstance(value, str):
        kind, shown = ' t="str"', escaped(value)
    else:
        kind, (shown,) = "", digits([value])
    return f'<c r="{place}" s="{style}"{kind}><f>{formula}</f><v>{shown}</v></c>'


def number_cell(place: str, style: str, value: float) -> str:
    """A number as it is written. Raises ValueError for NaN and infinity."""
    (shown,) = digits([value])
    return f'<c r="{place}" s="{style}"><v>{shown}</v></c>'


def _other_cell(look: Look, row: str, cell: Cell, formats: Mapping[Style, Any]) -> str:
    """A cell of a table that is neither text nor a plain number."""
    letters, own, of_text = look
    place = f"{letters}{row}"
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return f'<c r="{place}" s="{style_of(formats["flag"])}" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, Formula):
        return formula_cell(place, of_text, escaped(cell.text), cell.value)
    if isinstance(cell, Shown):
        return number_cell(place, style_of(formats[cell.style]), cell.value)
    assert isinstance(cell, (int, float))
    return number_cell(place, own, float(cell) if isinstance(cell, float) else cell)


class FullPrecisionWorksheet(Worksheet):  # type: ignore[misc]
    """A worksheet whose numbers read back to the same bits.

    XlsxWriter writes 16 significant digits, where 17 may be needed, and builds each cell from a
    list of attributes. Here the rows of tables are made in one step and kept as they will be
    written; the rest go its own way.
    """

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[int, str] = {}

    def put_line(self, row: int, text: str, cell_format: Any) -> None:
        """Text in column A that stays text, whatever it begins with."""
        self._check_dimensions(row, 0)
        self.put_text(row, 0, text, cell_format)

    def put_text(self, row: int, column: int, text: str, cell_format: Any) -> None:
        """Text of one cell."""
        self.table[row][column] = CellStringTuple(self.text_index(text), cell_format)

    def put_formula(self, row: int, column: int, formula: Formula, cell_format: Any) -> None:
        """A formula by itself on a row, with its value."""
        self._check_dimensions(row, column)
        place, text = f"{xl_col_to_name(column)}{row + 1}", escaped(formula.text)
        self.made[row] = formula_cell(place, style_of(cell_format), text, formula.value)

    def look(self, column: int, own: Any, of_text: Any) -> Look:
        """How cells of a column are written."""
        return xl_col_to_name(column), style_of(own), style_of(of_text)

    def put_rows(
        self,
        first: int,
        looks: Sequence[Look],
        rows: Sequence[Sequence[Cell]],
        formats: Mapping[Style, Any],
        marked: bool,
    ) -> None:
        """Rows from column A on; what does not apply (None) is marked or left out.

        Raises ValueError for NaN and infinity.
        """
        numbers = [str(row + 1) for row in range(first, first + len(rows))]
        columns = [
            self._column(look, numbers, cells, formats, marked)
            for look, cells in zip(looks, zip(*rows, strict=True), strict=True)
        ]
        for row, of_row in enumerate(zip(*columns, strict=True), first):
            self.made[row] = "".join(of_row)

    def _column(
        self,
        look: Look,
        rows: Sequence[str],
        cells: Sequence[Cell],
        formats: Mapping[Style, Any],
        marked: bool,
    ) -> Iterator[str]:
        letters, own, of_text = look
        start, number, text = f'<c r="{letters}', f'" s="{own}"><v>', f'" s="{of_text}" t="s"><v>'
        text_index = self.text_index
        if marked:
            cells = [NOT_APPLICABLE if cell is None else cell for cell in cells]
        written = iter(digits([cell for cell in cells if cell.__class__ is float]))
        return (
            f"{start}{row}{number}{next(written)}</v></c>"
            if cell.__class__ is float
            else f"{start}{row}{text}{text_index(cell)}</v></c>"
            if cell.__class__ is str
            else _other_cell(look, row, cell, formats)
            for row, cell in zip(rows, cells, strict=True)
        )

    def text_index(self, text: str) -> int:
        """The place of a text among the workbook's.

        XlsxWriter takes what is wholly within <r> and </r> for marked-up text; a space after it
        makes it plain.
        """
        table = self.str_table
        known: int | None = table.string_table.get(text)
        if known is not None:
            table.count += 1
            return known
        if text.startswith("<r>") and text.endswith("</r>"):
            text += " "
        index: int = table._get_shared_string_index(text)
        return index

    def put_table(self, first: int, last: int, columns: int, options: dict[str, Any]) -> None:
        """A named table from column A on, from its header row to its last row.

        It is made two rows long and then lengthened, since XlsxWriter notes every cell of a table.
        """
        self.add_table(first, 0, first + 1, columns - 1, options)
        self._check_dimensions(last, columns - 1)
        table = self.tables[-1]
        for key in ("range", "a_range", "autofilter"):
            if table.get(key):
                table[key] = xl_range(first, 0, last, columns - 1)

    def put_print_areas(self, *areas: tuple[int, int, int, int]) -> None:
        """Prints areas (first row and column, last row and column) on pages of their own."""
        self.print_area_range = ",".join(self._convert_name_area(*area) for area in areas)

    def _write_rows(self) -> None:
        for row in sorted({*self.table, *self.row_info, *self.made}):
            info, cells = self.row_info.get(row), self.table.get(row)
            start = f'<row r="{row + 1}"'
            if info is not None:
                start += f' ht="{info.height * 0.75:.16g}" customHeight="1"'
            made = self.made.get(row)
            if made is None and not cells:
                self.fh.write(f"{start}/>")
                continue
            self.fh.write(f"{start}>{made or ''}")
            for column in sorted(cells or ()):
                self._write_cell(row, column, cells[column])
            self.fh.write("</row>")

    def _xml_number_element(self, number: float, attributes: Any = ()) -> None:
        written = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{written}><v>{number!r}</v></c>")
