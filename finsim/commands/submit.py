"""`finsim submit`: a scenario's figures in a submission template, whatever else it holds kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from msgspec import Struct

from finsim.book.nodes import Mapping
from finsim.book.places import InputProblems, Place, Problem, one_line
from finsim.book.typed import typed
from finsim.book.yaml_reader import read_yaml
from finsim.commands.run import ALL, Request, chosen, computed, warn
from finsim.exits import CHECK_FAILED, DONE
from finsim.outputs.atomic import check_writable, write_atomically
from finsim.outputs.submission import Filled, fill, map_problems
from finsim.outputs.submission_map import SubmissionMap
from finsim.outputs.submission_places import tables
from finsim.outputs.template_file import Template, open_template


class Submission(Struct, frozen=True):
    """What was asked for: the template, the map, and whether formulas may give way."""

    template: Path
    map: Path
    output: Path
    over_formulas: bool = False


def submit(request: Request, asked: Submission) -> int:
    """Fill a template and say which cells were filled and which were not; the exit code.

    Raises InputProblems with every mistake in the template, the map and the scenario; nothing is
    written then. Exit 4 when a cell could not take its figure, or a check of the model failed.
    """
    if ALL in request.options:
        text = "one option is submitted; name it"
        raise InputProblems([Problem(Place("--option all"), "", text)])
    _check_output(asked, request.force)
    stated, tree, template = _read(asked)
    places, problems = tables(stated, tree, template)
    if problems:
        raise InputProblems(problems)
    resolutions = chosen(request)
    if not request.quiet:
        warn(resolutions[0])
        for warning in template.excel.warnings:
            print(f"warning: {one_line(str(warning))}", file=sys.stderr)
    (results,) = computed(resolutions, request)
    problems = map_problems(stated, tree, results)
    if problems:
        raise InputProblems(problems)
    cells = fill(stated, places, template, results, asked.over_formulas)
    write_atomically(asked.output, template.content())
    for line in _told(cells, asked.output):
        print(line)
    for check in results.checks:
        if not check.passed:
            print(f"check failed: {check.name}: {one_line(check.detail)}", file=sys.stderr)
    whole = results.passed and not any(cell.is_missed for cell in cells)
    return DONE if whole else CHECK_FAILED


def _check_output(asked: Submission, force: bool) -> None:
    """Raises for a name that may not be written; the template is never replaced."""
    if asked.output.suffix.lower() != asked.template.suffix.lower():
        text = f"has another suffix than the template; write it as {asked.template.suffix}"
        raise InputProblems([Problem(Place(f"-o {asked.output}"), "", text)])
    if os.path.realpath(asked.output) == os.path.realpath(asked.template):
        text = "is the template, which is not replaced; name another file"
        raise InputProblems([Problem(Place(f"-o {asked.output}"), "", text)])
    check_writable(asked.output, force)


def _read(asked: Submission) -> tuple[SubmissionMap, Mapping, Template]:
    """The map and the template; raises InputProblems with the mistakes of both."""
    problems: list[Problem] = []
    stated: SubmissionMap | None = None
    tree: Mapping | None = None
    template: Template | None = None
    try:
        tree = read_yaml(asked.map)
        stated = typed(SubmissionMap, tree)
    except InputProblems as error:
        problems += error.problems
    try:
        template = open_template(asked.template)
    except InputProblems as error:
        problems += error.problems
    if stated is None or tree is None or template is None:
        raise InputProblems(problems)
    return stated, tree, template


def _told(cells: list[Filled], output: Path) -> list[str]:
    filled = [cell for cell in cells if cell.value is not None]
    missed = [cell for cell in cells if cell.value is None]
    lines = [f"wrote {output}: {len(filled)} cells filled, {len(missed)} not"]
    lines += [f"  filled {_about(cell)} = {_shown(cell.value)} ({cell.words})" for cell in filled]
    lines += [f"  not filled {_about(cell)}: {cell.words}" for cell in missed]
    return lines


def _shown(value: float | None) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def _about(cell: Filled) -> str:
    return one_line(f"{cell.cell} {cell.label}, {cell.year}")
