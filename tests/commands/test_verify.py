"""`finsim verify`: an untouched workbook holds, and whatever is changed in one is named."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from example_files import Example, copied, said

from finsim.cli import exit_code

FEW = ("--draws", "1", "--quiet")
SET = ("--set", "run.draws_per_replicate=512")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The workbook of the example with one other option."""
    folder = tmp_path_factory.mktemp("written")
    example = copied(folder / "system")
    path = folder / "run.xlsx"
    options = ("--option", "as stated", "--option", "without prevention")
    assert exit_code(["run", str(example.scenario), *options, "-o", str(path), *FEW, *SET]) == 0
    return path.read_bytes()


@pytest.fixture
def workbook(written: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("run.xlsx").write_bytes(written)
    return Path("run.xlsx")


def verified(
    capsys: pytest.CaptureFixture[str], path: Path, *options: str
) -> tuple[int, dict[str, Any]]:
    code, out, _ = said(capsys, "verify", str(path), "--json", *options)
    return code, json.loads(out)["verify"]


def with_parts(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Rewrite a workbook's parts; a part that becomes None is left out."""
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    path.write_bytes(packed.getvalue())


def part_of(path: Path, sheet: str) -> str:
    names = openpyxl.load_workbook(path, read_only=True).sheetnames
    return f"xl/worksheets/sheet{names.index(sheet) + 1}.xml"


def put_number(path: Path, sheet: str, cell: str, number: str) -> None:
    part = part_of(path, sheet)
    pattern = re.compile(rf'(<c r="{cell}"[^>]*><v>)[^<]*(</v>)'.encode())

    def change(name: str, content: bytes) -> bytes:
        if name != part:
            return content
        changed, count = pattern.subn(rb"\g<1>" + number.encode() + rb"\g<2>", content)
        assert count == 1
        return changed

    with_parts(path, change)


def put_text(path: Path, old: str, new: str) -> None:
    def change(name: str, content: bytes) -> bytes:
        if name != "xl/sharedStrings.xml":
            return content
        assert old.encode() in content
        return content.replace(old.encode(), new.encode())

    with_parts(path, change)


def number_cell(path: Path, sheet: str, column: str) -> tuple[str, float]:
    """The first number in a column of the first table that has it."""
    page = openpyxl.load_workbook(path)[sheet]
    for row in page.iter_rows():
        for cell in row:
            if cell.value == column:
                for below in range(cell.row + 1, cell.row + 40):
                    found = page.cell(below, cell.column)
                    if isinstance(found.value, float) and found.value:
                        return found.coordinate, found.value
    raise AssertionError(f"no {column} on {sheet}")


def test_an_untouched_workbook_holds(workbook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, messages = said(capsys, "verify", str(workbook))

    assert code == 0
    assert messages == []
    assert out.splitlines()[-1].startswith("Every one of ")
    assert "2 options" in out


def test_what_another_program_saved_again_still_holds(
    workbook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def packed_otherwise(name: str, content: bytes) -> bytes:
        return content

    before = workbook.read_bytes()
    with_parts(workbook, packed_otherwise)
    assert workbook.read_bytes() != before

    code, found = verified(capsys, workbook)

    assert code == 0
    assert found["holds"]
    assert found["cells"] > 1_000
    assert found["differences"] == found["changed"] == []


def test_a_truth_saved_as_a_formula_still_holds(
    workbook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = part_of(workbook, "Measures")
    truth = re.compile(rb't="b"><v>([01])</v>')
    as_formula = {b"1": b"TRUE()", b"0": b"FALSE()"}

    def saved_by_libreoffice(name: str, content: bytes) -> bytes:
        if name != part:
            return content
        assert truth.search(content)
        return truth.sub(
            lambda m: b't="b"><f>' + as_formula[m[1]] + b"</f><v>" + m[1] + b"</v>", content
        )

    with_parts(workbook, saved_by_libreoffice)

    assert verified(capsys, workbook)[0] == 0


@pytest.mark.parametrize("place", ["below", "beside", "twice"])
def test_what_is_put_beside_the_figures_of_a_tidy_sheet_is_told(
    place: str, workbook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = part_of(workbook, "Measures")
    cell = '<c r="{}" t="inlineStr"><is><t>audited</t></is></c>'

    def put(name: str, content: bytes) -> bytes:
        if name != part:
            return content
        text = content.decode()
        if place == "below":
            row = f'<row r="9000">{cell.format("B9000")}</row></sheetData>'
            return text.replace("</sheetData>", row).encode()
        first = re.findall(r'<row r="\d+".*?</row>', text, re.DOTALL)[4]
        if place == "beside":
            changed = first.replace("</row>", cell.format("AA5") + "</row>")
        else:
            last = re.findall(r'<row r="(\d+)"', text)[-1]
            again = re.sub(r'r="([A-Z]*)5"', rf'r="\g<1>{int(last) + 1}"', first)
            return text.replace("</sheetData>", again + "</sheetData>").encode()
        return text.replace(first, changed).encode()

    with_parts(workbook, put)
    code, found = verified(capsys, workbook)

    assert code == 4
    assert {difference["sheet"] for difference in found["differences"]} == {"Measures"}


@pytest.mark.parametrize(
    ("sheet", "column"),
    [
        ("Measures", "mean"),
        ("Measures", "se_p90"),
        ("Scheme measures", "p10"),
        ("Percentiles", "value"),
        ("Summary", "P90"),
        ("By organisation", "Plan"),
        ("Assumptions", "Value"),
    ],
)
def test_a_changed_number_is_named_wherever_it_stands(
    workbook: Path, capsys: pytest.CaptureFixture[str], sheet: str, column: str
) -> None:
    cell, value = number_cell(workbook, sheet, column)
    put_number(workbook, sheet, cell, repr(value * (1 + 1e-8) + 1e-6))

    code, found = verified(capsys, workbook)

    assert code == 4
    assert not found["holds"]
    [difference] = found["differences"]
    assert (difference["sheet"], difference["cell"]) == (sheet, cell)
    assert difference["column"] == column
    assert difference["found"] == value
    assert difference["stored"] == value * (1 + 1e-8) + 1e-6


def test_of_a_figure_body_measure_and_year_are_told(
    workbook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = openpyxl.load_workbook(workbook)["Measures"]
    [row] = [
        row
        for row in page.iter_rows(min_row=1)
        if [cell.value for cell in row[2:6:3]] == ["hospital", "position"]
        and (row[0].value, row[4].value) == ("as stated", "2020/21")
    ]
    put_number(workbook, "Measures", row[9].coordinate, "1.5")

    code, out, _ = said(capsys, "verify", str(workbook))

    assert code == 4
    line = next(line for line in out.splitlines() if line.startswith("Measures!"))
    for word in (row[9].coordinate, "hospital", "position", "2020/21", "mean", "holds 1.5"):
        assert word in line
    assert repr(row[9].value) in line
    assert out.splitlines()[-1].startswith("DIFFERS: 1 of ")


def test_numbers_that_differ_in_the_last_bits_hold(
    workbook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell, value = number_cell(workbook, "Measures", "mean")
    put_number(workbook, "Measures", cell, repr(value * (1 + 1e-11)))

    assert verified(capsys, workbook)[0] == 0


def test_changed_words_are_told(workbook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_text(workbook, "ILLUSTRATIVE</t>", "published</t>")

    code, found = verified(capsys, workbook)

    assert code == 4
    assert {d["column"] for d in found["differences"]} == {"Standing"}
    assert {d["found"] for d in found["differences"]} == {"ILLUSTRATIVE"}


def test_a_changed_scenario_no_longer_has_the_sha256_of_the_run(
    workbook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_text(workbook, '"seed": "', '"seed": "1')

    code, found = verified(capsys, workbook)

    assert code == 4
    assert any("sha256 was" in text for text in found["changed"])
    assert any(d["measure"] == "gap" for d in found["differences"])


def test_another_version_is_told_and_is_no_difference(
    workbook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy

    from finsim import __version__

    put_text(workbook, f">{__version__}</t>", ">0.0.9</t>")
    put_text(workbook, f">{numpy.__version__}</t>", ">1.99</t>")

    code, found = verified(capsys, workbook)

    assert code == 0
    assert found["holds"]
    assert sorted(found["changed"]) == [
        f"finsim version: was 0.0.9, is {__version__}",
        f"numpy version: was 1.99, is {numpy.__version__}",
    ]


def test_a_sheet_that_was_taken_out_is_missed_and_one_put_in_is_not_ours(
    workbook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def renamed(name: str, content: bytes) -> bytes:
        old, new = b'name="Percentiles"', b'name="Mine"'
        return content.replace(old, new) if name == "xl/workbook.xml" else content

    with_parts(workbook, renamed)

    code, found = verified(capsys, workbook)

    assert code == 4
    assert found["missing_sheets"] == ["Percentiles"]
    assert found["sheets_not_compared"] == ["Mine"]


def test_a_workbook_of_someone_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.xlsx"
    openpyxl.Workbook().save(path)

    code, out, lines = said(capsys, "verify", str(path))

    assert (code, out) == (3, "")
    assert lines == [f"{path}: carries no run of finsim: it has no sheet 'Run log'"]


def test_a_damaged_workbook_is_refused(workbook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workbook.write_bytes(workbook.read_bytes()[:20_000])

    code, out, lines = said(capsys, "verify", str(workbook))

    assert (code, out, len(lines)) == (3, "", 1)
    assert lines[0].startswith(f"{workbook}: ")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [('"seed": "', '"sead": "', "did you mean 'seed'"), ('"drivers": ', '"drivers" ', "")],
)
def test_a_scenario_that_cannot_be_read_is_told_with_its_place(
    workbook: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, told: str
) -> None:
    put_text(workbook, old, new)

    code, out, lines = said(capsys, "verify", str(workbook))

    assert (code, out) == (3, "")
    assert all(re.match(rf"{workbook} \[[a-z ]+\]:\d+:\d+: ", line) for line in lines)
    assert all(told in line for line in lines)


def test_a_workbook_without_a_part_of_its_scenario_is_refused(
    workbook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = openpyxl.load_workbook(workbook)["Run log"]
    [row, *_] = [r for r in page.iter_rows() if r[1].value == 2 and r[0].value == "as stated"]
    put_number(workbook, "Run log", row[1].coordinate, "7")

    code, _, lines = said(capsys, "verify", str(workbook))

    assert code == 3
    assert lines == [f"{workbook}: carries only some parts of the scenario of 'as stated'"]


def test_the_scenario_taken_out_runs_to_the_same_bytes(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "run", str(example.scenario), "-o", "one.xlsx", *FEW, *SET)

    code, _, lines = said(capsys, "verify", "one.xlsx", "--extract", "scenario.json")
    assert (code, lines) == (0, ["wrote scenario.json"])
    assert said(capsys, "run", "scenario.json", "-o", "again.xlsx", "--quiet")[0] == 0

    assert Path("again.xlsx").read_bytes() == Path("one.xlsx").read_bytes()
    code, _, lines = said(capsys, "verify", "one.xlsx", "--extract", "scenario.json")
    assert code == 5
    assert "--force" in lines[0]


def test_the_option_to_take_out_can_be_named(
    workbook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = ("--extract", "scenario.json", "--option")
    assert said(capsys, "verify", str(workbook), *taken, "without prevention")[0] == 0
    assert json.loads(Path("scenario.json").read_text())["option"] == "without prevention"

    code, _, lines = said(capsys, "verify", str(workbook), *taken, "without preventoin")
    assert code == 3
    assert "did you mean 'without prevention'?" in lines[0]


def test_a_run_to_a_precision_is_verified_with_the_draws_it_used(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    sure = ("--precision", "0.2", *FEW, *SET)
    said(capsys, "run", str(example.scenario), "-o", "sure.xlsx", *sure)

    code, out, _ = said(capsys, "verify", "sure.xlsx", "--json")

    assert code == 0
    assert json.loads(out)["draws"] > 8 * 512


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return copied(tmp_path)
