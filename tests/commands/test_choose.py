"""`finsim choose`: what it prints, and that the chosen set is the best there is."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from example_files import Example, said

from finsim.commands.new import new
from finsim.outputs.scheme_choice import WORTH_FIELDS

FEW = ("--set", "run.points=latin hypercube", "--set", "run.draws_per_replicate=64", "--draws", "1")


@pytest.fixture
def example(tmp_path: Path) -> str:
    assert new(tmp_path / "system", "example") == 0
    return str(Example(tmp_path / "system").scenario)


def as_json(
    capfd: pytest.CaptureFixture[str], command: str, example: str, *arguments: str
) -> dict[str, Any]:
    capfd.readouterr()
    code, out, err = said(capfd, command, example, *arguments, "--json", "--quiet", *FEW)
    assert (code, err) == (0, [])
    whole: dict[str, Any] = json.loads(out, parse_constant=pytest.fail)
    return whole


def chance(whole: dict[str, Any]) -> float:
    return next(
        float(row["probability"])
        for row in whole["measures"]
        if (row["level"], row["measure"], row["year"]) == ("system", "control_total_met", "2020/21")
    )


def test_the_chosen_set_is_the_best_of_those_that_the_limits_allow(
    example: str, capfd: pytest.CaptureFixture[str]
) -> None:
    found = as_json(capfd, "choose", example, "--capacity", "2")["choose"]
    ids = [row["scheme"] for row in found["schemes"]]
    chosen = found["chosen"]["schemes"]
    assert len(chosen) <= 2
    chances = {}
    for some in (set_ for size in range(3) for set_ in combinations(ids, size)):
        words = ", ".join(some)
        chances[some] = chance(as_json(capfd, "run", example, "--set", f"schemes=[{words}]"))
    assert chances[tuple(name for name in ids if name in chosen)] == max(chances.values())
    assert found["chosen"]["chance"] == pytest.approx(max(chances.values()))
    assert found["none"]["chance"] == pytest.approx(chances[()])


def test_the_rows_of_the_schemes(example: str, capfd: pytest.CaptureFixture[str]) -> None:
    found = as_json(capfd, "choose", example, "--for", "gap=£30m", "--investment", "£0m")["choose"]
    assert (found["of"], found["at_most"], found["capacity"]) == ("gap", 30.0, None)
    taken = 0.0
    for row in found["schemes"]:
        assert tuple(row) == WORTH_FIELDS
        assert (
            row["knowing_all"] >= row["knowing_delivered"] - 4 * row["se_knowing_delivered"] >= -1
        )
        assert row["chosen"] == (row["scheme"] in found["chosen"]["schemes"])
        taken += row["investment"] * row["chosen"]
    assert taken == 0


def test_a_stated_capacity_counts(example: str, capfd: pytest.CaptureFixture[str]) -> None:
    found = as_json(
        capfd, "choose", example, "--capacity", "2",
        "--set", "schemes.hospital_efficiency.capacity=3",
    )["choose"]  # fmt: skip
    assert "hospital_efficiency" not in found["chosen"]["schemes"]
    capacities = {row["scheme"]: row["capacity"] for row in found["schemes"]}
    assert capacities["hospital_efficiency"] == 3


def test_the_terminal_keeps_to_its_width_and_files_are_written(
    example: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    table = tmp_path / "schemes.csv"
    code, out, _ = said(capfd, "choose", example, "--capacity", "1", "-o", str(table), *FEW)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 100
    assert "Which schemes make it most likely that the system meets its control total" in out
    assert table.read_text(encoding="utf-8").splitlines()[0] == ",".join(WORTH_FIELDS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--investment", "5"], "'5' has no unit"),
        (["--investment", "-£5m"], "is negative"),
        (["--for", "gap"], "write met, met:ID or gap=£450m"),
        (["--for", "gap=few"], "'few' is not an amount of money"),
        (["--for", "position:hospital=£0m"], "write met, met:ID or gap=£450m"),
        (["--set", "schemes=[]"], "names no scheme to choose from"),
        (["-o", "x.parquet"], "has no suffix that this command writes; use .xlsx, .csv, .json"),
    ],
)
def test_mistakes_are_told(
    example: str, arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capfd, "choose", example, *arguments)
    assert (code, out) == (3, "")
    assert any(message in found for found in err), err
