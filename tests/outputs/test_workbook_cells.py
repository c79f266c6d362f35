"""What cells are written as: every digit of a number, and any text as XlsxWriter would have it."""

from __future__ import annotations

import io
import math
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter import Workbook  # type: ignore[import-untyped]

from finsim.outputs.workbook_cells import FullPrecisionWorksheet, digits
from finsim.outputs.workbook_sheet import Formula, Shown
from finsim.outputs.workbook_style import Formats
from finsim.outputs.workbook_texts import QuickWorkbook

TEXTS = st.text(
    st.one_of(
        st.sampled_from(" \n\t\r_x0041&<>\"'£–…\x01\x1f\x7f\xa0\ufffe\uffff"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=20,
).filter(lambda text: text and not (text.startswith("<r>") and text.endswith("</r>")))


def parts(kind: type[Any], texts: list[str]) -> zipfile.ZipFile:
    """The file of a workbook whose first column holds texts."""
    content = io.BytesIO()
    workbook = kind(content, {"in_memory": True})
    worksheet = workbook.add_worksheet()
    for row, text in enumerate(texts):
        worksheet.write_string(row, 0, text)
    workbook.close()
    return zipfile.ZipFile(content)


@given(st.lists(TEXTS, min_size=1, max_size=10))
def test_texts_are_written_as_xlsxwriter_writes_them(texts: list[str]) -> None:
    quick, plain = parts(QuickWorkbook, texts), parts(Workbook, texts)
    assert quick.read("xl/sharedStrings.xml") == plain.read("xl/sharedStrings.xml")


def test_text_that_looks_marked_up_stays_text() -> None:
    written = parts(QuickWorkbook, ["<r>a</r>"]).read("xl/sharedStrings.xml")
    assert b"<si><t>&lt;r&gt;a&lt;/r&gt;</t></si>" in written


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_read_back_to_the_bit(values: list[float]) -> None:
    read = [float(text) for text in digits(values)]
    assert read == values
    assert [math.copysign(1, v) for v in read] == [math.copysign(1, v) for v in values]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        digits([1.0, wrong])


def test_rows_of_every_kind_of_cell() -> None:
    workbook = QuickWorkbook(io.BytesIO(), {"in_memory": True})
    formats = Formats(workbook)
    sheet = workbook.add_worksheet("Kinds", FullPrecisionWorksheet)
    looks = [sheet.look(n, formats["money"], formats["marker"]) for n in range(3)]
    sheet.put_rows(0, looks, [["a", 1.5, None], [True, 2, "b"]], formats, marked=False)
    sheet.put_rows(2, looks, [[None, Formula("A1&B1", "x"), Shown(0.5, "percent")]], formats, True)
    number, text = looks[0][1:]
    flag, percent = "3", "4"
    assert sheet.made == {
        0: f'<c r="A1" s="{text}" t="s"><v>0</v></c><c r="B1" s="{number}"><v>1.5</v></c>',
        1: f'<c r="A2" s="{flag}" t="b"><v>1</v></c><c r="B2" s="{number}"><v>2</v></c>'
        f'<c r="C2" s="{text}" t="s"><v>1</v></c>',
        2: f'<c r="A3" s="{text}" t="s"><v>2</v></c>'
        f'<c r="B3" s="{text}" t="str"><f>A1&amp;B1</f><v>x</v></c>'
        f'<c r="C3" s="{percent}"><v>0.5</v></c>',
    }
