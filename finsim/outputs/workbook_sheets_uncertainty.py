"""The sheet Uncertainty: how likely each size of the gap is, and what is uncertain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from finsim.analysis.results import Curve, Results
from finsim.book.quantities import months_text, rate_text
from finsim.book.schemes import ActivityScheme
from finsim.book.sourced import Sourced
from finsim.outputs.findings import pressure_of
from finsim.outputs.words import pounds
from finsim.outputs.workbook_assumptions import STATED, standing_in_words
from finsim.outputs.workbook_chart import HEIGHT, rows_where, span
from finsim.outputs.workbook_charts_lines import chance_curves
from finsim.outputs.workbook_sheet import Cell, Column, Link, Placed, Sheet
from finsim.outputs.workbook_sheets_results import later_options, of_options, with_option
from finsim.outputs.workbook_words import in_words
from finsim.simulation.inputs import GROWTH, PRESSURE

NO_MORE = "Chance that the gap is no more"
NOTHING, AFTER = "Do-nothing gap", "Gap after schemes"
CURVE_SHOWN = (1, 5, *range(10, 100, 10), 95, 99)
PARTS = {"happens": "happens", "slip": "slip", "delivered": "share delivered"}


def uncertainty(sheet: Sheet, results: Sequence[Results]) -> None:
    """How likely each size of the gap is, and what is uncertain."""
    year = results[0].years[-1]
    sheet.title("Uncertainty")
    sheet.lines(
        f"The gap in {year} is no more than its P90 in nine draws of ten [note 2]. Every year is "
        f"on the sheet Percentiles.{later_options(results)}"
    )
    pressure = pressure_of(results[0])
    if pressure is not None and pressure.is_large:
        sheet.lines("Ranges are conditional on the published figure [note 6].", "strong")
    heading = f"Percentiles of the gap in {year}, £m"
    room = sheet.room(HEIGHT)
    sheet.heading(heading)
    columns = [
        Column("Percentile", "text", 34),
        Column(NO_MORE, "chance", 17),
        Column(NOTHING, "money", 13),
        Column(AFTER, "money", 13),
        Column("Standard error, do nothing", "error", 13),
        Column("Standard error, after schemes", "error", 13),
    ]
    rows = of_options(results, lambda result: [list(_curve_rows(result, year))])
    table = sheet.table("Uncertainty_percentiles", heading, with_option(results, columns), rows)
    _draw_chances(sheet, room, results[0], table)
    if any(result.chances for result in results):
        sheet.link(Link("Chances", "A1", "Go to the chance of the system's control total"))
    heading = "What is uncertain, and how"
    sheet.heading(heading)
    inputs = [
        Column("Input", "wrapped", 34),
        Column("Standing", "wrapped", 17),
        Column("As at", "wrapped", 15),
        Column("Quality", width=13),
        Column("Impact", width=13),
        Column("Distribution in words", "wrapped", 52),
        Column("Source", "wrapped", 44),
    ]
    placed = sheet.table("Uncertain_inputs", heading, inputs, _input_rows(results[0]))
    sheet.repeat(placed)
    sheet.link(Link("Assumptions", "A1", "Go to every assumption, with what would replace it"))


def _draw_chances(sheet: Sheet, row: int, result: Results, placed: Placed) -> None:
    """The chance that the gap is no more than each size, before and after schemes."""
    several = "Option" in placed.columns
    rows = rows_where(placed, Option=result.option) if several else range(len(placed.rows))
    gap = result.figure("gap", result.years[-1])
    assert gap.p10 is not None
    assert gap.p90 is not None
    title = (
        f"After schemes the gap in {gap.year} is below {pounds(gap.p90, 0)} in nine draws of ten, "
        f"and below {pounds(gap.p10, 0)} in one"
    )
    chances = span(placed, NO_MORE, rows)
    chance_curves(
        sheet,
        row,
        title,
        f"Gap in {gap.year}, £m (a shortfall is positive)",
        "Chance that it is no more",
        {name: (span(placed, name, rows), chances) for name in (AFTER, NOTHING)},
    )


def _curve_rows(result: Results, year: str) -> Iterator[list[Cell]]:
    nothing, gap = (_curve(result, measure, year) for measure in ("do_nothing_gap", "gap"))
    for number, level in enumerate(nothing.levels):
        if round(100 * level) in CURVE_SHOWN:
            yield [
                f"P{round(100 * level)}",
                level,
                nothing.values[number],
                gap.values[number],
                nothing.errors[number],
                gap.errors[number],
            ]


def _curve(result: Results, measure: str, year: str) -> Curve:
    return next(c for c in result.curves if (c.measure, c.year) == (measure, year))


def _input_rows(result: Results) -> Iterator[list[Cell]]:
    """The inputs that random numbers move, in their order."""
    resolved = result.plan.resolved
    drivers = {driver.id: driver for driver in resolved.book.all_drivers()}
    for item in result.plan.inputs.inputs:
        if item.is_fixed:
            continue
        driver = drivers.get(item.name)
        if driver is not None:
            unit = "" if driver.unit == "share" else f" ({driver.unit})"
            yield _input(f"{driver.name}{unit}", in_words(driver.value), driver)
        elif item.name == GROWTH and resolved.scenario.population is not None:
            people = resolved.scenario.population
            words = f"{in_words(people.growth)}; from {people.from_year} to {people.by}"
            yield _stated("Population growth", words)
        elif item.name == PRESSURE and resolved.held.unattributed is not None:
            spread = in_words(resolved.held.unattributed.spread)
            yield _stated("Unattributed pressure, spread", spread)
        else:
            yield _scheme_input(result, item.name)


def _scheme_input(result: Results, name: str) -> list[Cell]:
    _, identity, part = name.split(".")
    scheme = next(s for s in result.plan.resolved.book.schemes if s.id == identity)
    if part == "happens":
        words = f"happens with a chance of {rate_text(scheme.chance)}"
    elif part == "slip" and isinstance(scheme, ActivityScheme):
        words = in_words(scheme.slip, months_text)
    else:
        words = in_words(scheme.delivered)
    return _input(f"{scheme.name}: {PARTS[part]}", words, scheme)


def _input(name: str, words: str, item: Sourced) -> list[Cell]:
    standing = standing_in_words(item)
    return [name, standing, item.as_at, item.quality, item.impact, words, item.source]


def _stated(name: str, words: str) -> list[Cell]:
    return [name, STATED, None, None, None, words, "The scenario file; see its notes"]
