"""An input workbook is read by name: what its cells mean, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from finsim.book.excel_cells import Cell, heading_unit
from finsim.book.excel_reader import InputWorkbook, read_workbook
from finsim.book.nodes import Listing, Mapping, plain
from finsim.book.places import InputProblems, Place
from finsim.book.quantities import QuantityError, money, months, rate
from finsim.commands.new import new_workbook
from finsim.simulation.resolve import resolve

SOURCED = {"source": "x", "standing": "derived", "as at": "2016"}


def workbook(tmp_path: Path, **sheets: list[list[Any]]) -> Path:
    """A workbook of sheets of rows, named with spaces for underscores."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "inputs.xlsx")
    return tmp_path / "inputs.xlsx"


def read(path: Path) -> InputWorkbook:
    return read_workbook(path, "inputs.xlsx")


def book_of(path: Path) -> dict[str, Any]:
    found = read(path)
    assert found.problems == ()
    assert found.book is not None
    tree = plain(found.book)
    assert isinstance(tree, dict)
    return tree


def cell(value: Any, number_format: str = "General") -> Cell:
    return Cell(value, number_format, Place("f", 1, 1, in_sheet=True))


# what a cell means


@pytest.mark.parametrize(
    ("value", "number_format", "unit", "text"),
    [
        (27, "General", "£m", "£27m"),
        (-4.5, "General", "£m", "-£4.5m"),
        ("27", "@", "£m", "£27m"),
        ("1,234.5", "@", "£m", "£1234.5m"),
        ("£750k", "@", "£m", "£750k"),
        (0.19, "0%", None, "19%"),
        (0.19, "0.0##%", "£m", "19%"),
        (19, "General", "%", "19%"),
        (19.5, "General", None, "19.5"),
        (614, '"£"#,##0.0##"m";-"£"#,##0.0##"m"', None, "£614m"),
        (9, 'General" months"', None, "9 months"),
        (9, "General", "months", "9 months"),
        (0.1 + 0.2, "General", "£m", "£0.30000000000000004m"),
        (True, "General", None, "true"),
        (date(2018, 7, 1), "mmm-yy", None, "2018-07"),
        (date(2018, 7, 15), "dd/mm/yyyy", None, "2018-07-15"),
        (2016, "General", None, "2016"),
        (2016.0, "General", None, "2016"),
        ("  2016/17 ", "@", None, "2016/17"),
        ("=1+1", "@", None, "=1+1"),
    ],
)
def test_a_cell_means_what_it_shows(
    value: Any, number_format: str, unit: str | None, text: str
) -> None:
    assert cell(value, number_format).text(unit) == text


@pytest.mark.parametrize("written", ["£27m", "£0.1m", "£261.764m", "-£10.2m", "£750k", "£1.2bn"])
def test_money_in_a_cell_gives_the_bits_of_its_text(written: str) -> None:
    assert money(cell(money(written)).text("£m")) == money(written)


@pytest.mark.parametrize("written", ["19%", "0.1%", "27.2%", "33.1%", "2.94034816893182%", "7%"])
def test_a_percentage_in_a_cell_gives_the_bits_of_its_text(written: str) -> None:
    assert rate(cell(rate(written), "0.0##%").text()) == rate(written)
    assert rate(cell(float(written.rstrip("%"))).text("%")) == rate(written)


def test_months_and_headings_with_units() -> None:
    assert months(cell(18).text("months")) == 18
    assert heading_unit("Baseline (£m)") == ("Baseline", "£m")
    assert heading_unit("rate (%)") == ("rate", "%")
    assert heading_unit("value (see note)") == ("value (see note)", None)


def test_pounds_in_a_column_of_millions_are_told() -> None:
    with pytest.raises(QuantityError, match=r"27000000 in £m would be £27000000m; write 27"):
        cell(27_000_000).text("£m")


# sheets, headings, rows


def test_columns_and_rows_may_move(tmp_path: Path) -> None:
    heads = ["id", "name", "kind", "areas", *SOURCED]
    ccg = ["ccg", "CCG", "commissioner", "north; south", *SOURCED.values()]
    plainly = book_of(workbook(tmp_path, Organisations=[heads, ccg]))
    moved = [[], ["Our bodies"], [], [None, *reversed(heads)], [], [None, *reversed(ccg)], []]

    assert book_of(workbook(tmp_path, organisations=moved)) == plainly
    assert plainly["organisations"] == [
        {"id": "ccg", "name": "CCG", "kind": "commissioner", "areas": ["north", "south"],
         "source": "x", "standing": "derived", "as_at": "2016"}
    ]  # fmt: skip


def test_a_heading_is_a_path(tmp_path: Path) -> None:
    heads = ["id", "Ramp / Shape", "ramp / over (months)", "costs / paid by", "rate / 2016/17"]
    row = ["s", "linear", 24, "ccg: 60%; trust: 40%", "2%"]

    assert book_of(workbook(tmp_path, Schemes=[heads, row]))["schemes"] == [
        {
            "id": "s",
            "ramp": {"shape": "linear", "over": "24 months"},
            "costs": {"paid_by": {"ccg": "60%", "trust": "40%"}},
            "rate": {"2016/17": "2%"},
        }
    ]


def test_parts_join_their_item(tmp_path: Path) -> None:
    tree = book_of(
        workbook(
            tmp_path,
            Payments=[["id"], ["later"]],
            Payment_years=[
                ["payment", "from year", "form", "marginal rate"],
                ["later", "2015/16", "tariff", None],
                ["later", "2019/20", "blended", "20%"],
            ],
            Risk_shares=[["id"], ["corridor"]],
            Risk_share_terms=[
                ["risk share", "rule", "members", "bands", "shares"],
                ["corridor", "pool", "trust; ccg", None, None],
                ["corridor", "corridor", None, "£0m to £5m: 0%; £5m: 50%", None],
                ["corridor", "shares", None, None, "ccg: 70%; trust: 30%"],
            ],
            Schemes=[["id"], ["falls"]],
            Scheme_effects=[
                ["scheme", "on", "share", "payer", "service"],
                ["falls", "contracts", "60%", "ccg", "emergency; elective"],
                ["falls", "lines", "40%", None, "care"],
            ],
        )
    )

    assert tree["payments"][0]["by_year"] == {
        "2015/16": {"form": "tariff"},
        "2019/20": {"form": "blended", "marginal_rate": "20%"},
    }
    assert tree["risk_shares"][0]["terms"] == [
        {"pool": {"members": ["trust", "ccg"]}},
        {"corridor": {"bands": [
            {"from": "£0m", "to": "£5m", "pooled": "0%"}, {"from": "£5m", "pooled": "50%"}
        ]}},
        {"shares": {"shares": {"ccg": "70%", "trust": "30%"}}},
    ]  # fmt: skip
    assert tree["schemes"][0]["effects"] == [
        {"share": "60%", "contracts": {"payer": ["ccg"], "service": ["emergency", "elective"]}},
        {"share": "40%", "lines": {"service": ["care"]}},
    ]


def test_settings_options_and_details_are_paths(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        Scenario=[
            ["setting", "value"],
            ["title", "A system"],
            ["population / growth / low", "19%"],
            ["schemes", "prevention; QIPP"],
            ["notes", "One; with a semicolon"],
            ["notes", "Two"],
            ["risk_share", None],
        ],
        Options=[
            ["option", "field", "value"],
            ["plain", None, None],
            ["shared", "risk_share", "corridor"],
            ["none", "risk_share", None],
            ["other", "changes / drivers / tariff / 2018/19", 0.003],
        ],
        Risk_shares=[["id"], ["r"]],
        Details=[
            ["table", "id", "field", "value"],
            ["Risk shares", "r", "terms / #1 / pool / members", "all"],
            ["Risk shares", "r", "terms / #2 / shares / by", "income"],
        ],
    )
    book = load_workbook(path)
    book["Options"]["C5"].number_format = "0.0%"
    book.save(path)
    found = read(path)

    assert found.problems == ()
    assert plain(found.scenario) == {
        "title": "A system",
        "population": {"growth": {"low": "19%"}},
        "schemes": ["prevention", "QIPP"],
        "notes": ["One; with a semicolon", "Two"],
        "options": {
            "plain": {},
            "shared": {"risk_share": "corridor"},
            "none": {"risk_share": None},
            "other": {"changes": {"drivers": {"tariff": {"2018/19": "0.3%"}}}},
        },
    }
    assert book_of(path)["risk_shares"] == [
        {"id": "r", "terms": [{"pool": {"members": "all"}}, {"shares": {"by": "income"}}]}
    ]


def test_places_are_sheets_and_cells(tmp_path: Path) -> None:
    heads = [["id", "name"], [], ["nhs", "NHS England"]]
    tree = read(workbook(tmp_path, External=heads)).book
    assert tree is not None
    rows = tree.entries["external"]
    assert isinstance(rows, Listing)
    (row,) = rows.items
    assert isinstance(row, Mapping)

    assert str(row.entries["name"].place) == "inputs.xlsx:External!B3"


# mistakes


Change = Callable[[Worksheet], None]


def mistakes(tmp_path: Path, **changes: Change) -> list[str]:
    """What is said of the example's workbook after changes to some sheets of it."""
    path = tmp_path / "inputs.xlsx"
    assert new_workbook(path, "example") == 0
    book = load_workbook(path)
    for name, change in changes.items():
        change(book[name.replace("_", " ")])
    book.save(path)
    with pytest.raises(InputProblems) as caught:
        resolve(path)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


def column(sheet: Worksheet, heading: str) -> str:
    (found,) = [cell.column_letter for cell in sheet[1] if cell.value == heading]
    return str(found)


def test_every_mistake_is_told_with_its_cell(tmp_path: Path) -> None:
    def contracts(sheet: Worksheet) -> None:
        sheet[f"{column(sheet, 'payer')}3"] = "ccgg"
        sheet[f"{column(sheet, 'baseline (£m)')}4"] = "ninety"
        sheet[f"{column(sheet, 'demand')}5"] = "populaton"

    def lines(sheet: Worksheet) -> None:
        cell = sheet[f"{column(sheet, 'cash release')}2"]
        cell.value, cell.number_format = 0.5, "General"
        sheet[f"{column(sheet, 'network')}1"] = "netwrok"
        sheet["N2"] = "an office"

    def organisations(sheet: Worksheet) -> None:
        sheet["C2"] = "=1/0"
        sheet["D2"] = "#N/A"

    found = mistakes(tmp_path, Contracts=contracts, Lines=lines, Organisations=organisations)
    text = "\n".join(found)

    assert "inputs.xlsx:Contracts!G4: contracts / elective / baseline: 'ninety' is not" in text
    assert "inputs.xlsx:Contracts!J5: contracts / neighbours_emergency / demand: 'popu" in text
    assert "inputs.xlsx:Lines!I2: lines / prescribing / cash_release: '0.5' has no unit" in text
    assert "inputs.xlsx:Lines!N1: lines: the column 'netwrok' is not known" in text
    assert "inputs.xlsx:Organisations!C2: holds a formula without a stored value" in text
    assert "inputs.xlsx:Organisations!D2: areas: the formula gives the error #N/A" in text
    assert all("\n" not in line for line in found)


def test_an_unknown_reference_is_told_with_its_cell(tmp_path: Path) -> None:
    def contracts(sheet: Worksheet) -> None:
        sheet["C3"] = "ccgg"

    found = mistakes(tmp_path, Contracts=contracts)
    print(found)

    assert found[0].startswith("inputs.xlsx:Contracts!C3: contracts / emergency / payer: there is")


def test_sheets_and_rows_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        Contarcts=[["id"], ["a"]],
        Lines=[["name"], ["no id"]],
        Schemes=[["id", "id"], ["s", "t"]],
        Scheme_effects=[["scheme", "on"], ["z", "lines"], ["s", None]],
        Payments=[["id", None], ["p", "stray"]],
        Payment_years=[["payment", "from year"], ["p", "2016/17"], ["p", "2016/17"], ["p", None]],
        Details=[
            ["table", "id", "field", "value"], ["Tarifs", "a", "b", 1], ["Schemes", "x", "y", 1],
            ["Schemes", "s", "ramp / #2", 1],
        ],
        Scenario=[["setting", "value"], ["title", "a"], ["title", "b"], [None, "c"]],
    )  # fmt: skip
    found = "\n".join(map(str, read(path).problems))

    for expected in (
        "inputs.xlsx: the sheet 'Contarcts' is not known, did you mean 'Contracts'?",
        "inputs.xlsx:Lines: has no row of headings that holds 'id'",
        "inputs.xlsx:Schemes!B1: the column 'id' stands twice (first in inputs.xlsx:Schemes!A1)",
        "inputs.xlsx:Scheme effects!A2: schemes: there is no 'z' on the sheet of schemes",
        "inputs.xlsx:Scheme effects!A3: schemes: does not say what it is under 'on'; allowed: c",
        "inputs.xlsx:Payments!B2: stands in a column without a heading",
        "inputs.xlsx:Payment years!A3: payments: '2016/17' stands twice",
        "inputs.xlsx:Payment years!A4: payments: has no 'from year'",
        "inputs.xlsx:Details!A2: Details: there is no table 'Tarifs'",
        "inputs.xlsx:Details!A3: Details: schemes has no 'x'",
        "inputs.xlsx:Details!C4: #2 stands before #1",
        "inputs.xlsx:Scenario!A3: title is stated twice (first in inputs.xlsx:Scenario!B2)",
        "inputs.xlsx:Scenario!B4: has a value but no setting",
    ):
        assert expected in found


def test_another_workbook_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputProblems, match="has no sheet of an input workbook"):
        read(workbook(tmp_path, Sheet1=[["a"]]))


# formulas, books beside


def test_a_formula_counts_as_its_stored_value_and_is_told(tmp_path: Path) -> None:
    from xlsxwriter import Workbook as Writer

    content = BytesIO()
    book = Writer(content)
    sheet = book.add_worksheet("External")
    sheet.write_row(0, 0, ["id", "name"])
    sheet.write_row(1, 0, ["nhs"])
    sheet.write_formula(1, 1, '="NHS"&" England"', None, "NHS England")
    book.close()
    path = tmp_path / "inputs.xlsx"
    path.write_bytes(content.getvalue())
    found = read(path)

    assert found.problems == ()
    assert plain(found.book) == {"external": [{"id": "nhs", "name": "NHS England"}]}  # type: ignore[arg-type]
    assert [str(warning) for warning in found.warnings] == [
        "inputs.xlsx:External: formulas are read as the values stored with them: B2"
    ]


def test_a_workbook_may_name_a_shipped_book_or_be_one(tmp_path: Path) -> None:
    settings = [
        ["title", "T"],
        ["years", "2015/16 to 2020/21"],
        ["population / growth", "outturn"],
        ["population / variant", "made up"],
    ]
    path = workbook(tmp_path, Scenario=[["setting", "value"], ["book", "example"], *settings])
    assert resolve(path).resolved.book.title.startswith("Example")

    assert new_workbook(tmp_path / "system.xlsx", "example") == 0
    (tmp_path / "s.yaml").write_text(
        "title: T\nbook: system.xlsx\nyears: 2015/16 to 2020/21\n"
        "population: {growth: outturn, variant: made up}\n",
        encoding="utf-8",
    )
    assert resolve(tmp_path / "s.yaml").resolved.book == resolve(path).resolved.book
    (tmp_path / "t.yaml").write_text("extends: system.xlsx\ntitle: U\n", encoding="utf-8")
    assert resolve(tmp_path / "t.yaml").resolved.scenario.title == "U"
