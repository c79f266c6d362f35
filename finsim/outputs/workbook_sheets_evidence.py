"""The sheets that let a reader challenge: Assumptions, Checks, Run log."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence

import numpy as np

from finsim import __version__
from finsim.analysis.results import Results
from finsim.analysis.standing import gap_standing
from finsim.outputs import workbook_assumptions
from finsim.outputs.findings import standings
from finsim.outputs.standing_words import standing_lines
from finsim.outputs.workbook_assumptions import ILLUSTRATIVE
from finsim.outputs.workbook_sheet import Cell, Column, Sheet, chunks
from finsim.outputs.workbook_sheets_results import of_option, with_option
from finsim.outputs.workbook_style import LINE_HEIGHT
from finsim.simulation.run import sampling

TEXT_PER_CELL = 15_000
RUN_COLUMNS = ("Option", "Item", "Value")
TEXT_COLUMNS = ("Option", "Part", "Text")
VERSIONS = ("finsim version", "Python version", "numpy version", "scipy version")
"""What may differ in a workbook written again, though every figure holds."""


def assumptions(sheet: Sheet, results: Sequence[Results]) -> None:
    """Every input with its source and standing; of the options, only what differs."""
    sheet.title("Assumptions")
    counts = [f"{s.illustrative} of {s.total} {s.kind}" for s in standings(results[0])]
    sheet.lines(f"{ILLUSTRATIVE} (a judgement, because no public figure was found): "
                f"{', '.join(counts)}.")  # fmt: skip
    for line in standing_lines(results[0]):
        sheet.lines(f"{line}: see the sheet Replace first.")
    sheet.lines(
        f"Those with the most influence on the gap after schemes in {results[0].years[-1]} come "
        "first, below what the scenario chooses. Influence, £m: one standard deviation of what the "
        "assumption does to the gap, and what 10% of its level would do, both together."
    )
    sheet.lines(
        "[w]: given in words in the next columns. [z]: does not apply or is not stated."
        + (" Of later options only what differs is listed." if len(results) > 1 else "")
    )
    placed = sheet.table(
        "Assumptions",
        "Assumptions log",
        with_option(results, workbook_assumptions.COLUMNS),
        _assumption_rows(results),
        filtered=True,
    )
    kept = len(with_option(results, [])) + 1
    sheet.freeze(placed, kept)
    sheet.paged(placed, kept)


def _assumption_rows(results: Sequence[Results]) -> Iterator[list[Cell]]:
    influence = workbook_assumptions.by_row(gap_standing(results[0]).influence)
    known: set[tuple[Cell, ...]] = set()
    for result in results:
        rows = workbook_assumptions.in_order(workbook_assumptions.rows(result.plan), influence)
        fresh = [row for row in rows if tuple(row) not in known]
        known = known or {tuple(row) for row in rows}
        yield from of_option(results, result, fresh)


def checks(sheet: Sheet, results: Sequence[Results]) -> None:
    """What must always hold, and whether it did."""
    sheet.title("Checks")
    sheet.lines("A run with a failed check still gives its figures, and must not be relied on.")
    columns = [
        Column("Check", "wrapped", 48),
        Column("Result", "text", 14),
        Column("How it was judged", "wrapped", 90),
    ]
    rows = [
        row
        for result in results
        for row in of_option(
            results,
            result,
            [
                [check.name, "passed" if check.passed else "FAILED", check.detail]
                for check in result.checks
            ],
        )
    ]
    sheet.table("Checks", "Checks", with_option(results, columns), rows)


def run_log(sheet: Sheet, results: Sequence[Results]) -> None:
    """All that is needed to run the workbook again."""
    sheet.title("Run log")
    for line in _instructions(results):
        sheet.lines(line)
    heading = "The run"
    sheet.heading(heading)
    option, item, value = RUN_COLUMNS
    columns = [Column(option), Column(item, "text", 30), Column(value, "wrapped", 76)]
    rows = [row for result in results for row in _run_rows(result)]
    sheet.table("Run_log", heading, columns, rows)
    heading = "The resolved scenario"
    sheet.heading(heading)
    option, part, text = TEXT_COLUMNS
    parts = [Column(option), Column(part, "whole", 30), Column(text, "raw", 76)]
    texts: list[list[Cell]] = [
        [result.option, number, part]
        for result in results
        for number, part in enumerate(chunks(_text(result), TEXT_PER_CELL), 1)
    ]
    sheet.table("Scenario_text", heading, parts, texts, row_height=LINE_HEIGHT)


def _text(result: Results) -> str:
    return result.plan.resolved.canonical_text


def _instructions(results: Sequence[Results]) -> list[str]:
    used, run = results[0].sampling.draws, results[0].plan.resolved.scenario.run
    draws = "" if used == sampling(run).draws else f" --draws {used}"
    return [
        "This workbook alone is enough to run it again. The table Scenario_text, below, holds the "
        "scenario of each option with every assumption it rests on, and the values that were "
        "solved. It is long text: each part shows only its beginning here.",
        "finsim verify WORKBOOK runs it again and says whether every cell still holds.",
        "finsim verify WORKBOOK --extract scenario.json writes the scenario as a file, and finsim "
        f"run scenario.json{draws} runs that file as it would any other.",
        "By hand: join the texts of an option in the order of their parts, with nothing between "
        "them, and save them as UTF-8. The sha256 of that file is the one of the run.",
        "With the versions named here, on the same kind of processor, figures are the same to the "
        "last bit; elsewhere to nine figures.",
    ]


def _versions() -> tuple[str, ...]:
    import scipy

    return __version__, platform.python_version(), np.__version__, scipy.__version__


def _run_rows(result: Results) -> Iterator[list[Cell]]:
    used, resolved = result.sampling, result.plan.resolved
    facts: tuple[tuple[str, str], ...] = (
        ("Scenario", resolved.scenario.title),
        ("sha256 of the scenario", resolved.sha256),
        *zip(VERSIONS, _versions(), strict=True),
        ("Seed", str(used.design.seed)),
        ("Draws", f"{used.draws}"),
        ("Replicates", f"{used.replicates}, of {used.design.draws} draws each"),
        ("Point set", used.design.kind),
        ("Random numbers in a draw", str(result.inputs)),
        ("Years", ", ".join(result.years)),
    )
    for name, value in facts:
        yield [result.option, name, value]
