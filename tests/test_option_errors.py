"""Mistakes in control totals, funds and risk shares: told where they stand, one line each."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_files import Example, said

from finsim.commands.new import new

SOURCED = 'source: s, standing: published, as_at: "2016"'
TOTALS = "NHS bodies: {from: central, improve_by: 0.5% of income}"
SET = "name: Each its own control total\n    totals: stretch"
PROPORTIONAL = "- pool: {members: NHS bodies}\n      - shares: {by: income}"
POOL, BY_INCOME = "pool: {members: NHS bodies}", "shares: {by: income}"
FIRST_BAND, LAST_BAND = "{from: £0m, to: £2m, pooled: 0%}", "{from: £2m, pooled: 50%}"
CORRIDOR_SHARES = "{shares: {ccg: 70%, hospital: 30%}}"
OTHER = ("--option", "system total shared")
CORRIDOR = ("--option", "hospital corridor")

FUND = f"""sustainability_funding: ours
add:
  drivers:
    - {{id: attained, name: A, unit: share, group: g, value: 80%, {SOURCED}}}
  funding_rules:
    - id: rules
      name: Rules
      by_year:
        2016/17: {{parts: {{finance: 60%, A&E: 40%}}}}
      {SOURCED.replace(", ", chr(10) + "      ")}
  funds:
    - id: ours
      name: Ours
      rules: rules
      offered: {{hospital: £2m}}
      attainment: {{A&E: attained}}
      {SOURCED.replace(", ", chr(10) + "      ")}
"""


@pytest.fixture
def example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Example:
    assert new(tmp_path / "system", "example") == 0
    capsys.readouterr()
    return Example(tmp_path / "system")


def line_of(path: Path, text: str) -> int:
    whole = path.read_text(encoding="utf-8")
    assert whole.count(text) == 1, f"{text!r} stands {whole.count(text)} times"
    return whole[: whole.index(text)].count("\n") + 1


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The messages of a command that refuses its input: nothing else, and one line each."""
    code, out, err = said(capsys, *arguments, "-q")
    assert (code, out) == (3, "")
    for line in err:
        assert ": " in line
        assert "Traceback" not in line
    return err


@pytest.mark.parametrize(
    ("old", "new_text", "at", "options", "words"),
    [
        pytest.param(
            TOTALS, "ccg: {by_year: {2025/26: £1m}}", "2025/26", (),
            ["2025/26", "2016/17 to 2020/21"], id="a total for an unknown year",
        ),
        pytest.param(
            TOTALS, "ccg: {by_year: {2015/16: £1m}}", "2015/16", (),
            ["2015/16", "2016/17 to 2020/21"], id="a total for the base year",
        ),
        pytest.param(
            TOTALS, "NHS bodies: {from: base year, to: £0m, in: 2015/16}", "2015/16", (),
            ["2015/16", "not after the base year"], id="a straight line to the base year",
        ),
        pytest.param(
            TOTALS, "hospitl: {from: central, improve_by: £1m}", "hospitl", (),
            ["'hospitl'", "did you mean 'hospital'?"], id="a total of nobody",
        ),
        pytest.param(
            TOTALS, "ccg: {from: central, improve_by: 2% of turnover}", "2% of turnover", (),
            ["'2% of turnover'", "of income"], id="a stretch of something else",
        ),
        pytest.param(
            SET, SET.replace("stretch", "strech"), "strech", (),
            ["'strech'", "did you mean 'stretch'?"], id="totals that the book has not",
        ),
        pytest.param(
            SET, f"{SET}\n    members: [ccg, hospitl]", "hospitl", (),
            ["'hospitl'", "NHS bodies", "did you mean 'hospital'?"], id="a member of totals",
        ),
        pytest.param(
            SET, f"{SET}\n    link_share: 150%", "150%", (), ["150%"], id="a link above one",
        ),
        pytest.param(
            SET, f"{SET}\n    offsets: {{2018/19: {{ccg: £1m, hospital: -£2m}}}}",
            "- id: organisational", (), ["offsets sum to", "net to zero"],
            id="offsets that do not net",
        ),
        pytest.param(
            SET, f"{SET}\n    offsets:\n      2028/29: {{ccg: £1m, hospital: -£1m}}", "2028/29",
            (), ["2028/29", "2016/17 to 2020/21"], id="offsets of an unknown year",
        ),
        pytest.param(
            SET, f"{SET}\n    offsets:\n      2018/19: {{cgc: £1m, hospital: -£1m}}", "2018/19",
            (), ["'cgc'", "did you mean 'ccg'?"], id="an offset of nobody",
        ),
        pytest.param(
            POOL, "pool: {members: [ccg, hospitl]}", "hospitl", OTHER,
            ["'hospitl'", "did you mean 'hospital'?"], id="a member that is not in the system",
        ),
        pytest.param(
            POOL, "pool: {members: NHS bodies, lines: saving}", "lines: saving", OTHER,
            ["saving", "savings"], id="a line that is none",
        ),
        pytest.param(
            POOL, "pool: {members: NHS bodies, years: [2031/32]}", "2031/32", OTHER,
            ["2031/32", "2016/17 to 2020/21"], id="a pool of an unknown year",
        ),
        pytest.param(
            POOL, "pool: {members: NHS bodies}, shares: {by: equal}", "shares: {by: equal}", OTHER,
            [], id="two rules in a flow without braces",
        ),
        pytest.param(
            PROPORTIONAL, "- pool: {members: NHS bodies}", "pool: {members: NHS bodies}", OTHER,
            ["nothing after it says who shares"], id="a pool that nobody shares",
        ),
        pytest.param(
            PROPORTIONAL, "- shares: {by: income}", "shares: {by: income}", OTHER,
            ["needs a pool before it"], id="shares of nothing",
        ),
        pytest.param(
            BY_INCOME, "shares: {by: turnover}", "turnover", OTHER, ["'turnover'", "income"],
            id="shares by something else",
        ),
        pytest.param(
            CORRIDOR_SHARES, "{shares: {ccg: 70%, hospital: 20%}}", "hospital: 20%", CORRIDOR,
            ["90", "100%"], id="shares that do not sum",
        ),
        pytest.param(
            CORRIDOR_SHARES, "{shares: {ccg: 70%, hospitl: 30%}}", "hospitl", CORRIDOR,
            ["hospitl", "hospital"], id="a share of nobody",
        ),
        pytest.param(
            LAST_BAND, "{from: £1m, pooled: 50%}", "corridor:\n", CORRIDOR,
            ["overlap from 1 to 2"], id="bands that overlap",
        ),
        pytest.param(
            LAST_BAND, "{from: £3m, pooled: 50%}", "corridor:\n", CORRIDOR,
            ["hole from 2 to 3"], id="bands that leave a hole",
        ),
        pytest.param(
            FIRST_BAND, "{from: £1m, to: £2m, pooled: 0%}", "corridor:\n", CORRIDOR,
            ["starts at 1"], id="bands that start above nil",
        ),
        pytest.param(
            LAST_BAND, "{from: £2m, to: £9m, pooled: 50%}", "corridor:\n", CORRIDOR,
            ["ends at 9"], id="bands that end",
        ),
        pytest.param(
            LAST_BAND, "{from: 2% of income, pooled: 50%}", "bands:", CORRIDOR,
            ["£", "% of income"], id="bands of two units",
        ),
        pytest.param(
            LAST_BAND, "{from: £2m, pooled: 150%}", "150%", CORRIDOR, ["150%"],
            id="more than all is pooled",
        ),
        pytest.param(
            "cap: {loss: 1% of income}", "cap: {loss: {hospitl: £1m}}", "hospitl", CORRIDOR,
            ["hospitl", "hospital"], id="a cap of nobody",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_the_book(
    example: Example,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new_text: str,
    at: str,
    options: tuple[str, ...],
    words: list[str],
) -> None:
    path = example.book("arrangements.yaml")
    example.replace(path, old, new_text)
    err = told(capsys, "run", str(example.scenario), *options)
    assert len(err) == 1
    assert err[0].startswith(f"{path}:{line_of(path, at)}:"), err[0]
    for word in words:
        assert word in err[0], err[0]


@pytest.mark.parametrize(
    ("old", "new_text", "options", "words"),
    [
        pytest.param(
            "control_totals: organisational", "control_totals: organisationl", (),
            ["'organisationl'", "did you mean 'organisational'?"], id="control totals",
        ),
        pytest.param(
            "risk_share: proportional", "risk_share: proportionate", OTHER,
            ["'proportionate'", "did you mean 'proportional'?"], id="risk share",
        ),
        pytest.param(
            "risk_share: corridor", "risk_share: corridr", CORRIDOR,
            ["'corridr'", "did you mean 'corridor'?"], id="risk share of another option",
        ),
        pytest.param(
            "control_totals: organisational", "sustainability_funding: stf", (),
            ["'stf'", "known: no"],
            id="fund of a book without one",
        ),
        pytest.param(
            "control_totals: organisational", "reserves: ccg_reserves", (),
            ["'ccg_reserves'", "known: no"], id="reserves of a book without them",
        ),
        pytest.param(
            "control_totals: organisational", "risk_share: corridor", (),
            ["needs `control_totals`"], id="risk share without control totals",
        ),
    ],
)  # fmt: skip
def test_a_name_that_leads_nowhere(
    example: Example,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new_text: str,
    options: tuple[str, ...],
    words: list[str],
) -> None:
    line, _ = example.replace(example.scenario, old, new_text)
    err = told(capsys, "run", str(example.scenario), *options)
    assert len(err) == 1
    assert err[0].startswith(f"{example.scenario}:{line}:"), err[0]
    for word in words:
        assert word in err[0], err[0]


@pytest.mark.parametrize(
    ("old", "new_text", "words"),
    [
        ("sustainability_funding: ours", "sustainability_funding: our", ["did you mean 'ours'?"]),
        ("A&E: attained", "A&E: attaned", ["'attaned'", "did you mean 'attained'?"]),
        ("attainment: {A&E: attained}", "attainment: {}", ["names no driver", "'A&E'"]),
        ("rules: rules", "rules: rulez", ["'rulez'", "did you mean 'rules'?"]),
        ("{hospital: £2m}", "{hospitl: £2m}", ["'hospitl'", "did you mean 'hospital'?"]),
        ("A&E: 40%}", "A&E: 30%}", ["90", "100%"]),
        ("finance: 60%", "fin: 60%", ["`finance`"]),
        ("A&E: 40%}", "A&E: 40%}, quarters: [10%, 20%, 30%, 30%]", ["quarters", "90", "100%"]),
        ("{hospital: £2m}", "{hospital: 2}", ["'2'", "£"]),
    ],
)
def test_a_mistake_in_a_fund(
    example: Example,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new_text: str,
    words: list[str],
) -> None:
    path = example.extending(FUND)
    line, _ = example.replace(path, old, new_text)
    err = told(capsys, "run", str(path))
    assert len(err) == 1
    assert err[0].startswith(f"{path}:{line}:"), err[0]
    for word in words:
        assert word in err[0], err[0]


def test_the_fund_without_a_mistake_is_paid(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that what is refused above is refused for the mistake alone."""
    assert said(capsys, "check", str(example.extending(FUND)))[0] == 0


def test_a_fund_needs_control_totals(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    path = example.extending(f"control_totals:\n{FUND}")
    err = told(capsys, "run", str(path))
    assert len(err) == 1
    assert err[0].startswith(f"{path}:3:")
    assert "needs `control_totals`" in err[0]


def test_mistakes_of_one_kind_are_told_at_once(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    path = example.book("arrangements.yaml")
    example.replace(path, CORRIDOR_SHARES, "{shares: {ccg: 70%, hospital: 20%}}")
    example.replace(path, SET, f"{SET}\n    offsets: {{2018/19: {{ccg: £1m, hospital: -£2m}}}}")
    example.replace(path, LAST_BAND, "{from: £2m, pooled: 150%}")
    example.replace(path, POOL, "pool: {members: NHS bodies, direction: up}")
    err = told(capsys, "check", str(example.scenario))
    assert len(err) == 4
    lines = [int(line.removeprefix(f"{path}:").partition(":")[0]) for line in err]
    assert lines == sorted(lines)


def test_mistakes_of_every_option_are_told_at_once(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = example.replace(example.scenario, "risk_share: proportional", "risk_share: prop")
    second, _ = example.replace(example.scenario, "risk_share: corridor", "risk_share: corridr")
    for command in ("check", "compare"):
        err = told(capsys, command, str(example.scenario))
        assert [line.split(":")[1] for line in err] == [str(first), str(second)]


def test_an_option_that_is_not_asked_for_keeps_nothing_from_running(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    example.replace(example.scenario, "risk_share: corridor", "risk_share: corridr")
    code, _, _ = said(capsys, "run", str(example.scenario), "-q", "--json", "--draws", "1")
    assert code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("control_totals=sytem", ["'sytem'", "did you mean 'system'?"]),
        ("risk_share=corridr", ["did you mean 'corridor'?"]),
        ("totals.strech.improve_by=£1m", ["'strech'", "did you mean 'stretch'?"]),
        ("control_totals.organisational.link_share=2", ["'2'", "%"]),
    ],
)
def test_a_mistake_in_an_override_is_told_where_it_was_given(
    example: Example, capsys: pytest.CaptureFixture[str], text: str, words: list[str]
) -> None:
    err = told(capsys, "run", str(example.scenario), "--set", text)
    assert len(err) == 1
    assert err[0].startswith(f"--set {text}: ")
    for word in words:
        assert word in err[0], err[0]
