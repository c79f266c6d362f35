"""Every section of a book has a sheet, and every field of its items a column or parts."""

from __future__ import annotations

import typing

import pytest
from pydantic import BaseModel

from finsim.book.excel_layout import SHEETS, TABLES, Parts, Table, is_listed
from finsim.book.model import Book
from finsim.book.schemes import ActivityScheme, EfficiencyScheme

SECTIONS = {table.section for table in TABLES}
OF_ITS_OWN = {"finsim", "title", "demand"}
TOLD_AS_DETAILS = {
    ("control_totals", "offsets"),
    ("dependence", "matrix"),
    ("population", "bands"),
    ("population", "rows"),
}


def models(section: str) -> list[type[BaseModel]]:
    """What the items of a section are."""
    if section == "schemes":
        return [ActivityScheme, EfficiencyScheme]
    stated = Book.model_fields[section].annotation
    return [typing.get_args(stated)[0]] if typing.get_args(stated) else []


def test_every_section_of_a_book_has_a_sheet() -> None:
    assert set(Book.model_fields) - OF_ITS_OWN == SECTIONS


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_every_field_has_a_column_or_a_sheet_of_parts(section: str) -> None:
    tables = [table for table in TABLES if table.section == section]
    columns = {
        column.path[0] for table in tables if isinstance(table, Table) for column in table.columns
    }
    parts = {table.field for table in tables if isinstance(table, Parts)}
    for model in models(section):
        fields = {field.alias or name for name, field in model.model_fields.items()}
        missing = {
            name for name in fields - columns - parts if (section, name) not in TOLD_AS_DETAILS
        }
        assert missing == set()


def test_sheets_have_names_that_excel_takes_once() -> None:
    assert len({name.casefold() for name in SHEETS}) == len(SHEETS)
    assert all(len(name) <= 31 for name in SHEETS)


@pytest.mark.parametrize(
    ("path", "listed"),
    [
        (("schemes",), True),
        (("years",), False),
        (("terms", 0, "pool", "years"), True),
        (("terms", 0, "pool", "lines"), True),
        (("effects", 0, "contracts", "payer"), True),
        (("changes", "contracts", "emergency", "payment"), False),
        (("changes", "schemes", "falls", "effects", 0, "lines", "service"), True),
        (("lines", "organisation"), True),
        (("notes",), False),
        (("members", 0), False),
    ],
)
def test_what_is_a_list_wherever_it_stands(path: tuple[str | int, ...], listed: bool) -> None:
    assert is_listed(path) is listed
