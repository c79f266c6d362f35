"""The workbook of a stress test: cases, what bad draws have in common, reserves, sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from finsim.analysis.results import Results
from finsim.analysis.stress import StressTest
from finsim.analysis.stress_rows import CaseRow
from finsim.book.quantities import financial_year_text
from finsim.outputs import palette
from finsim.outputs.findings import pressure_of
from finsim.outputs.stress_data import case_rows, common_rows, reserve_rows
from finsim.outputs.words import pounds
from finsim.outputs.workbook import written_with
from finsim.outputs.workbook_chart import GRID, MONEY, framed, new, points, solid, span
from finsim.outputs.workbook_charts_bars import AT_FOOT, FROM_TOP, height_of
from finsim.outputs.workbook_sheet import Cell, Column, Placed, Sheet
from finsim.simulation.stress import Stress

NUMBER = 13.0
CHART_WIDTH = 1000
SYSTEM_NAME = "System"
KINDS = {
    "input": "input",
    "theme": "savings of a theme",
    "scheme": "saving of a scheme",
    "part": "part of a scheme",
}


def stress_workbook(
    results: Sequence[Results], tests: Sequence[StressTest], bodies: Sequence[str]
) -> bytes:
    """The workbook of a stress test of some options."""
    sheets = {
        "Cases": lambda sheet: _cases(sheet, results, tests, bodies),
        "Worst tenth": lambda sheet: _common(sheet, tests, bodies),
        "Reserves": lambda sheet: _reserves(sheet, tests, bodies),
        "Sources": lambda sheet: _sources(sheet, tests),
    }
    return written_with(results, sheets).content


def _names(test: StressTest) -> dict[str, str]:
    bodies = test.case.plan.bodies
    return {"system": SYSTEM_NAME, **dict(zip(bodies.ids, bodies.names, strict=True))}


def _with_option(tests: Sequence[StressTest], columns: Sequence[Column]) -> list[Column]:
    return [*([Column("Option", "text")] if len(tests) > 1 else []), *columns]


def _led(tests: Sequence[StressTest], option: str, row: list[Cell]) -> list[Cell]:
    return [option, *row] if len(tests) > 1 else row


def _cases(
    sheet: Sheet, results: Sequence[Results], tests: Sequence[StressTest], bodies: Sequence[str]
) -> None:
    first = tests[0]
    year = financial_year_text(first.year)
    sheet.title(f"Stress cases: positions in {year}")
    sheet.lines(
        "Each case is laid over the same draws as the run. Changes are against the run, draw by "
        "draw, with the error of the change. Solved values, agreed plans and control totals are "
        f"held. {first.sampling.draws:,} draws, seed {first.sampling.design.seed}."
    )
    pressure = pressure_of(results[0])
    if pressure is not None and pressure.is_large:
        sheet.lines("Ranges are conditional on the published figure.", "strong")
    rows = [row for test in tests for row in case_rows(test, bodies)]
    shown = [row for row in rows if row.option == rows[0].option and row.body == bodies[0]]
    room = sheet.room(height_of(len(shown)))
    heading = f"Position of each body under each case in {year}, £m"
    sheet.heading(heading)
    columns = [
        Column("Body", "text", 34),
        Column("Case", "text", 46),
        Column("Standing", "text", 15),
        *(Column(name, "money", NUMBER) for name in ("Mean", "P10", "P90")),
        Column("Chance of its total", "chance", NUMBER),
        *(Column(f"Change of {name}", "money", NUMBER) for name in ("mean", "P10", "P90")),
        Column("Change of chance", "percent", NUMBER),
        *(Column(f"Standard error, {name}", "error", NUMBER) for name in ("mean", "P10", "P90")),
        Column("Standard error, chance", "chance_error", NUMBER),
    ]
    names = _names(first)
    table = [_led(tests, row.option, _case_cells(row, names)) for row in _by_body(rows)]
    placed = sheet.table("Stress_cases", heading, _with_option(tests, columns), table)
    if shown:
        _draw(sheet, room, placed, len(shown), names[bodies[0]], year)


def _by_body(rows: Sequence[CaseRow]) -> list[CaseRow]:
    """Rows of an option and body together, in their first order."""
    order = list(dict.fromkeys((row.option, row.body) for row in rows))
    return sorted(rows, key=lambda row: order.index((row.option, row.body)))


def _case_cells(row: CaseRow, names: dict[str, str]) -> list[Cell]:
    acts: list[Cell] = [row.mean, row.p10, row.p90, row.chance]
    acts += [row.change_of_mean, row.change_of_p10, row.change_of_p90, row.change_of_chance]
    acts += [row.se_change_of_mean, row.se_change_of_p10, row.se_change_of_p90]
    acts.append(row.se_change_of_chance)
    name = row.name if row.acts else f"{row.name} (acts on nothing here)"
    return [names[row.body], name, row.standing, *acts]


def _draw(sheet: Sheet, room: int, placed: Placed, count: int, body: str, year: str) -> None:
    """A bar for each case: the change of the first body's mean position."""
    rows = range(count)
    names, changes = (span(placed, header, rows) for header in ("Case", "Change of mean"))
    chart = new(sheet, "bar")
    chart.add_series(
        {
            "name": "Change of the mean position",
            **points(names, changes),
            **solid(palette.BLUE),
            "gap": 50,
            "data_labels": {"value": True, "num_format": MONEY},
        }
    )
    whose = "the system" if body == SYSTEM_NAME else body
    title = f"What each case does to the mean position of {whose} in {year}"
    framed(
        chart,
        title,
        {"name": "£m", "num_format": MONEY, "major_gridlines": GRID, **AT_FOOT},
        FROM_TOP,
        size=(CHART_WIDTH, height_of(count)),
        legend=False,
    )
    told = zip(names.values, changes.numbers, strict=True)
    said = "; ".join(f"{name} {pounds(value)}" for name, value in told)
    sheet.chart(chart, room, f"Horizontal bars, £m. {title}: {said}."[:2000])


def _common(sheet: Sheet, tests: Sequence[StressTest], bodies: Sequence[str]) -> None:
    year = financial_year_text(tests[0].year)
    sheet.title(f"What the worst tenth of draws in {year} have in common")
    sheet.lines(
        "By body, the inputs and savings that alone separate its worst tenth of draws from the "
        "rest, best first. Shift: of the mean, in standard deviations. Separation: 0 not at all, "
        "1 wholly. What is shifted may move with what does the harm."
    )
    heading = "Inputs and savings in the worst tenth"
    sheet.heading(heading)
    columns = [
        Column("Body", "text", 34),
        Column("Input or saving", "text", 50),
        Column("Kind", "text", 20),
        Column("Unit", "text", 14),
        *(
            Column(name, "number", NUMBER)
            for name in ("Shift", "Separation", "Mean in the worst tenth", "Mean", "Threshold")
        ),
        Column("Worst tenth past it", "chance", NUMBER),
        Column("Rest past it", "chance", NUMBER),
        Column("Standard error of shift", "error", NUMBER),
        Column("Standard error of separation", "error", NUMBER),
    ]
    rows = list(_common_rows(tests, bodies))
    placed = sheet.table("Worst_tenth", heading, _with_option(tests, columns), rows, filtered=True)
    sheet.freeze(placed, 2)


def _common_rows(tests: Sequence[StressTest], bodies: Sequence[str]) -> Iterator[list[Cell]]:
    for test in tests:
        names = _names(test)
        rows = common_rows(test, bodies)
        for body in bodies:
            for row in sorted(
                (row for row in rows if row.body == body), key=lambda row: -row.separation
            ):
                cells: list[Cell] = [names[body], row.title, KINDS[row.kind], row.unit]
                cells += [row.shift, row.separation, row.mean_in_tail, row.mean, row.threshold]
                cells += [row.tail_beyond, row.rest_beyond, row.se_shift, row.se_separation]
                yield _led(tests, row.option, cells)


def _reserves(sheet: Sheet, tests: Sequence[StressTest], bodies: Sequence[str]) -> None:
    year = financial_year_text(tests[0].year)
    sheet.title(f"Reserve to hold in {year}")
    sheet.lines(
        "What lifts the position before funding to its target with a confidence; in brackets, room "
        "to spare. Percentiles do not add up: the system's reserve is not the sum of the reserves. "
        "Share of need: whose shortfall it is where the system is in its worst tenth."
    )
    heading = "Reserves, £m"
    sheet.heading(heading)
    columns = [
        Column("Body", "text", 34),
        Column("Target", "money", NUMBER),
        Column("Target is", "text", 16),
        Column("Confidence", "chance", NUMBER),
        Column("Reserve", "money", NUMBER),
        Column("Standard error of reserve", "error", NUMBER),
        Column("Chance without it", "chance", NUMBER),
        Column("Mean position", "money", NUMBER),
        Column("Mean of its worst tenth", "money", NUMBER),
        Column("Need in the system's worst tenth", "money", NUMBER),
        Column("Share of need", "chance", NUMBER),
    ]
    rows: list[list[Cell]] = []
    for test in tests:
        names = _names(test)
        for row in reserve_rows(test, bodies):
            target = "control total" if row.control_total else "to balance"
            cells: list[Cell] = [names[row.body], row.target, target, row.confidence, row.reserve]
            cells += [row.se_reserve, row.chance, row.mean, row.tail_mean]
            cells += [row.need_in_tail, row.share_of_need]
            rows.append(_led(tests, row.option, cells))
    placed = sheet.table("Reserves", heading, _with_option(tests, columns), rows)
    sheet.freeze(placed, 1)


def _sources(sheet: Sheet, tests: Sequence[StressTest]) -> None:
    sheet.title("Where the cases come from")
    heading = "Sources of the stress cases"
    columns = [
        Column("Case", "wrapped", 40),
        Column("Standing", "wrapped", 15),
        Column("Source", "wrapped", 55),
        Column("What would replace it", "wrapped", 45),
        Column("Acts on", "wrapped", 45),
        Column("Note", "wrapped", 45),
    ]
    rows: list[list[Cell]] = [
        [
            laid.name,
            laid.source.standing,
            laid.source.source,
            laid.source.replace_with,
            _touched(laid.stress),
            laid.source.note,
        ]
        for laid in tests[0].laid
        if laid.source is not None
    ]
    sheet.heading(heading)
    sheet.table("Stress_sources", heading, columns, rows)


def _touched(stress: Stress) -> str:
    acts = ", ".join(stress.acts_on) or "nothing here"
    return f"{acts}; not here: {', '.join(stress.missed)}" if stress.missed else acts
