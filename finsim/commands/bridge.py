"""`finsim bridge`: from the base-year position to the position, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from finsim.analysis.bridge import WHOLE, with_bridges
from finsim.analysis.observe import SYSTEM
from finsim.analysis.results import Results
from finsim.commands.reporting import bodies_and_year, files_asked, give
from finsim.commands.run import Request, chosen, computed, warn
from finsim.exits import CHECK_FAILED, DONE
from finsim.outputs import bridge as shown
from finsim.outputs.atomic import check_writable

SUFFIXES = (".xlsx", ".csv", ".json")


def bridge(request: Request, bodies: Sequence[str], year: str | None) -> int:
    """The bridges of a scenario and its options, printed and written; returns the exit code.

    In data every body and every year has its rows, unless some are asked for.
    """
    targets = files_asked(request, SUFFIXES)
    resolutions = chosen(request)
    plan = resolutions[0].plan
    of_bodies, of_year = bodies_and_year(plan, bodies, year)
    for path in targets:
        check_writable(path, request.force)
    if not request.quiet:
        warn(resolutions[0])
    results = computed(resolutions, request, WHOLE)
    kept = of_bodies if bodies else (SYSTEM, *plan.bodies.ids)
    rows = shown.chosen_rows(results, kept, of_year if year else None)
    contents = {
        ".csv": lambda: shown.csv_text(rows).encode(),
        ".json": lambda: shown.json_text(results, rows).encode(),
        ".xlsx": lambda: _workbook(with_bridges(results)),
    }
    give(request, targets, contents, lambda: shown.waterfalls(results, of_bodies, of_year))
    return DONE if all(result.passed for result in results) else CHECK_FAILED


def _workbook(results: Sequence[Results]) -> bytes:
    from finsim.outputs.workbook import workbook_bytes

    return workbook_bytes(results)
