"""The sheets that set options side by side, as a reader's program sees them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msgspec.structs import force_setattr

from finsim.analysis.results import Results, simulate_cases
from finsim.analysis.study import Case
from finsim.outputs.workbook import workbook_bytes
from finsim.simulation.resolve import resolve
from finsim.simulation.run import Serial, sampling

SCENARIOS = Path(__file__).parents[2] / "scenarios"
OPTIONS = ("system control total", "acute corridor", "guarantor", "closing the gap")
YEAR = "2020/21"
DRAWS = ("run.points=monte carlo", "run.draws_per_replicate=128")


def run(scenario: str, *options: str | None, sets: tuple[str, ...] = ()) -> list[Results]:
    found = [resolve(SCENARIOS / scenario, option, (*DRAWS, *sets)) for option in (None, *options)]
    cases = [Case(resolution.plan, resolution.arrangement) for resolution in found]
    wanted = sampling(found[0].resolved.scenario.run, draws=8 * 128)
    return list(simulate_cases(cases, wanted, Serial()))


def opened(results: list[Results]) -> Any:
    return openpyxl.load_workbook(io.BytesIO(workbook_bytes(results)))


@pytest.fixture(scope="module")
def results() -> list[Results]:
    return run("bhr.yaml", *OPTIONS)


@pytest.fixture(scope="module")
def book(results: list[Results]) -> Any:
    return opened(results)


def records(book: Any, sheet: str) -> list[dict[str, Any]]:
    header, *rows = book[sheet][book[sheet].tables[sheet.replace(" ", "_")].ref]
    names = [cell.value for cell in header]
    return [dict(zip(names, (cell.value for cell in row), strict=True)) for row in rows]


def test_each_option_shows_its_figures_and_their_errors(results: list[Results], book: Any) -> None:
    rows = records(book, "Options")
    assert [row["Option"] for row in rows] == ["as stated", *OPTIONS]
    for row, result in zip(rows, results, strict=True):
        position = result.figure("position", YEAR)
        met = result.figure("control_total_met", YEAR)
        before = result.figure("control_total_met_before_transfer", YEAR)
        every = result.figure("control_total_met_both", YEAR)
        support = result.figure("external_support", YEAR)
        assert row["System control total"] == result.figure("control_total", YEAR).mean
        assert row["Position, mean"] == position.mean
        assert row["Position, P10"] == position.p10
        assert row["Position, P90"] == position.p90
        assert row["Position, mean of worst tenth"] == position.tail_mean
        assert row["SE: Position, mean of worst tenth"] == position.se_tail_mean
        assert row["Chance of system total"] == met.probability
        assert row["SE: Chance of system total"] == met.se_probability
        assert row["Chance of system total before transfer"] == before.probability
        assert row["Chance of it and every own total"] == every.probability
        assert row["External support"] == support.mean
        assert row["SE: External support"] == support.se


def test_each_body_shows_its_figures_and_who_bears_the_tail(
    results: list[Results], book: Any
) -> None:
    rows = {(row["Option"], row["Organisation"]): row for row in records(book, "Options by body")}
    assert len(rows) == len(results) * (len(results[0].plan.bodies.ids) + 1)
    for result in results:
        bodies = result.plan.bodies
        tail = 0.0
        for body, name in zip(bodies.ids, bodies.names, strict=True):
            row = rows[result.option, name]
            own = result.figure("control_total_met", YEAR, body)
            both = result.figure("control_total_met_both", YEAR, body)
            bearing = result.figure("position_in_system_tail", YEAR, body)
            transfer = result.figure("transfer", YEAR, body)
            assert row["Chance of own total"] == own.probability
            assert row["SE: Chance of own and system total"] == both.se_probability
            assert row["Position in system's worst tenth"] == bearing.mean
            assert row["SE: Position in system's worst tenth"] == bearing.se
            assert row["Transfer"] == transfer.mean
            tail += row["Position in system's worst tenth"]
        system = rows[result.option, "System"]
        assert system["Position in system's worst tenth"] == pytest.approx(tail, abs=1e-6)


def test_funding_offered_is_what_is_expected_and_what_is_at_risk(
    results: list[Results], book: Any
) -> None:
    for row, result in zip(records(book, "Options"), results, strict=True):
        funding = result.arrangement.funding
        assert funding is not None
        offered = funding.offered[:, -1].sum()
        assert row["Funding offered"] == pytest.approx(offered)
        assert row["Funding expected"] + row["Funding at risk"] == pytest.approx(offered)
    by_body = records(book, "Options by body")
    stated = [row for row in by_body if row["Option"] == "as stated"]
    parts = sum(row["Funding offered"] for row in stated if row["Organisation"] != "System")
    assert stated[-1]["Funding offered"] == pytest.approx(parts)


def test_gain_and_chance_of_better_are_against_the_first_option(
    results: list[Results], book: Any
) -> None:
    first, *later = records(book, "Options")
    assert first["Gain or loss against first"] == "[z]"
    assert first["Chance of better than first"] == "[z]"
    for row, result in zip(later, results[1:], strict=True):
        difference = result.figure("difference_position", YEAR)
        assert row["Gain or loss against first"] == difference.mean
        assert row["SE: Gain or loss against first"] == difference.se
    bodies = {(row["Option"], row["Organisation"]): row for row in records(book, "Options by body")}
    ccg = bodies["system control total", "Havering CCG"]
    assert ccg["Chance of better than first"] == "same"
    assert ccg["Gain or loss against first"] == 0
    worse = bodies["closing the gap", "BHRUT"]
    assert worse["Gain or loss against first"] < 0
    assert worse["Chance of better than first"] == 0


def test_chances_are_those_of_each_option_against_a_range_of_totals(
    results: list[Results], book: Any
) -> None:
    rows = records(book, "Chances")
    assert [row["Total moved by, £m"] for row in rows] == list(range(-100, 101, 10))
    assert "System total, £m" not in rows[0]
    for number, result in enumerate(results, 1):
        label = f"[{number}] {result.option}"
        shown = [(row[f"Chance: {label}"], row[f"SE: {label}"]) for row in rows]
        assert shown == [(at.chance, at.error) for at in result.chances]


def test_each_part_of_an_arrangement_is_told_once_with_its_standing(book: Any) -> None:
    rows = {(row["Part"], row["Name"]): row for row in records(book, "Arrangements")}
    assert rows["Sustainability fund", "Sustainability fund"]["Options"] == "all"
    corridor = rows["Risk share", "Acute corridor"]
    assert corridor["Options"] == "acute corridor"
    assert corridor["Standing"] == "ILLUSTRATIVE"
    assert "£5m to £20m 50% pooled" in corridor["In words"]
    alone = rows["Risk share", "none"]
    assert alone["Options"] == "as stated; system control total; closing the gap"
    assert alone["In words"] == "each organisation bears its own variance"
    names = {row["Risk share"] for row in records(book, "Options")}
    assert names == {name for part, name in rows if part == "Risk share"}


def test_later_options_list_only_what_differs(results: list[Results], book: Any) -> None:
    rows = records(book, "By organisation")
    later = {row["Measure"] for row in rows if row["Option"] == "acute corridor"}
    assert {"Transfer", "Position"} <= later
    assert not {"Income", "Expenditure", "Saving", "Control total"} & later
    assert not any(row["Option"] != "as stated" for row in records(book, "Schemes"))


def test_one_option_shows_its_totals_without_a_comparison(results: list[Results]) -> None:
    book = opened(results[:1])
    [row] = records(book, "Options")
    assert "Option" not in row
    assert not any("first" in name for name in row)
    chances = records(book, "Chances")
    at = results[0].chances[0]
    assert list(chances[0].values()) == [at.around, at.total, at.chance, at.error]
    lines = [str(book["Summary"].cell(row, 1).value) for row in range(2, 10)]
    assert any("met with a chance of" in line for line in lines)


def test_without_totals_there_is_nothing_to_set_side_by_side() -> None:
    book = opened(run("nuffield.yaml"))
    assert "Options" not in book.sheetnames
    assert "Chances" not in book.sheetnames
    lines = [str(book["Summary"].cell(row, 1).value) for row in range(2, 10)]
    assert any("No control totals are set" in line for line in lines)


def test_options_without_totals_are_still_compared() -> None:
    book = opened(run("example.yaml", "without prevention", sets=("control_totals=null",)))
    first, second = records(book, "Options")
    assert first["Control totals"] == "none"
    assert first["Chance of system total"] == "[z]"
    assert first["Funding offered"] == "[z]"
    assert second["Gain or loss against first"] < 0
    [row] = records(book, "Chances")
    assert row["Total moved by, £m"] == "[z]"


def test_option_names_that_differ_only_in_case_or_are_long_keep_their_columns() -> None:
    results = run("example.yaml", "without prevention", "without prevention", "without prevention")
    names = ("x" * 300, "X" * 300, "X" * 300)
    for result, name in zip(results[1:], names, strict=True):
        renamed = result.plan.resolved.model_copy(update={"option": name})
        force_setattr(result.plan, "resolved", renamed)
    page = opened(results)["Chances"]
    header, *_ = page[page.tables["Chances"].ref]
    headers = [str(cell.value) for cell in header]
    assert len({name.casefold() for name in headers}) == len(headers)
    assert max(map(len, headers)) <= 255
