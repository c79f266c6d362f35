"""Workbooks of the live sheets alone, which need no draws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xlsxwriter import Workbook

from finsim.analysis.checks import Check
from finsim.book.quantities import financial_year_text
from finsim.outputs.live.rows import CALCULATIONS, INPUTS
from finsim.outputs.live.write import Live
from finsim.outputs.workbook import OPTIONS
from finsim.outputs.workbook_cells import FullPrecisionWorksheet
from finsim.outputs.workbook_sheet import Sheet
from finsim.outputs.workbook_style import Formats
from finsim.simulation.arrangement import Arrangement
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.evaluate import Outcome, Record, evaluate
from finsim.simulation.plan import Plan
from finsim.simulation.resolve import Resolution

LINES: frozenset[Record] = frozenset({"lines"})


@dataclass(frozen=True)
class Cases:
    """A plan and its two cases without chance: all that the live sheets take of a run."""

    plan: Plan
    arrangement: Arrangement
    option: str = "as stated"
    checks: tuple[Check, ...] = ()

    @property
    def years(self) -> tuple[str, ...]:
        return tuple(financial_year_text(year) for year in self.plan.years)

    @cached_property
    def central(self) -> Outcome:
        return evaluate(self.plan, central_inputs(self.plan), LINES)

    @cached_property
    def planned(self) -> Outcome:
        return evaluate(self.plan, plan_inputs(self.plan), LINES)


def written(found: Resolution, path: Path) -> Path:
    """A workbook of the live sheets alone."""
    sheets_of = Live(Cases(found.plan, found.arrangement))
    workbook = Workbook(path, OPTIONS)
    formats = Formats(workbook)
    sheets = {
        INPUTS: sheets_of.inputs,
        CALCULATIONS: sheets_of.calculations,
        "Checks": sheets_of.checks_table,
    }
    for name, fill in sheets.items():
        sheet = Sheet(
            workbook.add_worksheet(name, FullPrecisionWorksheet),
            formats,
            "",
            "",
            "The master check",
        )
        fill(sheet)
        sheet.finish()
    workbook.close()
    return path
