"""The live sheets as LibreOffice works them out from nothing, against the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import spreadsheets
from live_sheets import LINES, written

from finsim.analysis.results import Results
from finsim.outputs.live.model import LiveModel, live_model
from finsim.outputs.live.rows import CALCULATIONS, CONSTANT, FIRST_YEAR_AT, INPUTS, Row
from finsim.outputs.live.write import ALL_PASS
from finsim.outputs.workbook import workbook_bytes
from finsim.simulation.arrangement import settled
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.evaluate import evaluate
from finsim.simulation.resolve import Resolution, resolve

POUND = 1e-6
SCENARIOS = Path(__file__).parents[3] / "scenarios"
SHIPPED = sorted(path.stem for path in SCENARIOS.glob("*.yaml"))
PLANNED = (
    "bhr", "bhr-aligned-incentive", "bhr-net-savings", "bhr-ons-outturn", "example", "llr",
    "nel-offset-2017", "nuffield",
)  # fmt: skip
Sheets = spreadsheets.Sheets


def switched(source: Path, target: Path, model: LiveModel) -> Path:
    """The same workbook with the switch on the plan case."""
    place = f'<c r="{CONSTANT}{model.inputs.case.number}"'

    def change(xml: str) -> str:
        before, found, after = xml.partition(place)
        is_inputs = found and "<v>0.0</v>" in after[:40]
        return before + found + after.replace("0.0", "1.0", 1) if is_inputs else xml

    return spreadsheets.rewritten(source, target, change)


def by_year(sheets: Sheets, row: Row) -> list[float]:
    cells = sheets[CALCULATIONS][row.number - 1]
    return [float(cell) for cell in cells[FIRST_YEAR_AT : FIRST_YEAR_AT + len(row.values)]]


def master(sheets: Sheets) -> str:
    """The master check: the line above the table of live checks."""
    lines = [row[0] for row in sheets["Checks"]]
    return lines[lines.index("Checks of the live sheets") + 2 :][0]


def live(found: Resolution) -> LiveModel:
    return live_model(found.plan, found.arrangement)


def furthest(sheets: Sheets, model: LiveModel, found: Resolution, x: Any) -> float:
    """The largest difference between LibreOffice and the engine, £m."""
    plan, outcome = found.plan, evaluate(found.plan, x, LINES)
    compared = [
        (outcome.position_do_nothing, model.positions, "position_do_nothing", "do_nothing_gap"),
        (outcome.position_before_risk_share, model.positions, "position_before_risk_share", "gap"),
    ]
    if model.settled.bodies:
        after = settled(plan, found.arrangement, outcome, x).position
        compared.append((after, model.settled, "position", "gap_after_support"))  # type: ignore[arg-type]
    worst = 0.0
    for of_engine, rows, key, gap in compared:
        ours = np.array([by_year(sheets, body[key]) for body in rows.bodies])
        system = np.array(by_year(sheets, rows.system[gap]))
        inside = of_engine[plan.bodies.in_perimeter, :, 0].sum(axis=0)
        worst = max(worst, np.abs(ours - of_engine[:, :, 0]).max(), np.abs(system + inside).max())
    return float(worst)


# every shipped scenario


@pytest.fixture(scope="module")
def worked_out(
    shipped: Callable[..., Resolution], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Sheets]:
    """Every shipped scenario in both cases, worked out from formulas alone."""
    spreadsheets.needs_libreoffice()
    folder = tmp_path_factory.mktemp("shipped")
    files = {}
    for name in SHIPPED:
        found, key = shipped(name), name.replace("-", "_")
        files[key] = written(found, folder / f"{key}.xlsx")
        if name in PLANNED:
            target = folder / f"{key}_planned.xlsx"
            files[f"{key}_planned"] = switched(files[key], target, live(found))
    return dict(spreadsheets.recalculated(files, folder / "office"))


@pytest.mark.parametrize("name", SHIPPED)
def test_libreoffice_gives_the_central_case_of_the_engine(
    name: str, worked_out: dict[str, Sheets], shipped: Callable[..., Resolution]
) -> None:
    found, sheets = shipped(name), worked_out[name.replace("-", "_")]
    assert furthest(sheets, live(found), found, central_inputs(found.plan)) < POUND
    assert master(sheets) == ALL_PASS


@pytest.mark.parametrize("name", PLANNED)
def test_the_switch_gives_the_plan_case_of_the_engine(
    name: str, worked_out: dict[str, Sheets], shipped: Callable[..., Resolution]
) -> None:
    found, sheets = shipped(name), worked_out[name.replace("-", "_") + "_planned"]
    assert furthest(sheets, live(found), found, plan_inputs(found.plan)) < POUND
    assert master(sheets) == ALL_PASS


# every formula of a whole workbook


@pytest.fixture(scope="module")
def whole(bhr_run: Results, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sheets]:
    """The workbook of BHR, and what LibreOffice makes of it."""
    spreadsheets.needs_libreoffice()
    folder = tmp_path_factory.mktemp("whole")
    path = folder / "bhr.xlsx"
    path.write_bytes(workbook_bytes([bhr_run]))
    return path, spreadsheets.recalculated({"bhr": path}, folder / "office")["bhr"]


def wrong_values(path: Path, sheets: Sheets) -> list[tuple[str, str]]:
    """The formula cells whose stored value is not the one worked out."""
    return [
        (sheet, place)
        for (sheet, place), cell in spreadsheets.formulas(path).items()
        if not spreadsheets.alike(cell.value, spreadsheets.value_at(sheets[sheet], place))
    ]


def test_every_stored_value_is_the_one_that_is_worked_out(whole: tuple[Path, Sheets]) -> None:
    path, sheets = whole
    assert len(spreadsheets.formulas(path)) > 7_000
    assert wrong_values(path, sheets) == []


def test_a_wrong_stored_value_is_caught(whole: tuple[Path, Sheets], tmp_path: Path) -> None:
    path, sheets = whole
    (sheet, place), cell = next(
        (key, cell)
        for key, cell in spreadsheets.formulas(path).items()
        if key[0] == CALCULATIONS and cell.formula.startswith("SUM(") and cell.value
    )
    stored = f"<f>{cell.formula}</f><v>{cell.value!r}</v>"
    wrong = f"<f>{cell.formula}</f><v>{cell.value + 0.01!r}</v>"  # type: ignore[operator]

    def change(xml: str) -> str:
        at = xml.find(f'<c r="{place}"')
        return xml if at < 0 else xml[:at] + xml[at:].replace(stored, wrong, 1)

    bad = spreadsheets.rewritten(path, tmp_path / "wrong.xlsx", change)
    assert wrong_values(bad, sheets) == [(sheet, place)]


# changing inputs


SETS = (
    "population.growth=15%",
    "drivers.age_cost_mix=20%",
    "drivers.tariff.2018/19=1.7%",
    "drivers.provider_drugs=4%",
    "lines.bhrut_emergency_pay.baseline=£120m",
    "lines.bhrut_emergency_pay.cash_release=30%",
    "contracts.bd_ccg_bhrut_emergency.baseline=£40m",
    "schemes.housing.saving=£3m",
    "schemes.locality_model.chance=60%",
    "schemes.locality_model.slip=9 months",
    "schemes.locality_model.delivered=70%",
    "schemes.bhrut_efficiency.recurrent=80%",
)


def edited(source: Path, target: Path, changes: Mapping[str, Any]) -> Path:
    """The workbook with cells of Inputs changed as a person would; caches are dropped."""
    book = openpyxl.load_workbook(source)
    for place, value in changes.items():
        book[INPUTS][place] = value
    book.save(target)
    return target


def same_changes(model: LiveModel) -> dict[str, float]:
    """The cells of Inputs that say what `SETS` says."""
    inputs, plan = model.inputs, model.inputs.plan
    book, years = plan.resolved.book, plan.years
    columns = [chr(ord("A") + FIRST_YEAR_AT + t) for t in range(len(years))]
    rates = {row.item: row for row in inputs.rates}
    named = {driver.id: driver.name for driver in book.all_drivers()}
    line = [item.id for item in book.lines].index("bhrut_emergency_pay")
    contract = [item.id for item in book.contracts].index("bd_ccg_bhrut_emergency")
    activity = {item.scheme.id: item for item in inputs.activity}
    efficiency = {item.scheme.id: item for item in inputs.efficiency}
    assert inputs.people is not None
    assert inputs.people.growth is not None
    constants = {
        inputs.people.growth: 0.15,
        inputs.people.mix: 0.2,
        inputs.lines[line]: 120.0,
        inputs.releases[line]: 0.3,
        inputs.contracts[contract]: 40.0,
        activity["housing"].saving: 3.0,
        activity["locality_model"].happens: 0.6,
        activity["locality_model"].slip: 9.0,
        efficiency["bhrut_efficiency"].recurrent: 0.8,
    }
    tariff, drugs = (rates[named[name]].number for name in ("tariff", "provider_drugs"))
    delivered = activity["locality_model"].delivered.number
    return {
        **{f"{CONSTANT}{row.number}": value for row, value in constants.items()},
        f"{columns[years.index(2018)]}{tariff}": 0.017,
        **{f"{column}{drugs}": 0.04 for column in columns[1:]},
        **{f"{column}{delivered}": 0.7 for column in columns[1:]},
    }


BREAKS: dict[str, tuple[Callable[[LiveModel], Row], Any, str]] = {
    "text": (lambda model: next(iter(model.inputs.contracts.values())), "a lot",
             "Every input is a number"),
    "nothing": (lambda model: model.inputs.lines[0], None, "Every input is a number"),
    "chance": (lambda model: model.inputs.activity[0].happens, 1.4,
               "Shares and chances lie between 0% and 100%"),
    "shares": (lambda model: model.inputs.activity[0].shares[0], 0.9,
               "Savings are shared out in full"),
    "removal": (lambda model: model.inputs.activity[0].saving, 5_000.0,
                "No more activity is removed than there is"),
    "case": (lambda model: model.inputs.case, 2, "The case is 0 or 1"),
}  # fmt: skip


@pytest.fixture(scope="module")
def changed(
    shipped: Callable[..., Resolution], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Sheets]:
    """BHR with inputs changed and with inputs broken, worked out."""
    spreadsheets.needs_libreoffice()
    folder = tmp_path_factory.mktemp("changed")
    found = shipped("bhr")
    model, source = live(found), written(found, folder / "source.xlsx")
    case = f"{CONSTANT}{model.inputs.case.number}"
    changes = same_changes(model)
    files = {
        "central": edited(source, folder / "central.xlsx", changes),
        "planned": edited(source, folder / "planned.xlsx", {**changes, case: 1}),
    }
    example = shipped("example")
    other, small = live(example), written(example, folder / "small.xlsx")
    for name, (row_of, value, _) in BREAKS.items():
        place = f"{CONSTANT}{row_of(other).number}"
        files[name] = edited(small, folder / f"{name}.xlsx", {place: value})
    return dict(spreadsheets.recalculated(files, folder / "office"))


@pytest.mark.parametrize("case", ["central", "planned"])
def test_changing_inputs_changes_the_sheets_as_it_changes_the_engine(
    case: str, changed: dict[str, Sheets], shipped: Callable[..., Resolution]
) -> None:
    model, found = live(shipped("bhr")), resolve(SCENARIOS / "bhr.yaml", None, SETS)
    plan = found.plan
    x = central_inputs(plan) if case == "central" else plan_inputs(plan)
    assert furthest(changed[case], model, found, x) < POUND
    unchanged = evaluate(shipped("bhr").plan, x).position_before_risk_share
    assert np.abs(evaluate(plan, x).position_before_risk_share - unchanged).max() > 1
    words = master(changed[case])
    assert words == f"All checks of the formulas pass; inputs changed since the run: {len(SETS)}"


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_input_turns_the_master_check_to_a_failure_in_words(
    name: str, changed: dict[str, Sheets]
) -> None:
    words = master(changed[name])
    assert "Checks FAIL (" in words
    assert BREAKS[name][2] in words


def test_a_formula_that_is_broken_differs_from_the_run(
    shipped: Callable[..., Resolution], tmp_path: Path
) -> None:
    found = shipped("example")
    model, source = live(found), written(found, tmp_path / "source.xlsx")
    row = next(iter(model.money.costs.values()))
    book = openpyxl.load_workbook(source)
    book[CALCULATIONS][f"H{row.number}"] = f"=G{row.number}"
    book.save(tmp_path / "broken.xlsx")
    sheets = spreadsheets.recalculated({"broken": tmp_path / "broken.xlsx"}, tmp_path / "office")
    words = master(sheets["broken"])
    assert "Checks FAIL (" in words
    assert "the live formulas differ from the run" in words
