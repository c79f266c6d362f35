"""The workbook as a reader's program sees it: names, numbers, text, and nothing hidden."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msgspec.structs import replace

from finsim.analysis.checks import Check
from finsim.analysis.results import FIELDS, Results, simulate
from finsim.cli import exit_code
from finsim.outputs.atomic import OutputExists, check_writable
from finsim.outputs.tidy import measures, scheme_measures
from finsim.outputs.workbook import is_ours, workbook_bytes, write_workbook
from finsim.scenario.resolved import read_canonical
from finsim.simulation.resolve import resolve
from finsim.simulation.run import Serial, sampling

EXAMPLE = Path(__file__).parents[2] / "scenarios" / "example.yaml"
SHEETS = [
    "Cover", "Contents", "Summary", "Options", "Options by body", "Chances", "Arrangements",
    "By organisation", "Schemes", "Uncertainty", "Assumptions", "Replace first", "Inputs",
    "Calculations", "Checks", "Run log", "Measures", "Scheme measures", "Percentiles", "Notes",
]  # fmt: skip
DRAWS = 8 * 512
ODD_NAMES = ('=HYPERLINK("http://x")', "+1", "-2+3", "@SUM(A1)", "<r><t>x</t></r>", "{=1}", "'q")


def run(option: str | None = None, *sets: str) -> Results:
    found = resolve(EXAMPLE, option, ("run.draws_per_replicate=512", *sets))
    return simulate(found.plan, sampling(found.resolved.scenario.run, draws=DRAWS), Serial())


@pytest.fixture(scope="module")
def results() -> list[Results]:
    return [run(), run("without prevention")]


@pytest.fixture(scope="module")
def content(results: list[Results]) -> bytes:
    return workbook_bytes(results)


@pytest.fixture(scope="module")
def book(content: bytes) -> Any:
    return opened(content)


def opened(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=False)


def records(sheet: Any, table: str) -> list[dict[str, Any]]:
    header, *rows = sheet[sheet.tables[table].ref]
    names = [cell.value for cell in header]
    return [dict(zip(names, (cell.value for cell in row), strict=True)) for row in rows]


def cells(book: Any) -> Iterator[tuple[str, Any]]:
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                yield sheet.title, cell


def test_the_sheets_stand_in_their_order(book: Any) -> None:
    assert book.sheetnames == SHEETS


def test_the_same_results_give_the_same_bytes(results: list[Results], content: bytes) -> None:
    assert workbook_bytes(results) == content
    assert workbook_bytes([run(), run("without prevention")]) == content


@pytest.mark.parametrize(
    ("table", "figures_of"), [("Measures", measures), ("Scheme_measures", scheme_measures)]
)
def test_every_tidy_number_is_the_figure_to_the_bit(
    results: list[Results], book: Any, table: str, figures_of: Any
) -> None:
    rows = records(book[table.replace("_", " ")], table)
    figures = figures_of(results)
    assert len(rows) == len(figures)
    assert tuple(rows[0]) == FIELDS
    for row, figure in zip(rows, figures, strict=True):
        assert row == figure.as_dict()


def test_percentiles_are_those_of_the_run_and_only_later_ones_that_differ(
    results: list[Results], book: Any
) -> None:
    rows = [tuple(row.values()) for row in records(book["Percentiles"], "Percentiles")]
    known = {
        (result.option, curve.measure, curve.year, level, value, error)
        for result in results
        for curve in result.curves
        for level, value, error in zip(curve.levels, curve.values, curve.errors, strict=True)
    }
    assert set(rows) <= known
    listed = {(option, measure) for option, measure, *_ in rows}
    later = "without prevention"
    assert listed == {
        ("as stated", "do_nothing_gap"), ("as stated", "gap"), (later, "gap")
    }  # fmt: skip
    levels = [row[3] for row in rows if row[:3] == ("as stated", "gap", "2020/21")]
    assert levels == [0.01, *(step / 100 for step in range(5, 100, 5)), 0.99]


def test_the_summary_begins_with_the_pressure_that_drivers_do_not_explain() -> None:
    pressed = run()
    held = pressed.plan.resolved.held.unattributed
    assert held is not None
    large = held.model_copy(update={"amount": 50.0})
    resolved = pressed.plan.resolved
    changed = resolved.model_copy(
        update={"held": resolved.held.model_copy(update={"unattributed": large})}
    )
    book = opened(workbook_bytes([replace(pressed, plan=replace(pressed.plan, resolved=changed))]))
    lines = [book["Summary"].cell(row, 1).value for row in range(3, 6)]
    gap = pressed.figure("do_nothing_gap", "2020/21").central
    assert gap is not None
    assert f"£{gap:.1f}m" in lines[0]
    assert f"public drivers alone give £{gap - 50:.1f}m" in lines[1]
    assert "£50.0m is unattributed pressure" in lines[1]
    assert "ranges are conditional on the published figure" in lines[2]


def test_the_summary_closes_from_do_nothing_to_the_gap(book: Any) -> None:
    rows = records(book["Summary"], "Summary_closing")
    for option, group in itertools.groupby(rows, key=lambda row: row["Option"]):
        by_name = list(group)
        for case in ("Plan", "Central", "Mean"):
            total = 0.0
            for row in by_name:
                name, value = row["What"], row[case]
                if name == "Do-nothing gap" or name.startswith("Plus"):
                    total += value
                elif name.startswith("Less"):
                    total -= value
            assert total == pytest.approx(by_name[-1][case], abs=1e-9), (option, case)


def test_by_organisation_shows_each_body_and_marks_what_does_not_apply(
    results: list[Results], book: Any
) -> None:
    rows = records(book["By organisation"], "By_organisation")
    names = {row["Organisation"] for row in rows}
    assert {*results[0].plan.bodies.names, "System (organisations in the perimeter)"} <= names
    for row in rows:
        assert all(value is not None for value in row.values())
    wanted = results[0].figure("position_before_risk_share", "2020/21", "hospital")
    [row] = [
        row
        for row in rows
        if row["Option"] == "as stated"
        and row["Organisation"] == "Example Hospital NHS Trust"
        and (row["Measure"], row["Year"]) == ("Position before risk share", "2020/21")
    ]
    shown = [row[name] for name in ("Mean", "P10", "P90", "Standard error of P10")]
    assert shown == [wanted.mean, wanted.p10, wanted.p90, wanted.se_p10]


def test_the_scenario_can_be_read_back_from_the_workbook_alone(
    results: list[Results], book: Any
) -> None:
    for result in results:
        parts = [
            row
            for row in records(book["Run log"], "Scenario_text")
            if row["Option"] == result.option
        ]
        assert [row["Part"] for row in parts] == list(range(1, len(parts) + 1))
        text = "".join(row["Text"] for row in parts)
        assert hashlib.sha256(text.encode()).hexdigest() == result.plan.resolved.sha256
        assert read_canonical(text) == result.plan.resolved


def test_what_the_run_log_says_runs_the_workbook_again(
    results: list[Results], content: bytes, book: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("WORKBOOK").with_suffix(".xlsx").write_bytes(content)
    told = " ".join(str(book["Run log"].cell(row, 1).value) for row in range(1, 12))
    for command in ("verify WORKBOOK --extract scenario.json", "run scenario.json --draws 4096"):
        assert f"finsim {command}" in told
        words = command.replace("WORKBOOK", "WORKBOOK.xlsx").split()
        extra = ["--json", "-o", "again.json"] if words[0] == "run" else []
        assert exit_code([*words, *extra, "--quiet"]) == 0
    again = json.loads(Path("again.json").read_text(encoding="utf-8"))["measures"]
    assert again == [figure.as_dict() for figure in results[0].measures()]


def test_every_assumption_says_what_it_rests_on(results: list[Results], book: Any) -> None:
    rows = records(book["Assumptions"], "Assumptions")
    known = {row["Id"] for row in rows}
    stated = results[0].plan.resolved.book
    items = (
        *stated.organisations, *stated.external, *stated.lines, *stated.contracts,
        *stated.all_drivers(), *stated.schemes, *stated.payments, *stated.curves,
    )  # fmt: skip
    for item in items:
        assert item.id in known
    illustrative = [row for row in rows if row["Standing"] == "ILLUSTRATIVE"]
    assert illustrative
    assert all(len(row["What would replace it"]) > 3 for row in illustrative)
    assert not any(row["Standing"] == "illustrative" for row in rows)


def test_a_later_option_lists_only_the_assumptions_that_differ(book: Any) -> None:
    rows = records(book["Assumptions"], "Assumptions")
    later = [row for row in rows if row["Option"] == "without prevention"]
    assert 0 < len(later) < len(rows) / 10
    assert "Schemes chosen" in {row["Name"] for row in later}


def test_a_failed_check_is_told_in_words_on_the_cover_and_every_page(
    results: list[Results],
) -> None:
    failed = Check("Contracts net to zero", False, "off by £1")
    broken = replace(results[0], checks=(failed, *results[0].checks[1:]))
    book = opened(workbook_bytes([broken]))
    rows = records(book["Checks"], "Checks")
    assert [row["Result"] for row in rows].count("FAILED") == 1
    assert "FAILED: Contracts net to zero" in book["Cover"]["A2"].value
    for sheet in book.worksheets:
        assert "FAILED" in sheet.oddHeader.right.text


def formula_count(content: bytes) -> int:
    parts = zipfile.ZipFile(io.BytesIO(content))
    return sum(parts.read(name).count(b"<f>") for name in parts.namelist())


def test_text_stays_text_whatever_it_begins_with(results: list[Results]) -> None:
    plain = formula_count(workbook_bytes([results[0]]))
    resolved = results[0].plan.resolved
    for odd in ODD_NAMES:
        bodies = resolved.book.organisations
        named = (bodies[0].model_copy(update={"name": odd}), *bodies[1:])
        changed = resolved.model_copy(
            update={"book": resolved.book.model_copy(update={"organisations": named})}
        )
        plan = replace(
            results[0].plan,
            resolved=changed,
            bodies=replace(results[0].plan.bodies, names=(odd, *results[0].plan.bodies.names[1:])),
        )
        content = workbook_bytes([replace(results[0], plan=plan)])
        assert formula_count(content) == plain
        names = {row["Name"].strip() for row in records(opened(content)["Notes"], "Bodies")}
        assert odd in names


LIVE = {"Inputs", "Calculations", "Checks"}


def test_numbers_are_numbers_and_no_cell_is_empty_or_an_error(content: bytes, book: Any) -> None:
    stored = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    for sheet, cell in cells(book):
        is_formula = cell.data_type == "f"
        assert is_formula or cell.data_type in {"n", "s", "b"}, (sheet, cell.coordinate)
        value = stored[sheet][cell.coordinate].value if is_formula else cell.value
        assert not is_formula or isinstance(value, (str, float, int)), (sheet, cell.coordinate)
        if isinstance(value, str):
            assert value not in {"", "None", "nan", "inf"}, (sheet, cell.coordinate)
            assert not value.startswith("#"), (sheet, cell.coordinate)


def test_only_the_live_sheets_and_the_master_check_are_formulas(book: Any) -> None:
    for sheet, cell in cells(book):
        if cell.data_type == "f" and sheet not in LIVE:
            assert cell.coordinate == "A2", (sheet, cell.coordinate)
            assert cell.value.endswith("&master_check")


def test_negatives_stay_numbers(results: list[Results], book: Any) -> None:
    figure = results[0].figure("position", "2020/21", "hospital")
    assert figure.mean is not None
    assert figure.mean < 0
    found = [
        cell
        for row in book["Measures"].iter_rows()
        if [cell.value for cell in row[2:6:3]] == ["hospital", "position"]
        for cell in row
        if cell.value == figure.mean
    ]
    assert found
    assert {cell.data_type for cell in found} == {"n"}


def test_nothing_is_hidden_or_merged_and_every_table_starts_in_column_a(book: Any) -> None:
    names: list[str] = []
    for sheet in book.worksheets:
        assert sheet.sheet_state == "visible"
        assert not sheet.merged_cells.ranges
        assert not any(d.hidden for d in sheet.row_dimensions.values())
        assert not any(d.hidden for d in sheet.column_dimensions.values())
        assert sheet.tables or sheet.title in LIVE
        for table in sheet.tables.values():
            names.append(table.name)
            assert table.ref.startswith("A")
            header, first, *_ = sheet[table.ref]
            assert [cell.value for cell in header] == [c.name for c in table.tableColumns]
            assert all(cell.font.b for cell in header)
            assert any(cell.value is not None for cell in first)
    assert len(names) == len(set(names))


def test_every_cell_is_in_arial_of_at_least_twelve_points(book: Any) -> None:
    for sheet, cell in cells(book):
        assert cell.font.name == "Arial", (sheet, cell.coordinate)
        assert cell.font.sz >= 12, (sheet, cell.coordinate)


def test_pages_are_a4_and_name_their_sheet(book: Any) -> None:
    for sheet in book.worksheets:
        upright = sheet.title == "Percentiles"
        assert sheet.page_setup.orientation == ("portrait" if upright else "landscape")
        assert sheet.page_setup.paperSize == 9
        if sheet.page_setup.scale is None:
            assert sheet.page_setup.fitToWidth in {None, 1}
            assert sheet.page_setup.fitToHeight == 0
        else:
            assert sheet.page_setup.scale >= 45
            assert sheet.print_title_rows
        assert sheet.title in sheet.oddHeader.left.text
        assert "checks" in sheet.oddHeader.right.text
    for name in ("By organisation", "Schemes", "Assumptions", "Measures", "Percentiles"):
        assert book[name].print_title_rows
        assert book[name].freeze_panes


def test_contents_links_to_every_sheet(book: Any) -> None:
    links = [
        cell.hyperlink.location
        for sheet, cell in cells(book)
        if sheet == "Contents" and cell.hyperlink
    ]
    assert links == [f"'{name}'!A1" for name in SHEETS if name != "Contents"]


def test_ours_is_replaced_and_what_a_person_saved_is_not(
    results: list[Results], tmp_path: Path
) -> None:
    path = tmp_path / "run.xlsx"
    write_workbook(results[:1], path)
    assert is_ours(path)
    check_writable(path)
    write_workbook(results, path)
    assert [item.name for item in tmp_path.iterdir()] == ["run.xlsx"]
    opened_by_hand = openpyxl.load_workbook(path)
    opened_by_hand.save(path)
    assert not is_ours(path)
    with pytest.raises(OutputExists, match="--force"):
        check_writable(path)


def test_a_foreign_or_broken_workbook_is_not_ours(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.xlsx"
    openpyxl.Workbook().save(path)
    assert not is_ours(path)
    for broken in (content[: len(content) // 2], b"PK\5\6" + bytes(18), b"", b"x" * 100):
        path.write_bytes(broken)
        assert not is_ours(path)


def test_an_archive_with_a_long_list_of_parts_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w") as parts:
        for number in range(20_000):
            parts.writestr(f"{number:040d}", b"")
    assert not is_ours(path)
