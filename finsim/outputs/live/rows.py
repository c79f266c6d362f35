"""The rows of a live sheet, and references to them.

Both sheets have the same columns: who, item, basis, unit, a constant, then the years, so that a
year stands in the same column everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal, TypeAlias

from msgspec import Struct, field

from finsim.outputs.live.expressions import ATOM, BEFORE, HERE, Expression, lift
from finsim.simulation.plan import FloatArray, IntArray

INPUTS, CALCULATIONS = "Inputs", "Calculations"
CONSTANT, FIRST_YEAR = "E", "F"
CONSTANT_AT, FIRST_YEAR_AT = 4, 5
TOP = 8
"""The row of the first entry; above it the title, the master check, three lines, the header."""
MOST_ARGUMENTS = 200

Unit: TypeAlias = Literal[
    "£m", "%", "a year", "index", "people", "months", "years", "switch", "weight", "share",
    "£m per £m", "relative cost", "weighted people", "number", "count",
]  # fmt: skip


class Row:
    """One row: words, and a constant or a value for each year, stated or worked out.

    Of a formula its text is kept: once worked out, what it is made of may go.
    """

    __slots__ = (
        "basis", "blank", "constant", "constant_formula", "formula", "item", "kind", "look",
        "number", "sheet", "unit", "values", "who",
    )  # fmt: skip

    def __init__(self, sheet: str, number: int, who: str, item: str, basis: str, unit: Unit):
        self.sheet = sheet
        self.number = number
        self.who = who
        self.item = item
        self.basis = basis
        self.unit = unit
        self.look: str = unit
        self.constant: float | None = None
        self.constant_formula: str | None = None
        self.formula: str | None = None
        self.values: list[float] = []
        self.blank: frozenset[int] = frozenset()
        self.kind: Literal["input", "definition", "engine", "formula"] = "formula"

    @property
    def _prefix(self) -> str:
        return "Inputs!" if self.sheet == INPUTS else ""

    @property
    def here(self) -> Expression:
        """Its value in the year of the formula."""
        return Expression(f"{self._prefix}{HERE}{self.number}", self.values.__getitem__)

    @property
    def before(self) -> Expression:
        """Its value in the year before; never in the base year."""
        values = self.values
        return Expression(f"{self._prefix}{BEFORE}{self.number}", lambda t: values[t - 1])

    @property
    def stated(self) -> Expression:
        """Whether there is a number in the year of the formula, for `choose`."""
        blank = self.blank
        text = f"ISNUMBER({self._prefix}{HERE}{self.number})"
        return Expression(text, lambda t: float(t not in blank))

    @property
    def base(self) -> Expression:
        """Its value in the base year."""
        values = self.values
        return Expression(f"{self._prefix}${FIRST_YEAR}{self.number}", lambda _t: values[0])

    @property
    def fixed(self) -> Expression:
        """Its constant."""
        assert self.constant is not None
        value = self.constant
        return Expression(f"{self._prefix}${CONSTANT}${self.number}", lambda _t: value)


class Heading(Struct):
    """A heading between rows."""

    number: int
    text: str


class Note(Struct):
    """A line of words between rows."""

    number: int
    text: str


class LiveSheet(Struct):
    """A sheet of rows in their order."""

    name: str
    years: int
    entries: list[Row | Heading | Note] = field(default_factory=list)
    next_number: int = TOP

    @property
    def rows(self) -> list[Row]:
        """The rows, without headings and notes."""
        return [entry for entry in self.entries if isinstance(entry, Row)]

    def heading(self, text: str) -> None:
        """A heading, with a row left free above it."""
        self.next_number += 1
        self.entries.append(Heading(self._next(), text))

    def note(self, text: str) -> None:
        """A line of words."""
        self.entries.append(Note(self._next(), text))

    def constant(
        self, who: str, item: str, basis: str, unit: Unit, value: float, kind: str = "input"
    ) -> Row:
        """A stated number that holds in every year."""
        row = self._row(who, item, basis, unit)
        row.constant = float(value)
        row.kind = kind  # type: ignore[assignment]
        return row

    def by_year(
        self,
        who: str,
        item: str,
        basis: str,
        unit: Unit,
        values: Sequence[float] | FloatArray,
        *,
        blank: Sequence[int] | IntArray = (),
        kind: str = "input",
    ) -> Row:
        """A stated number for each year; blank ones count as nil."""
        row = self._row(who, item, basis, unit)
        row.blank = frozenset(map(int, blank))
        row.values = [0.0 if t in row.blank else float(v) for t, v in enumerate(values)]
        row.kind = kind  # type: ignore[assignment]
        return row

    def works_out(
        self,
        who: str,
        item: str,
        basis: str,
        unit: Unit,
        formula: Expression | Callable[[Row], Expression],
    ) -> Row:
        """A formula in each year; one that refers to its own year before is given its row."""
        row = self._row(who, item, basis, unit)
        found = formula(row) if callable(formula) else formula
        row.formula = found.text
        at, values = found.at, row.values
        for t in range(self.years):
            values.append(float(at(t)))
        return row

    def works_out_once(
        self, who: str, item: str, basis: str, unit: Unit, formula: Expression
    ) -> Row:
        """A formula that gives a constant."""
        row = self._row(who, item, basis, unit)
        row.constant_formula = formula.text
        row.constant = float(formula.at(0))
        return row

    def _row(self, who: str, item: str, basis: str, unit: Unit) -> Row:
        row = Row(self.name, self._next(), who, item, basis, unit)
        self.entries.append(row)
        return row

    def _next(self) -> int:
        number = self.next_number
        self.next_number += 1
        return number


@cache
def column_letters(position: int) -> str:
    """The letters of a column counted from 0."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def as_run_at(years: int) -> int:
    """The column of Inputs that holds what a row was in the run."""
    return FIRST_YEAR_AT + years


def changed_at(years: int) -> int:
    """The column of Inputs that says whether a row was changed."""
    return FIRST_YEAR_AT + years + 1


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Row numbers as runs without a break, each its first and last."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def total(rows: Sequence[Row]) -> Expression:
    """SUM over rows in the year of the formula; 0 when there is none."""
    return _sum(rows, HERE, "", [row.values for row in rows])


def total_of_constants(rows: Sequence[Row]) -> Expression:
    """SUM over the constants of rows; 0 when there is none."""
    summed = sum(row.constant or 0.0 for row in rows)
    return _sum(rows, f"${CONSTANT}", "$", None, summed)


def _sum(
    rows: Sequence[Row],
    column: str,
    mark: str,
    values: list[list[float]] | None,
    constant: float = 0.0,
) -> Expression:
    if not rows:
        return lift(0)
    prefix = "Inputs!" if rows[0].sheet == INPUTS else ""
    parts = [
        f"{prefix}{column}{mark}{first}" + ("" if first == last else f":{column}{mark}{last}")
        for first, last in runs([row.number for row in rows])
    ]
    if len(parts) == 1 and ":" not in parts[0]:
        text = parts[0]
    else:
        groups = [parts[n : n + MOST_ARGUMENTS] for n in range(0, len(parts), MOST_ARGUMENTS)]
        text = "+".join(f"SUM({','.join(group)})" for group in groups)
    binds = ATOM if "+" not in text else 2
    if values is None:
        return Expression(text, lambda _t: constant, binds)
    return Expression(text, lambda t: sum([row[t] for row in values]), binds)


def furthest(years: int, *rows: Row) -> Expression:
    """The largest size of any value of some rows, whatever its year."""
    every = [value for row in rows for value in row.values]
    size = max(*every, -min(every))
    across = ",".join(_across(years, row.number, row.number) for row in rows)
    return Expression(f"MAX(MAX({across}),0-MIN({across}))", lambda _t: size)


def largest(years: int, rows: Sequence[Row]) -> Expression:
    """The largest value of some rows, whatever its year."""
    every = max([value for row in rows for value in row.values])
    parts = [_across(years, *run) for run in runs([row.number for row in rows])]
    return Expression(f"MAX({','.join(parts)})", lambda _t: every)


def _across(years: int, first: int, last: int) -> str:
    begin, end = column_letters(FIRST_YEAR_AT), column_letters(FIRST_YEAR_AT + years - 1)
    return f"${begin}${first}:${end}${last}"


def crossed(constants: Sequence[Row], by_year: Sequence[Row]) -> Expression:
    """SUMPRODUCT of constants and of as many rows in the year of the formula, both unbroken."""
    fixed = [row.constant or 0.0 for row in constants]
    values = [row.values for row in by_year]
    text = f"SUMPRODUCT({_block(constants, f'${CONSTANT}$')},{_block(by_year, HERE)})"
    return Expression(text, lambda t: sum([c * v[t] for c, v in zip(fixed, values, strict=True)]))


def crossed_with_base(constants: Sequence[Row], by_year: Sequence[Row]) -> Expression:
    """SUMPRODUCT of constants and of as many rows in the base year."""
    fixed = sum(
        [(c.constant or 0.0) * v.values[0] for c, v in zip(constants, by_year, strict=True)]
    )
    text = f"SUMPRODUCT({_block(constants, f'${CONSTANT}$')},{_block(by_year, f'${FIRST_YEAR}')})"
    return Expression(text, lambda _t: fixed)


def _block(rows: Sequence[Row], column: str) -> str:
    first, last = rows[0].number, rows[-1].number
    assert last - first == len(rows) - 1
    prefix = "Inputs!" if rows[0].sheet == INPUTS else ""
    return f"{prefix}{column}{first}:{column}{last}"
