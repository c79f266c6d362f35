"""`finsim bridge`: what it prints and writes, and that its steps are those of the run."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest
from example_files import Example, copied, said

FEW = ("--set", "run.points=latin hypercube", "--set", "run.draws_per_replicate=64", "--draws", "1")
LAST = "2020/21"


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    found = copied(tmp_path / "system")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return found


def test_steps_as_data_sum_to_the_positions_of_every_option(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (str(example.scenario), "--option", "all", "--json", "--quiet", *FEW)
    code, out, err = said(capsys, "bridge", *arguments)
    assert (code, err) == (0, [])
    whole = json.loads(out, parse_constant=pytest.fail)
    assert "The bridge ties" in {check["name"].split(": ")[-1] for check in whole["checks"]}
    _, run, _ = said(capsys, "run", *arguments)
    expected = {
        (row["option"], row["body"], row["year"]): row["mean"]
        for row in json.loads(run)["measures"]
        if row["measure"] == "position" and row["year"] != whole["years"][0]
    }
    found: dict[tuple[str, str, str], float] = {}
    first: dict[tuple[str, str, str], str] = {}
    for row in whole["bridge"]:
        key = (row["option"], row["body"], row["year"])
        found[key] = found.get(key, 0.0) + row["mean"]
        first.setdefault(key, row["step"])
    assert found == pytest.approx(expected, abs=1e-9)
    assert set(first.values()) == {"base_position"}


def test_a_waterfall_of_a_body_in_a_year(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--body", "hospital", "--year", "2018/19", "--quiet")
    code, out, _ = said(capsys, "bridge", str(example.scenario), *asked, *FEW)
    lines = out.splitlines()
    assert code == 0
    assert max(map(len, lines)) <= 100
    assert "Example Hospital NHS Trust, 2018/19 · as stated" in lines
    starts = [line[:34].strip() for line in lines]
    order = ["Position 2015/16", "Demography", "Pay and prices", "= Do nothing"]
    assert list(map(starts.index, order)) == sorted(map(starts.index, order))


def test_files(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    named = [word for name in ("b.csv", "b.json", "b.xlsx") for word in ("-o", name)]
    arguments = ("bridge", str(example.scenario), "--quiet", *FEW, *named)
    assert said(capsys, *arguments)[0] == 0
    with Path("b.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    listed = json.loads(Path("b.json").read_text(encoding="utf-8"))["bridge"]
    assert [row["step"] for row in rows] == [row["step"] for row in listed]
    assert [float(row["p90"]) for row in rows] == [row["p90"] for row in listed]
    sheet = openpyxl.load_workbook("b.xlsx")["Bridge"]
    table = sheet.tables["Bridge_system"]
    cells = [[cell.value for cell in row] for row in sheet[table.ref]]
    header, *body = cells
    assert header[:4] == ["Step", "Mean", "P10", "P90"]
    wanted = {r["step"]: r for r in listed if (r["body"], r["year"]) == ("system", LAST)}
    assert body[0][:2] == ["Position 2015/16", wanted["base_position"]["mean"]]
    demography = next(row for row in body if row[0] == "Demography")
    for cell, name in zip(demography[1:4], ("mean", "p10", "p90"), strict=True):
        error = wanted["demography"]["se" if name == "mean" else f"se_{name}"]
        assert cell == pytest.approx(wanted["demography"][name], abs=6 * error)  # fewer draws
    for row in body:
        start, end = row[4:6]
        if not str(row[0]).startswith(("=", "Position")):
            assert end - start == pytest.approx(row[1], abs=1e-9)
    assert said(capsys, *arguments)[0] == 0  # its own files are replaced


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("--body", "hospitl"), "did you mean 'hospital'?"),
        (("--year", "2031/32"), "is not a projected year"),
        (("-o", "b.docx"), "has no suffix that this command writes"),
    ],
)
def test_what_is_not_there_is_bad_input(
    example: Example, capsys: pytest.CaptureFixture[str], asked: tuple[str, str], message: str
) -> None:
    code, out, err = said(capsys, "bridge", str(example.scenario), *asked, *FEW)
    assert (code, out) == (3, "")
    assert message in "\n".join(err)


def test_a_wrong_body_and_a_wrong_year_are_told_together(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ("--body", "hospitl", "--year", "2031/32")
    code, out, err = said(capsys, "bridge", str(example.scenario), *wrong, *FEW)
    assert (code, out) == (3, "")
    assert [line.split(":")[0] for line in err] == ["--body hospitl", "--year 2031/32"]
