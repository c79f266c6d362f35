"""Worksheets that keep every digit and write their rows quickly.

Import this only where a workbook is written: it loads XlsxWriter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_range  # type: ignore[import-untyped]
from xlsxwriter.worksheet import CellStringTuple, Worksheet  # type: ignore[import-untyped]

from finsim.outputs.workbook_sheet import NOT_APPLICABLE, Cell, Formula, Shown
from finsim.outputs.workbook_style import Style

Look = tuple[str, str, str]
"""A column's letters, the style of its own values, and the style of text in it.

Styles are the digits of their numbers, since a cell is made quicker of text than of numbers.
"""


def style_of(cell_format: Any) -> str:
    """The style of a cell that has a format, as it is written."""
    return str(cell_format._get_xf_index())


def escaped(text: str) -> str:
    """Text as it stands in XML; `xml.sax.saxutils` would take in `urllib` and `ssl` for it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def formula_cell(place: str, style: str, formula: str, value: str | float) -> str:
    """A formula, escaped, as it is written, never without its value.

    Raises ValueError for NaN and infinity.
    """
    if isinstance(value, str):
        shown = f"{escaped(value)}</v></c>"
        return f'<c r="{place}" s="{style}" t="str"><f>{formula}</f><v>{shown}'
    if not isfinite(value):
        raise ValueError(f"{value} at {place}: not a number")
    return f'<c r="{place}" s="{style}"><f>{formula}</f><v>{value!r}</v></c>'


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
        self.table[row][column] = CellStringTuple(self._text_index(text), cell_format)

    def put_formula(self, row: int, column: int, formula: Formula, cell_format: Any) -> None:
        """A formula by itself on a row, with its value."""
        self._check_dimensions(row, column)
        place, text = f"{xl_col_to_name(column)}{row + 1}", escaped(formula.text)
        self.made[row] = formula_cell(place, style_of(cell_format), text, formula.value)

    def look(self, column: int, own: Any, of_text: Any) -> Look:
        """How cells of a column are written."""
        return xl_col_to_name(column), style_of(own), style_of(of_text)

    def put_row(
        self,
        row: int,
        looks: Sequence[Look],
        cells: Sequence[Cell],
        formats: Mapping[Style, Any],
        marked: bool,
    ) -> None:
        """A row from column A on; what does not apply (None) is marked or left out.

        Raises ValueError for NaN and infinity.
        """
        parts: list[str] = []
        number, text_index = str(row + 1), self._text_index
        for (letters, own, of_text), cell in zip(looks, cells, strict=True):
            kind = cell.__class__
            if kind is float or kind is int:
                value, style = cell, own
            elif kind is str or (cell is None and marked):
                index = text_index(NOT_APPLICABLE if cell is None else cell)
                parts.append(f'<c r="{letters}{number}" s="{of_text}" t="s"><v>{index}</v></c>')
                continue
            elif cell is None:
                continue
            elif isinstance(cell, Formula):
                text = escaped(cell.text)
                parts.append(formula_cell(f"{letters}{number}", of_text, text, cell.value))
                continue
            elif isinstance(cell, Shown):
                value, style = cell.value, style_of(formats[cell.style])
            elif isinstance(cell, float):
                value, style = float(cell), own
            else:
                assert isinstance(cell, bool)
                style = style_of(formats["flag"])
                parts.append(f'<c r="{letters}{number}" s="{style}" t="b"><v>{int(cell)}</v></c>')
                continue
            if not isfinite(value):  # type: ignore[arg-type]
                raise ValueError(f"{value} on the sheet {self.name}: not a number")
            parts.append(f'<c r="{letters}{number}" s="{style}"><v>{value!r}</v></c>')
        self.made[row] = "".join(parts)

    def _text_index(self, text: Any) -> int:
        """The place of a text among the workbook's.

        XlsxWriter takes what is wholly within <r> and </r> for marked-up text; a space after it
        makes it plain.
        """
        if text[:3] == "<r>" and text.endswith("</r>"):
            text += " "
        index: int = self.str_table._get_shared_string_index(text)
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
            made, cells, info = self.made.get(row), self.table.get(row), self.row_info.get(row)
            if made is not None and info is None:
                self.fh.write(f'<row r="{row + 1}">{made}</row>')
                continue
            if made is None and not cells:
                self._write_empty_row(row, None, info)
                continue
            self._write_row(row, None, info)
            if made is not None:
                self.fh.write(made)
            for column in sorted(cells or ()):
                self._write_cell(row, column, cells[column])
            self._xml_end_tag("row")

    def _xml_number_element(self, number: float, attributes: Any = ()) -> None:
        written = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{written}><v>{number!r}</v></c>")
