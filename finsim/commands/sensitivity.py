"""`finsim sensitivity`: what drives the gap, a position or the chance of meeting a total."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from finsim.analysis.bridge import WHOLE
from finsim.analysis.results import Results
from finsim.analysis.sensitivity import BY, DRAWS, Sensitivity, sensitivity
from finsim.analysis.strands import GROUPINGS
from finsim.analysis.study import Case
from finsim.analysis.watched import UnknownFigure, Watched, watched
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, shown
from finsim.commands.reporting import files_asked, give
from finsim.commands.run import (
    Request,
    chosen,
    clear_progress,
    computed,
    progress_on_terminal,
    warn,
)
from finsim.exits import CHECK_FAILED, DONE
from finsim.outputs.atomic import check_writable
from finsim.simulation.resolve import Resolution

SUFFIXES = (".xlsx", ".csv", ".json")


class Question(Struct, frozen=True):
    """What is asked about the figure: which one, of which year, shared out how."""

    of: str = "gap"
    year: str | None = None
    by: tuple[str, ...] = ()
    draws: int = DRAWS


def drivers_of(request: Request, question: Question) -> int:
    """Say what drives a figure; returns the exit code."""
    by = question.by or BY
    targets = files_asked(request, SUFFIXES)
    check_groupings(by)
    resolution = only_one(request)
    case = Case(resolution.plan, resolution.arrangement)
    of = asked_for(case, question.of, question.year, "--of")
    for path in targets:
        check_writable(path, request.force)
    if not request.quiet:
        warn(resolution)
    results = computed([resolution], request, WHOLE)[0]
    progress = None if request.quiet else progress_on_terminal("Sobol indices")
    found = sensitivity(case, of, results.sampling, by, question.draws, progress)
    if progress is not None:
        clear_progress()
    contents = {
        ".json": lambda: _json(results, found).encode(),
        ".csv": lambda: _csv(found).encode(),
        ".xlsx": lambda: _workbook(results, found),
    }
    give(request, targets, contents, lambda: _text(results, found))
    return DONE if results.passed else CHECK_FAILED


def _text(results: Results, found: Sensitivity) -> str:
    from finsim.outputs.sensitivity import sensitivity_text

    return sensitivity_text(results, found)


def _json(results: Results, found: Sensitivity) -> str:
    from finsim.outputs.sensitivity import sensitivity_json
    from finsim.outputs.tidy import json_text

    assert results.bridge is not None
    steps = [row.as_dict() for row in results.bridge.rows]
    return json_text([results], {"sensitivity": sensitivity_json(found), "bridge": steps})


def _csv(found: Sensitivity) -> str:
    from finsim.outputs.sensitivity import TORNADO_FIELDS, tornado_rows
    from finsim.outputs.tidy import csv_table

    return csv_table(TORNADO_FIELDS, (row.values() for row in tornado_rows(found)))


def _workbook(results: Results, found: Sensitivity) -> bytes:
    from finsim.outputs.workbook import workbook_bytes
    from finsim.outputs.workbook_sheets_sensitivity import sensitivity as fill

    return workbook_bytes([results], {"Sensitivity": lambda sheet: fill(sheet, found)})


def only_one(request: Request) -> Resolution:
    """The one option that is analysed; raises InputProblems where several were named."""
    resolutions = chosen(request)
    if len(resolutions) > 1:
        text = "one option is analysed at a time; name one"
        raise InputProblems([Problem(Place("--option"), "", text)])
    return resolutions[0]


def asked_for(case: Case, of: str, year: str | None, flag: str) -> Watched:
    """The figure that words ask for; raises InputProblems when there is none."""
    try:
        return watched(case, of, year)
    except UnknownFigure as error:
        raise InputProblems([Problem(Place(f"{flag} {of}"), "", str(error))]) from None


def check_groupings(by: Sequence[str]) -> None:
    """Raises InputProblems for groupings that there are none of."""
    problems = [
        Problem(
            Place(f"--by {name}"),
            "",
            f"there is no grouping {shown(name)}; known: {', '.join(GROUPINGS)}"
            f"{did_you_mean(name, GROUPINGS)}",
        )
        for name in by
        if name not in GROUPINGS
    ]
    if problems:
        raise InputProblems(problems)
