"""`finsim solve`: what it prints, and that putting the answer back gives the target."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from example_files import Example, said

from finsim.commands.new import new

FEW = ("--set", "run.points=latin hypercube", "--set", "run.draws_per_replicate=64", "--draws", "1")


@pytest.fixture
def example(tmp_path: Path) -> str:
    assert new(tmp_path / "system", "example") == 0
    return str(Example(tmp_path / "system").scenario)


def as_json(
    capsys: pytest.CaptureFixture[str], command: str, example: str, *arguments: str
) -> dict[str, Any]:
    capsys.readouterr()
    code, out, err = said(capsys, command, example, *arguments, "--json", "--quiet", *FEW)
    assert (code, err) == (0, [])
    whole: dict[str, Any] = json.loads(out, parse_constant=pytest.fail)
    return whole


def gap(whole: dict[str, Any]) -> float:
    return next(
        float(row["mean"])
        for row in whole["measures"]
        if (row["level"], row["measure"], row["year"]) == ("system", "gap", "2020/21")
    )


def test_the_value_put_back_gives_the_target(
    example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = "schemes.falls_prevention.saving"
    stands = gap(as_json(capsys, "run", example))
    wanted = stands - 0.1
    whole = as_json(
        capsys, "solve", example, "--for", f"gap=£{wanted:.6f}m", "--vary", path,
        "--from", "£0m", "--to", "£12m",
    )  # fmt: skip
    found = whole["solve"]
    assert found["now"] == pytest.approx(stands)
    (row,) = found["answers"]
    assert row["found"]
    assert len(row["evaluations"]) < 20
    back = as_json(capsys, "run", example, "--set", f"{path}=£{row['value']}m")
    assert gap(back) == pytest.approx(wanted, abs=0.01)


def test_without_a_word_on_what_to_vary_the_main_inputs_are(
    example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = as_json(capsys, "solve", example, "--for", "met=75%")["solve"]
    assert (found["of"], found["unit"], found["target"]) == ("control_total_met", "chance", 0.75)
    saving, *rest = found["answers"]
    assert (saving["vary"], saving["unit"], saving["found"]) == ("saving", "£m", True)
    assert len(rest) > 1
    for row in found["answers"]:
        assert (row["value"] is None) == (not row["found"])


def test_the_terminal_keeps_to_its_width(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--for", "gap.p90=-£500m", "--vary", "delivered:all", "--vary", "saving")
    code, out, _ = said(capsys, "solve", example, *arguments, "--quiet", *FEW)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 100
    assert "no value from" in out
    assert "Extra recurrent saving" in out


def test_a_start_date_is_found_by_month(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    whole = as_json(
        capsys, "solve", example, "--for", "gap=£1m", "--vary", "schemes.falls_prevention.start",
        "--from", "2016-10", "--to", "2020-10",
    )  # fmt: skip
    (row,) = whole["solve"]["answers"]
    assert row["unit"] == "month"
    assert all(float(one["value"]).is_integer() for one in row["evaluations"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--for", "met"], "says no value to reach"),
        (["--for", "met=80"], "'80' has no unit"),
        (["--for", "met=120%"], "lies between 0% and 100%"),
        (["--for", "gap.p95=£3m"], "there is no 'p95'; known: mean"),
        (["--for", "met.p90=80%"], "a chance has no p90"),
        (["--for", "gap=£3m", "--vary", "nothing"], "for a value of the files say --from and --to"),
        (["--for", "gap=£3m", "--vary", "saving", "--as", "guess"], "known: shift, scale, value"),
        (["--for", "gap=£3m", "--vary", "saving", "--as", "shift"], "takes a value, not a shift"),
        (["--for", "gap=£3m", "--vary", "saving", "--from", "3%"], "must be such as £1m"),
        (["--for", "gap=£3m", "--vary", "saving", "--from", "few"], "'few' is no amount"),
        (["--for", "gap=£3m", "--from", "£1m"], "say with --vary what they bound"),
        (
            ["--for", "gap=£3m", "--vary", "years", "--from", "£1m", "--to", "3%"],
            "must be of one kind",
        ),
    ],
)
def test_mistakes_are_told(
    example: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, "solve", example, *arguments)
    assert (code, out) == (3, "")
    assert any(message in found for found in err), err
