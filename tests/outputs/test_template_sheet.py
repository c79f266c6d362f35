"""A sheet changes in the bytes of the cells that are filled, and nowhere else."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from excel_packages import HEAD, MAIN
from hypothesis import given
from hypothesis import strategies as st

from finsim.outputs.template_sheet import column_number, read_sheet, spliced

ROWS = (
    '<row r="3" spans="1:5"><c r="A3" t="s"><v>0</v></c><c r="C3" s="7" t="str">'
    "<f>A1</f><v>x</v></c>"
    "<c r='D3' s='4'/></row>"
    '<row r="5" s="9" customFormat="1"><c r="A5" t="inlineStr"><is><t>In</t><t>line</t></is></c>'
    '<c r="C5" s="2" vm="1" t="e"><v>#N/A</v></c></row>'
)


def sheet(rows: str = ROWS, after: str = "", before: str = "") -> bytes:
    text = f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:x14ac="urn:x14ac">{before}'
    return f"{text}<sheetData>{rows}</sheetData>{after}</worksheet>".encode()


def changed(rows: str, row: int, column: int, value: float, **more: str) -> str:
    content = sheet(rows, **more)
    return spliced(content, [read_sheet(content, ["Label"]).put(row, column, value)]).decode()


def test_cells_are_found_with_what_they_say() -> None:
    found = read_sheet(sheet(), ["Label"])

    assert {
        (row, column): cell.text
        for row, line in found.rows.items()
        for column, cell in line.cells.items()
    } == {(3, 1): "Label", (3, 3): "x", (3, 4): "", (5, 1): "Inline", (5, 3): "#N/A"}
    assert column_number("AB") == 28


def test_an_empty_cell_takes_a_number_and_keeps_its_format() -> None:
    assert changed(ROWS, 3, 4, 12.5) == sheet().decode().replace(
        "<c r='D3' s='4'/>", '<c r="D3" s="4"><v>12.5</v></c>'
    )


def test_a_cell_loses_its_kind_and_nothing_else() -> None:
    assert changed(ROWS, 5, 3, -1.0) == sheet().decode().replace(
        '<c r="C5" s="2" vm="1" t="e"><v>#N/A</v></c>', '<c r="C5" s="2"><v>-1.0</v></c>'
    )


@pytest.mark.parametrize(
    ("row", "column", "made", "before"),
    [
        (3, 2, '<c r="B3" s="6"><v>1.0</v></c>', '<c r="C3"'),
        (3, 5, '<c r="E3"><v>1.0</v></c>', "</row><row r=\"5\""),
        (5, 2, '<c r="B5" s="9"><v>1.0</v></c>', '<c r="C5"'),
    ],
)  # fmt: skip
def test_a_cell_that_is_not_there_is_made_in_its_place(
    row: int, column: int, made: str, before: str
) -> None:
    columns = '<cols><col min="2" max="3" style="6"/></cols>'
    whole = sheet(before=columns).decode()

    assert changed(ROWS, row, column, 1.0, before=columns) == whole.replace(
        before, made + before, 1
    )


def test_prefixes_are_kept() -> None:
    text = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1"/></x:row>'
        "</x:sheetData></x:worksheet>"
    ).encode()
    found = read_sheet(text, [])

    assert spliced(text, [found.put(1, 1, 1.0), found.put(1, 2, 2.0)]).decode() == (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1">'
        '<x:c r="A1"><x:v>1.0</x:v></x:c><x:c r="B1"><x:v>2.0</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )


def test_stored_values_of_formulas_are_dropped() -> None:
    content = sheet()

    assert spliced(content, read_sheet(content, ["Label"]).without_values()) == sheet(
        ROWS.replace(' t="str"><f>A1</f><v>x</v>', "><f>A1</f>")
    )


def test_merged_and_shared_cells_are_known() -> None:
    shared = '<row r="1"><c r="A1"><f t="shared" ref="A1:A3" si="0">B1</f></c></row>'
    found = read_sheet(sheet(shared, '<mergeCells><mergeCell ref="B2:C4"/></mergeCells>'), [])
    cell = found.cell(1, 1)

    assert cell is not None
    assert cell.spreads
    assert not found.covered(2, 2)
    assert found.covered(4, 3)
    assert not found.covered(5, 3)


@given(st.data())
def test_whatever_is_filled_reads_back_and_the_rest_stays(data: st.DataObject) -> None:
    places = data.draw(st.sets(st.tuples(st.integers(1, 4), st.integers(1, 6)), min_size=4))
    rows = {row for row, _ in places}
    xml = "".join(
        f'<row r="{row}">'
        + "".join(
            f'<c r="{"ABCDEF"[column - 1]}{row}" s="{column}"><v>{column}</v></c>'
            for at, column in sorted(places)
            if at == row
        )
        + "</row>"
        for row in sorted(rows)
    )
    wanted = data.draw(
        st.dictionaries(
            st.tuples(st.sampled_from(sorted(rows)), st.integers(1, 6)),
            st.floats(allow_nan=False, allow_infinity=False),
        )
    )
    content = sheet(xml)
    before = read_sheet(content, [])
    splices = [before.put(row, column, wanted[row, column]) for row, column in sorted(wanted)]
    fresh = spliced(content, splices)
    ElementTree.fromstring(fresh)
    after = read_sheet(fresh, [])

    found = {(r, c): cell for r, line in after.rows.items() for c, cell in line.cells.items()}
    assert found.keys() == places | wanted.keys()
    for (row, column), cell in found.items():
        expected = wanted.get((row, column))
        assert float(cell.text) == (column if expected is None else expected)
        assert cell.style == (column if (row, column) in places else 0)
    for line in after.rows.values():
        starts = [line.cells[column].start for column in sorted(line.cells)]
        assert starts == sorted(starts)
