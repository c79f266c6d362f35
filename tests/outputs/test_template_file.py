"""A template is filled in its own file: every part but the sheets' cells is the same bytes."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from excel_packages import HEAD, MAIN, OFFICE, parts, sheet_of, written
from openpyxl import load_workbook

from finsim.book.places import InputProblems
from finsim.outputs.template_file import Template, open_template

SHIPPED = Path(__file__).parents[2] / "scenarios" / "submission" / "template.xlsx"
CHAINED = sheet_of(
    '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f>A1</f><v>1</v></c>'
    '<c r="C1"><f t="shared" ref="C1:C2" si="0">A1*2</f><v>2</v></c></row>'
)


def contents(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def template(tmp_path: Path, **changed: str) -> Template:
    """The smallest workbook, with some of its parts changed: `sheet`, `book` or `types`."""
    made: dict[str, Any] = parts(changed.get("sheet", CHAINED))
    made["xl/workbook.xml"] = changed.get("book", made["xl/workbook.xml"])
    made["xl/_rels/workbook.xml.rels"] = made["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="rId9" Type="{OFFICE}/calcChain" Target="calcChain.xml"/>'
        f'<Relationship Id="rId8" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
    )
    made["[Content_Types].xml"] = made["[Content_Types].xml"].replace(
        "</Types>", '<Override PartName="/xl/calcChain.xml" ContentType="chain"/></Types>'
    )
    made["xl/calcChain.xml"] = f'<calcChain xmlns="{MAIN}"><c r="B1" i="1"/></calcChain>'
    made["xl/styles.xml"] = (
        f'{HEAD}<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf/>'
        '<xf applyProtection="1"><protection locked="0"/></xf></cellXfs></styleSheet>'
    )
    return open_template(written(tmp_path / "template.xlsx", made))


def test_whatever_a_template_holds_survives() -> None:
    found = open_template(SHIPPED)
    found.fill("Commissioner spend", 4, 2, 330_000.5)
    before, after = contents(SHIPPED.read_bytes()), contents(found.content())

    changed = {name for name in before if before[name] != after[name]}
    assert list(before) == list(after)
    assert changed == {"xl/worksheets/sheet2.xml", "xl/worksheets/sheet3.xml"}
    sheet = after["xl/worksheets/sheet2.xml"]
    for kept in (
        b"x14:dataBar",
        b"x14:sparklineGroup",
        b"<dataValidation ",
        b"<drawing ",
        b"<f>SUM",
    ):
        assert kept in sheet
    assert b'descr="How to fill in the return"' in after["xl/drawings/drawing1.xml"]
    assert any(name.startswith("xl/charts/chart") for name in after)


def test_only_the_cell_and_stored_values_differ() -> None:
    found = open_template(SHIPPED)
    found.fill("Commissioner spend", 4, 2, 330_000.5)
    after = contents(found.content())["xl/worksheets/sheet2.xml"].decode()
    before = contents(SHIPPED.read_bytes())["xl/worksheets/sheet2.xml"].decode()
    style = before.partition('<c r="B4" s="')[2].partition('"')[0]

    assert after.replace("<v>330000.5</v></c>", "/>", 1).replace(
        f'<c r="B4" s="{style}">/>', f'<c r="B4" s="{style}"/>'
    ) == before.replace("</f><v>0</v>", "</f>")


@pytest.mark.filterwarnings("ignore:.*xtension is not supported")
def test_the_filled_file_opens_and_calculates_anew() -> None:
    found = open_template(SHIPPED)
    found.fill("Commissioner spend", 4, 2, 12.0)
    book = load_workbook(BytesIO(found.content()))

    assert book.calculation.fullCalcOnLoad
    assert book["Commissioner spend"]["B4"].value == 12
    assert book["Commissioner spend"]["B12"].value == "=SUM(B4:B11)"
    assert load_workbook(BytesIO(found.content()), data_only=True)["Position"]["B18"].value is None


@pytest.mark.parametrize(
    ("stated", "made"),
    [
        ('<calcPr calcId="1" fullCalcOnLoad="0"/><pivotCaches/>',
         '<calcPr calcId="1" fullCalcOnLoad="1"/><pivotCaches/>'),
        ("<definedNames/><pivotCaches/>",
         '<definedNames/><calcPr fullCalcOnLoad="1"/><pivotCaches/>'),
        ("", '<calcPr fullCalcOnLoad="1"/>'),
    ],
)  # fmt: skip
def test_it_is_told_to_calculate(tmp_path: Path, stated: str, made: str) -> None:
    book = parts()["xl/workbook.xml"].replace("</sheets>", f"</sheets>{stated}")
    found = template(tmp_path, book=book)

    assert contents(found.content())["xl/workbook.xml"].decode() == book.replace(
        f"</sheets>{stated}", f"</sheets>{made}"
    )


def test_the_order_of_calculation_goes_only_with_a_formula(tmp_path: Path) -> None:
    found = template(tmp_path)
    found.fill("Inputs", 1, 1, 2.0)
    assert "xl/calcChain.xml" in contents(found.content())

    found.fill("Inputs", 1, 2, 3.0)
    after = contents(found.content())
    assert "xl/calcChain.xml" not in after
    assert b"calcChain" not in after["[Content_Types].xml"] + after["xl/_rels/workbook.xml.rels"]
    assert b"styles.xml" in after["xl/_rels/workbook.xml.rels"]
    assert after["xl/worksheets/sheet1.xml"].decode() == sheet_of(
        '<row r="1"><c r="A1"><v>2.0</v></c><c r="B1"><v>3.0</v></c>'
        '<c r="C1"><f t="shared" ref="C1:C2" si="0">A1*2</f></c></row>'
    )


def test_a_cell_says_why_it_may_not_be_filled(tmp_path: Path) -> None:
    found = template(tmp_path)

    assert found.obstacle("Inputs", 1, 1) == ""
    assert found.obstacle("Inputs", 1, 2) == "holds a formula"
    assert found.obstacle("Inputs", 1, 2, over_formulas=True) == ""
    assert found.obstacle("Inputs", 1, 3, over_formulas=True) == (
        "holds a formula that other cells share"
    )
    found.fill("Inputs", 1, 1, 1.0)
    assert found.obstacle("Inputs", 1, 1) == "is filled by another line of the map"


def test_merged_and_locked_cells_are_told(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1" s="1"/><c r="B1"/></row>'
    protected = sheet_of(rows).replace(
        "</sheetData>",
        '</sheetData><sheetProtection sheet="1"/><mergeCells><mergeCell ref="C1:D1"/></mergeCells>',
    )
    found = template(tmp_path, sheet=protected)

    assert found.obstacle("Inputs", 1, 1) == ""
    assert found.obstacle("Inputs", 1, 2) == "is locked on a protected sheet"
    assert found.obstacle("Inputs", 1, 4) == "lies under a merged cell"


def test_a_signed_template_is_refused(tmp_path: Path) -> None:
    signed = parts() | {"_xmlsignatures/sig1.xml": "<a/>"}

    with pytest.raises(InputProblems, match="is signed"):
        open_template(written(tmp_path / "t.xlsx", signed))


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1" t="s"><v>x</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>9</v></c></row>',
        '<row r="1"><c r="A1" s="x"/></row>',
    ],
)  # fmt: skip
def test_a_sheet_that_no_excel_writes_is_one_line(tmp_path: Path, rows: str) -> None:
    with pytest.raises(InputProblems) as caught:
        template(tmp_path, sheet=sheet_of(rows))
    (problem,) = caught.value.problems
    assert str(problem).endswith("open the template in Excel and save it")
