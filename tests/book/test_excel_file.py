"""Workbooks from anyone: what is no workbook, or more than one needs, is refused with one line."""

from __future__ import annotations

import struct
import warnings
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from excel_packages import HEAD, MAIN, compound_file, packed, parts, sheet_of, written

from finsim.book.excel_file import (
    MAX_BYTES,
    MAX_PARTS,
    MAX_SHEETS,
    MAX_UNPACKED,
    open_excel,
)
from finsim.book.excel_xml import MAX_DEPTH, MAX_ROWS, MAX_TEXT
from finsim.book.places import InputProblems


def refusal(path: Path) -> str:
    with pytest.raises(InputProblems) as caught:
        open_excel(path, "inputs.xlsx")
    (problem,) = caught.value.problems
    text = str(problem)
    assert "\n" not in text
    return text


def refused(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "inputs.xlsx"
    path.write_bytes(content)
    return refusal(path)


def test_a_plain_workbook_is_read(tmp_path: Path) -> None:
    excel = open_excel(written(tmp_path / "plain.xlsx", parts()), "plain.xlsx")

    assert excel.sheets == {"Inputs": "xl/worksheets/sheet1.xml"}
    assert not excel.has_formulas
    assert excel.warnings == ()
    assert [[cell.value for cell in row] for row in excel.opened()["Inputs"].iter_rows()] == [[1]]


def test_what_is_no_workbook_is_told_apart(tmp_path: Path) -> None:
    old = compound_file("Workbook")
    locked = compound_file("EncryptionInfo", "EncryptedPackage")
    whole = packed(parts())

    assert "is an old Excel file (.xls)" in refused(tmp_path, old)
    assert "is protected with a password" in refused(tmp_path, locked)
    assert "is cut short or damaged" in refused(tmp_path, whole[: len(whole) // 2])
    assert "is cut short or damaged" in refused(tmp_path, whole[:-30])
    assert "is empty" in refused(tmp_path, b"")
    assert "is not an Excel workbook" in refused(tmp_path, b"finsim: 1\ntitle: x\n")
    assert "a zip, but not an Excel workbook" in refused(tmp_path, packed({"a.txt": "a"}))
    assert "is an OpenDocument file" in refused(tmp_path, packed({"mimetype": "x"}))
    assert "(.xlsb)" in refused(tmp_path, packed({**parts(), "xl/workbook.bin": b"\x83"}))
    assert "there is no such file" in refusal(tmp_path / "none.xlsx")
    assert "is a folder" in refusal(tmp_path)


def test_a_strict_workbook_is_named(tmp_path: Path) -> None:
    strict = {
        name: text.replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
        for name, text in parts().items()
    }

    assert "Strict Open XML" in refused(tmp_path, packed(strict))


def test_damage_inside_the_zip_is_one_line(tmp_path: Path) -> None:
    content = bytearray(packed(parts(sheet_of("<row/>" * 500))))
    start = content.find(b"sheet1.xml", content.find(b"xl/worksheets")) + len("sheet1.xml")
    content[start + 5 : start + 25] = b"\xff" * 20

    assert "is cut short or damaged" in refused(tmp_path, bytes(content))


@pytest.mark.parametrize("missing", ["_rels/.rels", "xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_missing_part_is_one_line(tmp_path: Path, missing: str) -> None:
    kept = {name: text for name, text in parts().items() if name != missing}

    assert refused(tmp_path, packed(kept)).startswith("inputs.xlsx: is ")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = sheet_of("<row/>" + " " * 40_000_000)

    assert "unpacks 'xl/worksheets/sheet1.xml' to more than 200 times" in refused(
        tmp_path, packed(parts(bomb))
    )


def test_many_large_parts_are_refused_by_their_sum(tmp_path: Path) -> None:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for number in range(MAX_UNPACKED // 950_000 + 1):
            package.writestr(f"xl/media/{number}.bin", bytes(950_000))

    assert "120 MB at most" in refused(tmp_path, target.getvalue())


def test_a_size_that_lies_is_refused(tmp_path: Path) -> None:
    content = bytearray(packed(parts(sheet_of("<row/>" + " " * 40_000_000))))
    last = content.rfind(b"PK\x01\x02")
    struct.pack_into("<I", content, last + 24, 900_000)

    assert "is cut short or damaged" in refused(tmp_path, bytes(content))


def test_parts_over_each_other_are_refused(tmp_path: Path) -> None:
    content = bytearray(packed({**parts(), "xl/a.bin": b"a" * 100, "xl/b.bin": b"a" * 100}))
    first, second = (content.find(name, content.find(b"PK\x01\x02")) for name in (b"xl/a", b"xl/b"))
    content[second - 4 : second] = content[first - 4 : first]

    assert "over another part" in refused(tmp_path, bytes(content))


def test_a_part_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert "twice" in refused(tmp_path, packed({**parts(), "XL/Workbook.xml": "<a/>"}))
    target = BytesIO(packed(parts()))
    with warnings.catch_warnings(), zipfile.ZipFile(target, "a") as package:
        warnings.simplefilter("ignore")
        package.writestr("xl/workbook.xml", "<a/>")
    assert "twice" in refused(tmp_path, target.getvalue())


@pytest.mark.parametrize(
    "name", ["../../etc/x", "/etc/x", "xl\\..\\x", "C:x", "xl/a\x01b", "x" * 300]
)
def test_tricks_with_paths_are_refused(tmp_path: Path, name: str) -> None:
    assert "a path that no Excel writes" in refused(tmp_path, packed({**parts(), name: "a"}))


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/odd.dat"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_that_declares_entities_is_refused(tmp_path: Path, part: str, encoding: str) -> None:
    laughs = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 10}">' for n in range(12)
    )
    bomb = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [{laughs}]><x>&l11;</x>'

    found = refused(tmp_path, packed({**parts(), part: bomb.encode(encoding)}))

    assert "declares XML entities" in found


def test_a_million_empty_rows_are_refused(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{number}" ht="15"/>' for number in range(1, 1_000_001))

    assert "the sheet 'Inputs'" in (found := refused(tmp_path, packed(parts(sheet_of(rows)))))
    assert f"{MAX_ROWS:,} rows" in found


def test_rows_and_columns_far_away_are_refused(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="A1048576"><v>1</v></c></row>'
    wide = '<row r="1"><c r="XFD1"><v>1</v></c></row>'
    declared = sheet_of("").replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')

    assert "uses row 1048576" in refused(tmp_path, packed(parts(sheet_of(far))))
    assert "uses column XFD" in refused(tmp_path, packed(parts(sheet_of(wide))))
    assert "uses row 1048576" in refused(tmp_path, packed(parts(declared)))


def test_rows_that_reach_far_to_the_right_are_refused(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{n}"><c r="BXX{n}"><v>1</v></c></row>' for n in range(1, 5_000))

    assert "spreads over more than 5,000,000 cells" in refused(
        tmp_path, packed(parts(sheet_of(rows)))
    )


def test_deep_or_broken_xml_is_refused(tmp_path: Path) -> None:
    deep = sheet_of("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH)

    assert f"more than {MAX_DEPTH} deep" in refused(tmp_path, packed(parts(deep)))
    assert "is not valid XML" in refused(tmp_path, packed(parts("<worksheet>")))


def test_long_texts_are_refused_where_they_stand(tmp_path: Path) -> None:
    def inline(length: int) -> bytes:
        text = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{"x" * length}</t></is></c></row>'
        return packed(parts(sheet_of(text)))

    shared = f'{HEAD}<sst xmlns="{MAIN}"><si>{f"<r><t>{chr(120) * 9_000}</t></r>" * 4}</si></sst>'

    (tmp_path / "most.xlsx").write_bytes(inline(MAX_TEXT))
    assert open_excel(tmp_path / "most.xlsx")
    assert "32,767 characters" in refused(tmp_path, inline(MAX_TEXT + 1))
    assert "32,767 characters" in refused(
        tmp_path, packed({**parts(), "xl/sharedStrings.xml": shared})
    )


def test_more_parts_sheets_or_bytes_than_a_workbook_needs_are_refused(tmp_path: Path) -> None:
    many = parts() | {f"xl/{number}.bin": "" for number in range(MAX_PARTS)}
    sheets = parts()
    sheet = '<sheet name="Inputs" sheetId="1" r:id="rId1"/>'
    sheets["xl/workbook.xml"] = sheets["xl/workbook.xml"].replace(sheet, sheet * (MAX_SHEETS + 1))

    assert "parts" in refused(tmp_path, packed(many))
    assert f"{MAX_SHEETS} are the most" in refused(tmp_path, packed(sheets))
    assert "larger than 20 MB" in refused(tmp_path, bytes(MAX_BYTES + 1))


def test_macros_and_links_are_told_and_left(tmp_path: Path) -> None:
    extra = {"xl/vbaProject.bin": b"\xd0\xcf", "xl/externalLinks/externalLink1.xml": "<x/>"}
    excel = open_excel(written(tmp_path / "m.xlsm", parts() | extra), "m.xlsm")

    assert [str(warning) for warning in excel.warnings] == [
        "m.xlsm: holds macros, which are not run",
        "m.xlsm: holds links to other workbooks, which are not followed",
    ]


def test_a_part_that_openpyxl_cannot_read_is_one_line(tmp_path: Path) -> None:
    odd = parts() | {"[Content_Types].xml": "<nothing/>"}
    excel = open_excel(written(tmp_path / "odd.xlsx", odd), "odd.xlsx")

    with pytest.raises(InputProblems, match=r"^odd\.xlsx: is not a workbook that can be read"):
        excel.opened()
