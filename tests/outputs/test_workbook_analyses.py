"""The sheets that sensitivity, solve, choose and backtest add to a workbook."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from example_files import Example, said

from finsim.commands.new import new

FEW = ("--set", "run.points=latin hypercube", "--set", "run.draws_per_replicate=64", "--draws", "1")
OUTTURN = (
    "id,name,bodies,year,value,expected,source,standing,as_at\n"
    "one,One,hospital,2016/17,£0m,£1m,Made up,published,2017\n"
)
TABLES = {
    "sensitivity": {"Tornado", "Variance_by_theme", "Variance_by_standing"},
    "solve": {"Solved"},
    "choose": {"Sets", "Scheme_choice"},
    "backtest": {"Backtest_positions"},
}
ARGUMENTS = {
    "sensitivity": ["--index-draws", "64"],
    "solve": ["--for", "met=60%", "--vary", "saving", "--vary", "delivered:all"],
    "choose": ["--capacity", "1"],
    "backtest": [],
}


@pytest.mark.parametrize(
    ("command", "arguments"),
    [*ARGUMENTS.items(), ("solve", ["--for", "gap=£50m"])],
    ids=[*ARGUMENTS, "solve every lever"],
)
def test_each_adds_its_sheet_and_the_contents_say_so(
    command: str, arguments: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert new(tmp_path / "system", "example") == 0
    scenario = Example(tmp_path / "system").scenario
    folder = next((tmp_path / "system").rglob("book.yaml")).parent
    (folder / "outturn.csv").write_text(OUTTURN, encoding="utf-8")
    target = tmp_path / "found.xlsx"
    code, _, err = said(capfd, command, str(scenario), *arguments, "-o", str(target), *FEW)
    assert code == 0, err
    book = openpyxl.load_workbook(target)
    name = command.capitalize()
    sheet = book[name]
    assert set(sheet.tables) == TABLES[command]
    listed = [row[0].value for row in book["Contents"].iter_rows()]
    assert name in listed
    if command == "sensitivity":
        assert len(sheet._charts) == 1  # type: ignore[attr-defined]
        assert "Bridge" in book.sheetnames
    for table in sheet.tables.values():
        cells = [cell.value for row in sheet[table.ref] for cell in row]
        assert all(cell is not None for cell in cells)
