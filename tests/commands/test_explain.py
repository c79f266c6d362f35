from __future__ import annotations

from pathlib import Path

import pytest

from finsim.book.places import InputProblems
from finsim.cli import exit_code
from finsim.commands.explain import explain
from finsim.exits import BAD_INPUT, DONE

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "scenarios" / "example.yaml"


def printed(
    capsys: pytest.CaptureFixture[str],
    name: str,
    year: str | None = None,
    draw: int | None = None,
    option: str | None = None,
    sets: tuple[str, ...] = (),
) -> str:
    assert explain(EXAMPLE, name, year, draw, option, sets) == DONE
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def problems(name: str, year: str | None = None, option: str | None = None) -> list[str]:
    with pytest.raises(InputProblems) as caught:
        explain(EXAMPLE, name, year, None, option, ())
    return [str(problem) for problem in caught.value.problems]


def test_the_last_year_and_the_central_case_if_not_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = printed(capsys, "hospital")
    assert "as stated · central case · 2020/21" in shown
    assert "Position before risk share" in shown


def test_a_year_and_a_draw(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(capsys, "hospital", year="2017/18", draw=12)
    assert "draw 12 of 0 to" in shown
    assert "£m, 2017/18" in shown
    assert shown != printed(capsys, "hospital", year="2017/18", draw=13)


def test_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(capsys, "falls_prevention", option="without prevention")
    assert "without prevention · central case" in shown
    assert "does not take it up" in shown


def test_a_set_value_moves_what_is_traced(capsys: pytest.CaptureFixture[str]) -> None:
    stated = printed(capsys, "emergency_pay")
    moved = printed(capsys, "emergency_pay", sets=("lines.emergency_pay.baseline=£90m",))
    assert "£85m ×" in stated
    assert "£90m ×" in moved
    assert "--set lines.emergency_pay.baseline=£90m" in moved


def test_a_solved_value_is_held_when_something_else_is_set(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stated = printed(capsys, "unattributed")
    moved = printed(capsys, "unattributed", sets=("population.growth=15%",))
    assert stated == moved


def test_all_mistakes_at_once() -> None:
    year, name = sorted(problems("hospitol", year="2031/32"))
    assert year == ("--year 2031/32: is not a year of this scenario; it models 2015/16 to 2020/21")
    assert name.endswith(
        "there is no id or name 'hospitol' in this scenario, did you mean 'hospital'?"
    )


def test_text_that_is_no_year() -> None:
    assert problems("hospital", year="2017") == [
        "--year 2017: '2017' is not a financial year; write it as 2017/18"
    ]


def test_an_unknown_option() -> None:
    assert (
        "there is no option 'without preventoin'"
        in problems("hospital", option="without preventoin")[0]
    )


def test_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["explain", str(EXAMPLE), "hospital", "--draw", "3"]) == DONE
    assert capsys.readouterr().out.startswith("Example Hospital NHS Trust (hospital)")
    assert exit_code(["explain", str(EXAMPLE), "hospitol"]) == BAD_INPUT
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
