"""A submission: a scenario's figures in the cells that a map found for them in a template."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from finsim.analysis.measures import BY_NAME, CHANCE
from finsim.analysis.observe import SYSTEM
from finsim.analysis.results import Results
from finsim.book.nodes import Mapping, place_of, words_of
from finsim.book.places import Problem, column_letters, did_you_mean, shown
from finsim.book.quantities import financial_year_text
from finsim.book.validate import matching
from finsim.outputs.submission_map import PER_MILLION, Block, Figure, SubmissionMap
from finsim.outputs.submission_places import Table
from finsim.outputs.template_file import Template


class Filled(Struct, frozen=True):
    """A cell and what went into it, or why nothing did.

    `is_missed` when the template asks for something that there is, and the cell did not take it,
    or for a year that is not modelled; not where a figure does not apply.
    """

    sheet: str
    row: int
    column: int
    label: str
    year: str
    value: float | None
    words: str
    is_missed: bool = False

    @property
    def cell(self) -> str:
        """The cell's place, for a person."""
        return f"{self.sheet}!{column_letters(self.column)}{self.row}"


def map_problems(stated: SubmissionMap, tree: Mapping, results: Results) -> list[Problem]:
    """What the map asks for that a scenario does not have, or not in that form."""
    found: list[Problem] = []
    for number, block in enumerate(stated.fill):
        for label, figure in block.rows.items():
            path = ("fill", number, "rows", label)
            for message, key in _wrong(figure, figure.value or block.value, results):
                place = place_of(tree, (*path, key))
                found.append(Problem(place, words_of(tree, path), message))
    return found


def _wrong(figure: Figure, value: str, results: Results) -> Iterator[tuple[str, str]]:
    if figure.measure is None:
        if value not in {"central", "plan"}:
            yield f"contracts and lines have a central and a plan value; no {value}", "value"
        book = results.plan.resolved.book
        if figure.contracts is not None and not matching(book.contracts, figure.contracts):
            yield "these tags pick none of the contracts", "contracts"
        if figure.lines is not None and not matching(book.lines, figure.lines):
            yield "these tags pick none of the lines", "lines"
        return
    if figure.measure not in BY_NAME:
        near = did_you_mean(figure.measure, BY_NAME)
        yield f"there is no measure {shown(figure.measure)}{near}", "measure"
        return
    is_chance = BY_NAME[figure.measure].unit == CHANCE
    if is_chance and value not in {"probability", "plan", "central"}:
        yield f"{figure.measure} is a chance; write value: probability", "value"
    if not is_chance and value == "probability":
        yield f"{figure.measure} is money; it has no probability", "value"
    bodies = [SYSTEM, *results.plan.bodies.ids]
    if figure.body not in bodies:
        near = did_you_mean(figure.body, bodies)
        yield f"there is no body {shown(figure.body)}; known: {', '.join(bodies)}{near}", "body"
    elif figure.body != SYSTEM and BY_NAME[figure.measure].system_only:
        yield f"{figure.measure} is of the system alone", "body"


# what goes there


def fill(
    stated: SubmissionMap,
    places: Sequence[Table],
    template: Template,
    results: Results,
    over_formulas: bool = False,
) -> list[Filled]:
    """Fill the template; every cell of the map with its value, or the reason why it has none."""
    found: list[Filled] = []
    for block, table in zip(stated.fill, places, strict=True):
        for label, figure in block.rows.items():
            for year, column in table.columns.items():
                row = table.rows[label]
                value, words = _value(figure, block, results, year)
                reason = template.obstacle(block.sheet, row, column, over_formulas)
                is_missed = year not in results.plan.years
                if value is not None and reason:
                    value, words, is_missed = None, reason, True
                if value is not None:
                    template.fill(block.sheet, row, column, value)
                text = financial_year_text(year)
                found.append(Filled(block.sheet, row, column, label, text, value, words, is_missed))
    return found


def _value(figure: Figure, block: Block, results: Results, year: int) -> tuple[float | None, str]:
    """A figure in the unit of its row, and what it is; or None, and why there is none."""
    if year not in results.plan.years:
        return None, f"{financial_year_text(year)} is not modelled"
    statistic, unit = figure.value or block.value, figure.unit or block.unit
    if figure.measure is None:
        value: float | None = _spend(figure, statistic, results, results.plan.years.index(year))
        what = "spend by tags"
    else:
        row = results.figure(figure.measure, financial_year_text(year), figure.body)
        value = getattr(row, statistic)
        what = f"{figure.measure} of {figure.body}"
        if row.unit == CHANCE:
            unit = "%"
    if value is None:
        return None, f"{what}, {statistic}: does not apply here"
    signed = -value if figure.reversed else value
    return signed * PER_MILLION[unit] + 0.0, f"{what}, {statistic}, {unit}"


def _spend(figure: Figure, statistic: str, results: Results, t: int) -> float:
    """The contracts and own lines that tags pick, in one case and year, £m."""
    outcome = results.planned if statistic == "plan" else results.central
    assert outcome.lines is not None
    book, lines = results.plan.resolved.book, outcome.lines
    total = 0.0
    if figure.contracts is not None:
        values = lines.contracts_do_nothing if figure.do_nothing else lines.contracts
        total += float(values[matching(book.contracts, figure.contracts), t, 0].sum())
    if figure.lines is not None:
        values = lines.costs_do_nothing if figure.do_nothing else lines.costs
        total += float(values[matching(book.lines, figure.lines), t, 0].sum())
    return total
