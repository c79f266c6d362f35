"""From a tree to a model: every mistake at once, in words, where it stands."""

from __future__ import annotations

import pytest

from finsim.book.model import Book
from finsim.book.places import InputProblems
from finsim.book.typed import typed
from finsim.book.yaml_reader import parse_yaml
from finsim.scenario.model import Scenario

SCENARIO = "title: x\nbook: b\nyears: 2015/16 to 2020/21\n"
SOURCE = "source: x, standing: published, as_at: '2016'"
GROWTH = "from: 2016, by: 2031"
CALIBRATE = "do_nothing_gap: £614m, in: 2020/21, by: unattributed pressure"


def of_scenario(text: str) -> list[str]:
    return problems(Scenario, SCENARIO + text)


def of_driver(value: str) -> list[str]:
    driver = f"{{id: d, name: d, unit: a year, group: g, value: {value}, {SOURCE}}}"
    return problems(Book, f"title: x\norganisations: []\ndrivers:\n  - {driver}")


def problems(model: type[Book] | type[Scenario], text: str) -> list[str]:
    with pytest.raises(InputProblems) as caught:
        typed(model, parse_yaml(text, "f.yaml"))
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("populaton: {}", "f.yaml:4:1: the key 'populaton' is not known; allowed: finsim, title"),
        ("populaton: {}", ", did you mean 'population'?"),
        (
            f"population: {{growth: 19–28%, {GROWTH}}}",
            "f.yaml:4:22: population / growth: '19–28%' is a range; write {low: 19%, high: 28%}",
        ),
        ("population: {growth: 19%}", "the growth has no `from` and `by`"),
        ("population: {growth: 19%, from: 2016}", "the growth has no `by`"),
        ("population: {growth: 19%, from: 2031, by: 2016}", "by 2016 is not after from 2031"),
        (f"population: {{growth: -100%, {GROWTH}}}", "would leave no people"),
        (f"population: {{growth: {{low: -120%, high: 5%}}, {GROWTH}}}", "would leave no people"),
        (
            f"population: {{growth: {{path: {{2016/17: 1%}}}}, {GROWTH}}}",
            "one value over the whole",
        ),
        (
            f"population: {{growth: {{low: 1%, high: 2%, over_years: yearly}}, {GROWTH}}}",
            "remove `over_years`",
        ),
        (f"population: {{growth: 0.19, {GROWTH}}}", "such as 19% or 0.19%"),
        (f"population: {{growth: , {GROWTH}}}", "population / growth: nothing was found"),
        (f"population: {{growth: [1%], {GROWTH}}}", "a list was found; one value is needed"),
        (f"population: {{growth: {{}}, {GROWTH}}}", "make no known form; write {low, high}"),
        ("population: 3%", "population: '3%' was found; a group of `key: value` is needed"),
        ("schemes: {a: b}", "schemes: a group of keys was found; a list is needed"),
        ("notes: x", "notes: 'x' was found; a list is needed"),
        ("options: [a]", "options: a list was found"),
        ("options: {as stated: {}}", "an option cannot be named 'as stated'"),
        ("options: {all: {}}", "an option cannot be named 'all'"),
        ("run: {seed: -1}", "run / seed: '-1' is not a whole number of zero or more"),
        ("run: {draws: 0}", "run / draws: 0 draws; 1 to 100,000,000 are allowed"),
        ("run: {draws: 999999999}", "run / draws: 999,999,999 draws; 1 to 100,000,000 are allowed"),
        ("run: {points: latice}", "did you mean 'lattice'?"),
        ("calibrate: no", "calibrate: 'no' is not one of: 'none'"),
        ("calibrate: {do_nothing_gap: 614}", "'614' has no unit; write an amount of money"),
        (f"calibrate: {{{CALIBRATE}, shared: {{a: 50%, b: 40%}}}}", "sum to 90.0000%; they must"),
        (
            f"calibrate: {{{CALIBRATE}, shared: by size}}",
            "'by size' is not one of: 'by expenditure'",
        ),
        ('title2: "\\e[31m"', "the key 'title2' is not known"),
        ('notes: ["\\e[31mred"]', r"notes / 1: holds the control character '\x1b'; remove it"),
        ('notes: ["\\u202egood"]', r"holds the control character '\u202e'; remove it"),
        ("finsim: 2", "finsim: 2 is not a version that this finsim reads; write finsim: 1"),
    ],
)
def test_a_mistake_in_a_scenario(text: str, says: str) -> None:
    assert any(says in problem for problem in of_scenario(text))


@pytest.mark.parametrize(
    ("years", "says"),
    [
        ("2015/16", "write it as 2015/16 to 2020/21"),
        ("2015/16 to 2015/16", "1 year; a base year and 1 to 30 years after it are needed"),
        ("2020/21 to 2015/16", "ends before it starts"),
        ("2015/16 to 2046/47", "32 years; a base year and 1 to 30 years after it are needed"),
        ("1015/16 to 2046/47", "outside the years 1900 to 2199"),
    ],
)
def test_impossible_years(years: str, says: str) -> None:
    (problem,) = problems(Scenario, f"title: x\nbook: b\nyears: {years}")

    assert problem.startswith("f.yaml:3:8: years: ")
    assert says in problem


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("2.5", "drivers / d / value: '2.5' has no unit; write a percentage such as 2.5%"),
        ("{lo: 1%, high: 2%}", "the key 'lo' is not known; allowed: over_years, shape, low, high"),
        ("{low: 1%}", "the key 'high' is missing"),
        ("{low: 3%, high: 1%}", "`low` is above `high`"),
        ("{low: 1%, mode: 9%, high: 2%}", "`mode` is above `high`"),
        ("{mean: 1%, sd: -1%}", "`sd` is negative"),
        ("{mean: 1%, sd: 1%, at_least: 3%, at_most: 2%}", "`at_least` is above `at_most`"),
        ("{values: [{value: 1%, weight: 50%}, {value: 2%, weight: 40%}]}", "sum to 90.0000%"),
        ("{p1: 1%, p50: 2%}", "'p1' is not one of p5 to p95"),
        ("{p50: 2%}", "1 quantiles were found; two or three are needed"),
        ("{shape: norml, mean: 1%, sd: 1%}", "did you mean 'normal'?"),
        ("{mean: 1%, sd: 1%, over_years: monthly}", "'monthly' is not one of"),
        ("{mean: 1%, sd: 1%, over_years: {ar1: 2}}", "over_years / ar1: '2' must be below 1"),
        ("{path: {2016: 1%}}", "f.yaml:4:61: drivers / d / value / path / 2016: '2016' is not a"),
        ("{chance: 120%}", "120% is outside 0% to 100%"),
        ("nan", "'nan' is not a percentage"),
        (".inf", "'.inf' is not a percentage"),
        ("1_000", "'1_000' is not a percentage"),
    ],
)
def test_a_mistake_in_a_distribution(value: str, says: str) -> None:
    (problem,) = of_driver(value)

    assert says in problem


def test_a_misspelt_key_is_told_once_not_as_missing_too() -> None:
    (problem,) = of_scenario(f"population: {{groth: 19%, {GROWTH}}}")

    assert problem == (
        "f.yaml:4:14: population: the key 'groth' is not known; "
        "allowed: growth, from, by, ageing, variant, did you mean 'growth'?"
    )


def test_every_mistake_comes_at_once_in_the_order_of_the_file() -> None:
    found = of_scenario("run: {seed: -1, draws: 0, points: x}\nnotes: x\nbok: y")

    assert [problem.split(": ")[0] for problem in found] == [
        "f.yaml:4:13", "f.yaml:4:24", "f.yaml:4:35", "f.yaml:5:8", "f.yaml:6:1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("demand: {curves: [a], mix: b}", "demand / curves: holds 1 values; 2 are needed"),
        ("demand: {curves: [a, b, c], mix: b}", "demand / curves: holds 3 values; 2 are needed"),
        ("schemes: [{id: a}]", "schemes / a: the key 'kind' is missing"),
        ("schemes: [{id: a, kind: eficiency}]", "did you mean 'efficiency'?"),
        ("external: [{id: a b, name: x}]", "'a b' is not an id; letters, digits, _ and - are"),
        ("external: [{id: a.b, name: x}]", "'a.b' is not an id"),
        ("external: [{id: a, name: ' '}]", "name: is empty; a name is needed"),
        (
            f"external: [{{id: a, name: b, {SOURCE.replace('published', 'guess')}}}]",
            "'guess' is not",
        ),
        (
            f"external: [{{id: a, name: b, {SOURCE.replace('published', 'illustrative')}}}]",
            "is illustrative; `replace_with` must say what would replace it",
        ),
        (
            f"payments: [{{id: a, name: b, by_year: {{2015/16: {{form: tarif}}}}, {SOURCE}}}]",
            "payments / a / by_year / 2015/16 / form: 'tarif' is not one of: 'tariff'",
        ),
        (f"dependence: [{{id: a, members: x, {SOURCE}}}]", "exactly one of rank_correlation"),
    ],
)
def test_a_mistake_in_a_book(text: str, says: str) -> None:
    found = problems(Book, f"title: x\norganisations: []\n{text}")

    assert any(says in problem for problem in found), found


def test_thousands_of_mistakes_are_cut_short() -> None:
    many = "\n".join(f"k{number}: x" for number in range(5_000))

    assert len(of_scenario(many)) <= 1_000


def test_a_book_is_read_once_however_many_scenarios_are_read_beside_it() -> None:
    tree = parse_yaml("title: x\norganisations: []", "book.yaml")
    book = typed(Book, tree)
    for number in range(20):
        typed(Scenario, parse_yaml(f"{SCENARIO}run: {{seed: {number}}}", "f.yaml"))
    assert typed(Book, tree) is book
