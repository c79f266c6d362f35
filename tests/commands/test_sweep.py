"""`finsim sweep`: one dataset, wherever it is computed; it goes on where it stopped."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cluster import cluster
from example_files import ROOT, Example, interruptible, said

from finsim.analysis.results import FIELDS
from finsim.commands.new import new

pytest.importorskip("pyarrow", reason="needs the Python package pyarrow")
import pyarrow as pa
from pyarrow import parquet

SWEEP = """\
finsim: 1
title: Growth and delivery
scenarios: [system/scenarios/example.yaml, system/scenarios/extending.yaml]
options: [as stated, system total shared]
cases:
  as planned: {}
  slow: {schemes.falls_prevention.start: 2019-04}
grid:
  population.growth: [5%, "{low: 6%, high: 9%}"]
draws: 512
"""
RUNS = 8
SMALL = """\
finsim: 1
title: Growth
scenarios: [system/scenarios/example.yaml]
options: [system total shared]
cases:
  wild: {drivers.allocation_growth: {mean: 0%, sd: 190%}}
  as planned: {}
draws: 512
"""
TWO = SMALL.replace("sd: 190%", "sd: 1%")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sweep file beside a copy of the example system, in the folder to stand in."""
    assert new(tmp_path / "system", "example") == 0
    example = Example(tmp_path / "system")
    few = "{seed: 1, points: latin hypercube, draws_per_replicate: 64}"
    example.replace(example.scenario, "{seed: 1}", few)
    example.extending("title: Extending")
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "growth.yaml"
    path.write_text(SWEEP.replace('"{low: 6%, high: 9%}"', "{low: 6%, high: 9%}"))
    return path


def table(folder: Path | str) -> pa.Table:
    return parquet.read_table(folder).sort_by(
        [(name, "ascending") for name in ("sha256", "case", *FIELDS[:6])]
    )


def swept(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, errors = said(capsys, "sweep", "growth.yaml", "--json", *arguments)
    assert (code, [line for line in errors if not line.startswith("wrote")]) == (0, [])
    whole: dict[str, Any] = json.loads(out)
    return whole


def test_one_dataset_of_every_scenario_option_and_case(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = swept(capsys, "--workers", "2")
    assert whole["sweep"]["runs"] == RUNS
    assert all(check["passed"] for check in whole["checks"])

    found = table("growth.parquet")

    assert found.column_names[:5] == ["scenario", "title", "sha256", "case", "population.growth"]
    assert set(found["population.growth"].to_pylist()) == {"5%", "{low: 6%, high: 9%}"}
    assert set(found["schemes.falls_prevention.start"].to_pylist()) == {None, "2019-04"}
    assert set(found["option"].to_pylist()) == {"as stated", "system total shared"}
    keys = zip(found["scenario"].to_pylist(), found["case"].to_pylist(), strict=True)
    assert len(set(keys)) == RUNS


def test_a_cell_is_what_run_gives(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    swept(capsys)
    _, out, _ = said(
        capsys, "run", "system/scenarios/example.yaml", "--json", "--quiet", "--draws", "512",
        "--option", "system total shared",
        "--set", "schemes.falls_prevention.start=2019-04", "--set", "population.growth=5%",
    )  # fmt: skip
    expected = json.loads(out)["measures"]
    case = "slow · population.growth=5%"
    rows = [
        {name: row[name] for name in FIELDS}
        for row in parquet.read_table("growth.parquet").to_pylist()
        if row["case"] == case
        and row["option"] == "system total shared"
        and row["scenario"] == "system/scenarios/example.yaml"
        and not row["measure"].startswith(("difference_", "better_"))
    ]
    assert rows == expected


def test_one_worker_two_workers_and_a_cluster_give_the_same_bits(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(TWO)
    swept(capsys, "--workers", "1", "-o", "one")
    swept(capsys, "--workers", "2", "-o", "two")
    with cluster(tmp_path) as address:
        swept(capsys, "--scheduler", address, "-o", "cluster")
    names = sorted(path.name for path in Path("one").iterdir())
    assert len(names) == 2 + 1
    for other in ("two", "cluster"):
        assert sorted(path.name for path in Path(other).iterdir()) == names
        for name in names[1:]:
            assert (Path(other) / name).read_bytes() == (Path("one") / name).read_bytes(), name


def test_it_goes_on_where_it_stopped(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(TWO + "grid: {population.growth: [5%, 6%]}\n")
    swept(capsys)
    whole = table("growth.parquet")
    parts = sorted(Path("growth.parquet").glob("part-*"))
    parts[0].unlink()
    parts[1].write_bytes(parts[1].read_bytes()[:-100])  # as a copy that was cut short
    times = {path: path.stat().st_mtime_ns for path in parts[2:]}

    assert swept(capsys)["sweep"]["reused"] == 2

    assert {path: path.stat().st_mtime_ns for path in parts[2:]} == times
    assert table("growth.parquet").equals(whole)


def test_an_interruption_keeps_what_is_done(file: Path) -> None:
    file.write_text(file.read_text().replace("draws: 512", "draws: 16384"))
    command = [sys.executable, str(ROOT / "cli.py"), "sweep", "growth.yaml", "--workers", "1"]
    with interruptible():
        running = subprocess.Popen(command, cwd=file.parent, stderr=subprocess.PIPE, text=True)
    with running:
        while not list(file.parent.glob("growth.parquet/part-*.parquet")):
            assert running.poll() is None
            time.sleep(0.02)
        running.send_signal(2)
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    done = len(list(file.parent.glob("growth.parquet/part-*.parquet")))
    assert f"{done} of {RUNS} runs are in growth.parquet" in errors
    assert "Traceback" not in errors


def test_cases_that_say_the_same_have_a_part_each_under_their_own_names(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SMALL.replace("wild: {drivers.allocation_growth: {mean: 0%, sd: 190%}}", "same: {}")
    file.write_text(text)
    assert swept(capsys)["sweep"]["runs"] == 2
    assert set(table("growth.parquet")["case"].to_pylist()) == {"as planned", "same"}
    file.write_text(text.replace("same", "renamed"))
    assert swept(capsys, "--force")["sweep"]["reused"] == 1
    assert set(table("growth.parquet")["case"].to_pylist()) == {"as planned", "renamed"}


def test_a_run_that_cannot_be_computed_stops_no_other(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(SMALL)
    for _ in range(2):
        code, out, errors = said(capsys, "sweep", "growth.yaml", "--json")
        assert (code, len(errors)) == (4, 1)
        wild, planned = json.loads(out)["checks"]
        assert "could not be computed: BasisMissing: shares by income" in wild["detail"]
        assert (wild["passed"], planned["passed"]) == (False, True)
        assert set(table("growth.parquet")["case"].to_pylist()) == {"as planned"}


def test_two_sweeps_into_one_folder_at_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(TWO)
    command = [sys.executable, str(ROOT / "cli.py"), "sweep", "growth.yaml", "--workers", "1"]
    running = [
        subprocess.Popen(
            command, cwd=file.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for one in running:
        _, errors = one.communicate(timeout=120)
        assert one.returncode == 0, errors
    assert swept(capsys)["sweep"]["reused"] == 2


def test_what_an_ended_sweep_was_writing_is_in_nobodys_way(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(TWO)
    folder = Path("growth.parquet")
    folder.mkdir()
    Path(folder, f".part-{'0' * 20}.parquet.0a1b2c3d.tmp").write_bytes(b"PAR1")
    assert swept(capsys)["sweep"]["runs"] == 2
    assert set(table(folder)["case"].to_pylist()) == {"as planned", "wild"}


def test_a_changed_sweep_is_never_mixed_with_the_old(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(TWO)
    swept(capsys)
    file.write_text(TWO.replace("sd: 1%", "sd: 2%"))
    code, _, errors = said(capsys, "sweep", "growth.yaml")
    assert (code, len(errors)) == (5, 1)
    assert "holds 1 of the parts of another sweep" in errors[0]
    assert swept(capsys, "--force")["sweep"]["reused"] == 1
    assert len(list(Path("growth.parquet").glob("part-*"))) == 2


def test_what_no_sweep_wrote_is_never_removed(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("growth.parquet").mkdir()
    Path("growth.parquet", "letters.txt").write_text("keep")
    code, _, errors = said(capsys, "sweep", "growth.yaml", "--force")
    assert (code, len(errors)) == (5, 1)
    assert "holds letters.txt, which no sweep wrote" in errors[0]
    assert [path.name for path in Path("growth.parquet").iterdir()] == ["letters.txt"]


def test_every_mistake_at_once_with_its_place(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = file.read_text()
    text = text.replace("extending.yaml]", "extendin.yaml, nowhere/*.yaml]")
    text = text.replace("population.growth: [5%", "populaton.growth: [5%")
    text = text.replace("slow: {schemes", "slow: [1]\n  other: {schemes")
    file.write_text(text + "measures: [gap, positon]\n")
    code, out, errors = said(capsys, "sweep", "growth.yaml")
    assert (code, out) == (3, "")
    assert [error.split(": ", 1)[0] for error in errors] == [
        "growth.yaml:3:44",
        "growth.yaml:3:76",
        "growth.yaml:7:9",
        "growth.yaml:10:22",
        "growth.yaml:10:26",
        "growth.yaml:12:17",
    ]
    assert "did you mean 'extending.yaml'" in errors[0]
    assert "did you mean 'population'" in errors[3]
    assert not Path("growth.parquet").exists()


def test_a_value_that_does_not_fit_is_told_where_the_sweep_states_it(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = file.read_text()
    file.write_text(text.replace("[5%,", "[5,"))
    code, _, errors = said(capsys, "sweep", "growth.yaml")
    assert code == 3
    assert {error.split(": ", 1)[0] for error in errors} == {"growth.yaml:9:23"}
    file.write_text(text.replace("system total", "sistem total"))
    code, _, errors = said(capsys, "sweep", "growth.yaml")
    assert code == 3
    assert all("has no option 'sistem total shared'" in error for error in errors)


def test_what_is_set_twice_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = file.read_text().replace("[5%,", "[5%, 5%,")
    file.write_text(text.replace("as planned: {}", "as planned: {population.growth: 7%}"))
    code, _, errors = said(capsys, "sweep", "growth.yaml")
    assert code == 3
    assert [error.split(": ", 1)[0] for error in errors] == ["growth.yaml:9:22", "growth.yaml:9:27"]
    assert "is set by a case too" in errors[0]
    assert "'5%' is stated twice" in errors[1]


def test_too_many_runs_are_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = ", ".join(f"{n / 100}%" for n in range(1, 3000))
    file.write_text(file.read_text().replace("[5%,", f"[{many}, 5%,"))
    code, _, errors = said(capsys, "sweep", "growth.yaml")
    assert (code, len(errors)) == (3, 1)
    assert "10,000 are allowed" in errors[0]


def test_a_scheduler_that_is_not_there(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, errors = said(capsys, "sweep", "growth.yaml", "--scheduler", "tcp://127.0.0.1:9")
    assert (code, len(errors)) == (5, 1)
    assert "no scheduler answers at tcp://127.0.0.1:9" in errors[0]
    assert not Path("growth.parquet").exists()


def test_the_shipped_sweep_reads() -> None:
    from finsim.scenario.sweep import read_sweep

    for path in (ROOT / "scenarios" / "sweeps").glob("*.yaml"):
        assert read_sweep(path, ("gap",)).cases
