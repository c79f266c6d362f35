"""`finsim backtest`: whether the ranges of a scenario held what happened."""

from __future__ import annotations

from finsim.analysis.backtest import Backtest, backtest
from finsim.analysis.results import Results
from finsim.analysis.study import Case
from finsim.book.places import InputProblems, Place, Problem
from finsim.commands.reporting import files_asked, give
from finsim.commands.run import Request, computed, warn
from finsim.commands.sensitivity import only_one
from finsim.exits import CHECK_FAILED, DONE
from finsim.outputs.atomic import check_writable

SUFFIXES = (".xlsx", ".csv", ".json")


def held_against(request: Request) -> int:
    """Hold a scenario's ranges against the outturns of its book; returns the exit code."""
    targets = files_asked(request, SUFFIXES)
    resolution = only_one(request)
    for path in targets:
        check_writable(path, request.force)
    if not request.quiet:
        warn(resolution)
    (results,) = computed([resolution], request)
    found = backtest(Case(resolution.plan, resolution.arrangement), results.sampling)
    if not found.tests:
        left = (
            f" in its years (outside them: {', '.join(found.left_out)})" if found.left_out else ""
        )
        text = f"has no outturn{left}; write some in outturn.csv of the book"
        raise InputProblems([Problem(Place(request.scenario), "", text)])
    contents = {
        ".json": lambda: _json(results, found).encode(),
        ".csv": lambda: _csv(found).encode(),
        ".xlsx": lambda: _workbook(results, found),
    }
    give(request, targets, contents, lambda: _text(results, found))
    return DONE if results.passed else CHECK_FAILED


def _text(results: Results, found: Backtest) -> str:
    from finsim.outputs.backtest import backtest_text

    return backtest_text(results, found)


def _json(results: Results, found: Backtest) -> str:
    from finsim.outputs.backtest import backtest_json
    from finsim.outputs.tidy import json_text

    return json_text([results], {"backtest": backtest_json(found)})


def _csv(found: Backtest) -> str:
    from finsim.outputs.backtest import TEST_FIELDS, rows_of
    from finsim.outputs.tidy import csv_table

    return csv_table(TEST_FIELDS, (row.values() for row in rows_of(found)))


def _workbook(results: Results, found: Backtest) -> bytes:
    from finsim.outputs.workbook import workbook_bytes
    from finsim.outputs.workbook_sheets_sensitivity import backtest as fill

    return workbook_bytes([results], {"Backtest": lambda sheet: fill(sheet, found)})
