"""`finsim compare`: options side by side on the same draws."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from finsim.analysis.results import Results
from finsim.book.places import InputProblems, Place, Problem
from finsim.commands.run import ALL, Request, chosen_options, computed, contents, output_files, warn
from finsim.exits import CHECK_FAILED, DONE
from finsim.outputs.atomic import check_writable, write_atomically
from finsim.simulation.resolve import Resolution, option_names, resolve


def compare(request: Request, scenarios: Sequence[Path]) -> int:
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


def _resolutions(request: Request, scenarios: Sequence[Path]) -> list[Resolution]:
    if len(scenarios) == 1:
        every = request if request.options else replace(request, options=(ALL,))
        names = chosen_options(every)
        if len(names) == 1:
            place = Place(str(scenarios[0]))
            text = "names no other option; write some under `options`, or compare two scenarios"
            if not option_names(scenarios[0]):
                raise InputProblems([Problem(place, "options", text)])
        return [resolve(scenarios[0], name, request.sets) for name in names]
    found = [_named(resolve(path, None, request.sets), path.stem) for path in scenarios]
    _check_alike(found, scenarios)
    return found


def _named(resolution: Resolution, name: str) -> Resolution:
    """The scenario as an option of the comparison, called after its file."""
    resolved = resolution.resolved.model_copy(update={"option": name})
    plan = replace(resolution.plan, resolved=resolved)
    arrangement = replace(resolution.arrangement, option=name)
    return replace(resolution, resolved=resolved, plan=plan, arrangement=arrangement)


def _check_alike(found: Sequence[Resolution], scenarios: Sequence[Path]) -> None:
    first = found[0].plan
    problems = []
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
