"""`finsim check`: what is wrong, and what is legal but implausible."""

from __future__ import annotations

import sys
from pathlib import Path

from finsim.book.places import InputProblems, Problem
from finsim.exits import DONE
from finsim.scenario.model import AS_STATED
from finsim.simulation.resolve import Resolution, option_names, resolve
from finsim.simulation.run import check_capacity, sampling
from finsim.simulation.warnings import warnings_of


def check(path: Path, sets: tuple[str, ...], quiet: bool) -> int:
    """Resolve a scenario and every option of it; raises InputProblems with all their mistakes."""
    stated = resolve(path, None, sets)
    problems: list[Problem] = []
    options = option_names(path)
    for name in options:
        try:
            resolve(path, name, sets)
        except InputProblems as error:
            problems += error.problems
    if problems:
        raise InputProblems(problems)
    check_capacity(stated.plan, sampling(stated.resolved.scenario.run).design)
    if not quiet:
        for warning in warnings_of(stated.plan):
            print(f"warning: {warning}", file=sys.stderr)
    print(_found(stated, options))
    return DONE


def _found(stated: Resolution, options: list[str]) -> str:
    book, plan = stated.resolved.book, stated.plan
    schemes = len(plan.activity_schemes) + len(plan.efficiency_schemes)
    parts = [
        f"{len(book.organisations)} organisations",
        f"{len(book.contracts)} contracts",
        f"{len(book.lines)} own cost lines",
        f"{schemes} of {len(book.schemes)} schemes",
        f"{len(plan.inputs.coordinates)} random numbers in a draw",
        f"{len(options) + 1} options ({', '.join([AS_STATED, *options])})",
    ]
    return f"{stated.resolved.scenario.title}: no mistakes\n" + "\n".join(f"  {p}" for p in parts)
