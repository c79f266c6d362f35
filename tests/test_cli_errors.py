"""Mistakes at the command line: one line each, exit 3 or 2, no traceback, nothing written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from example_files import ROOT, Example, copied, said

CLI = ROOT / "cli.py"


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return copied(tmp_path)


def nothing_written() -> bool:
    return not any(Path.cwd().iterdir())


@pytest.mark.parametrize("command", ["run", "check", "compare"])
def test_every_mistake_of_every_file_at_once(
    example: Example, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    example.replace(example.scenario, "title: Example", "titel: Example")
    example.replace(example.scenario, "low: 5%, high: 9%", "low: 5, high: 9%")
    example.replace(example.scenario, "[prevention, QIPP,", "[preventon, QIPP,")
    example.replace(example.book("contracts.csv"), "£90m", "90")
    example.replace(example.book("lines.csv"), "£80m", "-£80m")
    example.replace(example.book("schemes.yaml"), "mode: 3 months", "mode: 3")
    example.replace(
        example.book("drivers.yaml"),
        "sd: 0.5%}\n    source: Nuffield",
        "sd: -1%}\n    source: Nuffield",
    )

    code, out, lines = said(capsys, command, str(example.scenario))

    places = [line.split(": ")[0].split("/")[-1].rsplit(":", 1)[0] for line in lines]
    assert places == [
        "contracts.csv:3",
        "drivers.yaml:17",
        "lines.csv:8",
        "schemes.yaml:10",
        "example.yaml:2",
        "example.yaml:6",
        "example.yaml:11",
    ]
    assert (code, out) == (3, "")
    assert nothing_written()


def test_check_tells_the_mistakes_of_every_option(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    path = example.extending(
        "options:\n"
        "  a: {schems: [QIPP]}\n"
        "  b: {population: {growth: 0.3}}\n"
        "  c: {changes: {drivers: {tarif: 1%}}}\n"
        "  d: {schemes: [QIP]}\n"
        "run: {sed: 1}"
    )

    code, _, lines = said(capsys, "check", str(path))

    assert code == 3
    assert [line.split("extending.yaml:")[1].split(":")[0] for line in lines] == list("34567")


@pytest.mark.parametrize("given", ["./no.yaml", "x/../no.yaml", "no.yaml"])
def test_a_path_is_told_as_it_was_given(
    example: Example, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    code, _, lines = said(capsys, "check", given)

    assert code == 3
    assert lines[0].startswith(f"{given}: there is no such file")


def test_places_in_the_file_begin_with_the_path_as_given(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    given = "./../scenarios/example.yaml"
    example.replace(example.scenario, "title:", "titel:")

    _, _, lines = said(capsys, "check", given)

    assert lines[0].startswith(f"{given}:2:1: the key 'titel' is not known; allowed: ")
    assert lines[0].endswith("did you mean 'title'?")


def test_a_missing_scenario_names_the_near_one(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    near = str(example.scenario.with_name("exampel.yaml"))

    assert said(capsys, "run", near) == (
        3, "", [f"{near}: there is no such file, did you mean 'example.yaml'?"],
    )  # fmt: skip
    assert nothing_written()


def test_a_folder_is_not_a_scenario(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "run", str(example.folder)) == (
        3, "", [f"{example.folder}: is a folder; a file is needed"],
    )  # fmt: skip


def test_an_unknown_option_comes_with_the_other_mistakes(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--option", "without preventoin", "--set", "run.sed=1")

    code, _, lines = said(capsys, "run", str(example.scenario), *arguments)

    assert code == 3
    assert len(lines) == 2
    assert lines[0].startswith(
        "--option without preventoin: there is no option 'without preventoin'"
    )
    assert lines[0].endswith("did you mean 'without prevention'?")
    assert lines[1].startswith("--set run.sed=1: run: the key 'sed' is not known")


def test_control_characters_are_never_echoed(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    example.scenario.write_text('"\\e[31mtitle": "\\a"\nbook: "\\u202e\\r"\n', encoding="utf-8")
    example.book("external.csv").write_text("id,\x1b[2Jname\n", encoding="utf-8")

    for arguments in (
        ("check", str(example.scenario)),
        ("check", "\x1b[31mno.yaml"),
        ("run", "--\x1b[31m"),
        ("\x1b[31m",),
        ("run", str(example.scenario), "--seed", "\x1b[31m"),
        ("run", str(example.scenario), "--set", "\x1b[31m=\x07"),
        ("run", str(example.scenario), "--option", "\x1b[31m"),
        ("new", "x", "--from", "\x1b[31m"),
    ):
        code, out, lines = said(capsys, *arguments)
        assert code in {2, 3}
        assert out == ""
        assert lines
        assert all(character.isprintable() for line in lines for character in line), lines


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--seed", "-1"), "--seed"),
        (("--seed", "x"), "--seed"),
        (("--seed", str(2**64)), "--seed"),
        (("--draws", "0"), "--draws"),
        (("--draws", "1e6"), "--draws"),
        (("--draws", "100000001"), "--draws"),
        (("--precision", "0"), "--precision: must be above 0"),
        (("--precision", "nan"), "--precision: must be above 0"),
        (("--precision", "inf"), "--precision: must be above 0"),
        (("--bogus",), "No such option: --bogus"),
        (("another.yaml",), "unexpected extra argument"),
    ],
)
def test_wrong_usage(
    example: Example, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    code, out, lines = said(capsys, "run", str(example.scenario), *arguments)

    assert (code, out) == (2, "")
    assert says in lines[-1]
    assert nothing_written()


def test_an_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, lines = said(capsys, "rn")

    assert code == 2
    assert "'rn'" in lines[-1]


def test_too_few_draws_in_a_replicate_for_the_inputs(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    section = "\n".join(
        f"  - {{id: d{number}, name: d, unit: a, group: g, source: x, standing: published, "
        "as_at: x, value: {mean: 0%, sd: 1%, over_years: yearly}}"
        for number in range(200)
    )
    drivers = example.book("drivers.yaml")
    example.replace(drivers, "drivers:\n", f"drivers:\n{section}\n")
    example.replace(example.scenario, "run: {seed: 1}", "run: {draws_per_replicate: 512}")

    code, _, lines = said(capsys, "run", str(example.scenario))

    assert code == 3
    assert len(lines) == 1
    assert "example.yaml:19:28: run / draws_per_replicate: the inputs reach place" in lines[0]
    assert nothing_written()


DEEP = {"[": "a: " + "[" * 10_000, "{": "{a: " * 10_000}


@pytest.mark.parametrize("kind", DEEP)
def test_deep_nesting_ends_well_in_a_process_of_its_own(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text(DEEP[kind])

    done = subprocess.run(
        [sys.executable, str(CLI), "check", str(path)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.strip().endswith("is nested more than 24 deep")


LAST = "import atexit; atexit.register(print, 'last'); from finsim.cli import main; main(['{}'])"


@pytest.mark.parametrize(("argument", "code"), [("--version", 0), ("--nonsense", 2)])
def test_what_is_to_be_done_at_the_end_is_done(argument: str, code: int) -> None:
    command = [sys.executable, "-c", LAST.format(argument)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == code
    assert done.stdout.splitlines()[-1] == "last"


@pytest.mark.parametrize("tool", ["cProfile", "trace"])
def test_a_profiler_tells_what_it_saw(tool: str, tmp_path: Path) -> None:
    where = {"cProfile": ["-s", "tottime"], "trace": ["--count", "-C", str(tmp_path)]}[tool]
    command = [sys.executable, "-m", tool, *where, str(CLI), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert "function calls" in done.stdout or list(tmp_path.glob("*.cover"))


def test_shares_without_a_basis_in_some_draw_are_one_line(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, lines = said(
        capsys, "run", str(example.scenario), "--option", "system total shared", "--quiet",
        "--draws", "1", "--set", "drivers.allocation_growth={low: -400%, high: -300%}",
    )  # fmt: skip
    assert (code, out) == (3, "")
    assert lines == ["finsim: shares by income: it is negative for a sharer, or nil for all"]
    assert nothing_written()
