"""What commands that analyse share: the bodies and year asked for, and giving what is found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from finsim.analysis.observe import SYSTEM
from finsim.book.places import InputProblems, Place, Problem, did_you_mean, shown
from finsim.book.quantities import financial_year_text
from finsim.commands.run import ALL, Request
from finsim.outputs.atomic import write_atomically
from finsim.simulation.plan import Plan

Contents = Mapping[str, Callable[[], bytes]]


def files_asked(request: Request, suffixes: Sequence[str]) -> tuple[Path, ...]:
    """Where to write: what was named.

    Raises InputProblems for a suffix that this command does not write.
    """
    wrong = [path for path in request.outputs if path.suffix.lower() not in suffixes]
    if wrong:
        text = f"has no suffix that this command writes; use {', '.join(suffixes)}"
        raise InputProblems([Problem(Place(f"-o {path}"), "", text) for path in wrong])
    return request.outputs


def bodies_and_year(
    plan: Plan, names: Sequence[str], year: str | None
) -> tuple[tuple[str, ...], str]:
    """The bodies and the year asked for; raises InputProblems with the mistakes of both."""
    problems: list[Problem] = []
    bodies: tuple[str, ...] = ()
    found = ""
    try:
        bodies = bodies_asked(plan, names)
    except InputProblems as error:
        problems += error.problems
    try:
        found = year_asked(plan, year)
    except InputProblems as error:
        problems += error.problems
    if problems:
        raise InputProblems(problems)
    return bodies, found


def bodies_asked(plan: Plan, names: Sequence[str]) -> tuple[str, ...]:
    """The bodies of these ids or names, the system where none is named, every one for `all`.

    Raises InputProblems for a word that names none.
    """
    every = (SYSTEM, *plan.bodies.ids)
    if ALL in names:
        return every
    ids = {body.casefold(): body for body in every}
    ids |= {
        name.casefold(): body for name, body in zip(plan.bodies.names, plan.bodies.ids, strict=True)
    }
    wrong = [name for name in names if name.casefold() not in ids]
    if wrong:
        raise InputProblems(
            Problem(
                Place(f"--body {name}"),
                "",
                f"there is no body {shown(name)}; known: {', '.join(every)}"
                f"{did_you_mean(name, every)}",
            )
            for name in wrong
        )
    return tuple(dict.fromkeys(ids[name.casefold()] for name in names)) or (SYSTEM,)


def year_asked(plan: Plan, year: str | None) -> str:
    """The projected year asked for, the last where none is.

    Raises InputProblems for a year that is not projected.
    """
    years = [financial_year_text(number) for number in plan.years[1:]]
    if year is None:
        return years[-1]
    if year not in years:
        text = f"is not a projected year of this scenario; those are {', '.join(years)}"
        raise InputProblems([Problem(Place(f"--year {year}"), "", text)])
    return year


def give(
    request: Request, targets: Sequence[Path], contents: Contents, words: Callable[[], str]
) -> None:
    """Writes every file, all of it made before any is written, and prints the findings.

    `contents` makes what a file of each suffix holds; `.json` is also what --json prints.
    """
    made = {path: contents[path.suffix.lower()]() for path in targets}
    for path, content in made.items():
        write_atomically(path, content)
    sys.stdout.write(contents[".json"]().decode() if request.as_json else words())
    if not request.quiet:
        for path in targets:
            print(f"wrote {path}", file=sys.stderr)
