"""Layers: file, then option, then `--set`; and what each may say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from example_files import Example, copied, problems_of, resolved

from finsim.book.model import Driver


@pytest.fixture
def example(tmp_path: Path) -> Example:
    return copied(tmp_path)


def driver(path: Path, name: str, option: str | None = None, *sets: str) -> Driver:
    drivers = resolved(path, option, *sets).resolved.book.all_drivers()
    return next(driver for driver in drivers if driver.id == name)


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    pipe = tmp_path / "inputs.xlsx"
    os.mkfifo(pipe)
    said = b"x" * 5_000
    end = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    os.write(end, said)

    assert problems_of(pipe) == [f"{pipe}: is not an ordinary file"]
    assert os.read(end, 10_000) == said
    os.close(end)


def test_file_then_option_then_set(example: Example) -> None:
    path = example.extending(
        "changes: {drivers: {council_growth: 2%}}\n"
        "options: {better: {changes: {drivers: {council_growth: 3%}}}}"
    )
    override = "drivers.council_growth=4%"

    assert driver(example.scenario, "council_growth").value != 0.02
    assert driver(path, "council_growth").value == 0.02
    assert driver(path, "council_growth", "better").value == 0.03
    assert driver(path, "council_growth", "better", override).value == 0.04
    assert driver(path, "council_growth", None, override).value == 0.04


def test_later_overrides_win(example: Example) -> None:
    sets = ("run.seed=5", "run.seed=6")

    assert resolved(example.scenario, None, *sets).resolved.scenario.run.seed == 6


def test_one_year_of_a_path(example: Example) -> None:
    before = driver(example.scenario, "tariff").value.path  # type: ignore[union-attr]
    after = driver(example.scenario, "tariff", None, "drivers.tariff.2018/19=0.3%")

    assert after.value.path == {**before, 2018: 0.003}  # type: ignore[union-attr]


@pytest.mark.parametrize("spread", ["{low: 1%, high: 3%}", "{mean: 2%, sd: 1%}", "2%"])
def test_a_distribution_replaces_another_as_a_whole(example: Example, spread: str) -> None:
    stated = driver(example.extending(f"changes: {{drivers: {{tariff: {spread}}}}}"), "tariff")
    override = driver(example.scenario, "tariff", None, f"drivers.tariff={spread}")

    assert stated.value == override.value
    assert getattr(stated.value, "path", None) is None


def test_options_of_the_extended_file_remain(example: Example) -> None:
    path = example.extending("options: {mine: {schemes: [QIPP]}}")

    assert resolved(path, "without prevention").resolved.option == "without prevention"
    assert [s.id for s in resolved(path, "mine").plan.activity_schemes] == ["prescribing_programme"]


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("nonsense.x=1", "the path begins with 'nonsense'; allowed: drivers, "),
        ("polulation.growth=1%", "did you mean 'population'?"),
        ("drivers.nope=1%", "changes / drivers: the book has no 'nope'"),
        ("drivers.tarif=1%", "did you mean 'tariff'?"),
        ("drivers=1%", "names no item; write it as drivers.<id>.<field>=<value>"),
        ("drivers.tariff.2018/19=0.3", "'0.3' has no unit; write a percentage such as 30% or 0.3%"),
        ("drivers.tariff.2031/32=1%", "2031/32 is not projected; this scenario has 2016/17 to"),
        ("drivers.tariff.2015/16=1%", "2015/16 is not projected"),
        ("population.grwth=9%", "did you mean 'growth'?"),
        ("schemes.falls_preventio.saving=£3m", "did you mean 'falls_prevention'?"),
        ("schemes.falls_prevention.savng=£3m", "did you mean 'saving'?"),
        ("schemes.falls_prevention=£3m", "the fields that change are needed"),
        ("schemes=[QIPPP]", "there is no scheme or theme 'QIPPP'"),
        ("contracts.elective.payer=nobody", "there is no organisation or external body 'nobody'"),
        ("run.seed=x", "'x' is not a whole number"),
        ("run.draws_per_replicate=1000", "run / draws_per_replicate: a lattice of 1,000 draws"),
        ("options.x.schemes=[QIPP]", "options cannot be set"),
        ("calibrate=none", "calibrate cannot be set: what it solves is held"),
        ("book=other", "book cannot be set"),
        ("extends=other", "extends cannot be set"),
        ("population.growth", "is not an assignment; write it as drivers.tariff.2018/19=0.3%"),
        ("=1", "is not an assignment"),
        ("a..b=1", "is not an assignment"),
        ("title=a: b", "is not valid YAML here"),
        ("title=&a b", "the anchor '&a' is not read"),
        ("title=x\ny: z", "holds more than one line"),
        ("title=\ud800", r"holds the character '\ud800'"),
    ],
)
def test_an_override_that_cannot_be(example: Example, override: str, says: str) -> None:
    (problem,) = problems_of(example.scenario, None, override)

    assert problem.startswith("--set " + override.partition("=")[0].strip())
    assert says in problem
    assert "\n" not in problem


def test_every_wrong_override_is_told(example: Example) -> None:
    assert len(problems_of(example.scenario, None, "a=1", "run.sed=1", "drivers.nope=1%")) == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("changes: 3", "changes: a group of keys is needed"),
        ("changes: {lines: 3}", "changes / lines: a group of ids is needed"),
        ("changes: {line: {}}", "changes: the key 'line' is not known; allowed: drivers, lines"),
        ("changes: {contracts: {emergncy: {}}}", "did you mean 'emergency'?"),
        ("changes: {contracts: {emergency: 3}}", "the fields that change are needed"),
        ("add: {schemes: 3}", "add / schemes: a list is needed"),
        ("add: {scheme: []}", "did you mean 'schemes'?"),
        ("add: {schemes: [{id: falls_prevention}]}", "the key 'kind' is missing"),
        ("options: {a: 3}", "options / a: a group of keys is needed"),
        ("options: {a: {schems: [QIPP]}}", "options / a: the key 'schems' cannot differ by option"),
        ("options: {a: {run: {seed: 1}}}", "the key 'run' cannot differ by option; allowed: "),
        ("book: exampl", "there is no assumption book 'exampl'"),
        ("book: exampl", "did you mean 'example'?"),
        ("book: [x]", "book: a list was found"),
        ("book:", "book: nothing was found"),
        ('book: "a\\0b"', "there is no assumption book"),
    ],
)
def test_a_layer_that_cannot_be(example: Example, text: str, says: str) -> None:
    found = problems_of(example.extending(text))

    assert any(says in problem for problem in found), found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("extends: gone.yaml", ":1:10: extends: there is no file 'gone.yaml'"),
        ("extends: example.yml", "did you mean 'example.yaml'?"),
        ("extends: [example.yaml]", "extends: a file name is needed"),
        ("extends: self.yaml", "extends: the file extends itself"),
        ("extends: ../scenarios/./self.yaml", "extends: the file extends itself"),
        ('extends: "a\\0b"', "extends: there is no file"),
        ("extends: .", "is a folder; a file is needed"),
    ],
)
def test_what_cannot_be_extended(example: Example, text: str, says: str) -> None:
    path = example.scenario.with_name("self.yaml")
    path.write_text(text)

    (problem,) = problems_of(path)

    assert says in problem


def test_a_loop_of_two(example: Example) -> None:
    for name, other in (("a.yaml", "b.yaml"), ("b.yaml", "a.yaml")):
        example.scenario.with_name(name).write_text(f"extends: {other}")

    (problem,) = problems_of(example.scenario.with_name("a.yaml"))

    assert problem.endswith(
        "b.yaml:1:10: extends: the file extends itself, or more than 12 files in a chain"
    )


def test_a_chain_that_is_too_long(example: Example) -> None:
    for number in range(20):
        example.scenario.with_name(f"c{number}.yaml").write_text(f"extends: c{number + 1}.yaml")

    (problem,) = problems_of(example.scenario.with_name("c0.yaml"))

    assert "more than 12 files in a chain" in problem


def test_a_mistake_is_told_although_the_extended_file_is_gone(example: Example) -> None:
    path = example.scenario.with_name("orphan.yaml")
    path.write_text("extends: gone.yaml\ntitel: x\nrun: {seed: -1}\n")

    found = [problem.split("orphan.yaml:")[1] for problem in problems_of(path)]

    assert [problem[:4] for problem in found] == ["1:10", "2:1:", "3:13"]


def test_a_shipped_book_is_found_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "title: Mine\nbook: example\nyears: 2015/16 to 2020/21\n"
        "population: {growth: 5%, from: 2016, by: 2026, variant: made up}\n"
    )

    assert len(resolved(path).resolved.book.organisations) == 3


def test_a_folder_beside_hides_a_shipped_book(example: Example) -> None:
    folder = example.scenario.parent / "example"
    folder.mkdir()
    (folder / "book.yaml").write_text("title: another\norganisations: []\n")

    found = problems_of(example.extending("book: example"))

    assert any("holds no organisation" in problem for problem in found)
