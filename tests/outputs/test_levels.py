"""Networks, localities and what the gap rests on: in the terminal, the JSON and the workbook."""

from __future__ import annotations

import io
import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.cell_range import CellRange

from finsim.analysis.results import Results, simulate_cases
from finsim.analysis.standing import gap_standing
from finsim.analysis.study import Case
from finsim.outputs.terminal import summary
from finsim.outputs.tidy import json_text
from finsim.outputs.workbook import workbook_bytes
from finsim.outputs.workbook_sheet import LEGIBLE_SCALE
from finsim.scenario.reading import read_files
from finsim.simulation.resolve import resolve_each
from finsim.simulation.run import Serial, sampling

ROOT = Path(__file__).parents[2]
SUMMED = ("income", "expenditure", "position_do_nothing", "position_before_risk_share", "saving")


@cache
def results(*options: str) -> tuple[Results, ...]:
    """BHR with live budgets, on few draws."""
    files = read_files(ROOT / "scenarios" / "bhr-localities.yaml")
    found = resolve_each(files, options)
    wanted = sampling(found[0].resolved.scenario.run, draws=1)
    return simulate_cases([Case(r.plan, r.arrangement) for r in found], wanted, Serial())


def live() -> Results:
    return results("budgets live")[0]


@cache
def rows() -> dict[str, list[dict[str, Any]]]:
    levels: dict[str, list[dict[str, Any]]] = {}
    for row in json.loads(json_text([live()]))["measures"]:
        levels.setdefault(row["level"], []).append(row)
    return levels


@pytest.mark.parametrize("level", ["network", "locality"])
@pytest.mark.parametrize("measure", SUMMED)
@pytest.mark.parametrize("column", ["plan", "central", "mean"])
def test_each_level_sums_to_the_system(level: str, measure: str, column: str) -> None:
    for year in live().years:
        system = next(r for r in rows()["system"] if r["measure"] == measure and r["year"] == year)
        parts = [r[column] for r in rows()[level] if r["measure"] == measure and r["year"] == year]
        assert math.fsum(parts) == pytest.approx(system[column], abs=1e-6)


@pytest.mark.parametrize("level", ["network", "locality"])
def test_transfers_between_budgets_are_nil_before_they_are_live(level: str) -> None:
    moved = [r for r in rows()[level] if r["measure"] == "transfer"]
    for row in moved:
        if row["year"] < "2019/20":
            assert row["mean"] == row["se"] == 0
    for year in ("2019/20", "2020/21"):
        parts = [r["mean"] for r in moved if r["year"] == year]
        assert max(parts) > 1
        assert math.fsum(parts) == pytest.approx(0, abs=1e-6)


def test_what_moves_between_budgets_reaches_the_holders() -> None:
    """£10m leaves urgent care, of which BHRUT holds 60%; NELFT holds 60% of what receives it."""
    at = {
        r["body"]: r["central"]
        for r in rows()["organisation"]
        if r["measure"] == "transfer" and r["year"] == "2020/21"
    }
    assert at["bhrut"] == pytest.approx(-6)
    assert at["nelft"] == pytest.approx(6)
    assert math.fsum(at.values()) == pytest.approx(0, abs=1e-9)


def test_options_with_the_same_budgets_share_their_figures() -> None:
    first, other = results("as stated", "system control total")
    for row in first.figures:
        if row.level in {"network", "locality"}:
            twin = other.figure(row.measure, row.year, row.body, row.level)
            assert twin.as_dict() | {"option": ""} == row.as_dict() | {"option": ""}


def test_the_terminal_shows_each_body_once_and_fits_the_page() -> None:
    shown = summary(live())
    assert max(map(len, shown.splitlines())) <= 100
    assert "meets: its total (a council: balance)" in shown
    assert "Unassigned" in shown
    assert "Redbridge 1 (each of 4)" in shown
    assert (
        "Place-based budgets in force: live from 2019/20. Variance: budget less spending" in shown
    )
    told = " ".join(shown.split())
    assert "budget less spending, both on network integrated teams, home first" in told
    assert "weighted by age: need is not counted" in told
    assert told.index("System control total") < told.index("Network 2020/21")


def test_the_standing_is_the_same_in_every_output() -> None:
    found = gap_standing(live())
    told = json.loads(json_text([live()]))["standing"]
    assert told["money"] == found.money
    assert [one["replace_with"] for one in told["replace_first"]] == [
        one.replace_with for one in found.replace_first
    ]
    assert len(found.replace_first) == 10
    assert sum(found.variance.values()) == pytest.approx(1)
    share = f"{100 * found.money_share('illustrative'):.0f}% is illustrative"
    assert share in " ".join(summary(live()).split())


def test_the_workbook_holds_levels_and_what_to_replace_first() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes([live()])))
    assert {"Levels", "Replace first"} <= set(book.sheetnames)
    levels = [row for row in book["Levels"].iter_rows(values_only=True) if row[0] == "Network"]
    assert ("Network", "Unassigned") in {row[:2] for row in levels}
    first = book["Replace first"].iter_rows(values_only=True)
    ranked = [row for row in first if isinstance(row[0], int)]
    assert [row[1] for row in ranked] == [
        o.replace_with for o in gap_standing(live()).replace_first
    ]
    words = " ".join(
        str(cell) for name in ("Cover", "Summary", "Assumptions")
        for row in book[name].iter_rows(values_only=True) for cell in row if cell
    )  # fmt: skip
    assert words.count("of income and cost that make the do-nothing gap") == 3


def test_the_sheet_of_levels_prints_whole_and_legibly() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes([live()])))["Levels"]
    areas = [CellRange(area.split("!")[1]) for area in sheet.print_area.split(",")]
    for table in sheet.tables.values():
        for row, column in (*CellRange(table.ref).top, *CellRange(table.ref).bottom):
            assert any((row, column) in {*area.cells} for area in areas)
    assert sheet.page_setup.scale >= LEGIBLE_SCALE


def test_a_scenario_without_budgets_has_no_levels() -> None:
    files = read_files(ROOT / "scenarios" / "example.yaml")
    (found,) = resolve_each(files, ["as stated"])
    wanted = sampling(found.resolved.scenario.run, draws=1)
    (alone,) = simulate_cases([Case(found.plan, found.arrangement)], wanted, Serial())
    assert {row.level for row in alone.measures()} == {"system", "organisation"}
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes([alone])))
    assert "Levels" not in book.sheetnames
