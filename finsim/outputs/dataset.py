"""A sweep's results as one Parquet dataset: a folder with a part for each cell.

A part is named by what it was computed from, so that a sweep that was interrupted goes on where it
stopped, and a part is never taken for another's. Readers of Parquet take the folder as one table.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from finsim import __version__
from finsim.analysis.results import FIELDS
from finsim.analysis.sweep import CellResult
from finsim.outputs.atomic import OutputExists, OutputNotWritable, is_ours, write_atomically

MANIFEST = "_sweep.json"
ALWAYS = ("scenario", "title", "sha256", "case")
UNFINISHED = re.compile(r"\.(part-[0-9a-f]{20}\.parquet|_sweep\.json)\.[0-9a-f]{8}\.tmp")
TEXTS = frozenset({"option", "level", "body", "year", "measure", "unit"})


class Cell(Struct, frozen=True):
    """One scenario with the overrides of one case.

    `key` names all that its results depend on, and what they are called.
    """

    scenario: str
    title: str
    sha256: str
    case: str
    overrides: tuple[tuple[str, str], ...]
    key: str

    @property
    def part(self) -> str:
        """The file that holds its results."""
        return f"part-{self.key[:20]}.parquet"


class Part(Struct, frozen=True):
    """What is known of a finished cell without reading its figures."""

    failed: tuple[str, ...]
    draws: int
    inputs: int
    years: tuple[str, ...]


def check_folder(folder: Path, cells: Sequence[Cell], force: bool) -> None:
    """Refuses a folder that holds anything else than parts of this sweep, unless forced.

    Raises OutputNotWritable for what is not a folder, OutputExists for what would be lost.
    """
    if not folder.parent.is_dir():
        raise OutputNotWritable(f"{folder}: the folder {folder.parent} does not exist; make it")
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputNotWritable(f"{folder}: is a file; name a folder for the dataset")
    others = _others(folder, cells)
    foreign = [path for path in others if not is_ours(path)]
    if foreign:
        found = f"{foreign[0].name}" + (f" and {len(foreign) - 1} more" if foreign[1:] else "")
        raise OutputExists(f"{folder}: holds {found}, which no sweep wrote; choose another with -o")
    if others and not force:
        text = f"{folder}: holds {len(others)} of the parts of another sweep or another finsim"
        raise OutputExists(f"{text}; choose another with -o, or remove them with --force")


def prepare_folder(folder: Path, cells: Sequence[Cell]) -> None:
    """Makes the folder, and removes the parts of another sweep that `check_folder` let pass."""
    folder.mkdir(exist_ok=True)
    for path in _others(folder, cells):
        path.unlink(missing_ok=True)


def _others(folder: Path, cells: Sequence[Cell]) -> list[Path]:
    """Files that are no part of this sweep, nor a part that some sweep is writing or was when
    it was ended; readers of Parquet pass those by.
    """
    own = {cell.part for cell in cells} | {MANIFEST}
    return sorted(
        path
        for path in folder.iterdir()
        if path.name not in own and not UNFINISHED.fullmatch(path.name)
    )


def finished(folder: Path, cell: Cell) -> Part | None:
    """The part of a cell that is there whole, or None."""
    from pyarrow import ArrowException, parquet

    try:
        found = parquet.read_schema(folder / cell.part).metadata or {}
        said = json.loads(found[b"finsim_cell"])
    except (OSError, ArrowException, KeyError, ValueError):
        return None
    if said.pop("key", None) != cell.key:
        return None
    return Part(**{name: _as_tuple(value) for name, value in said.items()})


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def write_part(folder: Path, cell: Cell, paths: Sequence[str], result: CellResult) -> Part:
    """Writes a cell's figures, one row each, with a column for every path that some case sets."""
    import pyarrow as pa
    from pyarrow import parquet

    part = Part(result.failed, result.draws, result.inputs, result.years)
    rows = [figure.as_dict() for figure in result.figures]
    labels = (cell.scenario, cell.title, cell.sha256, cell.case)
    set_to = dict(cell.overrides)
    columns: dict[str, pa.Array] = {
        name: pa.array([label] * len(rows), pa.string())
        for name, label in zip(ALWAYS, labels, strict=True)
    }
    columns |= {path: pa.array([set_to.get(path)] * len(rows), pa.string()) for path in paths}
    columns |= {name: pa.array([row[name] for row in rows], _type(pa, name)) for name in FIELDS}
    said = {
        "key": cell.key,
        "failed": part.failed,
        "draws": part.draws,
        "inputs": part.inputs,
        "years": part.years,
    }
    marked = pa.table(columns).replace_schema_metadata(
        {"finsim": __version__, "finsim_cell": json.dumps(said)}
    )
    buffer = io.BytesIO()
    parquet.write_table(marked, buffer)
    write_atomically(folder / cell.part, buffer.getvalue())
    return part


def _type(pa: Any, name: str) -> Any:
    if name in TEXTS:
        return pa.string()
    return pa.bool_() if name == "in_perimeter" else pa.float64()


def system_rows(folder: Path, cell: Cell, year: str) -> Iterator[dict[str, Any]]:
    """The system's figures of a finished cell in one year."""
    from pyarrow import parquet

    chosen = [("level", "=", "system"), ("year", "=", year)]
    with (folder / cell.part).open("rb") as file:
        yield from parquet.read_table(file, filters=chosen).to_pylist()


def write_manifest(folder: Path, whole: dict[str, Any]) -> None:
    """What the dataset holds, for a person and for the next sweep."""
    text = json.dumps(whole, ensure_ascii=False, allow_nan=False, indent=1)
    write_atomically(folder / MANIFEST, f"{text}\n".encode())
