"""The live sheets as they are written: every formula with the value that it has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from finsim.outputs.live.checks import LiveChecks, live_checks
from finsim.outputs.live.expressions import HERE, in_column
from finsim.outputs.live.input_rows import Inputs
from finsim.outputs.live.model import live_model
from finsim.outputs.live.rows import (
    CALCULATIONS,
    CONSTANT,
    CONSTANT_AT,
    FIRST_YEAR_AT,
    INPUTS,
    TOP,
    Heading,
    Note,
    Row,
    column_letters,
)
from finsim.outputs.live.run import Run
from finsim.outputs.live.style import WIDTHS, LiveFormats
from finsim.outputs.workbook_cells import ROW, digits, escaped, formula_cell, number_cell
from finsim.outputs.workbook_sheet import Cell, Column, Formula, Sheet, height_of
from finsim.outputs.workbook_style import LINE_HEIGHT

CASE_NAME, MASTER_NAME = "plan_case", "master_check"
ALL_PASS = "All checks pass"
DIFFERS = "the live formulas differ from the run"
INPUT_LINES = (
    "Every number of the central case in one place. Blue numbers may be changed: Calculations and "
    "Checks follow.",
    "Unattributed pressure, savings behind a sum over years and control totals from the central "
    "case are solved once and held, so they are inputs here.",
)
CALCULATION_LINES = (
    "From population to position in formulas: one pattern along a row, every number from Inputs. "
    "The switch on Inputs turns the central case into the plan case.",
    "Ranges and chances come from draws and are not worked out here.",
)
HEADERS = ("Who", "Item", "How it is worked out", "Unit", "Constant")
WORD_COLUMNS = "ABCD"
SOURCE = "Source"
AFTER_YEARS = ("As in the run", "Changed: 1")


class Live:
    """The live model of a run, its checks, and the sheets that show them."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.model = live_model(run.plan, run.arrangement)
        self.checks: LiveChecks = live_checks(self.model, run)

    def inputs(self, sheet: Sheet) -> None:
        """The sheet Inputs."""
        writer = _Writer(sheet, self.run.years, AFTER_YEARS)
        writer.top(INPUTS, (*INPUT_LINES, self._about()), SOURCE)
        inputs = self.model.inputs
        for entry in inputs.sheet.entries:
            writer.entry(entry, inputs)
        at = inputs.case.number - 1
        sheet.worksheet.data_validation(
            at, CONSTANT_AT, at, CONSTANT_AT,
            {"validate": "list", "source": [0, 1], "error_title": "Case",
             "error_message": "0 is the central case, 1 the plan case"},
        )  # fmt: skip
        place = f"={INPUTS}!${CONSTANT}${inputs.case.number}"
        sheet.formats.workbook.define_name(CASE_NAME, place)
        writer.finish()

    def calculations(self, sheet: Sheet) -> None:
        """The sheet Calculations."""
        writer = _Writer(sheet, self.run.years, ())
        writer.top(CALCULATIONS, (*CALCULATION_LINES, self._about()), HEADERS[2])
        for entry in self.model.sheet.entries:
            writer.entry(entry, None)
        writer.finish()

    def checks_table(self, sheet: Sheet) -> None:
        """The checks of the live sheets, below those of the run, and the master check over all."""
        heading = "Checks of the live sheets"
        sheet.heading(heading)
        sheet.lines(
            "These are formulas: they follow what is changed on Inputs. The master check, the cell "
            f"named {MASTER_NAME}, counts the checks of the run too."
        )
        master, first = sheet.row, sheet.row + 2
        rows: list[list[Cell]] = [
            [check.name, self._result(number), check.how]
            for number, check in enumerate(self.checks.checks)
        ]
        names = [f"$A${first + number + 1}" for number in range(len(rows))]
        sheet.formula_line(self._master(names), "strong")
        name = f"='{sheet.name}'!$A${master + 1}"
        sheet.formats.workbook.define_name(MASTER_NAME, name)
        columns = [
            Column("Check", "wrapped", 48),
            Column("Result", "wrapped", 14),
            Column("How it is judged", "wrapped", 90),
        ]
        placed = sheet.table("Live_checks", heading, columns, rows)
        assert placed.first_row == first

    def _about(self) -> str:
        option = self.run.option
        return f"Option: {option}. £m, cash. Positions: surplus positive. Gap: shortfall positive."

    def _result(self, number: int) -> Formula:
        check = self.checks.checks[number]
        failed = f"{CALCULATIONS}!${CONSTANT}${check.row.number}"
        text = f'IF({failed}=0,"passed","FAILED")'
        value = "FAILED" if check.row.constant else "passed"
        if check.against_run:
            changed = f"{CALCULATIONS}!${CONSTANT}${self.checks.changed.number}"
            text = f'IF({changed}>0,"inputs changed",{text})'
            value = "inputs changed" if self.checks.changed.constant else value
        return Formula(text, value)

    def _master(self, names: Sequence[str]) -> Formula:
        """All checks in one line of words."""
        own = [check for check in self.checks.checks if not check.against_run]
        against = [check for check in self.checks.checks if check.against_run]
        cell = f"{CALCULATIONS}!${CONSTANT}$"
        parts = [
            f'IF({cell}{check.row.number}=0,"",{name}&"; ")'
            for check, name in zip(own, names, strict=False)
        ]
        first, last = against[0].row.number, against[-1].row.number
        parts.append(f'IF(SUM({cell}{first}:${CONSTANT}${last})=0,"","{DIFFERS}; ")')
        failed, changed = (
            f"{cell}{self.checks.failed.number}",
            f"{cell}{self.checks.changed.number}",
        )
        passing = (
            f'IF({changed}=0,"{ALL_PASS}","All checks of the formulas pass; inputs changed since '
            f'the run: "&{changed})'
        )
        text = f'IF({failed}=0,{passing},"Checks FAIL ("&{failed}&"): "&{"&".join(parts)})'
        return Formula(text, self.master_words)

    @property
    def master_name(self) -> str:
        """The name of the cell that holds the master check."""
        return MASTER_NAME

    @property
    def master_words(self) -> str:
        """The master check as it is written."""
        failing = [check for check in self.checks.checks if check.row.constant]
        changed = self.checks.changed.constant or 0.0
        if failing:
            told = [check.name for check in failing if not check.against_run]
            told += [DIFFERS] if any(check.against_run for check in failing) else []
            return f"Checks FAIL ({len(failing)}): " + "".join(f"{name}; " for name in told)
        if changed:
            return f"All checks of the formulas pass; inputs changed since the run: {changed:g}"
        return ALL_PASS


class _Writer:
    """Writes rows with their styles, quickly."""

    def __init__(self, sheet: Sheet, years: Sequence[str], after: Sequence[str]) -> None:
        self.sheet = sheet
        self.years = years
        self.after = after
        self.page: Any = sheet.worksheet
        self.formats = LiveFormats(sheet.formats)
        self.letters = [
            column_letters(n) for n in range(FIRST_YEAR_AT - 1, FIRST_YEAR_AT + len(years) + 2)
        ]
        self.last_row = TOP

    def top(self, title: str, lines: Sequence[str], basis: str) -> None:
        """The title, some lines, and the header row."""
        self.sheet.title(title)
        for line in lines:
            self.sheet.lines(line)
        words = [*HEADERS[:2], basis, *HEADERS[3:], *self.years, *self.after]
        texts = len(HEADERS) - 1
        self.page.made[TOP - 2] = "".join(
            self._text(column_letters(n), TOP - 1, word, self.formats.header(right=n >= texts))
            for n, word in enumerate(words)
        )
        self.page.set_row(TOP - 2, 2 * LINE_HEIGHT + 4)
        self.page.freeze_panes(TOP - 1, 2)
        self.page.repeat_rows(TOP - 2)

    def entry(self, entry: Row | Heading | Note, inputs: Inputs | None) -> None:
        """A row, a heading or a line of words."""
        number = entry.number
        self.last_row = max(self.last_row, number)
        if isinstance(entry, Row):
            self.page.made[number - 1] = self._row(entry, inputs)
            self._height(entry)
        else:
            style = self.formats.heading() if isinstance(entry, Heading) else self.formats.line()
            self.page.made[number - 1] = self._text("A", number, entry.text, style)

    def finish(self) -> None:
        """Widths of columns, and what is printed."""
        years = len(self.years)
        last = FIRST_YEAR_AT + years + len(self.after) - 1
        self.page._check_dimensions(self.last_row - 1, last)
        everywhere = f"A{TOP}:{column_letters(last)}{self.last_row}"
        self.page.ignore_errors({"formula_range": everywhere})
        widths = [*WIDTHS.values()][:FIRST_YEAR_AT] + [WIDTHS["year"]] * (last - CONSTANT_AT)
        self.sheet.widths.update(enumerate(widths))

    @cached_property
    def words(self) -> str:
        """What the words of every row are written as."""
        style = self.formats.text()
        return "".join(
            f'<c r="{letter}{ROW}" s="{style}" t="s"><v>%d</v></c>' for letter in WORD_COLUMNS
        )

    def _row(self, row: Row, inputs: Inputs | None) -> str:
        letters, index = self.letters, self.page.text_index
        style, text = self.formats.number(row.look, row.kind), self.formats.text()
        cells = [self.words % (index(row.who), index(row.item), index(row.basis), index(row.unit))]
        if row.constant is None:
            cells.append(_empty(CONSTANT, text))
            cells += self._years(row, style, text)
        else:
            of = row.constant_formula
            cells.append(
                number_cell(f"{CONSTANT}{ROW}", style, row.constant)
                if of is None
                else formula_cell(f"{CONSTANT}{ROW}", style, escaped(of), row.constant)
            )
            cells += [_empty(letter, text) for letter in letters[1 : len(self.years) + 1]]
        if inputs is not None and (mark := inputs.mark(row)) is not None:
            kept = self.formats.number(row.look, "engine")
            cells.append(number_cell(f"{letters[-2]}{ROW}", kept, mark.as_run))
            style = self.formats.number("count", "formula")
            changed = escaped(mark.changed)
            cells.append(formula_cell(f"{letters[-1]}{ROW}", style, changed, 0.0))
        return "".join(cells).replace(ROW, str(row.number))

    def _years(self, row: Row, style: str, text: str) -> list[str]:
        letters, values = self.letters, digits(row.values)
        if row.formula is None:
            return [
                _empty(here, text)
                if t in row.blank
                else f'<c r="{here}{ROW}" s="{style}"><v>{value}</v></c>'
                for t, (here, value) in enumerate(zip(letters[1:], values, strict=False))
            ]
        cell = f'<c r="{HERE}{ROW}" s="{style}"><f>{escaped(row.formula)}</f><v>'
        return [
            f"{in_column(cell, here, before)}{value}</v></c>"
            for before, here, value in zip(letters, letters[1:], values, strict=False)
        ]

    def _text(self, column: str, row: int, text: str, style: str) -> str:
        index = self.page.text_index(text)
        return f'<c r="{column}{row}" s="{style}" t="s"><v>{index}</v></c>'

    def _height(self, row: Row) -> None:
        texts = ((row.who, WIDTHS["who"]), (row.item, WIDTHS["item"]), (row.basis, WIDTHS["basis"]))
        height = height_of(texts)
        if height != LINE_HEIGHT:
            self.page.set_row(row.number - 1, height)


def _empty(column: str, style: str) -> str:
    return f'<c r="{column}{ROW}" s="{style}"/>'
