"""`finsim compare`: options side by side on the same draws."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from finsim.analysis.results import Results
from finsim.book.places import InputProblems, Place, Problem
from finsim.commands.run import (
    ALL,
    Request,
    carried_out,
    check_alike,
    chosen,
    output_files,
)
from finsim.simulation.resolve import Resolution, resolve


def compare(request: Request, scenarios: Sequence[str]) -> int:
    """Compare the options of one scenario, or several scenarios as stated; the exit code."""
    asked = request if request.outputs else replace(request, as_json=True)
    targets = output_files(asked)
    return carried_out(request, targets, _resolutions(request, scenarios), _side_by_side)


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


def _side_by_side(results: Sequence[Results]) -> str:
    from finsim.outputs.comparison import comparison

    return comparison(results)
