"""The workbook of a run: which sheets, in which order, and the file they make."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from finsim import __version__
from finsim.analysis.results import Results
from finsim.outputs import findings
from finsim.outputs import workbook_sheets_arrangements as arrangements_sheet
from finsim.outputs import workbook_sheets_bridge as bridge_sheet
from finsim.outputs import workbook_sheets_chances as chances_sheet
from finsim.outputs import workbook_sheets_evidence as evidence
from finsim.outputs import workbook_sheets_front as front
from finsim.outputs import workbook_sheets_levels as levels_sheet
from finsim.outputs import workbook_sheets_options as choices
from finsim.outputs import workbook_sheets_results as answers
from finsim.outputs import workbook_sheets_standing as standing_sheet
from finsim.outputs import workbook_sheets_tidy as tidy_sheets
from finsim.outputs import workbook_sheets_uncertainty as doubt
from finsim.outputs.atomic import write_atomically
from finsim.outputs.workbook_sheet import Formula, Placed, Sheet
from finsim.outputs.workbook_stamp import CREATED, PROPERTY, is_ours
from finsim.outputs.workbook_style import DIGIT_WIDTH_PIXELS, WHOLE_BOOK, Formats

if TYPE_CHECKING:
    from finsim.outputs.live.write import Live

Fill: TypeAlias = Callable[[Sheet], Any]
MOST_PROPERTY = 255
MOST_LITERAL = 200
OPTIONS = {
    "in_memory": True,
    "strings_to_numbers": False,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "default_format_properties": WHOLE_BOOK,
    "default_column_width": DIGIT_WIDTH_PIXELS,
}

__all__ = ["is_ours", "workbook_bytes", "write_workbook"]


def write_workbook(results: Sequence[Results], path: Path) -> None:
    """Writes the workbook of a run's options, 'as stated' first, whole or not at all."""
    write_atomically(path, workbook_bytes(results))


class Written(Struct, frozen=True):
    """A workbook as a file, and where its tables stand."""

    content: bytes
    tables: tuple[Placed, ...]


def workbook_bytes(results: Sequence[Results], more: Mapping[str, Fill] | None = None) -> bytes:
    """The workbook of a run's options, 'as stated' first; the same results give the same bytes.

    `more` are the sheets that an analysis adds, by name, with what fills each of them.
    """
    return written(results, more).content


def written(results: Sequence[Results], more: Mapping[str, Fill] | None = None) -> Written:
    """The workbook of a run's options with its tables; see `workbook_bytes`."""
    from finsim.outputs.live.write import Live

    check, live = master_check(results), Live(results[0])
    sheets = _sheets(results, check, live, more or {})
    return written_with(results, sheets, _live_check(check, live))


def written_with(
    results: Sequence[Results], sheets: Mapping[str, Fill], live_check: Formula | None = None
) -> Written:
    """A workbook about a run with these sheets, each by its name and what fills it.

    `live_check` is the master check under every title; without live sheets it is words alone.
    """
    from finsim.outputs.workbook_cells import FullPrecisionWorksheet
    from finsim.outputs.workbook_texts import QuickWorkbook

    content = io.BytesIO()
    workbook = QuickWorkbook(content, {**OPTIONS})
    _describe(workbook, results)
    formats = Formats(workbook)
    check = master_check(results)
    shown = live_check or f"{check}."
    footer = results[0].plan.resolved.scenario.title
    tables: list[Placed] = []
    for name, fill in sheets.items():
        worksheet = workbook.add_worksheet(name, FullPrecisionWorksheet)
        sheet = Sheet(worksheet, formats, check, footer, shown)
        fill(sheet)
        sheet.finish()
        tables += sheet.tables
    workbook.close()
    return Written(content.getvalue(), tuple(tables))


def _sheets(
    results: Sequence[Results], check: str, live: Live, more: Mapping[str, Fill]
) -> dict[str, Fill]:
    """Every sheet in its order, with what fills it."""
    sheets: dict[str, Fill] = {
        "Cover": lambda sheet: front.cover(sheet, results, check),
        "Contents": lambda sheet: front.contents(sheet, list(sheets)),
        "Summary": lambda sheet: answers.summary(sheet, results),
        "Options": lambda sheet: choices.options(sheet, results),
        "Options by body": lambda sheet: choices.options_by_body(sheet, results),
        "Chances": lambda sheet: chances_sheet.chances(sheet, results),
        "Arrangements": lambda sheet: arrangements_sheet.arrangements(sheet, results),
        "Bridge": lambda sheet: bridge_sheet.bridge(sheet, results),
        "By organisation": lambda sheet: answers.by_organisation(sheet, results),
        "Levels": lambda sheet: levels_sheet.levels(sheet, results),
        "Schemes": lambda sheet: answers.schemes(sheet, results),
        "Uncertainty": lambda sheet: doubt.uncertainty(sheet, results),
        **more,
        "Assumptions": lambda sheet: evidence.assumptions(sheet, results),
        "Replace first": lambda sheet: standing_sheet.replace_first(sheet, results),
        "Inputs": live.inputs,
        "Calculations": live.calculations,
        "Checks": lambda sheet: _checks(sheet, results, live),
        "Run log": lambda sheet: evidence.run_log(sheet, results),
        "Measures": lambda sheet: tidy_sheets.measures_sheet(sheet, results),
        "Scheme measures": lambda sheet: tidy_sheets.scheme_measures_sheet(sheet, results),
        "Percentiles": lambda sheet: tidy_sheets.percentiles_sheet(sheet, results),
        "Notes": lambda sheet: front.notes(sheet, results),
    }
    if not levels_sheet.has_levels(results):
        del sheets["Levels"]
    if not choices.compared(results):
        for name in ("Options", "Options by body", "Chances", "Arrangements"):
            del sheets[name]
    if results[0].bridge is None:
        del sheets["Bridge"]
    return sheets


def _checks(sheet: Sheet, results: Sequence[Results], live: Live) -> None:
    evidence.checks(sheet, results)
    live.checks_table(sheet)


def master_check(results: Sequence[Results]) -> str:
    """Whether the run can be relied on, in words; with several options, whichever fail."""
    if len(results) == 1:
        return findings.master_check(results[0])
    failed = [result for result in results if not result.passed]
    if not failed:
        count = sum(len(result.checks) for result in results)
        return f"All {count} checks of {len(results)} options passed"
    return "; ".join(f"{result.option}: {findings.master_check(result)}" for result in failed)


def _live_check(check: str, live: Live) -> Formula:
    """The checks of the run, and those of the formulas as they now stand, in one line of words."""
    words = check if len(check) <= MOST_LITERAL else check[: MOST_LITERAL - 1] + "…"
    led = f"Run: {words}. Live sheets: "
    text = led.replace('"', '""')
    return Formula(f'"{text}"&{live.master_name}', f"{led}{live.master_words}")


def _describe(workbook: Any, results: Sequence[Results]) -> None:
    """Document properties; nothing in them tells when, where or by whom it was written."""
    resolved = results[0].plan.resolved
    title = resolved.scenario.title[:MOST_PROPERTY]
    workbook.set_properties(
        {
            "title": title,
            "subject": "Income and expenditure of a local health and care system",
            "author": "finsim",
            "comments": f"Written by finsim {__version__}",
            "created": CREATED,
        }
    )
    workbook.set_custom_property(PROPERTY, __version__, "text")
    workbook.set_custom_property("finsim sha256", resolved.sha256, "text")
