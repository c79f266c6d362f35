"""What stands in the cells of the live sheets: allowed formulas, one pattern, values with them."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pytest
from live_sheets import written
from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token
from openpyxl.utils import column_index_from_string

from finsim.analysis.results import Results, simulate
from finsim.outputs.live.rows import CALCULATIONS, FIRST_YEAR_AT, INPUTS, TOP
from finsim.outputs.workbook import workbook_bytes
from finsim.simulation.resolve import Resolution
from finsim.simulation.run import Serial, sampling

ALLOWED = {
    "ABS(", "COUNT(", "IF(", "ISNUMBER(", "MAX(", "MIN(", "SUM(", "SUMPRODUCT(", "AND(", "OR(",
}  # fmt: skip
LITERALS = {"0", "1", "12"}
CELL = re.compile(r"(\$?)([A-Z]{1,3})(\$?)(\d+)")
LONGEST = 8_192
MOST_ARGUMENTS = 255


def few_draws(resolution: Resolution) -> Results:
    return simulate(
        resolution.plan, sampling(resolution.resolved.scenario.run, draws=2048), Serial()
    )


@pytest.fixture(scope="module", params=["bhr", "llr", "example, whole"])
def content(
    request: pytest.FixtureRequest,
    shipped: Callable[..., Resolution],
    tmp_path_factory: pytest.TempPathFactory,
) -> bytes:
    """The live sheets of a system, or a whole workbook."""
    name, _, whole = request.param.partition(", ")
    if whole:
        return workbook_bytes([few_draws(shipped(name))])
    return written(shipped(name), tmp_path_factory.mktemp(name) / "live.xlsx").read_bytes()


@pytest.fixture(scope="module")
def book(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def formulas(book: Any) -> Iterator[Any]:
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    yield cell


def relative(formula: str, column: int, row: int) -> str:
    """A formula as R1C1 would have it: references by their distance from the cell."""

    def shown(found: re.Match[str]) -> str:
        held, letters, kept, number = found.groups()
        across = letters if held else f"[{column_index_from_string(letters) - column}]"
        down = number if kept else f"[{int(number) - row}]"
        return f"R{down}C{across}"

    return CELL.sub(shown, formula)


def test_no_formula_holds_a_function_or_a_number_that_is_not_allowed(book: Any) -> None:
    count = 0
    for cell in formulas(book):
        count += 1
        assert len(cell.value) <= LONGEST
        for token in Tokenizer(cell.value).items:
            if token.type == Token.FUNC and token.subtype == Token.OPEN:
                assert token.value in ALLOWED, cell.value
            if token.type == Token.OPERAND and token.subtype == Token.NUMBER:
                assert token.value in LITERALS, cell.value
            assert token.type != Token.ARRAY
        assert not isinstance(cell.value, openpyxl.worksheet.formula.ArrayFormula)
    assert count > 100


def test_a_row_has_one_pattern(book: Any) -> None:
    for sheet in (book[INPUTS], book[CALCULATIONS]):
        for row in sheet.iter_rows(min_col=FIRST_YEAR_AT + 1):
            own = [cell for cell in row if cell.data_type == "f"]
            patterns = {relative(cell.value, cell.column, cell.row) for cell in own}
            assert len(patterns) <= 1, patterns


def test_a_pattern_that_breaks_is_seen() -> None:
    assert relative("=F10*Inputs!$E$3", 6, 12) == relative("=G10*Inputs!$E$3", 7, 12)
    assert relative("=F10*Inputs!$E$3", 6, 12) != relative("=F10*Inputs!$E$3", 7, 12)


def test_every_formula_has_a_value_that_is_neither_empty_nor_an_error(
    book: Any, content: bytes
) -> None:
    shown = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    for cell in formulas(book):
        value = shown[cell.parent.title][cell.coordinate].value
        assert value is not None
        assert value != ""
        assert not str(value).startswith("#")


def test_years_are_text_and_line_up_on_both_sheets(book: Any) -> None:
    headers = [
        [cell.value for cell in book[name][TOP - 1]][FIRST_YEAR_AT:]
        for name in (INPUTS, CALCULATIONS)
    ]
    years = headers[1]
    assert all(isinstance(year, str) and re.fullmatch(r"\d{4}/\d{2}", year) for year in years)
    assert headers[0][: len(years)] == years


def test_inputs_are_blue_and_formulas_are_not(book: Any) -> None:
    for name in (INPUTS, CALCULATIONS):
        for cell in itertools.chain.from_iterable(book[name].iter_rows(min_row=TOP)):
            if cell.data_type == "f":
                assert cell.font.color.rgb != "FF0000FF"
    assert book[INPUTS][f"E{TOP + 2}"].font.color.rgb == "FF0000FF"


def test_the_same_results_give_the_same_bytes(shipped: Callable[..., Resolution]) -> None:
    results = few_draws(shipped("example"))
    assert workbook_bytes([results]) == workbook_bytes([few_draws(shipped("example"))])


def test_names_lead_to_the_case_and_the_master_check(book: Any) -> None:
    names = book.defined_names
    sheet, place = names["plan_case"].attr_text.split("!")
    assert book[sheet][place.replace("$", "")].value == 0
    sheet, place = names["master_check"].attr_text.split("!")
    assert book[sheet.strip("'")][place.replace("$", "")].value.startswith("=IF(")
