"""`finsim submit` on the shipped template: what goes in, what survives, what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from spreadsheets import recalculated, value_at

from finsim.book.places import InputProblems
from finsim.cli import exit_code
from finsim.commands.run import Request, chosen, computed
from finsim.exits import BAD_INPUT, CHECK_FAILED, DONE, NOT_WRITTEN
from finsim.outputs.template_file import open_template

SCENARIOS = Path(__file__).parents[2] / "scenarios"
TEMPLATE = SCENARIOS / "submission" / "template.xlsx"
MAP = SCENARIOS / "submission" / "bhr-map.yaml"
BHR = SCENARIOS / "bhr.yaml"
EXAMPLE = SCENARIOS / "example.yaml"
FEW = ("--draws", "1024")


def submit(
    output: Path, *more: str, scenario: Path = BHR, template: Path = TEMPLATE, stated: Path = MAP
) -> int:
    named = ("--template", str(template), "--map", str(stated), "-o", str(output))
    return exit_code(["submit", str(scenario), *named, *FEW, *more])


def map_of(tmp_path: Path, rows: str, sheet: str = "Position", more: str = "") -> Path:
    """A map of one block of the shipped template."""
    labels = "labels: Category" if sheet != "Position" else "labels: Measure"
    text = f"fill:\n  - sheet: {sheet}\n    {labels}\n{more}    rows:\n      {rows}\n"
    (tmp_path / "map.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "map.yaml"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "return.xlsx"
    assert submit(path) == DONE
    return path


def numbers(path: Path, sheet: str, row: int) -> list[float]:
    cells = open_template(path).sheets[sheet].rows[row].cells
    return [float(cells[column].text) for column in range(2, 8)]


def test_figures_stand_where_the_map_says(filled: Path) -> None:
    request = Request(str(BHR), draws=1024, quiet=True)
    (results,) = computed(chosen(request), request)
    gaps = [results.figure("do_nothing_gap", year).mean for year in results.years]
    downside = [results.figure("position", year, "bhrut").p10 for year in results.years]

    assert numbers(filled, "Position", 5) == gaps
    assert numbers(filled, "Position", 25) == downside
    assert numbers(filled, "Commissioner spend", 4)[0] == pytest.approx(330_000, abs=1e-6)


def test_spend_by_category_is_what_commissioners_spend(filled: Path) -> None:
    """In the base year nothing is saved or unattributed: the categories are all they spend."""
    request = Request(str(BHR), draws=1024, quiet=True)
    (results,) = computed(chosen(request), request)
    spent = sum(
        results.figure("expenditure", "2015/16", body).central or 0.0
        for body in ("bd_ccg", "havering_ccg", "redbridge_ccg")
    )
    stated = sum(numbers(filled, "Commissioner spend", row)[0] for row in range(4, 12))

    assert stated == pytest.approx(spent * 1_000, abs=1e-6)


def test_libreoffice_recalculates_the_filled_file(filled: Path, tmp_path: Path) -> None:
    sheets = recalculated({"filled": filled}, tmp_path)["filled"]
    spend = sheets["Commissioner spend"]
    for place in range(6):
        column = "BCDEFG"[place]
        total = sum(numbers(filled, "Commissioner spend", row)[place] for row in range(4, 12))
        assert value_at(spend, f"{column}12") == pytest.approx(total)
    bodies = sum(numbers(filled, "Position", row)[5] for row in range(13, 18))
    assert value_at(sheets["Position"], "G18") == pytest.approx(bodies)


def test_it_says_what_was_filled_and_what_was_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "Gap after schemes: {measure: gap}\n      Savings, net: {measure: saving, unit: £}"
    stated = map_of(tmp_path, rows, more="    columns: {2019-20: 2019/20, 2020-21: 2025/26}\n")

    assert submit(tmp_path / "o.xlsx", scenario=EXAMPLE, stated=stated) == CHECK_FAILED
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("o.xlsx: 2 cells filled, 2 not")
    assert lines[1].startswith("  filled Position!F7 Gap after schemes, 2019/20 = ")
    assert lines[1].endswith("(gap of system, central, £m)")
    assert "  not filled Position!G6 Savings, net, 2025/26: 2025/26 is not modelled" in lines


def test_a_formula_is_kept_unless_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stated = map_of(tmp_path, "Total: {contracts: {payer: ccg}}", "Commissioner spend")
    asked = {"scenario": EXAMPLE, "stated": stated}

    assert submit(tmp_path / "o.xlsx", **asked) == CHECK_FAILED
    assert "not filled Commissioner spend!B12 Total, 2015/16: holds a formula" in (
        capsys.readouterr().out
    )
    assert submit(tmp_path / "p.xlsx", "--over-formulas", **asked) == DONE
    assert numbers(tmp_path / "p.xlsx", "Commissioner spend", 12)[0] == 175.0


def test_units_signs_and_cases(tmp_path: Path) -> None:
    rows = (
        "Prescribing: {lines: {service: prescribing}, unit: £}\n"
        "      Primary care: {lines: {service: prescribing}, unit: £000, reversed: true}\n"
        "      Continuing care: {lines: {service: prescribing}, do_nothing: true}\n"
        "      Running costs: {lines: {service: prescribing}, value: plan}"
    )
    stated = map_of(tmp_path, rows, "Commissioner spend")
    assert submit(tmp_path / "o.xlsx", scenario=EXAMPLE, stated=stated) == DONE
    pounds, thousands, nothing, planned = (
        numbers(tmp_path / "o.xlsx", "Commissioner spend", row) for row in (8, 10, 9, 11)
    )

    assert pounds[0] == 60_000_000
    assert thousands == pytest.approx([-value / 1_000 for value in pounds])
    assert nothing[0] == 60
    assert nothing[-1] > pounds[-1] / 1e6 > planned[-1]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("Gap after schemes: {measure: gapp}", "there is no measure 'gapp', did you mean 'gap'?"),
        ("Gap after schemes: {measure: gap, body: ccg}", "gap is of the system alone"),
        ("Gap after schemes: {measure: income, body: cgc}", "there is no body 'cgc'"),
        ("Gap after schemes: {measure: income, lines: {id: x}}", "not both"),
        ("Gap after schemes: {lines: {id: x}}", "these tags pick none of the lines"),
        (
            "Gap after schemes: {lines: {id: other}, value: p10}",
            "a central and a plan value; no p10",
        ),
        ("Gap after schemes: {measure: gap, value: probability}", "it has no probability"),
        ("Gap after schemes: {measure: control_total_met, value: p10}", "write value: probability"),
        ("Gap aftr schemes: {measure: gap}", "no row 'Gap aftr schemes', did you mean 'gap after"),
    ],
)
def test_mistakes_of_the_map_are_told_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str, says: str
) -> None:
    stated = map_of(tmp_path, rows)

    assert submit(tmp_path / "o.xlsx", scenario=EXAMPLE, stated=stated) == BAD_INPUT
    assert says in capsys.readouterr().err
    assert not (tmp_path / "o.xlsx").exists()


def test_the_template_and_files_of_others_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = tmp_path / "t.xlsx"
    shutil.copy(TEMPLATE, template)
    (tmp_path / "o.xlsx").write_bytes(b"mine")
    stated = map_of(tmp_path, "Gap after schemes: {measure: gap}")
    asked = {"scenario": EXAMPLE, "stated": stated, "template": template}

    assert submit(template, "--force", **asked) == BAD_INPUT
    assert submit(tmp_path / "o.xlsm", **asked) == BAD_INPUT
    assert submit(tmp_path / "o.xlsx", **asked) == NOT_WRITTEN
    assert submit(tmp_path / "o.xlsx", "--force", **asked) == DONE
    assert template.read_bytes() == TEMPLATE.read_bytes()
    assert "is the template, which is not replaced" in capsys.readouterr().err


def test_mistakes_of_template_and_map_come_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04")
    stated = map_of(tmp_path, "Gap: {mesure: gap}")
    asked = {"scenario": EXAMPLE, "stated": stated, "template": tmp_path / "t.xlsx"}

    assert submit(tmp_path / "o.xlsx", **asked) == BAD_INPUT
    error = capsys.readouterr().err
    assert "the key 'mesure' is not known" in error
    assert "t.xlsx: is cut short or damaged" in error


def test_the_shipped_template_is_what_its_script_builds() -> None:
    import runpy

    script = runpy.run_path(str(TEMPLATE.with_name("build_template.py")))

    assert script["template"]() == TEMPLATE.read_bytes()


def test_one_option_is_submitted(tmp_path: Path) -> None:
    from finsim.commands.submit import Submission
    from finsim.commands.submit import submit as submitted

    asked = Submission(TEMPLATE, MAP, tmp_path / "o.xlsx")
    with pytest.raises(InputProblems, match="one option is submitted"):
        submitted(Request(str(BHR), options=("all",)), asked)
