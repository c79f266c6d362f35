"""`finsim compare`: what it prints, what it writes, and that it agrees with `finsim run`."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from example_files import Example, said

from finsim.analysis.results import FIELDS
from finsim.cli import exit_code
from finsim.commands.new import new

LAST = "2020/21"
FEW = ("--set", "run.points=latin hypercube", "--set", "run.draws_per_replicate=64", "--draws", "1")
OPTIONS = ["as stated", "system total shared", "hospital corridor", "without prevention"]
BODIES = ("system", "ccg", "hospital", "council")
DIFFERENCES = {
    "difference_position",
    "difference_transfer",
    "difference_external_support",
    "difference_sustainability_funding",
}


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    """A copy of the example system, and an empty folder to stand in."""
    assert new(tmp_path / "system", "example") == 0
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return Example(tmp_path / "system")


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The one JSON object that a command prints, in which nothing is not a number."""
    capsys.readouterr()
    code, out, err = said(capsys, *arguments, "--json", "--quiet", *FEW)
    assert (code, err) == (0, [])
    whole: dict[str, Any] = json.loads(out, parse_constant=pytest.fail)
    return whole


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The example system's options compared, as JSON."""
    folder = tmp_path_factory.mktemp("compared") / "system"
    assert new(folder, "example") == 0
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        scenario = str(Example(folder).scenario)
        assert exit_code(["compare", scenario, "--json", "--quiet", *FEW]) == 0
    whole: dict[str, Any] = json.loads(printed.getvalue(), parse_constant=pytest.fail)
    return whole


def keyed(rows: list[dict[str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    found = {
        (row["option"], row["level"], row["body"], row["measure"], row["year"]): row for row in rows
    }
    assert len(found) == len(rows), "a row stands twice"
    return found


def test_every_option_is_compared_in_its_order(compared: dict[str, Any]) -> None:
    whole = compared
    assert list(dict.fromkeys(row["option"] for row in whole["measures"])) == OPTIONS
    assert whole["draws"] == 8 * 64
    assert whole["seed"] == 1
    assert whole["years"][-1] == LAST
    assert all(check["passed"] for check in whole["checks"])
    names = {check["name"].partition(": ")[0] for check in whole["checks"]}
    assert names == set(OPTIONS), "each option has its checks"


def test_rows_are_whole_and_those_of_a_comparison_are_of_every_later_option(
    compared: dict[str, Any],
) -> None:
    rows = compared["measures"]
    for row in rows:
        assert tuple(row) == FIELDS
        assert all(not isinstance(v, float) or math.isfinite(v) for v in row.values())
    found = keyed(rows)
    years = {row["year"] for row in rows}
    for option in OPTIONS:
        of_option = {key[1:] for key in found if key[0] == option}
        measures = {measure for _, _, measure, _ in of_option}
        for body in BODIES:
            level = "system" if body == "system" else "organisation"
            for year in years:
                assert (level, body, "position_in_system_tail", year) in of_option
                for measure in (*DIFFERENCES, "better_than_first"):
                    there = (level, body, measure, year) in of_option
                    assert there == (option != OPTIONS[0]), (option, body, measure)
        assert "position" in measures
    for (_, _, _, measure, _), row in found.items():
        if measure in DIFFERENCES:
            assert row["unit"] == "£m"
            for name in ("plan", "central", "mean", "p10", "p50", "p90", "tail_mean"):
                assert row[name] is not None
            assert row["probability"] is None
            assert row["se"] is not None
        if measure == "better_than_first":
            assert row["unit"] == "chance"
            assert 0 <= row["probability"] <= 1
            assert row["mean"] is None


def test_differences_are_the_means_apart(compared: dict[str, Any]) -> None:
    found = keyed(compared["measures"])
    for (option, level, body, measure, year), row in found.items():
        if measure in DIFFERENCES:
            name = measure.removeprefix("difference_")
            here, there = (found[o, level, body, name, year] for o in (option, OPTIONS[0]))
            assert row["mean"] == pytest.approx(here["mean"] - there["mean"], abs=1e-9)
    better = found["without prevention", "system", "system", "better_than_first", LAST]
    assert better["probability"] < 0.5, "fewer schemes are not better"


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_is_the_same_to_the_bit_when_it_is_run_alone(
    example: Example, compared: dict[str, Any], capsys: pytest.CaptureFixture[str], option: str
) -> None:
    alone = as_json(capsys, "run", str(example.scenario), "--option", option)
    here = keyed([row for row in compared["measures"] if row["option"] == option])
    there = keyed(alone["measures"])
    assert {key: here[key] for key in there} == there
    more = {key[3] for key in here.keys() - there.keys()}
    assert more == (set() if option == OPTIONS[0] else DIFFERENCES | {"better_than_first"})
    of_option = [row for row in compared["schemes"] if row["option"] == option]
    assert of_option == alone["schemes"]


def test_options_that_are_named_are_compared_with_the_first_of_them(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["hospital corridor", "system total shared"]
    chosen = [word for name in names for word in ("--option", name)]
    rows = as_json(capsys, "compare", str(example.scenario), *chosen)["measures"]
    assert list(dict.fromkeys(row["option"] for row in rows)) == names
    assert {r["option"] for r in rows if r["measure"] == "better_than_first"} == {names[1]}


def test_several_scenarios_are_compared_on_the_same_draws(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    """An extending file is what an option of the same words is."""
    path = example.extending("schemes: [QIPP, provider efficiency]", "leaner.yaml")
    other = as_json(capsys, "compare", str(example.scenario), str(path))
    option = as_json(
        capsys, "compare", str(example.scenario), "--option", "as stated", "--option", OPTIONS[3]
    )
    found, expected = keyed(other["measures"]), keyed(option["measures"])
    assert {key[0] for key in found} == {"example", "leaner"}
    names = {"as stated": "example", OPTIONS[3]: "leaner"}
    renamed = {(names[key[0]], *key[1:]): row for key, row in expected.items()}
    assert found.keys() == renamed.keys()
    for key, row in found.items():
        assert {**row, "option": ""} == {**renamed[key], "option": ""}, key


def test_scenarios_of_other_years_or_bodies_are_refused(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    gap = "calibrate: {do_nothing_gap: £60m, in: 2019/20, by: unattributed pressure}"
    short = example.extending(f"years: 2015/16 to 2019/20\n{gap}", "short.yaml")
    body = f"{{id: gp, name: GP, kind: provider, areas: [], {SOURCED}}}"
    more = example.extending(f"add: {{organisations: [{body}]}}", "more.yaml")
    paths = [str(path) for path in (example.scenario, short, more)]
    code, out, err = said(capsys, "compare", *paths, *FEW)
    out = "".join(line for line in out.splitlines() if not line.startswith(("wrote", "  finsim")))
    assert (code, out) == (3, "")
    assert sorted(line.partition(": ")[0] for line in err) == sorted(paths[1:])


SOURCED = 'source: s, standing: published, as_at: "2016"'


def test_mistakes_of_every_scenario_are_told_at_once(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    one = example.extending("control_totals: sytem", "one.yaml")
    two = example.extending("schemes: [QIP]", "two.yaml")
    code, _, err = said(capsys, "compare", str(one), str(two), *FEW)
    assert code == 3
    assert [line.partition(":")[0] for line in err] == [str(one), str(two)]


def test_a_scenario_without_options_has_nothing_to_compare(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    text = example.scenario.read_text(encoding="utf-8")
    before, after = text.partition("options:")[0], text.partition("notes:")[2]
    example.scenario.write_text(f"{before}notes:{after}", encoding="utf-8")
    code, _, err = said(capsys, "compare", str(example.scenario), *FEW)
    assert code == 3
    assert len(err) == 1
    assert err[0].startswith(f"{example.scenario}: ")
    assert "options" in err[0]


def test_an_unknown_option_is_told_with_the_nearest(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(capsys, "compare", str(example.scenario), "--option", "hospital coridor")
    assert code == 3
    assert len(err) == 1
    assert "did you mean 'hospital corridor'?" in err[0]


def test_nothing_is_written_unless_it_is_asked_for(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ((), ("--json",)):
        assert said(capsys, "compare", str(example.scenario), *FEW, *more)[0] == 0
    assert list(Path.cwd().iterdir()) == []


def test_files_that_are_asked_for_hold_the_rows_that_are_printed(
    example: Example, compared: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = compared["measures"]
    asked = ("-o", "options.csv", "-o", "options.json", "-o", "options.xlsx")
    code, _, err = said(capsys, "compare", str(example.scenario), *FEW, *asked)
    assert code == 0
    assert [line for line in err if line.startswith("wrote")] == [
        f"wrote options.{kind}" for kind in ("csv", "json", "xlsx")
    ]
    assert json.loads(Path("options.json").read_text(encoding="utf-8"))["measures"] == rows
    with Path("options.csv").open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert len(written) == len(rows)
    for line, row in zip(written, rows, strict=True):
        for name in ("mean", "se", "probability"):
            assert (float(line[name]) if line[name] else None) == row[name]


def test_the_table_is_what_is_printed_without_json(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    code, out, err = said(capsys, "compare", str(example.scenario), *FEW)
    assert code == 0
    assert not any(line.startswith("wrote") for line in err)
    for number, option in enumerate(OPTIONS, start=1):
        assert f"[{number}] {option}" in out
    assert max(map(len, out.splitlines())) <= 100


def test_the_same_seed_gives_the_same_text_and_another_does_not(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    outs = [
        said(capsys, "compare", str(example.scenario), "-q", "--seed", seed, *FEW)[1]
        for seed in ("7", "7", "8")
    ]
    assert outs[0] == outs[1] != outs[2]
