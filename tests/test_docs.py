"""The documentation against the code: commands, links, figures, and the words it may use."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.main
import yaml

from finsim.analysis.measures import COMPARED, MEASURES
from finsim.analysis.results import FIELDS, Results, simulate_cases
from finsim.analysis.study import Case
from finsim.cli import app, exit_code
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.comparisons import compared
from finsim.simulation.evaluate import Outcome, evaluate
from finsim.simulation.pressure import central_do_nothing_gap
from finsim.simulation.resolve import Resolution, resolve
from finsim.simulation.run import Serial, sampling

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "docs" / "worked-example" / "scenario.yaml"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LLR = ROOT / "docs" / "llr.md"
LEVELS = ROOT / "docs" / "how-to-levels.md"
OWN_SYSTEM = ROOT / "docs" / "how-to-your-own-system.md"
BANNED = r"\b(helpers?|prompts?|sessions?|assistants?|TODO|TBD)\b|/(work|tmp|home|root)/"
BY_NAME = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
LAST = 2


@cache
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def commands(page: Path) -> list[str]:
    """Every `finsim …` on a page: lines of their own, and in backquotes."""
    shown = re.findall(r"^ {4,}(finsim .+)$|`(finsim [^`\n]+)`", text(page), re.MULTILINE)
    return [line or quoted for line, quoted in shown]


ALL_COMMANDS = sorted({c for page in PAGES for c in commands(page) if len(c.split()) > 2})


def arguments(command: str) -> list[str]:
    return shlex.split(command.split(" > ", maxsplit=1)[0])[1:]


def parsed(command: str) -> dict[str, object]:
    """The parameters of a command line; raises a usage error for one that cannot be parsed."""
    name, *rest = arguments(command)
    if name.startswith("-"):
        return {}
    context = typer.main.get_command(app).commands[name].make_context(name, rest)
    return context.params


@cache
def resolved(scenario: str, option: str | None = None, sets: tuple[str, ...] = ()) -> Resolution:
    return resolve(ROOT / scenario, option, sets)


# commands


def test_the_readme_has_its_two_commands_and_they_name_what_exists() -> None:
    lines = [line.strip() for line in text(ROOT / "README.md").splitlines()]
    assert "python -m pip install . && finsim run scenarios/bhr.yaml" in lines
    assert 'python -m pip install ".[test]" && python -m pytest' in lines
    assert (ROOT / "scenarios" / "bhr.yaml").is_file()
    assert (ROOT / "pyproject.toml").is_file()


@pytest.mark.parametrize("command", ALL_COMMANDS)
def test_every_command_shown_can_be_typed(command: str) -> None:
    if command.endswith("--help"):
        return
    parameters = parsed(command)
    for word in arguments(command):
        if re.match(r"(scenarios|docs)/", word):
            assert (ROOT / word).is_file(), word
    for scenario in (parameters.get("scenario"), *(parameters.get("scenarios") or ())):
        if scenario is None or "my-" in str(scenario):
            continue
        options = parameters.get("option") or ["as stated"]
        for option in [options] if isinstance(options, str) else options:
            wanted = None if option in {"all", "as stated"} else option
            resolved(str(scenario), wanted, tuple(parameters.get("sets") or ()))


@pytest.mark.parametrize(
    "command", [c for c in ALL_COMMANDS if "worked-example" in c or "scenarios/example.yaml" in c]
)
def test_commands_on_the_examples_run(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [str(ROOT / w) if re.match(r"(scenarios|docs)/", w) else w for w in arguments(command)]
    assert exit_code(words) == 0


def test_your_own_system_can_be_followed_to_the_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert exit_code(["new", "my-system"]) == 0
    listed = re.findall(r"^    (\w+\.\w+) ", text(OWN_SYSTEM), re.MULTILINE)
    book = tmp_path / "my-system" / "assumptions" / "example"
    assert sorted(listed) == sorted(path.name for path in book.iterdir())
    for name, columns in re.findall(r"\*\*(\w+\.csv)\*\* `([^`]+)`", text(OWN_SYSTEM)):
        header = (book / name).read_text(encoding="utf-8").splitlines()[0].split(",")
        assert set(header) - set(re.split(r",\s+", columns)) <= {
            "source", "standing", "as_at", "replace_with", "note", "total",
            *(column for column in header if column[0].isdigit()),
        }  # fmt: skip
    snippet = next(part for part in snippets(OWN_SYSTEM) if part.startswith("finsim: 1"))
    scenario = tmp_path / "my-system" / "scenarios" / "mine.yaml"
    without = "\n".join(line for line in snippet.splitlines() if "calibrate:" not in line)
    shown = next(part for part in snippets(OWN_SYSTEM) if part.startswith("comparisons:"))
    (book / "comparisons.yaml").write_text(shown, encoding="utf-8")
    for name, content in (("mine", snippet), ("uncalibrated", without)):
        scenario.with_stem(name).write_text(content, encoding="utf-8")
        assert exit_code(["check", str(scenario.with_stem(name))]) == 0


def test_a_system_without_arrangements_runs(tmp_path: Path) -> None:
    assert exit_code(["new", str(tmp_path / "mine")]) == 0
    (tmp_path / "mine" / "assumptions" / "example" / "arrangements.yaml").unlink()
    path = tmp_path / "mine" / "scenarios" / "example.yaml"
    stated = yaml.safe_load(path.read_text(encoding="utf-8"))
    kept = {k: v for k, v in stated.items() if k not in {"control_totals", "options"}}
    path.write_text(yaml.safe_dump(kept, allow_unicode=True, sort_keys=False), encoding="utf-8")
    assert exit_code(["check", str(path)]) == 0


# links, words, lists


def headings(page: Path) -> set[str]:
    """The anchors of a page."""
    found = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-") for name in found}


@BY_NAME
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in headings(target), link


@BY_NAME
def test_no_page_says_what_is_not_for_its_reader(page: Path) -> None:
    assert not re.findall(BANNED, text(page), re.IGNORECASE)


def snippets(page: Path) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", text(page), re.DOTALL)


@BY_NAME
def test_yaml_snippets_are_yaml(page: Path) -> None:
    for snippet in snippets(page):
        yaml.safe_load(snippet)


def test_every_measure_and_field_is_explained() -> None:
    page = text(ROOT / "docs" / "how-to-run.md")
    for name in (*(m.name for m in MEASURES), *FIELDS):
        assert f"`{name}`" in page, name
    assert all(m.name.startswith(("difference_", "better_than_first")) for m in COMPARED)


def test_every_scenario_is_named_in_the_readme_or_on_its_system_s_page() -> None:
    shipped = {path.name for path in (ROOT / "scenarios").glob("*.yaml")}
    named = re.findall(
        r"scenarios/([\w.-]+)\)", text(ROOT / "README.md") + text(LLR) + text(LEVELS)
    )
    assert shipped <= set(named)


# figures


def rows(page: Path, after: str = "") -> Iterator[list[str]]:
    """The cells of the rows of a page's tables."""
    body = text(page)[text(page).index(after) :]
    for line in body.splitlines():
        if line.startswith("| ") and not set(line) <= set("|- "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize(("page", "least"), [(ROOT / "README.md", 10), (LLR, 6)])
def test_a_page_gives_the_do_nothing_gap_of_each_reading(page: Path, least: int) -> None:
    found = [row for row in rows(page) if "scenarios/" in row[0] and len(row) == 4]
    found = [row for row in found if row[0].startswith("[")]
    assert len(found) >= least
    for name, _, stated, _ in found:
        path = re.search(r"(scenarios/[\w.-]+)\)", name)
        assert path is not None
        gap = central_do_nothing_gap(resolved(path[1]).plan)[-1]
        assert f"{gap:.1f}" == stated, name


def printed(*words: str) -> list[str]:
    """The lines that a command prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert exit_code([*words, "--quiet"]) == 0
    return [line.rstrip() for line in out.getvalue().splitlines()]


def excerpts(page: Path) -> list[list[str]]:
    found = re.findall(r"```(\w*)\n(.*?)```", text(page), re.DOTALL)
    return [[line.rstrip() for line in body.splitlines()] for kind, body in found if not kind]


def test_the_summary_shown_is_what_run_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = printed("run", str(ROOT / "scenarios" / "bhr.yaml"), "-o", "bhr.json")
    for page in ("README.md", "docs/how-to-run.md"):
        assert set(excerpts(ROOT / page)[0]) <= set(lines), page


def test_the_comparison_shown_is_what_compare_prints() -> None:
    page = ROOT / "docs" / "how-to-compare.md"
    command = next(c for c in commands(page) if '"acute corridor" --option guarantor' in c)
    words = [str(ROOT / w) if w.startswith("scenarios/") else w for w in arguments(command)]
    assert set(excerpts(page)[0]) <= set(printed(*words))


def test_what_llr_finds_is_what_run_and_compare_print() -> None:
    run, compared = excerpts(LLR)
    lines = printed("compare", str(ROOT / "scenarios" / "llr.yaml"))
    assert set(run) <= set(lines)
    assert set(compared) <= set(lines)


def test_llr_and_bhr_age_apart_as_the_page_says() -> None:
    lower, higher = (
        central_do_nothing_gap(resolved(f"scenarios/{name}.yaml").plan)[-1]
        - central_do_nothing_gap(resolved(f"scenarios/{name}-no-ageing.yaml").plan)[-1]
        for name in ("llr", "bhr")
    )
    words = " ".join(text(LLR).split())
    assert f"it would be £{lower:.1f}m lower; in BHR it would be £{-higher:.1f}m higher" in words


def test_uhl_starts_as_the_page_says() -> None:
    found = resolved("scenarios/llr.yaml")
    for item in found.resolved.book.comparisons:
        value = compared(found.plan, item).found
        assert value is not None
        assert f"−£{-value:.1f}m for its {item.case.replace('central', 'forecast')}" in text(LLR)


# the worked example


def bracketed(value: float) -> str:
    """A figure as the tables write it; negatives in brackets."""
    return f"({-value:.4f})" if round(value, 4) < 0 else f"{value:.4f}"


@cache
def resolution(option: str | None = None) -> Resolution:
    return resolve(EXAMPLE, option)


@cache
def outcome(case: str) -> Outcome:
    plan = resolution().plan
    x = {"plan": plan_inputs, "central": central_inputs}[case](plan)
    return evaluate(plan, x, frozenset({"positions", "lines", "schemes"}))


@cache
def results(option: str | None = None) -> Results:
    found = resolution(option)
    case = Case(found.plan, found.arrangement)
    return simulate_cases([case], sampling(found.resolved.scenario.run), Serial())[0]


def figure(measure: str, column: str, body: str = "system", option: str | None = None) -> float:
    value = getattr(results(option).figure(measure, "2017/18", body), column)
    assert value is not None
    return float(value)


def test_the_worked_example_in_words() -> None:
    words = text(ROOT / "docs" / "method.md").split("## 15 A worked example")[1]
    words = " ".join(words.split("## Sources")[0].split())
    central = outcome("central")
    factors, lines = central.workings.factors, central.lines
    held = resolution().resolved.held.unattributed
    assert lines is not None
    assert held is not None
    activity = factors.activities[:, LAST, 0].max()
    demand = activity / 1.015**2
    paid, wards = lines.contracts_do_nothing[1, LAST, 0], lines.costs_do_nothing[0, LAST, 0]
    without = central.position_do_nothing[:, LAST, 0] + held.amount / 2
    ccg, trust = central.saving[:, LAST, 0]
    stranded, delivery = central.stranded_cost[1, LAST, 0], central.cost_of_delivery[0, LAST, 0]
    before = central.position_before_risk_share[:, LAST, 0]
    variances = before - (-4.5, -3.5)
    for said in (
        f"D = 1.0192 ÷ 1.0200 × 1.0324 = **{demand:.4f}**",
        f"Activity: D · N = **{activity:.4f}**",
        f"= **£{paid:.4f}m**. The hospital's wards",
        f"× 1.0404 = **£{wards:.4f}m**",
        f"CCG −£{-without[0]:.4f}m, hospital −£{-without[1]:.4f}m, a gap of £{-without.sum():.4f}m",
        f"8 − 6.5304 = **£{held.amount:.4f}m**",
        f"half of it: £{held.amount / 2:.4f}m",
        f"CCG **−£{-central.position_do_nothing[0, LAST, 0]:.4f}m**",
        f"hospital **−£{-central.position_do_nothing[1, LAST, 0]:.4f}m**; the gap is £8.0000m",
        f"4 × 50% × 0.71875 = **£{factors.gross[0, LAST, 0]:.4f}m** at tariff",
        f"R = 1.4375 ÷ 108.4130 = **{factors.removed[0, LAST, 0]:.4%}**",
        f"falls to £{lines.contracts[1, LAST, 0]:.4f}m",
        f"= £{stranded:.4f}m, and £{stranded:.4f}m is **stranded**",
        f"gains £{ccg:.4f}m, the hospital loses 1.4375 − 0.7331 = £{-trust:.4f}m",
        f"the system saves **£{ccg + trust:.4f}m**",
        f"£0.2m × 0.71875 = £{round(delivery + 1e-12, 4):.4f}m",
        f"= **−£{-before[0]:.4f}m**. Hospital",
        f"= **−£{-before[1]:.4f}m**. The gap after schemes is **£{-before.sum():.4f}m**",
        f"CCG {variances[0]:.4f} better, hospital {-variances[1]:.4f} worse",
        f"each has {variances.sum() / 2:.4f} better",
        f"so £{figure('transfer', 'central', 'trust'):.4f}m moves from the CCG to the hospital",
        f"Positions: CCG −£{-figure('position', 'central', 'ccg'):.4f}m",
        f"hospital **−£{-figure('position', 'central', 'trust'):.4f}m**",
        f"after support is **£{figure('gap_after_support', 'central'):.4f}m**",
    ):
        assert said in words, said


WORKED = {
    "Do-nothing gap": ("do_nothing_gap", "system"),
    "Saving, net": ("saving", "system"),
    "Stranded cost": ("stranded_cost", "system"),
    "Cost of delivery": ("cost_of_delivery", "system"),
    "CCG, before risk share": ("position_before_risk_share", "ccg"),
    "Hospital, before risk share": ("position_before_risk_share", "trust"),
    "Gap": ("gap", "system"),
    "Transfer to the hospital": ("transfer", "trust"),
    "Sustainability funding": ("sustainability_funding", "system"),
    "Gap after support": ("gap_after_support", "system"),
}


def table_of(page: Path, after: str, columns: int) -> dict[str, list[str]]:
    return {row[0]: row[1:] for row in rows(page, after) if len(row) == columns + 1}


def test_the_worked_example_in_its_table() -> None:
    table = table_of(ROOT / "docs" / "method.md", "| £m, 2017/18 | plan |", 2)
    for case, column in (("plan", 0), ("central", 1)):
        factors = outcome(case).workings.factors
        assert table["Saving at tariff"][column] == bracketed(float(factors.gross[0, LAST, 0]))
        for label, (measure, body) in WORKED.items():
            value = figure(measure, case, body)
            assert abs(float(table[label][column].strip("()")) - abs(value)) <= 0.5001e-4, label
            assert table[label][column].startswith("(") == (value < -1e-9), label


def test_the_worked_example_with_a_coin() -> None:
    table = table_of(ROOT / "docs" / "method.md", "| £m, 2017/18 | if it happens |", 4)
    option = "all or nothing"
    assert figure("control_total_met", "probability", "trust", option) == 0.5
    assert figure("sustainability_funding", "mean", "trust", option) == 0.5

    def stated(label: str) -> list[float]:
        signs = [-1 if cell.startswith("(") else 1 for cell in table[label]]
        return [s * float(cell.strip("()")) for s, cell in zip(signs, table[label], strict=True)]

    for label, measure, good, bad in (
        ("Saving, net", "saving", "p90", "p10"),
        ("Sustainability funding", "sustainability_funding", "p90", "p10"),
        ("Gap after support", "gap_after_support", "p10", "p90"),
    ):
        found = [figure(measure, c, "system", option) for c in (good, bad, "mean", "central")]
        assert stated(label) == pytest.approx(found, abs=0.5001e-4), label
    for label, body in (("CCG, judged", "ccg"), ("Hospital, judged", "trust")):
        found = [
            figure("position", c, body, option) - figure("sustainability_funding", c, body, option)
            for c in ("p90", "p10", "mean", "central")
        ]
        assert stated(label) == pytest.approx(found, abs=0.5001e-4), label
