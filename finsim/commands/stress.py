"""`finsim stress`: what bad draws have in common, named cases, and the reserve to hold."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from finsim.analysis.observe import SYSTEM
from finsim.analysis.reserves import CONFIDENCES
from finsim.analysis.results import Results
from finsim.analysis.stress import StressTest, stress_test
from finsim.analysis.study import Case
from finsim.book.places import InputProblems, Place, Problem
from finsim.book.quantities import QuantityError, financial_year_text, rate
from finsim.commands.reporting import bodies_and_year, files_asked, give
from finsim.commands.run import Request, chosen, computed, warn
from finsim.exits import CHECK_FAILED, DONE
from finsim.outputs import stress as shown
from finsim.outputs import stress_data as data
from finsim.outputs.atomic import check_writable
from finsim.scenario.stress_cases import chosen_cases, read_stress_cases

SUFFIXES = (".xlsx", ".csv", ".json")
LEAST, MOST, MANY = 0.5, 0.99, 4


class Asked(Struct, frozen=True):
    """What a stress test is asked beside the scenario."""

    bodies: tuple[str, ...] = ()
    year: str | None = None
    cases: tuple[str, ...] = ()
    file: str | None = None
    confidences: tuple[float, ...] = ()


def confidences(stated: Sequence[str]) -> tuple[float, ...]:
    """The confidences asked for, in their order, or the usual ones.

    Raises InputProblems for one that is not a percentage between 50% and 99%, and for too many.
    """
    found: list[float] = []
    problems: list[Problem] = []
    for text in stated:
        place = Place(f"--confidence {text}")
        try:
            value = rate(text)
        except QuantityError as error:
            problems.append(Problem(place, "", str(error)))
            continue
        if not LEAST <= value <= MOST:
            problems.append(Problem(place, "", "must be from 50% to 99%"))
        found.append(value)
    if len(found) > MANY:
        text = f"{len(found)} were asked for; at most {MANY} fit beside each other"
        problems.append(Problem(Place("--confidence"), "", text))
    if problems:
        raise InputProblems(problems)
    return tuple(sorted(set(found))) or CONFIDENCES


def stress(request: Request, asked: Asked) -> int:
    """A stress test of a scenario and its options, printed and written; returns the exit code."""
    targets = files_asked(request, SUFFIXES)
    cases = chosen_cases(read_stress_cases(asked.file), asked.cases)
    resolutions = chosen(request)
    plan = resolutions[0].plan
    bodies, year = bodies_and_year(plan, asked.bodies, asked.year)
    for path in targets:
        check_writable(path, request.force)
    if not request.quiet:
        warn(resolutions[0])
    results = computed(resolutions, request)
    t = [financial_year_text(number) for number in plan.years].index(year)
    tests = [
        stress_test(
            Case(result.plan, result.arrangement), cases, result.sampling, t, asked.confidences
        )
        for result in results
    ]
    kept = bodies if asked.bodies else (SYSTEM, *plan.bodies.ids)
    contents = {
        ".csv": lambda: data.csv_text(tests, kept).encode(),
        ".json": lambda: data.json_text(results, tests, kept).encode(),
        ".xlsx": lambda: _workbook(results, tests, kept),
    }
    give(request, targets, contents, lambda: shown.report(results, tests, bodies))
    return DONE if all(result.passed for result in results) else CHECK_FAILED


def _workbook(
    results: Sequence[Results], tests: Sequence[StressTest], bodies: Sequence[str]
) -> bytes:
    from finsim.outputs.workbook_stress import stress_workbook

    return stress_workbook(results, tests, bodies)
