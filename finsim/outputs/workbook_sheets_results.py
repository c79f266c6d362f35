"""The sheets that answer: Summary, By organisation, Schemes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from finsim.analysis.measures import BY_NAME, CHANCE
from finsim.analysis.observe import SYSTEM
from finsim.analysis.results import Figure, Results
from finsim.outputs.findings import control_total_lines, first_lines, pressure_of
from finsim.outputs.standing_words import standing_lines
from finsim.outputs.workbook_sheet import Cell, Column, Link, Sheet
from finsim.simulation.plan import Activity, Efficiency

NUMBER = 12.5
ESTIMATES = tuple(
    Column(name, "money", NUMBER) for name in ("Plan", "Central", "Mean", "P10", "P50", "P90")
)
ERRORS = tuple(
    Column(f"Standard error of {name}", "error", NUMBER) for name in ("mean", "P10", "P50", "P90")
)
MOST_CAVEATS = 3
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


def summary(sheet: Sheet, results: Sequence[Results], master_check: str) -> None:
    """The gap, what closes it, who carries it, and what to bear in mind."""
    first = results[0]
    year = first.years[-1]
    sheet.title(f"Summary: {first.plan.resolved.scenario.title}")
    for line in (*first_lines(first), *control_total_lines(first)):
        sheet.lines(line, "strong")
    if not first.arrangement.has_totals:
        sheet.lines(NO_TOTALS)
    if len(results) > 1:
        sheet.link(Link("Options", "A1", f"Go to the {len(results)} options side by side"))
    sheet.lines(
        f"{master_check}. £m, cash; a gap is positive, a deficit is in brackets [note 1]."
        f"{later_options(results)}"
    )
    for line in standing_lines(first):
        sheet.lines(f"{line}.")
    caveats = first.plan.resolved.scenario.notes[:MOST_CAVEATS]
    if caveats:
        sheet.heading("Main caveats")
        for number, caveat in enumerate(caveats, 1):
            sheet.lines(f"{number}. {caveat}")
    columns = [Column("What", width=40), Column("Year", width=10), *ESTIMATES, *ERRORS]
    columns = with_option(results, columns)
    parts = (
        ("Summary_gap", "The gap by year, £m [note 2] [note 3]", _gap_groups),
        (
            "Summary_closing",
            f"From do nothing to the gap after schemes in {year}, £m [note 4] [note 5]",
            lambda result: [list(_closing_rows(result))],
        ),
        (
            "Summary_organisations",
            f"Position before risk share by organisation in {year}, £m [note 4]",
            lambda result: [[row] for row in _position_rows(result)],
        ),
    )
    for name, heading, groups_of in parts:
        sheet.heading(heading)
        sheet.table(name, heading, columns, of_options(results, groups_of))
    if len(results) == 1:
        sheet.one_page()


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
        yield [_line(title, result.figure(measure, year)) for year in result.years]


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
        yield _line(label, result.figure("position_before_risk_share", year, body))


def bodies(result: Results) -> list[tuple[str, str]]:
    """The organisations and their labels, those beside the perimeter marked, then the system."""
    known = result.plan.bodies
    named = [
        (body, name if inside else f"{name} (beside)")
        for body, name, inside in zip(known.ids, known.names, known.in_perimeter, strict=True)
    ]
    return [*named, (SYSTEM, "System (organisations in the perimeter)")]


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
    sheet.repeat(placed)


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
    sheet.repeat(placed)


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
