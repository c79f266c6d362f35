"""`finsim sensitivity`: what it prints, and that the rows say what the figures do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from example_files import Example, said

from finsim.commands.new import new
from finsim.outputs.sensitivity import INDEX_FIELDS, TORNADO_FIELDS

FEW = (
    "--set", "run.points=latin hypercube", "--set", "run.draws_per_replicate=64", "--draws", "1",
    "--index-draws", "64",
)  # fmt: skip


@pytest.fixture
def example(tmp_path: Path) -> str:
    assert new(tmp_path / "system", "example") == 0
    return str(Example(tmp_path / "system").scenario)


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    code, out, err = said(capsys, "sensitivity", *arguments, "--json", "--quiet", *FEW)
    assert (code, err) == (0, [])
    whole: dict[str, Any] = json.loads(out, parse_constant=pytest.fail)
    return whole


def test_the_rows_of_the_gap(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    whole = as_json(capsys, example)
    assert {"finsim", "scenario", "checks", "measures"} <= set(whole)
    found = whole["sensitivity"]
    assert (found["of"], found["body"], found["year"], found["unit"]) == (
        "gap", "system", "2020/21", "£m",
    )  # fmt: skip
    for row in found["tornado"]:
        assert tuple(row) == TORNADO_FIELDS
        assert row["swing"] == pytest.approx(row["at_high"] - row["at_low"])
        assert row["high"] >= row["low"]
    widths = [abs(row["swing"]) for row in found["tornado"]]
    assert widths == sorted(widths, reverse=True)
    assert {row["by"] for row in found["indices"]} == {"theme", "standing"}
    for row in found["indices"]:
        assert tuple(row) == INDEX_FIELDS
        assert row["total"] >= 0
    central = next(
        row["central"]
        for row in whole["measures"]
        if (row["measure"], row["body"], row["year"]) == ("gap", "system", "2020/21")
    )
    uniform = next(row for row in found["tornado"] if row["input"] == "population.growth")
    assert min(uniform["at_low"], uniform["at_high"]) < central
    assert max(uniform["at_low"], uniform["at_high"]) > central


@pytest.mark.parametrize("of", ["position:hospital", "met", "met:ccg", "gap_after_support"])
def test_every_kind_of_figure(example: str, of: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, example, "--of", of, "--year", "2019/20", "--by", "owner")[
        "sensitivity"
    ]
    assert found["year"] == "2019/20"
    assert found["unit"] == ("chance" if of.startswith("met") else "£m")
    assert {row["by"] for row in found["indices"]} == {"owner"}
    if found["unit"] == "chance":
        assert all(0 <= row["mean_low"] <= 1 for row in found["tornado"])


def test_the_terminal_keeps_to_its_width(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    for of in ("gap", "met"):
        code, out, _ = said(capsys, "sensitivity", example, "--of", of, "--quiet", *FEW)
        assert code == 0
        assert max(map(len, out.splitlines())) <= 100
        assert "One input at a time" in out
        assert "Share of the variance by theme" in out
        assert "* illustrative" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--of", "gaps"], "--of gaps: there is no 'gaps' to follow; known: gap"),
        (["--of", "position:hospitl"], "did you mean 'hospital'?"),
        (["--of", "gap:hospital"], "a body has position:hospital"),
        (["--year", "2015/16"], "2015/16 is not projected; this scenario has 2016/17 to 2020/21"),
        (["--year", "2016"], "write it as 2016/17"),
        (["--by", "them"], "there is no grouping 'them'; known: input"),
        (["--option", "all"], "one option is analysed at a time"),
    ],
)
def test_mistakes_are_told(
    example: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, "sensitivity", example, *arguments)
    assert (code, out) == (3, "")
    assert any(message in line for line in err)
