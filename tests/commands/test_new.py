"""`finsim new`: a whole system in an empty folder, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from example_files import said

from finsim.commands.new import systems


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", systems())
def test_what_is_written_has_no_mistakes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "new", "mine", "--from", name)[0] == 0

    for scenario in Path("mine", "scenarios").glob("*.yaml"):
        assert said(capsys, "check", str(scenario), "--quiet")[0] == 0, scenario


def test_the_command_that_it_names_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "new", "my system")

    assert code == 0
    assert out.splitlines()[-1].strip() == "finsim run 'my system/scenarios/example.yaml'"
    few = ("--draws", "1", "--json", "--quiet")
    assert said(capsys, "run", "my system/scenarios/example.yaml", *few)[0] == 0


def test_bhr_brings_its_variants_and_the_national_book(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "new", "mine", "--from", "bhr")

    assert Path("mine/scenarios/bhr-growth-by-2021.yaml").is_file()
    assert Path("mine/assumptions/national/drivers.yaml").is_file()
    assert not Path("mine/scenarios/example.yaml").exists()


def test_llr_brings_its_variants(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "new", "mine", "--from", "llr")

    assert Path("mine/scenarios/llr-2014-plan.yaml").is_file()
    assert Path("mine/assumptions/llr/comparisons.yaml").is_file()
    few = ("--draws", "16", "--json", "--quiet")
    assert said(capsys, "run", "mine/scenarios/llr.yaml", *few)[0] == 0


@pytest.mark.parametrize("name", systems())
def test_every_file_leads_an_editor_to_its_schema(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "new", "mine", "--from", name)

    files = list(Path("mine").rglob("*.yaml"))
    assert files
    for path in files:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        head, _, schema = first.partition("$schema=")
        assert head == "# yaml-language-server: "
        kind = "scenario" if path.parent.name == "scenarios" else "book"
        stated = json.loads((path.parent / schema).read_text(encoding="utf-8"))
        assert stated["$id"] == f"urn:finsim:{kind}:{stated['version']}"


def test_an_empty_folder_is_filled(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()

    assert said(capsys, "new", "empty")[0] == 0
    assert Path("empty/scenarios/example.yaml").is_file()


def test_the_folder_that_one_stands_in_is_filled(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "new", ".")[0] == 0
    assert sorted(path.name for path in Path.cwd().iterdir()) == [
        "assumptions",
        "scenarios",
        "schemas",
    ]


def test_a_folder_that_holds_something_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("mine")

    code, out, lines = said(capsys, "new", "mine")

    assert (code, out) == (5, "")
    assert lines == ["finsim: mine exists and is not empty; name a new folder"]
    assert [path.name for path in Path("mine").iterdir()] == ["notes.txt"]


def test_a_file_is_not_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine").write_text("mine")

    assert said(capsys, "new", "mine")[0] == 5
    assert said(capsys, "new", "mine/below")[0] == 5
    assert Path("mine").read_text() == "mine"


@pytest.mark.parametrize("name", ["exampel", "../example", "national", ""])
def test_an_unknown_system(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, lines = said(capsys, "new", "mine", "--from", name)

    assert code == 3
    assert f"there is no shipped system '{name}'; there are bhr, example" in lines[0]
    assert ("exam" in name) == lines[0].endswith("did you mean 'example'?")
    assert not Path("mine").exists()
