"""What an input workbook says is what the files say: the same text, the same bits."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from openpyxl import load_workbook
from spreadsheets import needs_libreoffice
from systems import systems, written

from finsim.book.excel_reader import read_workbook
from finsim.book.nodes import plain
from finsim.book.yaml_reader import read_yaml
from finsim.commands.new import new_workbook
from finsim.commands.new import systems as shipped_systems
from finsim.exits import DONE, NOT_WRITTEN
from finsim.outputs.input_workbook import input_workbook
from finsim.scenario.resolved import Resolved
from finsim.simulation.resolve import resolve

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def canonical(resolved: Resolved, file: str) -> str:
    """The text that names a run, but for the name of the file."""
    return resolved.canonical_text.replace(f'"solved_in": "{file}"', '"solved_in": "a file"')


@pytest.mark.parametrize("name", shipped_systems())
def test_a_shipped_system_is_the_same_from_a_workbook(name: str, tmp_path: Path) -> None:
    assert new_workbook(tmp_path / f"{name}.xlsx", name) == DONE
    from_files = resolve(SCENARIOS / f"{name}.yaml")
    from_workbook = resolve(tmp_path / f"{name}.xlsx")

    assert canonical(from_workbook.resolved, f"{name}.xlsx") == canonical(
        from_files.resolved, f"{name}.yaml"
    )


@pytest.mark.parametrize("name", ["example", "bhr"])
def test_every_option_is_the_same_from_a_workbook(name: str, tmp_path: Path) -> None:
    assert new_workbook(tmp_path / f"{name}.xlsx", name) == DONE

    for option in resolve(SCENARIOS / f"{name}.yaml").resolved.scenario.options:
        read = [
            resolve(folder, option)
            for folder in (SCENARIOS / f"{name}.yaml", tmp_path / f"{name}.xlsx")
        ]
        assert canonical(read[0].resolved, f"{name}.yaml") == canonical(
            read[1].resolved, f"{name}.xlsx"
        )


def trees(scenario: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    stated, book = (
        plain(read_yaml(path)) for path in (scenario, scenario.parent / "book" / "book.yaml")
    )
    assert isinstance(stated, dict)
    assert isinstance(book, dict)
    return stated, book


@settings(max_examples=15)
@given(system=systems())
def test_any_system_is_the_same_from_a_workbook(system: Resolved) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        file = written(system, folder)
        (folder / "inputs.xlsx").write_bytes(input_workbook(*trees(file), {}))

        from_files, from_workbook = resolve(file), resolve(folder / "inputs.xlsx")

    assert canonical(from_workbook.resolved, "inputs.xlsx") == canonical(
        from_files.resolved, "scenario.yaml"
    )


def test_the_same_book_gives_the_same_bytes(tmp_path: Path) -> None:
    assert new_workbook(tmp_path / "a.xlsx", "example") == DONE
    assert new_workbook(tmp_path / "b.xlsx", "example") == DONE

    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"mine")

    assert new_workbook(tmp_path / "a.xlsx", "example") == NOT_WRITTEN
    assert (tmp_path / "a.xlsx").read_bytes() == b"mine"


def test_inputs_are_yellow_and_offered(tmp_path: Path) -> None:
    assert new_workbook(tmp_path / "a.xlsx", "example") == DONE
    book = load_workbook(tmp_path / "a.xlsx")
    sheet = book["Contracts"]
    heads = {cell.value: cell.column_letter for cell in sheet[1]}
    offered = {
        str(rule.sqref).partition("2:")[0]: rule.formula1
        for rule in sheet.data_validations.dataValidation
    }

    assert sheet[f"{heads['baseline (£m)']}2"].value == 300
    assert sheet[f"{heads['baseline (£m)']}2"].number_format.startswith('"£"#,##0.0##"m"')
    assert sheet[f"{heads['payer']}2"].fill.start_color.rgb == "FFFFF2CC"
    assert offered[heads["demand"]] == '"population,headcount,growth,none"'
    lists = {cell.value: cell.column_letter for cell in book["Lists"][1]}
    payers = lists["payers and providers"]
    assert offered[heads["payer"]] == f"Lists!${payers}$2:${payers}$7"
    assert [cell.value for cell in book["Lists"][lists["payers and providers"]]][1:7] == [
        "ccg", "hospital", "council", "nhs_england", "neighbours", "taxpayers",
    ]  # fmt: skip


def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    names = ['=HYPERLINK("x")', "+1", "@x", "-2", "<r>x</r>", "1e3", "TRUE"]
    stated = {"external": [{"id": f"e{n}", "name": name} for n, name in enumerate(names)]}
    (tmp_path / "a.xlsx").write_bytes(input_workbook({"title": "=1"}, stated, {}))
    found = read_workbook(tmp_path / "a.xlsx")

    assert found.problems == ()
    assert found.book is not None
    tree: Any = plain(found.book)
    assert [item["name"] for item in tree["external"]] == names


def test_what_columns_cannot_hold_is_told_as_details(tmp_path: Path) -> None:
    stated = {
        "schemes": [
            {
                "id": "s",
                "name": "a; b",
                "rate": {"2020/21": "2%", "2016/17": "1%"},
                "delivered": {"p90": "90%", "p10": "10%", "p30": "30%"},
                "effects": [{"share": "100%"}, {"lines": {"service": ["a;b", "c"]}}],
                "note": None,
                "costs": {"paid_by": {"x: y": "100%"}, "one_off": {}},
            }
        ],
        "risk_shares": [
            {"id": "r", "terms": [{"pool": {}}, {"cap": {"loss": {"a": "£1m"}}}, {"other": {}}]},
            {"id": "q", "terms": [{"pool": {}}, {"cap": {"loss": {"a": "£1m"}}}, {"shares": {}}]},
        ],
    }
    scenario = {"title": "T", "years": "2015/16 to 2020/21", "options": {"a / b": {"#1": ["x"]}}}
    (tmp_path / "a.xlsx").write_bytes(input_workbook(scenario, stated, {}))
    found = read_workbook(tmp_path / "a.xlsx")

    assert found.problems == ()
    assert found.book is not None
    tree: Any = plain(found.book)
    assert list(tree["schemes"][0]["rate"]) == ["2020/21", "2016/17"]
    assert list(tree["schemes"][0]["delivered"]) == ["p90", "p10", "p30"]
    assert tree == stated
    assert plain(found.scenario) == scenario


def test_a_workbook_saved_by_libreoffice_is_the_same(tmp_path: Path) -> None:
    soffice = needs_libreoffice()
    assert new_workbook(tmp_path / "example.xlsx", "example") == DONE
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run(
        [soffice, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path / "lo"),
         str(tmp_path / "example.xlsx")],
        check=True, capture_output=True, timeout=600,
    )  # fmt: skip
    saved = resolve(tmp_path / "lo" / "example.xlsx")

    assert (
        saved.resolved.canonical_text == resolve(tmp_path / "example.xlsx").resolved.canonical_text
    )
    assert saved.warnings == ()
