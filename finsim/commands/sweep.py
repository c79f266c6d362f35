"""`finsim sweep`: scenarios × options × cases into one dataset, going on where it stopped."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from msgspec import Struct

from finsim import __version__
from finsim.analysis.measures import BY_NAME
from finsim.analysis.study import Case as StudyCase
from finsim.analysis.sweep import CellFailed, CellTask, simulated
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, shown
from finsim.commands.capacity import check_draws
from finsim.commands.run import clear_progress, progress_on_terminal
from finsim.exits import CHECK_FAILED, DONE, Interrupted
from finsim.outputs import dataset
from finsim.outputs.dataset import Cell, Part
from finsim.outputs.sweep_table import sweep_table
from finsim.scenario.model import AS_STATED
from finsim.scenario.reading import Files, read_files
from finsim.scenario.sweep import EVERY_OPTION, Case, Sweep, read_sweep
from finsim.simulation.resolve import Resolution, resolve_each
from finsim.simulation.run import sampling
from finsim.simulation.sharing import processors
from finsim.simulation.workers import DaskWorkers, LocalWorkers


class SweepRequest(Struct, frozen=True):
    """What was asked for."""

    sweep: str
    output: Path | None = None
    workers: int | None = None
    scheduler: str | None = None
    as_json: bool = False
    force: bool = False
    quiet: bool = False


class Piece(Struct, frozen=True):
    """A cell and what resolves it."""

    cell: Cell
    files: Files
    options: tuple[str, ...]
    case: Case


def sweep(request: SweepRequest) -> int:
    """Run every cell that is not there yet, print what they say; returns the exit code."""
    _need_parquet()
    stated = read_sweep(request.sweep, tuple(BY_NAME))
    folder = request.output or Path(Path(request.sweep).with_suffix(".parquet").name)
    pieces = _pieces(stated, request)
    cells = [piece.cell for piece in pieces]
    dataset.check_folder(folder, cells, request.force)
    with _workers(request) as workers:
        dataset.prepare_folder(folder, cells)
        found = {cell.key: dataset.finished(folder, cell) for cell in cells}
        reused = sum(part is not None for part in found.values())
        todo = [piece for piece in pieces if found[piece.cell.key] is None]
        progress = None if request.quiet else progress_on_terminal(stated.title)
        done = reused
        failed: dict[str, str] = {}
        try:
            tasks = (_task(stated, piece) for piece in todo)
            for number, result in workers.completed(simulated, tasks):
                cell = todo[number].cell
                done += 1
                if isinstance(result, CellFailed):
                    failed[cell.key] = result.why
                else:
                    found[cell.key] = dataset.write_part(folder, cell, stated.paths, result)
                if progress is not None:
                    progress(done, len(cells))
        except KeyboardInterrupt:
            there = f"{done - len(failed)} of {len(cells)} runs are in {folder}"
            text = f"{there}; the same command goes on from there"
            raise Interrupted(text) from None
    if progress is not None:
        clear_progress()
    parts = {key: part for key, part in found.items() if part is not None}
    whole = _whole(stated, folder, cells, parts, failed, reused)
    dataset.write_manifest(folder, {key: whole[key] for key in ("finsim", "scenario", "sweep")})
    if request.as_json:
        sys.stdout.write(json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n")
    else:
        sys.stdout.write(sweep_table(stated.title, whole["sweep"]["cells"], whole["checks"]))
    if not request.quiet:
        kept = f", {reused} of them there already" if reused else ""
        print(f"wrote {folder}: {len(parts)} runs{kept}", file=sys.stderr)
    return DONE if all(check["passed"] for check in whole["checks"]) else CHECK_FAILED


def _need_parquet() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        install = 'python -m pip install "finsim[parquet]"'
        raise OSError(f"a sweep writes Parquet, which needs pyarrow: {install}") from None


def _workers(request: SweepRequest) -> AbstractContextManager[LocalWorkers | DaskWorkers]:
    if request.scheduler is not None:
        return DaskWorkers(request.scheduler)
    return LocalWorkers(request.workers or processors())


# cells


def _pieces(stated: Sweep, request: SweepRequest) -> list[Piece]:
    """Every cell, resolved once so that its mistakes are told before anything is computed."""
    pieces: list[Piece] = []
    problems: list[Problem] = []
    total = len(stated.scenarios) * len(stated.cases)
    progress = None if request.quiet else progress_on_terminal("checking")
    for name, path, place in stated.scenarios:
        try:
            files = read_files(path)
            options = _options(stated, files, place)
        except InputProblems as error:
            problems += error.problems
            continue
        for case in stated.cases:
            try:
                pieces.append(_piece(stated, name, files, options, case))
            except InputProblems as error:
                problems += error.problems
            if progress is not None:
                progress(len(pieces), total)
    if progress is not None:
        clear_progress()
    if problems:
        raise InputProblems(problems)
    return pieces


def _options(stated: Sweep, files: Files, place: Place) -> tuple[str, ...]:
    known = [AS_STATED, *files.options]
    if EVERY_OPTION in stated.options:
        return tuple(known)
    wrong = [name for name in stated.options if name not in known]
    if wrong:
        raise InputProblems(
            Problem(
                place,
                "options",
                f"{files.path} has no option {shown(name)}; known: {', '.join(known)}"
                f"{did_you_mean(name, known)}",
            )
            for name in wrong
        )
    return tuple(dict.fromkeys(stated.options))


def _piece(stated: Sweep, name: str, files: Files, options: tuple[str, ...], case: Case) -> Piece:
    found = _resolved(stated, files, options, case)
    first = found[0].resolved
    check_draws(found[0], sampling(first.scenario.run).design)
    labels = [name, case.name, case.overrides, stated.paths]
    said = json.dumps([__version__, first.sha256, options, sorted(stated.measures), labels])
    key = hashlib.sha256(said.encode()).hexdigest()
    cell = Cell(name, first.scenario.title, first.sha256, case.name, case.overrides, key)
    return Piece(cell, files, options, case)


def _resolved(stated: Sweep, files: Files, options: Sequence[str], case: Case) -> list[Resolution]:
    return resolve_each(files, options, (*case.layers, *stated.every_case))


def _task(stated: Sweep, piece: Piece) -> CellTask:
    found = _resolved(stated, piece.files, piece.options, piece.case)
    return CellTask(
        cases=tuple(StudyCase(resolution.plan, resolution.arrangement) for resolution in found),
        sampling=sampling(found[0].resolved.scenario.run),
        measures=stated.measures,
    )


# what is said of them


def _whole(
    stated: Sweep,
    folder: Path,
    cells: Sequence[Cell],
    parts: dict[str, Part],
    failed: dict[str, str],
    reused: int,
) -> dict[str, Any]:
    """The JSON object: the envelope of every command, and the cells with their last year."""
    name = hashlib.sha256("".join(cell.key for cell in cells).encode()).hexdigest()
    said = list(parts.values())
    return {
        "finsim": __version__,
        "scenario": {"title": stated.title, "sha256": name},
        "seed": None,
        "draws": max((part.draws for part in said), default=0),
        "inputs": max((part.inputs for part in said), default=0),
        "years": sorted({year for part in said for year in part.years}),
        "checks": list(_checks(cells, parts, failed)),
        "measures": [],
        "sweep": {
            "runs": len(cells),
            "reused": reused,
            "cells": [_said(folder, cell, parts[cell.key]) for cell in cells if cell.key in parts],
        },
    }


def _checks(
    cells: Sequence[Cell], parts: dict[str, Part], failed: dict[str, str]
) -> Iterator[dict[str, Any]]:
    for cell in cells:
        if cell.key in failed:
            wrong = f"could not be computed: {failed[cell.key]}"
        else:
            wrong = "; ".join(parts[cell.key].failed)
        yield {
            "name": f"{cell.scenario}, {cell.case}",
            "passed": not wrong,
            "detail": wrong or "all checks pass",
        }


def _said(folder: Path, cell: Cell, part: Part) -> dict[str, Any]:
    rows = dataset.system_rows(folder, cell, part.years[-1])
    return {
        "scenario": cell.scenario,
        "title": cell.title,
        "sha256": cell.sha256,
        "case": cell.case,
        "set": dict(cell.overrides),
        "part": cell.part,
        "measures": list(rows),
    }
