"""The sheets that answer: Summary, By organisation, Schemes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from finsim.analysis.measures import BY_NAME, CHANCE
from finsim.analysis.observe import SYSTEM
from finsim.analysis.results import Figure, Results
from finsim.outputs.findings import control_total_lines, first_lines, pressure_of
from finsim.outputs.standing_words import standing_lines
from finsim.outputs.words import pounds
from finsim.outputs.workbook_chart import HEIGHT, WIDTH, rows_where, short, span
from finsim.outputs.workbook_charts_bars import height_of, ranged_bars
from finsim.outputs.workbook_charts_lines import gap_fan
from finsim.outputs.workbook_sheet import Cell, Column, Link, Placed, Sheet
from finsim.simulation.plan import Activity, Efficiency

NUMBER = 12.5
ESTIMATES = tuple(
    Column(name, "money", NUMBER) for name in ("Plan", "Central", "Mean", "P10", "P50", "P90")
)
ERRORS = tuple(
    Column(f"Standard error of {name}", "error", NUMBER) for name in ("mean", "P10", "P50", "P90")
)
MOST_CAVEATS = 3
BETWEEN = 16
SUMMARY_LINE = 165
MOST_BARS = 30
NO_TOTALS = "No control totals are set: there is no chance of meeting one to show."
MARKS = "[z]: does not apply; a chance has no mean, and an organisation without a total no chance."
NEGLIGIBLE = 1e-9
OPTION = Column("Option", "text")
Group: TypeAlias = list[list[Cell]]
"""Rows that are told together or not at all."""


def estimates(figure: Figure) -> list[Cell]:
    """Plan, central, mean and percentiles."""
    return [figure.plan, figure.central, figure.mean, figure.p10, figure.p50, figure.p90]


def errors(figure: Figure) -> list[Cell]:
    """The standard errors of mean and percentiles."""
    return [figure.se, figure.se_p10, figure.se_p50, figure.se_p90]


def with_option(results: Sequence[Results], columns: Sequence[Column]) -> list[Column]:
    """The columns, led by the option when there are several."""
    return [*([OPTION] if len(results) > 1 else []), *columns]


def of_option(
    results: Sequence[Results], result: Results, rows: Iterable[list[Cell]]
) -> Iterator[list[Cell]]:
    """Rows led by their option when there are several."""
    lead: list[Cell] = [result.option] if len(results) > 1 else []
    return ([*lead, *row] for row in rows)


def unlike_first(
    results: Sequence[Results], groups_of: Callable[[Results], Iterable[Group]]
) -> Iterator[tuple[Results, Group]]:
    """Groups of rows of every option; of later ones only those unlike any of the first's."""
    known: set[tuple[tuple[Cell, ...], ...]] = set()
    for number, result in enumerate(results):
        for group in groups_of(result):
            key = tuple(map(tuple, group))
            if number == 0:
                known.add(key)
            elif key in known:
                continue
            yield result, group


def of_options(
    results: Sequence[Results], groups_of: Callable[[Results], Iterable[Group]]
) -> list[list[Cell]]:
    """The same as rows, led by their option when there are several."""
    groups = unlike_first(results, groups_of)
    return [row for result, group in groups for row in of_option(results, result, group)]


def later_options(results: Sequence[Results]) -> str:
    """What a sheet says where later options list only what differs."""
    return f" Options list only what differs from '{results[0].option}'." * (len(results) > 1)


# summary

WHAT = Column("What", "wrapped", 40)
YEAR = Column("Year", width=10)
OF_SUMMARY = tuple(replace(column, width=10.5) for column in (*ESTIMATES, *ERRORS))
SUMMARY_NUMBERS = len(OF_SUMMARY)
WIDTH_OF_RANGE = "P90 less P10"
ABOVE, BELOW = "P90 less mean", "Mean less P10"


def summary(sheet: Sheet, results: Sequence[Results]) -> None:
    """The gap, what closes it, who carries it, and what to bear in mind."""
    first = results[0]
    year = first.years[-1]
    sheet.title(f"Summary: {first.plan.resolved.scenario.title}")
    for line in (*first_lines(first), *control_total_lines(first)):
        sheet.lines(line, "strong", SUMMARY_LINE)
    if not first.arrangement.has_totals:
        sheet.lines(NO_TOTALS)
    if len(results) > 1:
        sheet.link(Link("Options", "A1", f"Go to the {len(results)} options side by side"))
    sheet.lines(
        f"£m, cash; a gap is positive, a deficit is in brackets [note 1].{later_options(results)}",
        width=SUMMARY_LINE,
    )
    for line in standing_lines(first):
        sheet.lines(f"{line}.", width=SUMMARY_LINE)
    size = (WIDTH, max(HEIGHT, height_of(len(bodies(first)))))
    charts = sheet.room(size[1])
    caveats = first.plan.resolved.scenario.notes[:MOST_CAVEATS]
    if caveats:
        sheet.heading("Main caveats")
        for number, caveat in enumerate(caveats, 1):
            sheet.lines(f"{number}. {caveat}", width=SUMMARY_LINE)
    columns = with_option(results, [WHAT, YEAR, *OF_SUMMARY])
    width = Column(WIDTH_OF_RANGE, "money", 10.5)
    sides = [Column(name, "money", 10.5) for name in (ABOVE, BELOW)]
    parts: tuple[tuple[str, str, list[Column], Callable[[Results], Iterable[Group]]], ...] = (
        ("Summary_gap", "The gap by year, £m [note 2] [note 3]", [*columns, width], _gap_groups),
        (
            "Summary_closing",
            f"From do nothing to the gap after schemes in {year}, £m [note 4] [note 5]",
            columns,
            lambda result: [list(_closing_rows(result))],
        ),
        (
            "Summary_organisations",
            f"Position before risk share by organisation in {year}, £m [note 4]",
            [*columns, *sides],
            lambda result: [[row] for row in _position_rows(result)],
        ),
    )
    placed: dict[str, Placed] = {}
    for name, heading, of_table, groups_of in parts:
        sheet.heading(heading)
        placed[name] = sheet.table(name, heading, of_table, of_options(results, groups_of))
    _draw_gap(sheet, charts, first, placed["Summary_gap"], size)
    _draw_positions(sheet, charts, first, placed["Summary_organisations"], size)


def _draw_gap(
    sheet: Sheet, row: int, result: Results, placed: Placed, size: tuple[int, int]
) -> None:
    """The range of the gap after schemes by year, with do nothing and the two cases beside it."""
    nothing, gap = (BY_NAME[name].title for name in ("do_nothing_gap", "gap"))
    rows = _of(placed, result, gap)
    without = _of(placed, result, nothing)
    last = result.figure("gap", result.years[-1])
    before = result.figure("do_nothing_gap", result.years[-1])
    title = (
        f"Gap in {last.year}: {pounds(_known(before.mean), 0)} if nothing is done; after schemes "
        f"{pounds(_known(last.p10), 0)} to {pounds(_known(last.p90), 0)} (P10 to P90)"
    )
    gap_fan(
        sheet,
        row,
        title,
        span(placed, "Year", rows),
        (span(placed, "P10", rows), span(placed, WIDTH_OF_RANGE, rows)),
        {
            "P50 after schemes": span(placed, "P50", rows),
            "Central": span(placed, "Central", rows),
            "Plan": span(placed, "Plan", rows),
            "Do nothing, mean": span(placed, "Mean", without),
        },
        size,
    )


def _draw_positions(
    sheet: Sheet, row: int, result: Results, placed: Placed, size: tuple[int, int]
) -> None:
    """Each organisation's position, its mean with the range."""
    labels = [label for _, label in bodies(result)]
    rows = [row for label in labels[:-1] for row in _of(placed, result, label)]
    year = result.years[-1]
    named = bodies(result)[:-1]
    means = {
        label: _known(result.figure("position_before_risk_share", year, body).mean)
        for body, label in named
    }
    deficits = [label for label, mean in means.items() if mean < 0]
    worst = min(means, key=lambda label: means[label])
    title = (
        f"{len(deficits)} of {len(means)} organisations are in deficit in {year}; the largest is "
        f"{short(worst)}, {pounds(means[worst], 0)}"
        if deficits
        else f"No organisation is in deficit in {year} on average"
    )
    ranged_bars(
        sheet,
        row,
        title,
        f"Position before risk share in {year}, £m (a deficit is in brackets)",
        span(placed, "What", rows),
        ("Mean", span(placed, "Mean", rows)),
        (span(placed, ABOVE, rows), span(placed, BELOW, rows)),
        left=WIDTH + BETWEEN,
        size=size,
    )


def _of(placed: Placed, result: Results, what: str) -> list[int]:
    """The rows of an option that are of something."""
    if "Option" in placed.columns:
        return rows_where(placed, Option=result.option, What=what)
    return rows_where(placed, What=what)


def _line(label: str, figure: Figure) -> list[Cell]:
    return [label, figure.year, *estimates(figure), *errors(figure)]


def _gap_groups(result: Results) -> Iterator[Group]:
    shown = ["do_nothing_gap", "gap"]
    last = result.years[-1]
    after, before = (_known(result.figure(m, last).mean) for m in ("gap_after_support", "gap"))
    if abs(after - before) > NEGLIGIBLE * max(1.0, abs(before)):
        shown.append("gap_after_support")
    for measure in shown:
        title = BY_NAME[measure].title
        figures = (result.figure(measure, year) for year in result.years)
        yield [[*_line(title, figure), _less(figure.p90, figure.p10)] for figure in figures]


def _closing_rows(result: Results) -> Iterator[list[Cell]]:
    """What public drivers give, the rest of the do-nothing gap, and what schemes take off it."""
    year = result.years[-1]
    pressure = pressure_of(result)
    if pressure is not None and pressure.year == year:
        for label, value in (
            ("Gap that public drivers alone give", pressure.public_drivers),
            ("Unattributed pressure", pressure.amount),
        ):
            yield [label, year, value, value, *[None] * 8]
    yield _line("Do-nothing gap", result.figure("do_nothing_gap", year))
    themes = [f for f in result.schemes() if f.level == "theme" and f.year == year]
    for figure in themes:
        yield _line(f"Less net saving: {figure.body}", figure)
    yield from _shared_saving(result.figure("saving", year), themes)
    yield _line("Plus costs of delivery", result.figure("cost_of_delivery", year))
    yield _line("Gap after schemes", result.figure("gap", year))


def _shared_saving(total: Figure, themes: Sequence[Figure]) -> Iterator[list[Cell]]:
    """What belongs to no one theme: means add up, percentiles do not."""
    rest = [
        _known(getattr(total, name)) - sum(_known(getattr(figure, name)) for figure in themes)
        for name in ("plan", "central", "mean")
    ]
    if max(map(abs, rest)) > NEGLIGIBLE * max(1.0, abs(_known(total.mean))):
        yield ["Less net saving: shared by themes", total.year, *rest, *[None] * 7]


def _position_rows(result: Results) -> Iterator[list[Cell]]:
    year = result.years[-1]
    for body, label in bodies(result):
        figure = result.figure("position_before_risk_share", year, body)
        sides = [_less(figure.p90, figure.mean), _less(figure.mean, figure.p10)]
        yield [*_line(label, figure), *sides]


def bodies(result: Results) -> list[tuple[str, str]]:
    """The organisations and their labels, those beside the perimeter marked, then the system."""
    known = result.plan.bodies
    named = [
        (body, name if inside else f"{name} (beside)")
        for body, name, inside in zip(known.ids, known.names, known.in_perimeter, strict=True)
    ]
    return [*named, (SYSTEM, "System (organisations in the perimeter)")]


def _less(one: float | None, other: float | None) -> float:
    return _known(one) - _known(other)


def _known(value: float | None) -> float:
    assert value is not None
    return value


# by organisation

ALWAYS = (
    "income",
    "expenditure",
    "position_do_nothing",
    "position_before_risk_share",
    "saving",
    "stranded_cost",
    "cost_of_delivery",
)
WHEN_MOVED = ("transfer", "external_support", "sustainability_funding", "position")
WHEN_KNOWN = (
    "control_total",
    "control_total_met_before_transfer",
    "control_total_met",
    "control_total_met_both",
)


def by_organisation(sheet: Sheet, results: Sequence[Results]) -> None:
    """Each organisation's income, expenditure and position by year."""
    sheet.title("By organisation")
    sheet.lines(
        "Each organisation by year, £m, cash. Surplus positive, deficit in brackets [note 1]. "
        "Percentiles do not add up over organisations [note 4]."
    )
    sheet.lines(f"{MARKS}{later_options(results)}")
    measures = _measures_shown(results)
    if not set(measures) & set(WHEN_KNOWN):
        sheet.lines(NO_TOTALS)
    chances = any(BY_NAME[name].unit == CHANCE for name in measures)
    columns = [Column("Organisation"), Column("Measure"), Column("Year", width=10), *ESTIMATES]
    columns += [*([Column("Chance", "chance", NUMBER)] if chances else []), *ERRORS]
    columns += [Column("Standard error of chance", "chance_error", NUMBER)] if chances else []
    rows = of_options(results, lambda r: _organisation_groups(r, measures, chances))
    placed = sheet.table(
        "By_organisation",
        "Income, expenditure and position by organisation and year",
        with_option(results, columns),
        rows,
        filtered=True,
    )
    sheet.freeze(placed, 1)
    sheet.paged(placed, len(with_option(results, [])) + 3)


def _measures_shown(results: Sequence[Results]) -> list[str]:
    figures = [figure for result in results for figure in result.measures()]
    moved = {figure.measure for figure in figures if figure.mean}
    known = {f.measure for f in figures if f.mean is not None or f.probability is not None}
    support = [name for name in WHEN_MOVED if name in moved]
    return [
        *ALWAYS,
        *(support if set(support) - {"position"} else []),
        *(name for name in WHEN_KNOWN if name in known),
    ]


def _organisation_groups(
    result: Results, measures: Sequence[str], chances: bool
) -> Iterator[Group]:
    """The years of each organisation and measure."""
    for body, label in bodies(result):
        for name in measures:
            figures = (result.figure(name, year, body) for year in result.years)
            yield [_organisation_row(label, figure, chances) for figure in figures]


def _organisation_row(label: str, figure: Figure, chances: bool) -> list[Cell]:
    measure = BY_NAME[figure.measure]
    shown, spread = estimates(figure), errors(figure)
    if measure.unit == CHANCE:
        shown, spread = [None] * len(shown), [None] * len(spread)
    if chances:
        shown, spread = [*shown, figure.probability], [*spread, figure.se_probability]
    return [label, measure.title, figure.year, *shown, *spread]


# schemes


def schemes(sheet: Sheet, results: Sequence[Results]) -> None:
    """What schemes were planned to save, and what they really close."""
    sheet.title("Schemes")
    sheet.lines(
        "Net saving to the system by theme and scheme, £m in each year, before costs of delivery "
        "[note 5]. Plan: every scheme in full and on time [note 3]."
    )
    sheet.lines(
        f"Percentiles do not add up over schemes or themes [note 4].{later_options(results)}"
    )
    _planned_and_delivered(sheet, results[0])
    columns = [
        Column("Theme"),
        Column("Scheme"),
        Column("Year", width=10),
        *ESTIMATES,
        Column("Cost of delivery, mean", "money", NUMBER),
        *ERRORS,
        Column("Standard error of cost", "error", NUMBER),
    ]
    rows = of_options(results, _scheme_groups)
    placed = sheet.table(
        "Schemes",
        "Net saving and cost of delivery by theme, scheme and year",
        with_option(results, columns),
        rows,
        filtered=True,
    )
    sheet.freeze(placed, 2)
    sheet.paged(placed, len(with_option(results, [])) + 3)


DELIVERED = (
    Column("Scheme planned and delivered", "wrapped", 44),
    *(Column(name, "money", NUMBER) for name in ("Plan", "Mean", "P10", "P90", ABOVE, BELOW)),
)


def _planned_and_delivered(sheet: Sheet, result: Results) -> None:
    """A chart of what each scheme was planned to save in the last year and what it does, largest
    plan first."""
    year = result.years[-1]
    figures = [f for f in result.schemes() if (f.measure, f.year) == ("saving", year)]
    names = {scheme.id: scheme.name for scheme in result.plan.resolved.book.schemes}
    of_level = [f for f in figures if f.level == "scheme"]
    if len(of_level) > MOST_BARS:
        of_level, names = [f for f in figures if f.level == "theme"], {}
    if not of_level:
        return
    rows: list[list[Cell]] = [
        [
            names.get(f.body, f.body), f.plan, f.mean, f.p10, f.p90, _less(f.p90, f.mean),
            _less(f.mean, f.p10),
        ]
        for f in sorted(of_level, key=lambda f: -_known(f.plan))
    ]  # fmt: skip
    planned, mean = (sum(_known(getattr(f, name)) for f in of_level) for name in ("plan", "mean"))
    title = (
        f"Schemes are planned to save {pounds(planned, 0)} in {year} and save {pounds(mean, 0)} on "
        "average"
    )
    charts = sheet.room(height_of(len(rows), 2))
    heading = f"Net saving planned and delivered in {year}, £m"
    sheet.heading(heading)
    placed = sheet.table("Schemes_delivered", heading, DELIVERED, rows)
    every = range(len(rows))
    ranged_bars(
        sheet,
        charts,
        title,
        f"Net saving in {year}, £m",
        span(placed, DELIVERED[0].header, every),
        ("Mean", span(placed, "Mean", every)),
        (span(placed, ABOVE, every), span(placed, BELOW, every)),
        ("Plan", span(placed, "Plan", every)),
    )
    sheet.heading("Net saving and cost of delivery by theme, scheme and year")


def _scheme_groups(result: Results) -> Iterator[Group]:
    """The years of each theme and of each of its schemes."""
    every: tuple[Activity | Efficiency, ...] = (
        *result.plan.activity_schemes,
        *result.plan.efficiency_schemes,
    )
    for theme in dict.fromkeys(scheme.theme for scheme in every):
        members = [scheme for scheme in every if scheme.theme == theme]
        yield [_theme_row(result, theme, members, year) for year in result.years]
        for scheme in members:
            yield [_scheme_row(result, scheme, year) for year in result.years]


def _theme_row(
    result: Results, theme: str, members: Sequence[Activity | Efficiency], year: str
) -> list[Cell]:
    costs = [result.figure("cost_of_delivery", year, s.id, "scheme") for s in members]
    mean = sum(_known(figure.mean) for figure in costs)
    error = 0.0 if not any(figure.se for figure in costs) else None
    saving = result.figure("saving", year, theme, "theme")
    return [theme, "All of the theme", year, *estimates(saving), mean, *errors(saving), error]


def _scheme_row(result: Results, scheme: Activity | Efficiency, year: str) -> list[Cell]:
    saving = result.figure("saving", year, scheme.id, "scheme")
    cost = result.figure("cost_of_delivery", year, scheme.id, "scheme")
    lead: list[Cell] = [scheme.theme, scheme.name, year]
    return [*lead, *estimates(saving), cost.mean, *errors(saving), cost.se]
