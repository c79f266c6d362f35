"""The comparison on the terminal: it fits, agrees with the figures and claims no certainty."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from finsim.analysis.results import Results, simulate_cases
from finsim.analysis.study import Case
from finsim.outputs.comparison import LABEL, WIDTH, comparison
from finsim.outputs.words import percent, signed
from finsim.simulation.resolve import Resolution
from finsim.simulation.run import Sampling, Serial
from finsim.uncertainty.point_sets import Design

LAST = "2020/21"
SAMPLING = Sampling(Design("latin hypercube", 64, 614), 8)
Shipped = Callable[..., Resolution]


@pytest.fixture(scope="module")
def results(shipped: Shipped) -> tuple[Results, ...]:
    names = ["as stated", *shipped("bhr").resolved.scenario.options]
    chosen = [shipped("bhr", name) for name in names]
    return simulate_cases([Case(r.plan, r.arrangement) for r in chosen], SAMPLING, Serial())


@pytest.fixture(scope="module")
def text(results: tuple[Results, ...]) -> str:
    return comparison(results)


def block(text: str, title: str) -> list[str]:
    """The lines of one table, its heading first."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(title))
    end = next((n for n in range(start, len(lines)) if not lines[n]), len(lines))
    return lines[start:end]


def cells(line: str) -> list[str]:
    return re.findall(r"\S+", line[LABEL:])


def named(result: Results, name: str) -> Results:
    resolved = result.plan.resolved.model_copy(update={"option": name})
    return replace(result, plan=replace(result.plan, resolved=resolved))


def row(lines: Sequence[str], name: str) -> list[str]:
    return cells(next(line for line in lines if line.startswith(name)))


def test_bhr_fits_a_hundred_columns(text: str) -> None:
    assert max(map(len, text.splitlines())) <= WIDTH == 100
    assert text.endswith("\n")
    assert not re.search(r"\bnan\b|\binf\b|None", text)


def test_more_options_than_fit_continue_below(results: tuple[Results, ...]) -> None:
    text = comparison([*results, *(named(r, f"copy of {r.option}, a long name") for r in results)])
    assert max(map(len, text.splitlines())) <= WIDTH
    lines = block(text, "Expected position")
    headings = [line for line in lines if "[" in line]
    numbers = [int(n) for line in headings for n in re.findall(r"\[(\d+)\]", line)]
    assert numbers == list(range(1, 2 * len(results) + 1))
    assert sum(line.startswith("System ") for line in lines) == len(headings) > 1


def test_the_overview_shows_the_figures_of_each_option(
    text: str, results: tuple[Results, ...]
) -> None:
    lines = block(text, "System position")
    for number, result in enumerate(results, start=1):
        found = row(lines, f"[{number}] {result.option}"[:LABEL])
        position = result.figure("position", LAST)
        expected = [position.mean, position.p10, position.p90, position.tail_mean]
        assert found[:4] == [signed(value).strip() for value in expected]
        met = result.figure("control_total_met", LAST).probability
        assert found[4] == percent(met)
        funding = result.figure("sustainability_funding", LAST).mean
        offered = result.arrangement.funding.offered[:, -1].sum()
        assert found[6:] == [signed(funding).strip(), signed(offered - funding).strip()]


@pytest.mark.parametrize(
    ("title", "measure"),
    [
        ("Expected position", "position"),
        ("Gain or loss against [1]", "difference_position"),
        ("In the worst tenth", "position_in_system_tail"),
    ],
)
def test_money_by_body_is_the_mean_of_each_option(
    text: str, results: tuple[Results, ...], title: str, measure: str
) -> None:
    lines = block(text, title)
    bodies = results[0].plan.bodies
    for body, name in [*zip(bodies.ids, bodies.names, strict=True), ("system", "System")]:
        found = row(lines, name[: LABEL - 1])
        for result, cell in zip(results, found, strict=True):
            if measure.startswith("difference") and result is results[0]:
                assert cell == "–"
            else:
                assert cell == signed(result.figure(measure, LAST, body).mean).strip()


@pytest.mark.parametrize(
    ("title", "measure"),
    [
        ("Chance of own total", "control_total_met"),
        ("Chance of own and system's", "control_total_met_both"),
    ],
)
def test_chances_by_body_are_those_of_each_option(
    text: str, results: tuple[Results, ...], title: str, measure: str
) -> None:
    lines = block(text, title)
    bodies = results[0].plan.bodies
    for body, name in zip(bodies.ids, bodies.names, strict=True):
        for result, cell in zip(results, row(lines, name[: LABEL - 1]), strict=True):
            assert cell == percent(result.figure(measure, LAST, body).probability)


def test_what_an_option_does_not_touch_is_the_same_and_not_a_chance_of_nought(
    text: str, results: tuple[Results, ...]
) -> None:
    lines = block(text, "Chance of better than [1]")
    council = row(lines, "Havering council")
    names = [result.option for result in results]
    assert council[0] == "–"
    assert council[names.index("half linked")] == "same"
    system = row(lines, "System")
    lost = system[names.index("closing the gap")]
    assert lost == "0%", "without funding the system is never better, and not the same either"


def test_a_chance_is_never_rounded_to_certainty(text: str, results: tuple[Results, ...]) -> None:
    lines = block(text, "System total moved by")
    assert [line[:5].strip() for line in lines[2:]] == [
        "−100", "−50", "−20", "+0", "+20", "+50", "+100",
    ]  # fmt: skip
    for line in lines[2:]:
        around = float(line[:5].replace("−", "-"))
        for result, cell in zip(results, cells(line), strict=True):
            chance = next(c.chance for c in result.chances if c.around == around)
            assert cell == percent(chance)
            assert (cell == "0%") == (chance == 0)
            assert (cell == "100%") == (chance == 1)


def test_the_largest_error_of_a_difference_is_told(text: str, results: tuple[Results, ...]) -> None:
    told = " ".join(text.split())
    found = re.search(r"differences at most ±([\d.]+)", told)
    assert found is not None
    largest = max(
        figure.se or 0.0
        for result in results[1:]
        for figure in result.measures()
        if figure.measure == "difference_position" and figure.year == LAST
    )
    assert float(found[1]) == pytest.approx(largest, rel=0.5)


def test_options_without_totals_have_no_chances(shipped: Shipped) -> None:
    from finsim.simulation.resolve import resolve

    path = shipped("example").path
    chosen = [resolve(path, None, [*sets, "control_totals="]) for sets in ((), ("schemes=[QIPP]",))]
    cases = [Case(r.plan, r.arrangement) for r in chosen]
    text = comparison(simulate_cases(cases, SAMPLING, Serial()))
    assert "Chance of own total" not in text
    assert "System total moved by" not in text
    assert "Expected position" in text
    assert row(block(text, "System position"), "[1] as stated")[4:6] == ["–", "–"]


def test_a_failed_check_is_named_with_its_option(results: tuple[Results, ...]) -> None:
    check = replace(results[2].checks[0], passed=False)
    failed = replace(results[2], checks=(check, *results[2].checks[1:]))
    text = comparison([*results[:2], failed])
    assert text.splitlines()[-1].startswith(f"{failed.option}: 1 of ")
    assert check.name in text.splitlines()[-1]
    assert "All checks passed for every option" in comparison(results)
