"""The sheet Replace first: what the gap rests on, and which evidence would tell most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from finsim.analysis.results import Results
from finsim.analysis.standing import GapStanding, gap_standing
from finsim.outputs.standing_words import replaces, standing_lines
from finsim.outputs.workbook_sheet import Cell, Column, Sheet

NUMBER = 14


def replace_first(sheet: Sheet, results: Sequence[Results]) -> None:
    """By money and by spread how much is illustrative, and the ten replacements in order."""
    found = gap_standing(results[0])
    sheet.title("Replace first")
    for line in standing_lines(results[0]):
        sheet.lines(f"{line}.", "strong")
    sheet.lines(
        "Illustrative inputs that the same evidence would replace stand together. Spread: one "
        "standard deviation of what they do to the gap. Level: what 10% of each would do, errors "
        f"independent. Influence: both together. £m of the gap after schemes in {found.year}."
    )
    columns = [
        Column("Rank", "whole", 8),
        Column("Replace with", "wrapped", 60),
        Column("What it replaces", "wrapped", 50),
        *(Column(name, "money", NUMBER) for name in ("Influence", "Spread", "Level")),
    ]
    sheet.table("Replace_first", "Replace first", columns, _rows(found))
    heading = "What the gap rests on"
    sheet.heading(heading)
    columns = [
        Column("Standing", "text", 30),
        Column("Income and cost, £m", "money", NUMBER),
        Column("Share of it", "chance", NUMBER),
        Column("Share of variance", "chance", NUMBER),
        Column("Standard error of that", "chance_error", NUMBER),
    ]
    sheet.table("Standing", heading, columns, _standings(found))


def _rows(found: GapStanding) -> list[list[Cell]]:
    return [
        [rank, one.replace_with, replaces(one), one.influence, one.spread, one.level]
        for rank, one in enumerate(found.replace_first, 1)
    ]


def _standings(found: GapStanding) -> Iterator[list[Cell]]:
    for name in dict.fromkeys((*found.money, *found.variance)):
        money: list[Cell] = [None, None]
        if name in found.money:
            money = [found.money[name], found.money_share(name)]
        yield [name, *money, found.variance.get(name), found.errors.get(name)]
