"""`finsim check`: what is wrong, and what is legal but implausible."""

from __future__ import annotations

import sys

from finsim.book.places import one_line
from finsim.commands.capacity import check_draws
from finsim.exits import DONE
from finsim.scenario.model import AS_STATED
from finsim.scenario.reading import read_files
from finsim.simulation.resolve import Resolution, resolve_each
from finsim.simulation.run import sampling
from finsim.simulation.warnings import warnings_of


def check(path: str, sets: tuple[str, ...], quiet: bool) -> int:
    """Resolve a scenario and every option of it; raises InputProblems with all their mistakes."""
    files = read_files(path)
    stated, *_ = resolve_each(files, [AS_STATED, *files.options], sets)
    check_draws(stated, sampling(stated.resolved.scenario.run).design)
    if not quiet:
        for warning in (*stated.warnings, *warnings_of(stated.plan)):
            print(f"warning: {one_line(str(warning))}", file=sys.stderr)
    print(_found(stated, files.options))
    return DONE


def _found(stated: Resolution, options: list[str]) -> str:
    book, plan = stated.resolved.book, stated.plan
    schemes = len(plan.activity_schemes) + len(plan.efficiency_schemes)
    count = len(options) + 1
    parts = [
        f"{len(book.organisations)} organisations",
        f"{len(book.contracts)} contracts",
        f"{len(book.lines)} own cost lines",
        f"{schemes} of {len(book.schemes)} schemes",
        f"{len(plan.inputs.coordinates)} random numbers in a draw",
        f"{count} option{'s' if count > 1 else ''} ({', '.join([AS_STATED, *options])})",
    ]
    return f"{stated.resolved.scenario.title}: no mistakes\n" + "\n".join(f"  {p}" for p in parts)
