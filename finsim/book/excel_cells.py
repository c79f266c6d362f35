"""The cells of a workbook's sheets as the text that a careful person would have written.

A number means what its cell shows: `19%` where the cell is formatted as a percentage, `£27m` where
the format or the column's heading says £m, `9 months` likewise. The text is made from the shortest
decimal of the stored number, so that the one reader of quantities gives the same bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from finsim.book.excel_file import ExcelFile
from finsim.book.places import InputProblems, Place, Problem
from finsim.book.quantities import (
    QuantityError,
    money_text,
    months_text,
    number,
    number_text,
    rate_text,
)

MONEY, RATE, PERCENT, MONTHS = "£m", "rate", "%", "months"
MOST_MILLIONS = 100_000
_UNITS = {
    "£m": MONEY, "£ m": MONEY, "£million": MONEY, "%": PERCENT, "months": MONTHS, "month": MONTHS,
}  # fmt: skip
_HEADING_UNIT = re.compile(r"\s*\(([^()]*)\)\s*$")
_FLAGS = frozenset({"=TRUE()", "=FALSE()"})
_LITERAL = re.compile(r'"[^"]*"|\\.')
_PLAIN_NUMBER = re.compile(r"[-+−]?[0-9][0-9,]*(?:\.[0-9]+)?")


class Cell(Struct, frozen=True):
    """One cell that holds something."""

    value: Any
    number_format: str
    place: Place
    is_error: bool = False

    def text(self, unit: str | None = None) -> str:
        """What the cell says; raises QuantityError for what cannot be meant."""
        if self.is_error:
            raise QuantityError(f"the formula gives the error {self.value}")
        value = self.value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime | date):
            return _date_text(value)
        if isinstance(value, int | float):
            return _number_text(value, _shown_unit(self.number_format) or unit)
        text = str(value).replace("\r\n", "\n").strip()
        if unit is not None and _PLAIN_NUMBER.fullmatch(text.replace("\N{NO-BREAK SPACE}", "")):
            return _number_text(number(text), unit)
        return text


def heading_unit(heading: str) -> tuple[str, str | None]:
    """`baseline (£m)` → (`baseline`, `£m`); brackets that name no unit are part of a heading."""
    match = _HEADING_UNIT.search(heading)
    unit = _UNITS.get(match[1].strip().lower()) if match else None
    return (heading[: match.start()] if match and unit else heading).strip(), unit


def _shown_unit(number_format: str) -> str | None:
    """The unit that a number format shows."""
    words = "".join(_LITERAL.findall(number_format.partition(";")[0])).replace('"', "")
    if "%" in _LITERAL.sub("", number_format):
        return RATE
    if "month" in words:
        return MONTHS
    return MONEY if "£" in number_format and words.rstrip().endswith("m") else None


def _number_text(value: float, unit: str | None) -> str:
    if unit == RATE:
        return rate_text(value)
    if unit == PERCENT:
        return f"{number_text(value)}%"
    if unit == MONTHS:
        return months_text(value)
    if unit == MONEY:
        if abs(value) >= MOST_MILLIONS:
            raise QuantityError(
                f"{number_text(value)} in £m would be {money_text(value)}; write 27 for £27m"
            )
        return money_text(value)
    return number_text(value)


def _date_text(value: date) -> str:
    """The month that a cell was turned into when it was typed, or the day."""
    return f"{value:%Y-%m}" if value.day == 1 else f"{value:%Y-%m-%d}"


def read_cells(
    excel: ExcelFile, names: Iterable[str], problems: list[Problem], told: list[Problem]
) -> dict[str, list[list[Cell]]]:
    """The rows of some sheets that hold something, each the cells that do, from left to right.

    A formula counts as the value that was stored with it, which is told; one without is a problem.
    Raises InputProblems where the workbook cannot be made sense of.
    """
    import warnings

    sheets: dict[str, list[list[Cell]]] = {}
    names = list(names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            workbook = excel.opened()
            for name in names:
                sheets[name] = list(_rows(workbook[name], f"{excel.shown_as}:{name}"))
            formulas = excel.opened(formulas=True) if excel.has_formulas else None
            found = {name: _formulas(formulas[name]) for name in names} if formulas else {}
        except InputProblems:
            raise
        except Exception as error:
            raise InputProblems([excel.unreadable(error)]) from None
    for name, places in found.items():
        _judge_formulas(f"{excel.shown_as}:{name}", places, sheets[name], problems, told)
    return sheets


def _rows(sheet: Any, file: str) -> Iterator[list[Cell]]:
    sheet.reset_dimensions()
    for row in sheet.iter_rows():
        cells = [
            Cell(
                cell.value,
                cell.number_format,
                Place(file, cell.row, cell.column, in_sheet=True),
                cell.data_type == "e",
            )
            for cell in row
            if cell.value is not None and str(cell.value).strip()
        ]
        if cells:
            yield cells


def _formulas(sheet: Any) -> list[tuple[int, int]]:
    sheet.reset_dimensions()
    return [
        (cell.row, cell.column)
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None and cell.data_type == "f" and cell.value not in _FLAGS
    ]


def _judge_formulas(
    file: str,
    formulas: list[tuple[int, int]],
    rows: list[list[Cell]],
    problems: list[Problem],
    told: list[Problem],
) -> None:
    stored = {(cell.place.line, cell.place.column) for row in rows for cell in row}
    places = [Place(file, line, column, in_sheet=True) for line, column in formulas]
    for place in places:
        if (place.line, place.column) not in stored:
            text = "holds a formula without a stored value; open it in Excel and save it, or write"
            problems.append(Problem(place, "", f"{text} the value"))
    if places:
        shown = ", ".join(str(place).rpartition("!")[2] for place in places[:5])
        more = f" and {len(places) - 5} more" if len(places) > 5 else ""
        text = f"formulas are read as the values stored with them: {shown}{more}"
        told.append(Problem(Place(file), "", text))
