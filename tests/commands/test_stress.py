"""`finsim stress`: what it prints and writes, its own case files, and mistakes in them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest
from example_files import Example, copied, said

FEW = ("--set", "run.points=latin hypercube", "--set", "run.draws_per_replicate=64", "--draws", "1")
OWN = """finsim: 1
stress_cases:
  - id: dear
    name: Everything dearer
    rates:
      - {drivers: [tariff], add: 1%, over: 2018/19 to 2020/21}
    source: Judgement
    standing: illustrative
    as_at: "2017"
    replace_with: Something better
"""


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    found = copied(tmp_path / "system")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return found


def test_what_it_says_fits_the_screen(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "stress", str(example.scenario), "--quiet", *FEW)
    assert (code, err) == (0, [])
    assert max(map(len, out.splitlines())) <= 100
    for heading in ("Worst tenth", "Change under each case", "Reserve to hold", "illustrative"):
        assert heading in out


def test_data_has_every_body_and_only_numbers(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (str(example.scenario), "--json", "--quiet", "-o", "cases.csv", *FEW)
    code, out, err = said(capsys, "stress", *arguments)
    assert (code, err) == (0, [])
    stress = json.loads(out, parse_constant=pytest.fail)["stress"]
    bodies = {"system", "ccg", "hospital", "council"}
    assert {row["body"] for row in stress["reserves"]} == bodies
    assert {row["confidence"] for row in stress["reserves"]} == {0.8, 0.9, 0.95}
    for row in stress["in_common"]:
        assert 0 <= row["separation"] <= 1
        assert row["tail_beyond"] >= row["rest_beyond"] - 1e-9
    kinds = {row["name"]: row["kind"] for row in stress["in_common"]}
    for chosen in stress["separating"]:
        assert 0 < len(chosen["names"]) <= 3
        assert {kinds[name] for name in chosen["names"]} <= {"input", "theme"}
    with Path("cases.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == [row["case"] for row in stress["cases"]]
    by_hand = {(r["case"], r["body"]): float(r["change_of_mean"]) for r in rows}
    inside = by_hand["together", "ccg"] + by_hand["together", "hospital"]
    system = by_hand["together", "system"] - by_hand["together", "council"]
    assert inside == pytest.approx(system, abs=1e-6)
    assert said(capsys, "stress", *arguments)[0] == 0  # its own file is replaced


def test_a_workbook_holds_the_same(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    files = ("-o", "s.xlsx", "-o", "s.json")
    assert said(capsys, "stress", str(example.scenario), "--quiet", *files, *FEW)[0] == 0
    stress = json.loads(Path("s.json").read_text(encoding="utf-8"))["stress"]
    book = openpyxl.load_workbook("s.xlsx")
    assert book.sheetnames == ["Cases", "Worst tenth", "Reserves", "Sources"]
    cells = {
        name: [[cell.value for cell in row] for row in book[sheet][book[sheet].tables[name].ref]]
        for sheet, name in (("Cases", "Stress_cases"), ("Reserves", "Reserves"))
    }
    column = cells["Stress_cases"][0].index("Change of mean")
    changes = sorted(row[column] for row in cells["Stress_cases"][1:])
    assert changes == sorted(row["change_of_mean"] for row in stress["cases"])
    column = cells["Reserves"][0].index("Reserve")
    reserves = [row[column] for row in cells["Reserves"][1:]]
    assert reserves == [row["reserve"] for row in stress["reserves"]]
    (chart,) = book["Cases"]._charts
    assert chart is not None
    assert said(capsys, "stress", str(example.scenario), "--quiet", *files, *FEW)[0] == 0


def test_cases_of_ones_own(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    Path("own.yaml").write_text(OWN, encoding="utf-8")
    asked = ("--cases", "own.yaml", "--confidence", "75%", "--json", "--quiet")
    code, out, _ = said(capsys, "stress", str(example.scenario), *asked, *FEW)
    stress = json.loads(out)["stress"]
    assert code == 0
    assert {row["case"] for row in stress["cases"]} == {"dear"}
    assert {row["confidence"] for row in stress["reserves"]} == {0.75}
    changed = {row["body"]: row["change_of_mean"] for row in stress["cases"]}
    assert changed["hospital"] > 1  # it is paid more, and the CCG pays it
    assert changed["ccg"] < -1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("add: 1%", "add: 1", "own.yaml:6:34: stress_cases / dear / rates / 1 / add: "),
        ("id: dear", "idd: dear", "own.yaml:3:5: "),
        ("    rates:", "    rats:", "did you mean 'rates'?"),
        ("    replace_with: Something better\n", "", "`replace_with` must say"),
    ],
)
def test_mistakes_in_a_case_file_are_told_with_their_place(
    example: Example, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    Path("own.yaml").write_text(OWN.replace(old, new), encoding="utf-8")
    asked = ("--cases", "own.yaml", "--quiet")
    code, out, err = said(capsys, "stress", str(example.scenario), *asked, *FEW)
    assert (code, out) == (3, "")
    assert message in "\n".join(err)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("--case", "acute_shok"), "did you mean 'acute_shock'?"),
        (("--confidence", "ninety"), "--confidence ninety"),
        (("--confidence", "120%"), "must be from 50% to 99%"),
        (("--cases", "nowhere.yaml"), "nowhere.yaml"),
        (("-o", "stress.parquet"), "has no suffix that this command writes"),
    ],
)
def test_what_is_not_there_is_bad_input(
    example: Example, capsys: pytest.CaptureFixture[str], asked: tuple[str, str], message: str
) -> None:
    code, out, err = said(capsys, "stress", str(example.scenario), *asked, "--quiet", *FEW)
    assert (code, out) == (3, "")
    assert message in "\n".join(err)
