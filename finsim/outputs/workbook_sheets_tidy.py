"""The tidy sheets: the names of the JSON as header, one figure a row, nothing rounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter

from finsim.analysis.results import FIELDS, Figure, Results
from finsim.outputs.tidy import measures, scheme_measures
from finsim.outputs.workbook_sheet import Column, Placed, Sheet
from finsim.outputs.workbook_sheets_results import Group, unlike_first
from finsim.outputs.workbook_style import Style

TEXTS = ("option", "level", "body", "in_perimeter", "year", "measure", "unit")
LEVELS = frozenset({1, *range(5, 100, 5), 99})
PORTRAIT_SCALE = 60
KEPT = 6
TIDY_SCALE = 45
_VALUES = attrgetter(*FIELDS)


def measures_sheet(sheet: Sheet, results: Sequence[Results]) -> Placed:
    """Every figure of the system, the organisations, the networks and the localities."""
    sheet.title("Measures")
    sheet.lines(
        "Every figure of the system, the organisations, networks and localities. What does not "
        "apply is empty. The sheet Notes says what each measure and column means."
    )
    return _tidy(sheet, "Measures", measures(results))


def scheme_measures_sheet(sheet: Sheet, results: Sequence[Results]) -> Placed:
    """Every figure of the themes and the schemes."""
    sheet.title("Scheme measures")
    sheet.lines(
        "Every figure of the themes and the schemes. What does not apply is empty. "
        "The sheet Notes says what each measure and column means."
    )
    return _tidy(sheet, "Scheme_measures", scheme_measures(results))


def _tidy(sheet: Sheet, name: str, figures: Sequence[Figure]) -> Placed:
    columns = [Column(field, _style(field)) for field in FIELDS]
    rows = [_VALUES(figure) for figure in figures]
    placed = sheet.table(name, f"{sheet.name}, tidy", columns, rows, filtered=True, marked=False)
    sheet.freeze(placed)
    sheet.paged(placed, KEPT, TIDY_SCALE)
    return placed


def _style(field: str) -> Style:
    if field in TEXTS:
        return "text"
    if field == "probability":
        return "chance"
    if field == "se_probability":
        return "chance_error"
    return "error" if field.startswith("se") else "money"


def percentiles_sheet(sheet: Sheet, results: Sequence[Results]) -> Placed:
    """The percentiles of the system's gaps in every year that is not the same in every draw."""
    sheet.title("Percentiles")
    sheet.lines(
        "The system's gaps at every fifth percentile and the two ends, £m. Years that are the same "
        "in every draw are left out"
        + (", and later options with the first's gaps." if len(results) > 1 else ".")
    )
    columns = [
        Column("option"),
        Column("measure"),
        Column("year"),
        Column("percentile", "chance"),
        Column("value", "money"),
        Column("se", "error"),
    ]
    rows = [
        [result.option, *row]
        for result, group in unlike_first(results, _percentiles)
        for row in group
    ]
    placed = sheet.table(
        "Percentiles", "Percentiles of the gaps", columns, rows, filtered=True, marked=False
    )
    sheet.freeze(placed)
    sheet.repeat(placed)
    sheet.portrait(PORTRAIT_SCALE)
    return placed


def _percentiles(result: Results) -> Iterator[Group]:
    for curve in result.curves:
        if curve.values[0] == curve.values[-1]:
            continue
        points = zip(curve.levels, curve.values, curve.errors, strict=True)
        yield [
            [curve.measure, curve.year, level, value, error]
            for level, value, error in points
            if round(100 * level) in LEVELS
        ]
