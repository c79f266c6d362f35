"""The commands on an input workbook: the same figures, and the inputs are never written over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from finsim.cli import exit_code
from finsim.exits import BAD_INPUT, DONE, NOT_WRITTEN, USAGE

EXAMPLE = Path(__file__).parents[1] / "scenarios" / "example.yaml"
FEW = ("--draws", "1024")


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert exit_code(["new", "--excel", "inputs.xlsx"]) == DONE
    return tmp_path / "inputs.xlsx"


def test_the_same_system_gives_the_same_figures(
    inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert exit_code(["run", str(EXAMPLE), "--option", "all", "--json", *FEW]) == DONE
    from_files = json.loads(capsys.readouterr().out)
    assert exit_code(["run", "inputs.xlsx", "--option", "all", "--json", *FEW]) == DONE
    from_workbook = json.loads(capsys.readouterr().out)

    assert from_workbook["measures"] == from_files["measures"]


def test_a_run_writes_beside_its_inputs(inputs: Path) -> None:
    before = inputs.read_bytes()

    assert exit_code(["run", "inputs.xlsx", *FEW]) == DONE
    assert exit_code(["run", "inputs.xlsx", "-o", "inputs.xlsx", "--force", *FEW]) == BAD_INPUT
    assert inputs.read_bytes() == before
    assert "Summary" in load_workbook(inputs.with_name("inputs-results.xlsx")).sheetnames


def test_check_compare_and_explain_read_it(
    inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["check"], ["compare", *FEW], ["explain", "ccg"]):
        name, *rest = command
        assert exit_code([name, "inputs.xlsx", *rest]) == DONE
    assert "inputs.xlsx:Organisations!" in capsys.readouterr().out


def test_a_mistake_is_told_with_its_cell(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = load_workbook(inputs)
    book["Scenario"]["B5"] = "2015/16 until 2020/21"
    book.save(inputs)
    capsys.readouterr()

    assert exit_code(["check", "inputs.xlsx"]) == BAD_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("inputs.xlsx:Scenario!B5: years: '2015/16 until 2020/21' is not a span")


def test_new_takes_a_folder_or_a_workbook(inputs: Path) -> None:
    assert exit_code(["new"]) == USAGE
    assert exit_code(["new", "folder", "--excel", "other.xlsx"]) == USAGE
    assert exit_code(["new", "--excel", "inputs.xlsx"]) == NOT_WRITTEN
    assert exit_code(["new", "--excel", "inputs.csv"]) == BAD_INPUT
    assert exit_code(["new", "--excel", "other.xlsx", "--from", "nowhere"]) == BAD_INPUT
