"""`finsim verify`: whether every cell of a workbook still holds."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from finsim import __version__
from finsim.analysis.bridge import OF_WORKBOOK, WHOLE, Bridged
from finsim.analysis.results import Results, simulate_cases
from finsim.analysis.study import Case
from finsim.book.excel_file import ExcelFile, open_excel
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, one_line, shown
from finsim.cli_options import MOST_DRAWS
from finsim.commands.capacity import check_draws
from finsim.commands.run import check_alike, clear_progress, progress_on_terminal
from finsim.exits import CHECK_FAILED, DONE
from finsim.outputs.atomic import check_writable, write_atomically
from finsim.outputs.verification import (
    RUN_LOG,
    Carried,
    Difference,
    NotOurs,
    Verification,
    carried,
    compared,
    identical,
    value_in_words,
)
from finsim.outputs.workbook_reading import Formula, grids_of, read_grids
from finsim.scenario.reading import canonical_files
from finsim.simulation.resolve import Resolution, resolve_files
from finsim.simulation.run import Serial, sampling

MOST_LINES = 20
SHA256 = "sha256 of the scenario"
VERSION = "finsim version"
BRIDGE = "Bridge"
WHOLE_BRIDGE = "Sensitivity"
"""The command of this sheet bridges on all draws of the run, not on its first replicates."""
ANALYSES = ("Sensitivity", "Solve", "Choose", "Backtest")
"""Sheets that other commands add to the workbook of a run."""


class Request(Struct, frozen=True):
    """What was asked for."""

    workbook: str
    extract: Path | None = None
    option: str | None = None
    as_json: bool = False
    force: bool = False
    quiet: bool = False


def verify(request: Request) -> int:
    """Run a workbook's scenario again and compare, or write that scenario; the exit code.

    Raises InputProblems for what is no workbook of ours, or carries a scenario that cannot be run.
    """
    file = open_excel(Path(request.workbook), request.workbook)
    for warning in () if request.quiet else file.warnings:
        print(f"warning: {one_line(str(warning))}", file=sys.stderr)
    try:
        run = carried(read_grids(file, RUN_LOG), MOST_DRAWS)
    except NotOurs as error:
        raise InputProblems([Problem(Place(request.workbook), "", str(error))]) from None
    if request.extract is not None:
        return _extracted(request, run, request.extract)
    resolutions = _resolutions(request.workbook, run)
    bridged = WHOLE if WHOLE_BRIDGE in file.sheets else OF_WORKBOOK
    asked = bridged if BRIDGE in file.sheets else None
    results = _run_again(resolutions, run, request.quiet, asked)
    found = _compared(file, results)
    if request.as_json:
        sys.stdout.write(_json(request.workbook, run, resolutions, results, found))
    else:
        print("\n".join(_words(request.workbook, run, resolutions, results, found)))
    holds = found.holds and not _unlike(run, resolutions)
    return DONE if holds and all(result.passed for result in results) else CHECK_FAILED


def _extracted(request: Request, run: Carried, path: Path) -> int:
    """Write one option's scenario as a file."""
    option = request.option or next(iter(run.texts))
    if option not in run.texts:
        text = f"there is no option {shown(option)}; carried: {', '.join(run.texts)}"
        near = did_you_mean(option, run.texts)
        raise InputProblems([Problem(Place(f"--option {option}"), "", text + near)])
    check_writable(path, request.force)
    content = run.texts[option].encode()
    if not request.quiet and run.logged(option, SHA256) != hashlib.sha256(content).hexdigest():
        print(f"warning: the scenario of '{option}' is not the one of the run", file=sys.stderr)
    write_atomically(path, content)
    if not request.quiet:
        print(f"wrote {path}", file=sys.stderr)
    return DONE


# running it again


def _resolutions(workbook: str, run: Carried) -> list[Resolution]:
    """Every option that is carried, ready to run; raises InputProblems with all mistakes."""
    found: list[Resolution] = []
    problems: list[Problem] = []
    for option, text in run.texts.items():
        try:
            found.append(resolve_files(canonical_files(text, f"{workbook} [{option}]")))
        except InputProblems as error:
            problems += error.problems
    if problems:
        stated = run.logged(next(iter(run.texts)), VERSION)
        if stated != __version__:
            text = f"was written by finsim {stated}; this is finsim {__version__}"
            problems.append(Problem(Place(workbook), "", text))
        raise InputProblems(problems)
    check_alike(found, [f"{workbook} [{option}]" for option in run.texts], workbook, files=True)
    return found


def _run_again(
    resolutions: Sequence[Resolution], run: Carried, quiet: bool, bridged: Bridged | None
) -> tuple[Results, ...]:
    first = resolutions[0].resolved
    wanted = sampling(first.scenario.run, draws=run.draws)
    for resolution in resolutions:
        check_draws(resolution, wanted.design)
    progress = None if quiet else progress_on_terminal(first.scenario.title)
    cases = [Case(resolution.plan, resolution.arrangement) for resolution in resolutions]
    results = simulate_cases(cases, wanted, Serial(), progress, bridged=bridged)
    if progress is not None:
        clear_progress()
    return results


def _compared(file: ExcelFile, results: Sequence[Results]) -> Verification:
    """Cell by cell against a workbook written from the results, unless they are one file."""
    from finsim.outputs.workbook import written

    added = [name for name in file.sheets if name in ANALYSES]
    fresh = written(results, {name: lambda sheet: sheet.title(sheet.name) for name in added})
    if file.content == fresh.content:
        return identical(fresh.content)
    again = grids_of(fresh.content)
    kept = {name: grid for name, grid in again.items() if name not in added}
    return compared(read_grids(file), kept, fresh.tables)


def _unlike(run: Carried, resolutions: Sequence[Resolution]) -> list[str]:
    """Options whose scenario is not the one that the run log names."""
    return [
        option
        for option, resolution in zip(run.texts, resolutions, strict=True)
        if run.logged(option, SHA256) != resolution.resolved.sha256
    ]


# telling


def _words(
    workbook: str,
    run: Carried,
    resolutions: Sequence[Resolution],
    results: Sequence[Results],
    found: Verification,
) -> list[str]:
    draws = f"{results[0].sampling.draws:,} draws"
    several = f"{len(run.texts)} options, " if len(run.texts) > 1 else ""
    lines = [f"{workbook}: {resolutions[0].resolved.scenario.title}"]
    lines.append(f"Run again from what it carries: {several}{draws}")
    lines += [f"CHANGED: {text}" for text in _changes(run, resolutions, found)]
    lines += [f"MISSING: the sheet '{name}'" for name in found.missing]
    lines += [
        f"Not compared: the sheet '{name}', which is not of the run" for name in found.foreign
    ]
    lines += [_line(difference) for difference in found.differences[:MOST_LINES]]
    more = len(found.differences) - MOST_LINES
    if more > 0:
        lines.append(f"… and {more:,} more; --json lists them all")
    failing = [result.option for result in results if not result.passed]
    lines += [f"A check of the model fails: {option}" for option in failing]
    count = f"{found.cells:,} cells on {found.sheets} sheets"
    if found.differences or found.missing:
        lines.append(f"DIFFERS: {len(found.differences):,} of {count} hold something else")
    else:
        lines.append(f"Every one of {count} holds")
    return lines


def _line(difference: Difference) -> str:
    where = ", ".join(word for word in (difference.row, difference.column) if word)
    stored, found = value_in_words(difference.stored), value_in_words(difference.found)
    return one_line(f"{difference.sheet}!{difference.cell}: {where}: holds {stored}, gives {found}")


def _changes(run: Carried, resolutions: Sequence[Resolution], found: Verification) -> list[str]:
    """What is not as it was when the workbook was written."""
    unlike = _unlike(run, resolutions)
    lines = [f"{item}: was {stored}, is {now}" for item, stored, now in found.changed]
    for option, resolution in zip(run.texts, resolutions, strict=True):
        if option in unlike:
            stated = run.logged(option, SHA256)
            now = resolution.resolved.sha256
            lines.append(f"the scenario of '{option}': its sha256 was {stated}, is {now}")
    return lines


def _json(
    workbook: str,
    run: Carried,
    resolutions: Sequence[Resolution],
    results: Sequence[Results],
    found: Verification,
) -> str:
    import json

    from finsim.outputs.tidy import envelope

    verified = {
        "workbook": workbook,
        "holds": found.holds and not _unlike(run, resolutions),
        "cells": found.cells,
        "sheets": found.sheets,
        "changed": _changes(run, resolutions, found),
        "missing_sheets": found.missing,
        "sheets_not_compared": found.foreign,
        "differences": [_plain(difference) for difference in found.differences],
    }
    whole = {**envelope(results), "verify": verified}
    return json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(difference: Difference) -> dict[str, Any]:
    fields = asdict(difference)
    for name in ("stored", "found"):
        value = getattr(difference, name)
        if isinstance(value, Formula):
            fields[name] = {"formula": value.text, "value": value.stored}
    return fields
