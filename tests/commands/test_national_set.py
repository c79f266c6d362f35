"""Forty-two systems of ten organisations load and run in one command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from example_files import said
from systems import national_set

pytest.importorskip("pyarrow", reason="needs the Python package pyarrow")
from pyarrow import parquet

SYSTEMS = 42


def test_one_command_runs_the_national_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    national_set(tmp_path, SYSTEMS)
    monkeypatch.chdir(tmp_path)

    code, out, lines = said(capsys, "sweep", "national.yaml", "--json", "--workers", "1")

    assert code == 0, lines
    whole = json.loads(out)
    assert whole["sweep"]["runs"] == SYSTEMS
    assert [check for check in whole["checks"] if not check["passed"]] == []
    gaps = parquet.read_table(
        "national.parquet", filters=[("measure", "=", "gap"), ("level", "=", "system")]
    )
    assert len(set(gaps["scenario"].to_pylist())) == SYSTEMS
    assert len(set(gaps["mean"].to_pylist())) >= SYSTEMS
