"""`finsim choose`: the schemes, within an investment and a capacity, for the best chance."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct

from finsim.analysis.choosing import Chosen, Limits
from finsim.analysis.results import Results
from finsim.analysis.scheme_choice import Aim, Choice, choose
from finsim.analysis.study import Case
from finsim.book.places import InputProblems, Place, Problem
from finsim.book.quantities import QuantityError, money
from finsim.commands.reporting import files_asked, give
from finsim.commands.run import Request, clear_progress, computed, progress_on_terminal, warn
from finsim.commands.sensitivity import asked_for, only_one
from finsim.exits import CHECK_FAILED, DONE
from finsim.outputs.atomic import check_writable
from finsim.scenario.reading import read_files
from finsim.simulation.resolve import resolve_files

SUFFIXES = (".xlsx", ".csv", ".json")
MOST_CASES = 128


class Question(Struct, frozen=True):
    """What the set is chosen for, and its limits."""

    aim: str = "met"
    investment: str | None = None
    capacity: float | None = None
    year: str | None = None


def choose_schemes(request: Request, question: Question) -> int:
    """Say which schemes to choose; returns the exit code."""
    targets = files_asked(request, SUFFIXES)
    limits = _limits(question)
    resolution = only_one(request)
    case = Case(resolution.plan, resolution.arrangement)
    aim = _aim(case, question)
    if not case.plan.schemes:
        text = "names no scheme to choose from; write some under `schemes`"
        raise InputProblems([Problem(Place(request.scenario), "schemes", text)])
    for path in targets:
        check_writable(path, request.force)
    if not request.quiet:
        warn(resolution)
    (results,) = computed([resolution], request)
    progress = None if request.quiet else progress_on_terminal("Choosing")
    found = choose(case, _cases(request), aim, limits, results.sampling, progress)
    if progress is not None:
        clear_progress()
    contents = {
        ".json": lambda: _json(results, case, found).encode(),
        ".csv": lambda: _csv(found).encode(),
        ".xlsx": lambda: _workbook(results, case, found),
    }
    give(request, targets, contents, lambda: _text(results, case, found))
    return DONE if results.passed else CHECK_FAILED


def _cases(request: Request) -> Callable[[Chosen], Case]:
    """The scenario with a set of its schemes, whatever else it states; the latest are kept."""
    files = read_files(request.scenario)
    option = request.options[0] if request.options else None

    @lru_cache(maxsize=MOST_CASES)
    def with_schemes(chosen: Chosen) -> Case:
        words = json.dumps(sorted(chosen))
        found = resolve_files(files, option, (*request.overrides, f"schemes={words}"))
        return Case(found.plan, found.arrangement)

    return with_schemes


def _limits(question: Question) -> Limits:
    investment = math.inf
    if question.investment is not None:
        try:
            investment = money(question.investment)
        except QuantityError as error:
            place = Place(f"--investment {question.investment}")
            raise InputProblems([Problem(place, "", str(error))]) from None
        if investment < 0:
            place = Place(f"--investment {question.investment}")
            raise InputProblems([Problem(place, "", "is negative; £0m or more is allowed")])
    return Limits(investment, math.inf if question.capacity is None else question.capacity)


def _aim(case: Case, question: Question) -> Aim:
    """`met`, `met:ID`, or a gap that must not be passed: `gap=£450m`."""
    name, sign, text = question.aim.partition("=")
    of = asked_for(case, name.strip(), question.year, "--for")
    flag = f"--for {question.aim}"
    if of.is_chance and not sign:
        return Aim(of)
    if of.measure != "gap" or not sign:
        message = "is nothing to choose for; write met, met:ID or gap=£450m"
        raise InputProblems([Problem(Place(flag), "", message)])
    try:
        return Aim(of, money(text))
    except QuantityError as error:
        raise InputProblems([Problem(Place(flag), "", str(error))]) from None


def _text(results: Results, case: Case, found: Choice) -> str:
    from finsim.outputs.scheme_choice import choice_text

    return choice_text(results, case, found)


def _json(results: Results, case: Case, found: Choice) -> str:
    from finsim.outputs.scheme_choice import choice_json
    from finsim.outputs.tidy import json_text

    return json_text([results], {"choose": choice_json(case, found)})


def _csv(found: Choice) -> str:
    from finsim.outputs.scheme_choice import WORTH_FIELDS, worth_rows
    from finsim.outputs.tidy import csv_table

    return csv_table(WORTH_FIELDS, (row.values() for row in worth_rows(found)))


def _workbook(results: Results, case: Case, found: Choice) -> bytes:
    from finsim.outputs.workbook import workbook_bytes
    from finsim.outputs.workbook_sheets_sensitivity import choose as fill

    return workbook_bytes([results], {"Choose": lambda sheet: fill(sheet, case, found)})
