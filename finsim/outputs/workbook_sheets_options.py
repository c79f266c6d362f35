"""The sheets that set options side by side: Options, Options by body."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from finsim.analysis.observe import SYSTEM
from finsim.analysis.results import Figure, Results
from finsim.outputs.findings import control_total_lines
from finsim.outputs.words import pounds
from finsim.outputs.workbook_chart import HEIGHT, short, span
from finsim.outputs.workbook_charts_bars import ranged_points
from finsim.outputs.workbook_sheet import Cell, Column, Link, Sheet
from finsim.outputs.workbook_sheets_arrangements import (
    CONTROL_TOTALS,
    NONE,
    RISK_SHARE,
    illustrative,
    parts_of,
)
from finsim.outputs.workbook_sheets_results import bodies, of_option, with_option
from finsim.outputs.workbook_style import Style

SAME = "same"
CHANCE: Style = "chance"
LAST = -1
MONEY_WIDTH = 10.5
ERROR_WIDTH = 11.5
Estimate: TypeAlias = tuple[Cell, Cell]
"""A figure and its standard error."""


class Answer(Struct, frozen=True):
    """A column of estimates, with a column of their standard errors beyond all estimates."""

    header: str
    style: Style = "money"
    has_error: bool = True


POSITION = (
    Answer("Position, mean"),
    Answer("Position, P10"),
    Answer("Position, P90"),
    Answer("Position, mean of worst tenth"),
)
FUNDING = (
    Answer("Funding expected"),
    Answer("Funding offered", has_error=False),
    Answer("Funding at risk", has_error=False),
)
AGAINST_FIRST = (
    Answer("Gain or loss against first"),
    Answer("Chance of better than first", CHANCE),
)
OF_SYSTEM = (
    Answer("System control total", has_error=False),
    Answer("Chance of system total before transfer", CHANCE),
    Answer("Chance of system total", CHANCE),
    Answer("Chance of it and every own total", CHANCE),
    *POSITION,
    Answer("External support"),
    *FUNDING,
)
OF_BODY = (
    Answer("Control total", has_error=False),
    Answer("Chance of own total before transfer", CHANCE),
    Answer("Chance of own total", CHANCE),
    Answer("Chance of own and system total", CHANCE),
    *POSITION,
    Answer("Position in system's worst tenth"),
    Answer("Transfer"),
    Answer("External support"),
    *FUNDING,
)


def compared(results: Sequence[Results]) -> bool:
    """Whether there is anything to set side by side: several options, or totals to meet."""
    return len(results) > 1 or any(result.arrangement.has_totals for result in results)


# options


def options(sheet: Sheet, results: Sequence[Results]) -> None:
    """What each option means for the system in the last year."""
    first, year = results[0], results[0].years[-1]
    sheet.title(f"Options: the system in {year}")
    for line in control_total_lines(first):
        whose = f"{first.option}: " if len(results) > 1 else ""
        sheet.lines(f"{whose}{line}.", "strong")
    sheet.lines(_reading(results))
    sheet.lines(
        "Transfers of the system sum to nil. Funding at risk is what is offered and not expected; "
        "its standard error is that of funding expected."
    )
    sheet.lines(f"{illustrative(results)} The sheet Arrangements says each in words.")
    sheet.link(Link("Arrangements", "A1", "Go to the arrangements"))
    shown = _with_first(results, OF_SYSTEM)
    lead = [
        Column("Control totals", "wrapped", 19),
        Column("Risk share", "wrapped", 19),
        Column("Fund linked to system total", "percent", MONEY_WIDTH),
    ]
    rows = [
        row
        for result in results
        for row in of_option(results, result, [[*_named(result), *_cells(shown, _system(result))]])
    ]
    if len(results) > 1:
        _draw_options(sheet, results)
    heading = f"Options: the system in {year}, £m and chances"
    _placed(sheet, results, "Options", heading, lead, shown, rows, kept=1)


DRAWN = (
    Column("Option drawn", "wrapped", 38),
    *(
        Column(name, "money", 12)
        for name in ("Control total", "Mean", "P10", "P90", "P90 less mean", "Mean less P10")
    ),
)


def _draw_options(sheet: Sheet, results: Sequence[Results]) -> None:
    """The system's position under each option beside its control total, with their table."""
    year = results[0].years[LAST]
    room = sheet.room(HEIGHT)
    rows: list[list[Cell]] = []
    for number, result in enumerate(results, 1):
        position = result.figure("position", year)
        total = result.figure("control_total", year).mean
        mean, low, high = position.mean, position.p10, position.p90
        assert mean is not None
        assert low is not None
        assert high is not None
        name = f"[{number}] {result.option}"
        rows.append([name, total, mean, low, high, high - mean, mean - low])
    heading = f"Position of the system after support and funding in {year}, £m"
    sheet.heading(heading)
    placed = sheet.table("Options_drawn", heading, DRAWN, rows)
    every = range(len(rows))
    by_mean = sorted(rows, key=lambda row: float(row[2]))  # type: ignore[arg-type]
    best, worst = by_mean[-1], by_mean[0]
    title = (
        f"Position of the system in {year}: from {pounds(float(worst[2]), 0)} on average "  # type: ignore[arg-type]
        f"({short(str(worst[0]))}) to {pounds(float(best[2]), 0)} ({short(str(best[0]))})"  # type: ignore[arg-type]
    )
    has_totals = any(isinstance(row[1], float) for row in rows)
    totals = ("Control total", span(placed, "Control total", every)) if has_totals else None
    ranged_points(
        sheet,
        room,
        title,
        f"Position in {year}, £m (a deficit is in brackets)",
        span(placed, DRAWN[0].header, every),
        ("Mean", span(placed, "Mean", every)),
        (span(placed, "P90 less mean", every), span(placed, "Mean less P10", every)),
        totals,
    )
    sheet.heading(f"Options: the system in {year}, £m and chances")


def _reading(results: Sequence[Results]) -> str:
    text = "£m; a deficit is in brackets [note 1]. SE: standard error, in the last columns."
    if len(results) == 1:
        return text
    draws = "All options share their draws, so differences are surer than positions."
    same = f"'{SAME}': nothing differs from the first option."
    return f"{text} First option: {results[0].option}. {draws} {same}"


def _with_first(results: Sequence[Results], shown: Sequence[Answer]) -> tuple[Answer, ...]:
    return (*shown, *(AGAINST_FIRST if len(results) > 1 else ()))


def _named(result: Results) -> list[Cell]:
    """The names of control totals and risk share, and the link."""
    names = {part.kind: part.item.name for part in parts_of(result.plan) if part.item is not None}
    link = result.arrangement.link_share if CONTROL_TOTALS in names else None
    return [names.get(CONTROL_TOTALS, NONE), names.get(RISK_SHARE, NONE), link]


def _system(result: Results) -> Iterator[Estimate]:
    year = result.years[LAST]
    yield result.figure("control_total", year).mean, None
    for measure in (
        "control_total_met_before_transfer",
        "control_total_met",
        "control_total_met_both",
    ):
        yield _chance(result.figure(measure, year))
    yield from _position(result.figure("position", year))
    yield _mean(result.figure("external_support", year))
    yield from _funding(result, SYSTEM)
    yield from _against_first(result, SYSTEM)


def _chance(figure: Figure) -> Estimate:
    return figure.probability, figure.se_probability


def _mean(figure: Figure) -> Estimate:
    return figure.mean, figure.se


def _position(figure: Figure) -> Iterator[Estimate]:
    yield figure.mean, figure.se
    yield figure.p10, figure.se_p10
    yield figure.p90, figure.se_p90
    yield figure.tail_mean, figure.se_tail_mean


def _funding(result: Results, body: str) -> Iterator[Estimate]:
    """What is expected, offered and at risk."""
    figure = result.figure("sustainability_funding", result.years[LAST], body)
    yield figure.mean, figure.se
    offer = result.arrangement.funding
    if offer is None or figure.mean is None:
        yield None, None
        yield None, None
        return
    known, of_year = result.plan.bodies, offer.offered[:, LAST]
    rows = known.in_perimeter if body == SYSTEM else known.ids.index(body)
    offered = float(of_year[rows].sum())
    yield offered, None
    yield offered - figure.mean, None


def _against_first(result: Results, body: str) -> Iterator[Estimate]:
    """Gain or loss and the chance of better; the first option has neither."""
    year = result.years[LAST]
    try:
        difference = result.figure("difference_position", year, body)
        better = result.figure("better_than_first", year, body)
    except KeyError:
        yield None, None
        yield None, None
        return
    yield _mean(difference)
    same = better.probability == 0 and difference.tail_mean == 0
    yield (SAME, 0.0) if same else _chance(better)


def _cells(shown: Sequence[Answer], estimates: Iterator[Estimate]) -> list[Cell]:
    """Estimates, then the standard errors of those that have one."""
    pairs = list(zip(shown, estimates, strict=False))
    assert len(pairs) == len(shown)
    return [value for _, (value, _) in pairs] + [e for s, (_, e) in pairs if s.has_error]


def _placed(
    sheet: Sheet,
    results: Sequence[Results],
    name: str,
    heading: str,
    lead: Sequence[Column],
    shown: Sequence[Answer],
    rows: Sequence[list[Cell]],
    kept: int,
) -> None:
    """The table, its first columns kept in view, its errors on pages of their own when printed."""
    first = with_option(results, lead)
    columns = [*first, *(Column(s.header, s.style, MONEY_WIDTH) for s in shown)]
    columns += [Column(f"SE: {s.header}", _error(s), ERROR_WIDTH) for s in shown if s.has_error]
    placed = sheet.table(name, heading, columns, rows, filtered=len(rows) > 1)
    sheet.freeze(placed, kept)
    sheet.repeat(placed)
    sheet.split(placed, len(first) + len(shown), kept)


def _error(shown: Answer) -> Style:
    return "chance_error" if shown.style == CHANCE else "error"


# options by body


def options_by_body(sheet: Sheet, results: Sequence[Results]) -> None:
    """What each option means for each organisation in the last year, and who bears the tail."""
    year = results[0].years[LAST]
    sheet.title(f"Options by body in {year}")
    sheet.lines(_reading(results))
    sheet.lines(
        "A council's control total is its balanced-budget line. Position in system's worst tenth: "
        "the mean in the draws in which the system is worst; it shows who bears the tail, and adds "
        "up. Percentiles do not add up [note 4]."
    )
    shown = _with_first(results, OF_BODY)
    rows = [
        row
        for result in results
        for row in of_option(results, result, list(_body_rows(result, shown)))
    ]
    heading = f"Options by body in {year}, £m and chances"
    lead = [Column("Organisation", "wrapped", 30)]
    kept = len(with_option(results, lead))
    _placed(sheet, results, "Options_by_body", heading, lead, shown, rows, kept)


def _body_rows(result: Results, shown: Sequence[Answer]) -> Iterator[list[Cell]]:
    for body, label in bodies(result):
        yield ["System" if body == SYSTEM else label, *_cells(shown, _body(result, body))]


def _body(result: Results, body: str) -> Iterator[Estimate]:
    year = result.years[LAST]
    yield result.figure("control_total", year, body).mean, None
    for measure in (
        "control_total_met_before_transfer",
        "control_total_met",
        "control_total_met_both",
    ):
        yield _chance(result.figure(measure, year, body))
    yield from _position(result.figure("position", year, body))
    for measure in ("position_in_system_tail", "transfer", "external_support"):
        yield _mean(result.figure(measure, year, body))
    yield from _funding(result, body)
    yield from _against_first(result, body)
