"""`finsim run` as a whole: what it writes, what it leaves alone, and how it stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from example_files import ROOT, Example, copied, interruptible, said

CLI = ROOT / "cli.py"
FEW = ("--draws", "1", "--quiet")


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return copied(tmp_path)


def files() -> list[str]:
    return sorted(path.name for path in Path.cwd().iterdir())


def test_a_run_writes_the_workbook_of_the_scenario(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, lines = said(capsys, "run", str(example.scenario), *FEW)

    assert code == 0
    assert out.startswith("Example")
    assert lines == []
    assert files() == ["example.xlsx"]


def test_json_writes_no_file(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "run", str(example.scenario), "--json", *FEW)

    assert code == 0
    assert json.loads(out)["scenario"]["title"].startswith("Example")
    assert files() == []


def largest_gap_error(results: dict[str, Any]) -> float:
    last = ("system", "gap", results["years"][-1])
    (gap,) = (r for r in results["measures"] if (r["level"], r["measure"], r["year"]) == last)
    return max(gap[name] for name in ("se_p10", "se_p50", "se_p90"))


def test_precision_says_how_many_draws_it_took(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    once = ("run", str(example.scenario), "--json", "--draws", "1")
    rough = json.loads(said(capsys, *once)[1])
    asked = round(largest_gap_error(rough) / 2, 3)
    code, out, lines = said(capsys, *once, "--precision", str(asked))

    sure = json.loads(out)
    reached = largest_gap_error(sure)
    assert code == 0
    assert sure["draws"] > rough["draws"]
    assert reached <= asked
    told = f"sure to £{reached:.3g}m after {sure['draws']:,} draws (£{asked:g}m was asked for)"
    assert lines[-1] == f"precision: P10, P50 and P90 of the gap are {told}"


def test_a_precision_out_of_reach_is_said_and_not_tried_for(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, (told,) = said(
        capsys, "run", str(example.scenario), "--json", "--precision", "1e-6", *FEW
    )

    assert code == 0
    assert f"after {json.loads(out)['draws']:,} draws" in told
    assert told.startswith("warning: P10, P50 and P90 of the gap are sure to £")
    assert "£1e-06m would take about" in told
    assert "that finsim draws" in told


def test_a_second_run_replaces_the_first(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = ("-o", "a.xlsx", "-o", "a.csv", "-o", "a.json")
    said(capsys, "run", str(example.scenario), *outputs, *FEW)
    first = {name: Path(name).read_bytes() for name in files()}

    code, _, _ = said(capsys, "run", str(example.scenario), *outputs, *FEW)

    assert code == 0
    assert {name: Path(name).read_bytes() for name in files()} == first
    code, _, _ = said(capsys, "run", str(example.scenario), *outputs, *FEW, "--seed", "2")
    assert code == 0
    assert all(Path(name).read_bytes() != content for name, content in first.items())


@pytest.mark.parametrize("name", ["mine.xlsx", "mine.csv", "mine.json"])
def test_a_file_of_somebody_else_is_left_alone(
    example: Example, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    Path(name).write_text("mine")
    many = ("--draws", "10000000", "--quiet")  # refused before computing, or this takes minutes

    code, out, lines = said(capsys, "run", str(example.scenario), "-o", name, *many)

    assert (code, out) == (5, "")
    assert len(lines) == 1
    assert "--force" in lines[0]
    assert Path(name).read_text() == "mine"
    assert said(capsys, "run", str(example.scenario), "-o", name, "--force", *FEW)[0] == 0
    assert Path(name).read_bytes() != b"mine"


def test_where_nothing_can_be_written(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("no/where.xlsx", "."):
        code, out, lines = said(capsys, "run", str(example.scenario), "-o", f"{name}", *FEW)
        assert code in {3, 5}
        assert (out, len(lines)) == ("", 1)
    assert files() == []


def test_a_suffix_that_is_not_written(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "run", str(example.scenario), "-o", "a.xls", "-o", "b.txt") == (
        3,
        "",
        [
            f"-o {name}: has no suffix that finsim writes; use .xlsx, .csv, .parquet, .json"
            for name in ("a.xls", "b.txt")
        ],
    )


def started(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    """A run that an interruption reaches."""
    with interruptible():
        return subprocess.Popen(
            [sys.executable, str(CLI), *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("after", [0.05, 1.5])
def test_an_interrupted_run_leaves_nothing_behind(example: Example, after: float) -> None:
    running = started("run", str(example.scenario), "--draws", "100000000", folder=Path.cwd())
    time.sleep(after)
    running.send_signal(signal.SIGINT)
    try:
        out, messages = running.communicate(timeout=60)
    finally:
        running.kill()

    # 1 is Python's own, when it is interrupted before it has begun with finsim.
    assert running.returncode in {130, -signal.SIGINT, 1}
    assert out == ""
    if after > 1:
        assert running.returncode == 130
        assert messages.splitlines()[-1] == "finsim: interrupted; nothing was written"
        assert "Traceback" not in messages
    assert files() == []


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
@pytest.mark.parametrize("arguments", [("schema",), ("schema", "book"), ("--help",)])
def test_a_reader_that_leaves_is_no_trouble(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    running = started(*arguments, folder=tmp_path)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()

    assert running.stderr.read() == ""
    assert running.wait(timeout=20) in {0, 5}
    running.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_disk_that_fills_while_writing_leaves_the_old_files_whole(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    import resource

    outputs = ("-o", "run.xlsx", "-o", "run.csv", "-o", "run.json")
    said(capsys, "run", str(example.scenario), *outputs, *FEW)
    before = {name: Path(name).read_bytes() for name in files()}
    room = len(before["run.xlsx"]) // 2

    def nearly_full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    arguments = ("run", str(example.scenario), *outputs, *FEW, "--set", "population.growth=1%")
    done = subprocess.run(
        [sys.executable, str(CLI), *arguments],
        cwd=Path.cwd(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=nearly_full,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )

    assert done.returncode == 5
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert {name: Path(name).read_bytes() for name in files()} == before
