"""The sheet Arrangements: what options settle, judge and fund, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from finsim.analysis.results import Results
from finsim.outputs.workbook_assumptions import ILLUSTRATIVE
from finsim.outputs.workbook_sheet import Cell, Column, Sheet
from finsim.outputs.workbook_terms import Arrangement, terms_in_words
from finsim.simulation.named import found
from finsim.simulation.plan import Plan

NONE = "none"
CONTROL_TOTALS = "Control totals"
HOW_SET = "How they are set"
RISK_SHARE = "Risk share"
FUND = "Sustainability fund"
RULES = "Rules of the fund"
RESERVES = "Reserves"
KINDS = (CONTROL_TOTALS, HOW_SET, RISK_SHARE, FUND, RULES, RESERVES)


class Part(Struct, frozen=True):
    """A part of an arrangement, or what its absence means."""

    kind: str
    item: Arrangement | None
    absent: str = ""


def arrangements(sheet: Sheet, results: Sequence[Results]) -> None:
    """Each option's control totals, fund, reserves and risk share, in words."""
    sheet.title("Arrangements")
    sheet.lines(
        f"What options settle, judge and fund, in words. {ILLUSTRATIVE}: a judgement that nobody "
        "has agreed; the last column says what would replace it."
    )
    columns = [
        Column("Part", "wrapped", 19),
        Column("Name", "wrapped", 24),
        Column("In words", "wrapped", 62),
        Column("Standing", "wrapped", 17),
        Column("Note", "wrapped", 46),
        Column("Source", "wrapped", 36),
        Column("What would replace it", "wrapped", 30),
    ]
    used = _used(results)
    rows: list[list[Cell]] = [[*row] for row in used]
    if len(results) > 1:
        columns.insert(2, Column("Options", "wrapped", 24))
        for row, options_of in zip(rows, used.values(), strict=True):
            row.insert(2, "all" if len(options_of) == len(results) else "; ".join(options_of))
    placed = sheet.table("Arrangements", "Arrangements in words", columns, rows, filtered=True)
    sheet.freeze(placed, 2)
    sheet.repeat(placed)


def _used(results: Sequence[Results]) -> dict[tuple[Cell, ...], list[str]]:
    """Each distinct part of the options' arrangements as a row, with the options that use it."""
    used: dict[str, dict[tuple[Cell, ...], list[str]]] = {kind: {} for kind in KINDS}
    for result in results:
        names = dict(zip(result.plan.bodies.ids, result.plan.bodies.names, strict=True))
        for part in parts_of(result.plan):
            row = _arrangement_row(part, names)
            used[part.kind].setdefault(row, []).append(result.option)
    return {row: options_of for rows in used.values() for row, options_of in rows.items()}


def _arrangement_row(part: Part, names: Mapping[str, str]) -> tuple[Cell, ...]:
    item = part.item
    if item is None:
        return (part.kind, NONE, part.absent, None, None, None, None)
    standing = ILLUSTRATIVE if item.standing == "illustrative" else item.standing
    words = terms_in_words(item, names)
    return (
        part.kind, item.name, words, standing, item.note, item.source, item.replace_with,
    )  # fmt: skip


def parts_of(plan: Plan) -> Iterator[Part]:
    """What a scenario picks from its book."""
    scenario, book = plan.resolved.scenario, plan.resolved.book
    at = ("scenario",)
    if scenario.control_totals is None:
        yield Part(CONTROL_TOTALS, None, "nobody is judged")
    else:
        _, judged = found(book.control_totals, scenario.control_totals, CONTROL_TOTALS, at)
        yield Part(CONTROL_TOTALS, judged)
        yield Part(HOW_SET, found(book.totals, judged.totals, "totals", at)[1])
    if not scenario.risk_share:
        yield Part(RISK_SHARE, None, "each organisation bears its own variance")
    for word in scenario.risk_share:
        yield Part(RISK_SHARE, found(book.risk_shares, word, RISK_SHARE, at)[1])
    if scenario.sustainability_funding is None:
        yield Part(FUND, None, "no fund")
    else:
        _, fund = found(book.funds, scenario.sustainability_funding, "fund", at)
        yield Part(FUND, fund)
        yield Part(RULES, found(book.funding_rules, fund.rules, "rules", at)[1])
    if scenario.reserves is not None:
        yield Part(RESERVES, found(book.reserves, scenario.reserves, "reserves", at)[1])


def illustrative(results: Sequence[Results]) -> str:
    """How many of the options rest on judgement."""
    count = sum(
        any(part.item is not None and part.item.standing == "illustrative" for part in parts)
        for parts in (parts_of(result.plan) for result in results)
    )
    of = "The arrangement" if len(results) == 1 else f"{count} of {len(results)} arrangements"
    if count == 0:
        return "No arrangement rests on a judgement."
    return f"{of} {'are' if count > 1 else 'is'} {ILLUSTRATIVE}."
