"""`finsim compare`: options side by side on the same draws."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from finsim.analysis.results import Results
from finsim.book.places import InputProblems, Place, Problem
from finsim.commands.run import (
    ALL,
    Request,
    check_alike,
    chosen,
    computed,
    contents,
    output_files,
    warn,
)
from finsim.exits import CHECK_FAILED, DONE
from finsim.outputs.atomic import check_writable, write_atomically
from finsim.simulation.resolve import Resolution, resolve


def compare(request: Request, scenarios: Sequence[str]) -> int:
    """Compare the options of one scenario, or several scenarios as stated; the exit code."""
    asked = request if request.outputs else replace(request, as_json=True)
    targets = output_files(asked)
    resolutions = _resolutions(request, scenarios)
    for path in targets:
        check_writable(path, request.force)
    if not request.quiet:
        warn(resolutions[0])
    results = computed(resolutions, request)
    for path, content in contents(targets, results).items():
        write_atomically(path, content)
    _print(results, request)
    if not request.quiet:
        for path in targets:
            print(f"wrote {path}", file=sys.stderr)
    return DONE if all(result.passed for result in results) else CHECK_FAILED


def _resolutions(request: Request, scenarios: Sequence[str]) -> list[Resolution]:
    if len(scenarios) == 1:
        every = request if request.options else replace(request, options=(ALL,))
        resolutions = chosen(every)
        if len(resolutions) == 1 and not request.options:
            text = "names no other option; write some under `options`, or compare two scenarios"
            raise InputProblems([Problem(Place(scenarios[0]), "options", text)])
        return resolutions
    if request.options:
        text = "options are compared within one scenario file; name one file, or no option"
        raise InputProblems([Problem(Place("--option"), "", text)])
    stems = [Path(path).stem for path in scenarios]
    names = dict(zip(scenarios, stems if len(set(stems)) == len(stems) else scenarios, strict=True))
    found: list[Resolution] = []
    problems: list[Problem] = []
    for path in scenarios:
        try:
            found.append(_named(resolve(path, None, request.overrides), names[path]))
        except InputProblems as error:
            problems += error.problems
    if problems:
        raise InputProblems(problems)
    check_alike(found, scenarios, scenarios[0], files=True)
    return found


def _named(resolution: Resolution, name: str) -> Resolution:
    """The scenario as an option of the comparison, called after its file."""
    resolved = resolution.resolved.model_copy(update={"option": name})
    plan = replace(resolution.plan, resolved=resolved)
    arrangement = replace(resolution.arrangement, option=name)
    return replace(resolution, resolved=resolved, plan=plan, arrangement=arrangement)


def _print(results: Sequence[Results], request: Request) -> None:
    if request.as_json:
        from finsim.outputs.tidy import json_text

        sys.stdout.write(json_text(results))
    else:
        from finsim.outputs.comparison import comparison

        sys.stdout.write(comparison(results))
