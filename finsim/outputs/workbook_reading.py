"""What the cells of a workbook hold: values, and formulas with the value stored for each."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from finsim.book.places import InputProblems

if TYPE_CHECKING:
    from openpyxl import Workbook

    from finsim.book.excel_file import ExcelFile


class Formula(Struct, frozen=True):
    """A formula as it is written, and the value stored for it."""

    text: str
    stored: str | float | bool | None


Value: TypeAlias = str | float | bool | Formula
TRUTHS: Mapping[str, Value] = {"=TRUE()": True, "=FALSE()": False}
"""Formulas as which LibreOffice saves a truth."""
Grid: TypeAlias = dict[tuple[int, int], Value]
"""What the cells of a sheet that are not empty hold, by row and column, from one."""


def read_grids(file: ExcelFile, only: str | None = None) -> dict[str, Grid]:
    """The sheets of an incoming workbook, in the order of its tabs; one of them where it is named.

    Raises InputProblems where openpyxl cannot make sense of it.
    """
    try:
        stored = _grids(file.opened(), only)
        if not file.has_formulas:
            return stored
        return _with_formulas(stored, _grids(file.opened(formulas=True), only))
    except InputProblems:
        raise
    except Exception as error:
        raise InputProblems([file.unreadable(error)]) from None


def grids_of(content: bytes) -> dict[str, Grid]:
    """Every sheet of a workbook that was just written."""
    from openpyxl import load_workbook

    def read(data_only: bool) -> dict[str, Grid]:
        return _grids(load_workbook(io.BytesIO(content), read_only=True, data_only=data_only))

    stored = read(True)
    return _with_formulas(stored, read(False)) if _has_formulas(content) else stored


def _has_formulas(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheets = (name for name in parts.namelist() if name.startswith("xl/worksheets/sheet"))
        return any(b"<f" in parts.read(name) for name in sheets)


def _with_formulas(stored: dict[str, Grid], as_written: dict[str, Grid]) -> dict[str, Grid]:
    """The stored values, with the formula wherever a cell is written as one."""
    for name, grid in as_written.items():
        for cell, text in grid.items():
            value = stored[name].get(cell)
            assert not isinstance(value, Formula)
            if isinstance(text, str) and text.startswith("=") and value != text:
                stored[name][cell] = TRUTHS.get(text, Formula(text, value))
    return stored


def _grids(book: Workbook, only: str | None = None) -> dict[str, Grid]:
    try:
        return {
            str(sheet.title): dict(_cells(_every_row(sheet)))
            for sheet in book.worksheets
            if only in {None, sheet.title}
        }
    finally:
        book.close()


def _every_row(sheet: Any) -> Iterable[Sequence[Any]]:
    """All rows, also of cells outside the dimension that the sheet states of itself."""
    sheet.reset_dimensions()
    rows: Iterable[Sequence[Any]] = sheet.iter_rows(values_only=True)
    return rows


def _cells(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[tuple[int, int], Value]]:
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            if value is not None:
                yield (number, column), _plain(value)


def _plain(value: Any) -> Value:
    """A number, a truth or text; whatever else a program made of a cell, as text."""
    if isinstance(value, (bool, str)):
        return value
    return float(value) if isinstance(value, (int, float)) else str(value)


def table_rows(grid: Grid, headers: Sequence[str]) -> Iterator[tuple[int, dict[str, Value]]]:
    """The rows under the first line of a sheet that begins with these headers, to an empty one."""
    first = next((row for row, column in grid if _begins(grid, row, headers)), None)
    if first is None:
        return
    row = first + 1
    while (row, 1) in grid:
        yield (
            row,
            {
                header: grid[row, column]
                for column, header in enumerate(headers, 1)
                if (row, column) in grid
            },
        )
        row += 1


def _begins(grid: Grid, row: int, headers: Sequence[str]) -> bool:
    return all(grid.get((row, column)) == text for column, text in enumerate(headers, 1))


TOLERANCE = 1e-9


def agree(one: Value | None, other: Value | None) -> bool:
    """Whether two cells hold the same: numbers to 1e-9 of the larger, or of £1m or one."""
    if isinstance(one, Formula) and isinstance(other, Formula):
        return one.text == other.text and agree(one.stored, other.stored)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    if isinstance(one, str) and isinstance(other, str):
        return _text(one) == _text(other)
    return type(one) is type(other) and one == other


def _text(text: str) -> str:
    """Text whatever the line ends that a program saved it with."""
    return text.replace("\r\n", "\n").replace("_x000D_", "")
