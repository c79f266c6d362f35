"""Worksheets that keep every digit and write their rows quickly.

Import this only where a workbook is written: it loads XlsxWriter.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_range  # type: ignore[import-untyped]
from xlsxwriter.worksheet import (  # type: ignore[import-untyped]
    CellNumberTuple,
    CellStringTuple,
    Worksheet,
)


class FullPrecisionWorksheet(Worksheet):  # type: ignore[misc]
    """A worksheet whose numbers read back to the same bits.

    XlsxWriter writes 16 significant digits, where 17 may be needed, and builds each cell from a
    list of attributes. Here text and numbers, all but a few cells, are kept and written in one
    step; the rest go its own way.
    """

    def put_text(self, row: int, column: int, text: str, cell_format: Any) -> None:
        """Text that stays text, whatever it begins with."""
        index = self.str_table._get_shared_string_index(text)
        self.table[row][column] = CellStringTuple(index, cell_format)

    def put_number(self, row: int, column: int, number: float, cell_format: Any) -> None:
        """A number; raises ValueError for NaN and infinity."""
        if not isfinite(number):
            raise ValueError(f"{number} in row {row + 1} of {self.name}: not a number")
        self.table[row][column] = CellNumberTuple(number, cell_format)

    def put_line(self, row: int, text: str, cell_format: Any) -> None:
        """Text in column A."""
        self._check_dimensions(row, 0)
        self.put_text(row, 0, text, cell_format)

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

    def _write_rows(self) -> None:
        letters = [xl_col_to_name(column) for column in range(self.dim_colmax + 1)]
        for row in sorted({*self.table, *self.row_info}):
            cells = self.table.get(row)
            if not cells:
                self._write_empty_row(row, None, self.row_info[row])
                continue
            self._write_row(row, None, self.row_info.get(row))
            self._write_cells(row, cells, letters)
            self._xml_end_tag("row")

    def _write_cells(self, row: int, cells: dict[int, Any], letters: list[str]) -> None:
        parts: list[str] = []
        for column in sorted(cells):
            cell = cells[column]
            kind = cell.__class__.__name__
            if kind not in {"Number", "String"} or cell.format is None:
                self.fh.write("".join(parts))
                parts.clear()
                self._write_cell(row, column, cell)
                continue
            style = cell.format._get_xf_index()
            start = f'<c r="{letters[column]}{row + 1}" s="{style}"'
            if kind == "Number":
                parts.append(f"{start}><v>{cell.number!r}</v></c>")
            else:
                parts.append(f'{start} t="s"><v>{cell.string}</v></c>')
        self.fh.write("".join(parts))

    def _xml_number_element(self, number: float, attributes: Any = ()) -> None:
        written = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{written}><v>{number!r}</v></c>")
