"""`finsim compare`: options side by side on the same draws."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from finsim.analysis.results import Results
from finsim.book.places import InputProblems, Place, Problem
from finsim.commands.run import ALL, Request, chosen, computed, contents, output_files, warn
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
    found: list[Resolution] = []
    problems: list[Problem] = []
    for path in scenarios:
        try:
            found.append(_named(resolve(path, None, request.sets), Path(path).stem))
        except InputProblems as error:
            problems += error.problems
    if problems:
        raise InputProblems(problems)
    _check_alike(found, scenarios)
    return found


def _named(resolution: Resolution, name: str) -> Resolution:
    """The scenario as an option of the comparison, called after its file."""
    resolved = resolution.resolved.model_copy(update={"option": name})
    plan = replace(resolution.plan, resolved=resolved)
    arrangement = replace(resolution.arrangement, option=name)
    return replace(resolution, resolved=resolved, plan=plan, arrangement=arrangement)


def _check_alike(found: Sequence[Resolution], scenarios: Sequence[str]) -> None:
    first = found[0].plan
    problems: list[Problem] = []
    for resolution, path in zip(found[1:], scenarios[1:], strict=True):
        plan = resolution.plan
        if plan.years != first.years or plan.bodies.ids != first.bodies.ids:
            text = f"has other years or organisations than {scenarios[0]}; they must be the same"
            problems.append(Problem(Place(str(path)), "", text))
    if problems:
        raise InputProblems(problems)


def _print(results: Sequence[Results], request: Request) -> None:
    if request.as_json:
        from finsim.outputs.tidy import json_text

        sys.stdout.write(json_text(results))
    else:
        from finsim.outputs.comparison import comparison

        sys.stdout.write(comparison(results))
