"""CSV: one header, whole rows, text as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from finsim.book.csv_reader import read_csv
from finsim.book.nodes import plain
from finsim.book.places import InputProblems


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def problems(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(InputProblems) as caught:
        read_csv(written(folder, text), "table.csv")
    return [str(problem) for problem in caught.value.problems]


def test_rows_are_mappings_with_places(tmp_path: Path) -> None:
    text = "\ufeffid, name ,areas\r\nccg,Example,a; b\r\n\r\nx,,\r\n"

    table = read_csv(written(tmp_path, text), "table.csv", frozenset({"areas"}))

    assert table.columns == ("id", "name", "areas")
    assert plain(table.rows) == [{"id": "ccg", "name": "Example", "areas": ["a", "b"]}, {"id": "x"}]
    assert [str(row.place) for row in table.rows] == ["table.csv:2:1", "table.csv:4:1"]
    assert str(table.column_place("areas")) == "table.csv:1:3"


def test_text_stays_text(tmp_path: Path) -> None:
    cells = ["=1+1", "@SUM(A1)", "+x", "-x", "NO", "1e3", "null", "~", "2016-04-01", "caf\u00e9"]

    table = read_csv(written(tmp_path, "a\n" + "\n".join(cells) + "\n"))

    assert plain(table.rows) == [{"a": cell} for cell in cells]


def test_a_quoted_cell_may_hold_commas_and_lines(tmp_path: Path) -> None:
    table = read_csv(written(tmp_path, 'a,b\n"x, ""y""\r\nz",1\n2,3\n'), "table.csv")

    assert plain(table.rows) == [{"a": 'x, "y"\nz', "b": "1"}, {"a": "2", "b": "3"}]
    assert [row.place.line for row in table.rows] == [2, 4]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id,name,id\n1,2,3\n", "table.csv:1:1: the column 'id' stands twice"),
        ("id,,name\n1,2,3\n", "table.csv:1:1: column 2 has no heading"),
        ("id,name\n1,2,3\n", "table.csv:2:1: has 3 cells; the header has 2 columns"),
        ('id,name\n1,"2\n3,4\n', "table.csv:2:1: is not valid CSV"),
        ('id,name\n1,"2"x\n', "table.csv:2:1: is not valid CSV"),
        ("id;name\n1;2\n", "columns are parted by semicolons; save the table with commas"),
        ("id\tname\n1\t2\n", "columns are parted by tabs"),
        (b"id,cost\nx,\xa327m\n", "table.csv:2:3: is not UTF-8 text"),
        ("", "is empty"),
        ("id\n" + "x\n" * 200_001, "holds more than 200,000 values"),
        ("id\n" + "x" * 200_000 + "\n", "field larger than field limit"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str | bytes, says: str) -> None:
    (problem,) = problems(tmp_path, text)

    assert says in problem


def test_every_long_row_is_told(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "a\n1,2\n3\n4,5\n")) == 2


def test_blank_cells_past_the_header_are_nothing(tmp_path: Path) -> None:
    assert plain(read_csv(written(tmp_path, "a,b\n1,2,,\n")).rows) == [{"a": "1", "b": "2"}]
