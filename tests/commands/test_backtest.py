"""`finsim backtest`: what it prints of the shipped systems, and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from example_files import Example, said

from finsim.commands.new import new
from finsim.outputs.backtest import TEST_FIELDS

FEW = (
    "--set",
    "run.points=latin hypercube",
    "--set",
    "run.draws_per_replicate=256",
    "--draws",
    "1",
)
HEADER = "id,name,bodies,year,kind,value,expected,source,standing,as_at,note\n"


@pytest.fixture
def example(tmp_path: Path) -> Example:
    assert new(tmp_path / "system", "example") == 0
    return Example(tmp_path / "system")


def with_outturns(example: Example, rows: str) -> str:
    scenario = str(example.scenario)
    folder = next(example.scenario.parent.parent.rglob("book.yaml")).parent
    (folder / "outturn.csv").write_text(HEADER + rows, encoding="utf-8")
    return scenario


def test_a_book_says_what_happened(
    example: Example, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    scenario = with_outturns(
        example,
        "far,Far off,hospital,2016/17,outturn,-£900m,,Made up,published,2017,\n"
        "both,Both,ccg;hospital,2017/18,forecast,£1m,£2m,Made up,published,2018,\n",
    )
    table = tmp_path / "tests.csv"
    code, out, err = said(capsys, "backtest", scenario, "-o", str(table), *FEW)
    assert code == 0, err
    assert max(map(len, out.splitlines())) <= 100
    assert "Were the ranges wide enough" in out
    assert "below all" in out
    assert "tests prove little" in out
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert tuple(rows[0]) == TEST_FIELDS
    assert [(row["id"], row["kind"]) for row in rows][:3] == [
        ("far", "level"),
        ("both", "level"),
        ("both", "surprise"),
    ]
    assert rows[0]["inside"] == "False"


def test_the_rows_as_json(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "one,One,ccg,2016/17,outturn,£0m,,Made up,published,2017,\n"
    capsys.readouterr()
    code, out, _ = said(capsys, "backtest", with_outturns(example, rows), "--json", "--quiet", *FEW)
    assert code == 0
    found = json.loads(out, parse_constant=pytest.fail)["backtest"]
    assert found["counted"] == sum(row["counts"] for row in found["tests"])
    assert found["inside"] == sum(row["counts"] and row["inside"] for row in found["tests"])
    assert tuple(found["tests"][0]) == TEST_FIELDS


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,A,hospitl,2016/17,outturn,£1m,,B,published,2017,\n", "did you mean 'hospital'"),
        ("a,A,ccg,2016,outturn,£1m,,B,published,2017,\n", "write it as 2016/17"),
        ("a,A,ccg,2016/17,rumour,£1m,,B,published,2017,\n", "rumour"),
        ("a,A,ccg,2016/17,outturn,£1m,,B,illustrative,2017,\n", "replace_with"),
    ],
)
def test_mistakes_are_told_with_their_places(
    example: Example, rows: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, "backtest", with_outturns(example, rows), *FEW)
    assert (code, out) == (3, "")
    assert any(message in found and "outturn.csv:2" in found for found in err), err


def test_without_outturns_it_says_where_they_belong(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = ("--set", "population.growth=outturn")
    code, out, err = said(capsys, "backtest", str(example.scenario), *sets, *FEW)
    assert (code, out) == (3, "")
    assert any("write some in outturn.csv of the book" in found for found in err), err
