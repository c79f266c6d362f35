"""Output files are replaced whole or not at all, and only where finsim wrote the old one."""

import errno
import os
from pathlib import Path

import pytest

from finsim.analysis.results import FIELDS
from finsim.cli import exit_code
from finsim.outputs import atomic
from finsim.outputs.atomic import (
    OutputExists,
    OutputNotWritable,
    check_writable,
    is_ours,
    write_atomically,
)


def test_a_file_is_written_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "run.xlsx"
    write_atomically(path, b"first")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert os.listdir(tmp_path) == ["run.xlsx"]


def test_a_new_file_has_the_rights_that_any_new_file_has(tmp_path: Path) -> None:
    path, plain = tmp_path / "run.csv", tmp_path / "plain"
    plain.write_bytes(b"")
    write_atomically(path, b"x")
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_replaced_file_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomically(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "no space"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, step: str
) -> None:
    path = tmp_path / "run.xlsx"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise error

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(type(error)):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["run.xlsx"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_an_os_error() -> None:
    with pytest.raises(OSError, match="No space"):
        atomic._write_all(Path("/dev/full"), "wb", b"x" * 100_000)


@pytest.mark.parametrize("name", ["run.xlsx", "run.csv", "run.json", "run.parquet", "run.txt"])
def test_a_foreign_file_is_refused_naming_force(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"someone's work")
    with pytest.raises(OutputExists, match="--force"):
        check_writable(path)
    check_writable(path, force=True)
    assert path.read_bytes() == b"someone's work"


def test_an_empty_file_is_foreign(tmp_path: Path) -> None:
    for name in ("run.xlsx", "run.csv", "run.json", "run.parquet"):
        path = tmp_path / name
        path.write_bytes(b"")
        with pytest.raises(OutputExists):
            check_writable(path)


def test_a_new_name_is_fine(tmp_path: Path) -> None:
    check_writable(tmp_path / "run.xlsx")
    assert not os.listdir(tmp_path)


def test_a_missing_folder_and_a_folder_are_refused_even_by_force(tmp_path: Path) -> None:
    with pytest.raises(OutputNotWritable, match="does not exist"):
        check_writable(tmp_path / "missing" / "run.xlsx", force=True)
    with pytest.raises(OutputNotWritable, match="is a folder"):
        check_writable(tmp_path, force=True)


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="needs a device")
def test_a_device_is_refused_even_by_force() -> None:
    with pytest.raises(OutputNotWritable):
        check_writable(Path("/dev/null"), force=True)


@pytest.mark.parametrize(
    ("name", "content", "ours"),
    [
        ("a.csv", ",".join(FIELDS) + "\n", True),
        ("a.CSV", ",".join(FIELDS) + "\nas stated,system", True),
        ("a.csv", ",".join(FIELDS[:-1]) + "\n", False),
        ("a.json", '{"finsim": "0.1.0", "scenario": {}}', True),
        ("a.json", ' {\n  "finsim" : "0.1.0"}', True),
        ("a.json", '{"other": 1, "finsim": 1}', False),
        ("a.json", '["finsim"]', False),
        ("a.txt", '{"finsim": 1}', False),
    ],
)
def test_text_files_of_ours_are_known(tmp_path: Path, name: str, content: str, ours: bool) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert is_ours(path) is ours


def test_parquet_of_ours_is_known_by_its_metadata(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="pip install pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install pyarrow")
    table = pa.table({"mean": [1.0]})
    ours, foreign = tmp_path / "ours.parquet", tmp_path / "foreign.parquet"
    parquet.write_table(table.replace_schema_metadata({"finsim": "0.1.0"}), ours)
    parquet.write_table(table, foreign)
    assert is_ours(ours)
    assert not is_ours(foreign)


def test_the_parquet_that_is_written_is_ours_and_holds_the_measures(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install pyarrow")
    path = tmp_path / "example.parquet"
    scenario = Path(__file__).resolve().parents[2] / "scenarios" / "example.yaml"
    assert exit_code(["run", str(scenario), "-o", str(path), "--quiet"]) == 0

    assert is_ours(path)
    table = parquet.read_table(path)
    assert table.column_names == list(FIELDS)
    means = table.column("mean").to_pylist()
    assert len(means) == table.num_rows > 0
    assert exit_code(["run", str(scenario), "-o", str(path), "--quiet"]) == 0
