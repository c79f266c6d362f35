"""Rows and columns of a template are found by what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from finsim.book.typed import typed
from finsim.book.yaml_reader import parse_yaml
from finsim.outputs.submission_map import SubmissionMap
from finsim.outputs.submission_places import Table, tables
from finsim.outputs.template_file import Template, open_template

SHEET = [
    ["Return of a trust"],
    [],
    ["Part A", None, "2015-16"],
    [None, "Line:", "2016/17", "2017–18", "2018/2019", "Total"],
    [None, "Income"],
    [None, "  total   expenditure "],
    [],
    ["Part B"],
    [None, "Line", "Y1", "Y2"],
    [None, "Income"],
    [None, "Staff"],
    [None, "Staff"],
]


@pytest.fixture
def template(tmp_path: Path) -> Template:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Return"
    for row in SHEET:
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    return open_template(tmp_path / "t.xlsx")


def found(template: Template, block: str) -> tuple[list[Table], list[str]]:
    tree = parse_yaml(f"fill:\n  - {{sheet: Return, {block}}}\n", "map.yaml")
    places, problems = tables(typed(SubmissionMap, tree), tree, template)
    return places, [str(problem) for problem in problems]


def test_years_head_columns_however_they_are_written(template: Template) -> None:
    rows = "rows: {income: {measure: income}, Total Expenditure: {measure: expenditure}}"

    assert found(template, f"labels: line, {rows}") == (
        [Table({"income": 5, "Total Expenditure": 6}, {2016: 3, 2017: 4, 2018: 5})],
        [],
    )


def test_a_part_is_named_and_so_are_its_columns(template: Template) -> None:
    block = "labels: Line, under: Part B, columns: {Y1: 2016/17, y2: 2019/20}"

    assert found(template, f"{block}, rows: {{Income: {{measure: income}}}}") == (
        [Table({"Income": 10}, {2016: 3, 2019: 4})],
        [],
    )


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("labels: Lien, rows: {}",
         "map.yaml:2:29: fill / 1 / labels: the sheet has no heading 'Lien'"),
        ("labels: Line, under: Part C, rows: {}", "no cell of the sheet say 'Part C'"),
        ("labels: Line, rows: {Incme: {measure: income}}",
         "the sheet 'Return' has no row 'Incme', did you mean 'income'?"),
        ("labels: Line, under: Part B, columns: {Y1: 2016/17}, rows: {Staff: {measure: income}}",
         "'Staff' stands in row 11 and row 12; name its part with `under`"),
        ("labels: Line, under: Part B, columns: {Y1: 2016/17, Y3: 2017/18}, rows: {}",
         "the template has no column headed 'Y3'"),
        ("labels: Line, under: Part B, columns: {Y1: 2016/17, Y2: 2016/17}, rows: {}",
         "2016/17 heads two columns; name them in `columns`"),
    ],
)  # fmt: skip
def test_what_the_template_does_not_have_is_told(template: Template, block: str, says: str) -> None:
    (problem,) = found(template, block)[1]

    assert says in problem


def test_a_heading_that_stands_twice_needs_its_part(tmp_path: Path) -> None:
    book = Workbook()
    for _ in range(2):
        book.worksheets[0].append(["Line", "2016/17"])
    book.worksheets[0].title = "Return"
    book.save(tmp_path / "t.xlsx")
    twice = open_template(tmp_path / "t.xlsx")

    assert found(twice, "labels: Line, rows: {}")[1] == [
        "map.yaml:2:29: fill / 1 / labels: 'Line' heads row 1 and row 2; name its part with `under`"
    ]


def test_a_sheet_that_is_not_there_is_told(template: Template) -> None:
    tree = parse_yaml("fill: [{sheet: Retrun, labels: a, rows: {}}]", "map.yaml")
    _, problems = tables(typed(SubmissionMap, tree), tree, template)

    assert [str(problem) for problem in problems] == [
        "map.yaml:1:16: fill / 1 / sheet: the template has no sheet 'Retrun', "
        "did you mean 'Return'?"
    ]
