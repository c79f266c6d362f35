"""The sheets that analyses add to a workbook: Sensitivity, Solve, Choose and Backtest."""

from __future__ import annotations

import math
from collections.abc import Sequence

from finsim.analysis.answers import Answer, Target
from finsim.analysis.backtest import Backtest
from finsim.analysis.scheme_choice import Choice
from finsim.analysis.sensitivity import Sensitivity
from finsim.analysis.solving import Evaluation
from finsim.analysis.strands import standing_of
from finsim.analysis.study import Case
from finsim.outputs import workbook_charts_bars as bars
from finsim.outputs.scheme_choice import aim_in_words, interval, limits_in_words
from finsim.outputs.sensitivity import in_unit as input_in_unit
from finsim.outputs.solving import figure_in_words, in_unit, target_in_words
from finsim.outputs.words import percent
from finsim.outputs.workbook_sheet import Cell, Column, Placed, Sheet
from finsim.outputs.workbook_style import Style

CHARTED = 15
MONEY = 13.0
NAME = Column("Input", "wrapped", 44)


def sensitivity(sheet: Sheet, found: Sensitivity) -> None:
    """The tornado with its chart, and the shares of the variance."""
    is_chance = found.of.is_chance
    sheet.title("Sensitivity")
    sheet.lines(f"What drives: {found.of.title(found.case)}.")
    sheet.lines(
        "Low and high are the tenths of the draws in which the input is lowest and highest."
        if is_chance
        else "Low and high are the input's P10 and P90, every other input as in the central case."
    )
    sheet.lines(
        "At its low or high value: the change from the central case, or of a chance its mean."
    )
    sheet.lines("Illustrative inputs are judgements; their swings rest on judgement too.", "strong")
    placed = _tornado(sheet, found, is_chance)
    shown = min(CHARTED, len(found.bars))
    if not is_chance and shown:
        row = sheet.room(bars.height_of(shown))
        title = f"{found.of.title(found.case)}: change from the central case"
        bars.tornado(sheet, row, title, "£m", placed, list(range(shown)))
    for by in found.groupings:
        _shares(sheet, found, by)


def _tornado(sheet: Sheet, found: Sensitivity, is_chance: bool) -> Placed:
    figure: Style = "chance" if is_chance else "money"
    error: Style = "chance_error" if is_chance else "error"
    columns = [
        NAME,
        *(Column(name, figure, MONEY) for name in ("At its low value", "At its high value")),
        Column("Standing", "wrapped", 18),
        Column("Low", width=12),
        Column("High", width=12),
        *(Column(name, figure, MONEY) for name in ("Figure at low", "Figure at high", "Swing")),
        *(Column(name, figure, MONEY) for name in ("Mean, lowest tenth", "Mean, highest tenth")),
        Column("Rank correlation", "number", MONEY),
        Column("Standard error, lowest tenth", error, MONEY),
        Column("Standard error, rank correlation", "error", MONEY),
    ]  # fmt: skip
    rows: list[list[Cell]] = []
    for bar in found.bars:
        low, high = (bar.mean_low, bar.mean_high) if is_chance else (bar.at_low, bar.at_high)
        rows.append(
            [
                bar.title,
                low - found.centre,
                high - found.centre,
                standing_of(found.case.plan, bar.name),
                input_in_unit(bar, bar.low),
                input_in_unit(bar, bar.high),
                low,
                high,
                high - low,
                bar.mean_low,
                bar.mean_high,
                bar.rank_correlation,
                bar.se_mean_low,
                bar.se_rank_correlation,
            ]
        )
    heading = f"One input at a time, {'chance' if is_chance else '£m'}"
    sheet.heading(heading)
    return sheet.table("Tornado", heading, columns, rows)


def _shares(sheet: Sheet, found: Sensitivity, by: str) -> None:
    heading = f"Share of the variance by {by}"
    sheet.heading(heading)
    columns = [
        Column("Group", "wrapped", 44),
        Column("Inputs", "whole", 12),
        Column("Alone", "chance", MONEY),
        Column("In all", "chance", MONEY),
        Column("Standard error, alone", "chance_error", MONEY),
        Column("Standard error, in all", "chance_error", MONEY),
    ]
    shares = sorted(
        (share for share in found.shares if share.by == by), key=lambda s: -(s.total or 0.0)
    )
    rows = [[s.group, len(s.inputs), s.first, s.total, s.se_first, s.se_total] for s in shares]
    sheet.table(f"Variance_by_{by}", heading, columns, rows)


def solve(
    sheet: Sheet, case: Case, target: Target, stands: Evaluation, answers: Sequence[Answer]
) -> None:
    """What each lever must be for the target, or how far it gets."""
    sheet.title("Solve")
    sheet.lines(f"What gives {target_in_words(case, target)}?")
    sheet.lines(f"As the scenario stands: {figure_in_words(target, stands)}.")
    heading = "Each varied by itself"
    sheet.heading(heading)
    columns = [
        Column("Varied", "wrapped", 44),
        Column("Now", width=14),
        Column("Answer", width=14),
        Column("What it reaches", "wrapped", 30),
        Column("Tried from", width=14),
        Column("Tried to", width=14),
        Column("Answer as a number", "number", 14),
        Column("Standard error of the answer", "error", 14),
        Column("Evaluations", "whole", 12),
    ]
    rows: list[list[Cell]] = []
    for found in answers:
        lever, solution = found.lever, found.solution
        does = solution.status == "found"
        rows.append(
            [
                lever.title,
                None if lever.start is None else in_unit(lever, lever.start),
                in_unit(lever, solution.value) if does else "no value does",
                figure_in_words(target, solution.reached),
                in_unit(lever, lever.low),
                "any amount" if math.isinf(lever.high) else in_unit(lever, lever.high),
                solution.value if does else None,
                solution.error if does and math.isfinite(solution.error) else None,
                len(solution.evaluations),
            ]
        )
    sheet.table("Solved", heading, columns, rows)


def choose(sheet: Sheet, case: Case, found: Choice) -> None:
    """The chosen set beside none and all, and each scheme's worth."""
    sheet.title("Choose")
    sheet.lines(f"Which schemes make it most likely that {aim_in_words(case, found.aim)}?")
    low, high = interval(found.chosen)
    sheet.lines(
        f"Within {limits_in_words(found.limits)}. The chosen set: {percent(low, 1)} to "
        f"{percent(high, 1)} with 95% confidence, on draws that did not choose it."
    )
    heading = "Sets of schemes"
    sheet.heading(heading)
    columns = [
        Column("Set", width=44),
        Column("Schemes", "whole", MONEY),
        Column("Chance", "chance", MONEY),
        Column("Mean margin, £m", "money", MONEY),
        Column("Standard error, chance", "chance_error", MONEY),
    ]
    sets = (("Chosen", found.chosen), ("None", found.none), ("All", found.every))
    sheet.table(
        "Sets",
        heading,
        columns,
        [[name, len(one.chosen), one.chance, one.margin, one.se_chance] for name, one in sets],
    )
    heading = "Schemes, £m"
    sheet.heading(heading)
    columns = [
        Column("Scheme", "wrapped", 44),
        Column("Chosen", "flag", 12),
        Column("Invested", "money", MONEY),
        Column("Capacity", "number", MONEY),
        *(Column(n, "money", MONEY) for n in ("Adds to the margin", "Benefit to the system")),
        *(Column(n, "number", 16) for n in ("Worth of knowing delivery", "Worth of knowing all")),
        Column("Standard error, benefit", "error", MONEY),
    ]
    rows: list[list[Cell]] = [
        [
            worth.name,
            worth.chosen,
            worth.candidate.investment,
            worth.candidate.capacity,
            worth.added,
            worth.benefit,
            worth.knowing_delivered,
            worth.knowing_all,
            worth.se_benefit,
        ]
        for worth in sorted(found.worths, key=lambda worth: (not worth.chosen, -worth.added))
    ]
    sheet.table("Scheme_choice", heading, columns, rows)


def backtest(sheet: Sheet, found: Backtest) -> None:
    """Every outturn against the draws of its year."""
    sheet.title("Backtest")
    sheet.lines(
        f"{found.inside} of {found.counted} tests that count lie from P10 to P90. If ranges were "
        f"right, {found.inside} or fewer would be inside {percent(found.as_few)} of the time."
    )
    for kinds, name, heading, scale in (
        (("level", "surprise"), "Backtest_positions", "Positions, £m", 1.0),
        (("population",), "Backtest_population", "Population, thousands", 1000.0),
    ):
        tests = [test for test in found.tests if test.kind in kinds]
        if not tests:
            continue
        sheet.heading(heading)
        columns = [
            Column("Outturn", "wrapped", 44),
            Column("Counts", "flag", 12),
            *(Column(n, "money", MONEY) for n in ("Happened", "Mean", "P10", "P90")),
            Column("Place", "chance", MONEY),
            Column("z", "number", MONEY),
            Column("Inside", "flag", 12),
            Column("Source", "wrapped", 34),
            Column("Note", "wrapped", 44),
        ]
        rows: list[list[Cell]] = [
            [
                test.name + (" (forecast)" if test.is_forecast else ""),
                test.counts,
                *(v / scale for v in (test.outturn_tested, test.mean, test.p10, test.p90)),
                test.place,
                test.z,
                test.is_inside,
                test.source,
                test.note or None,
            ]
            for test in tests
        ]
        sheet.table(name, heading, columns, rows)
