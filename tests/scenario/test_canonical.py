"""The canonical text: what is written reads back as the same model, the same bits, the same run."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from example_files import Example, copied, problems_of, resolved

from finsim.book.yaml_reader import parse_yaml
from finsim.scenario.resolved import read_canonical
from finsim.simulation.cases import central_inputs, plan_inputs
from finsim.simulation.compile import compile_plan
from finsim.simulation.evaluate import evaluate
from finsim.simulation.resolve import Resolution

SCENARIOS = Path(__file__).parents[2] / "scenarios"
NAMES = sorted(path.stem for path in SCENARIOS.glob("*.yaml"))


@pytest.fixture
def example(tmp_path: Path) -> Example:
    return copied(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_reads_back(name: str, shipped: Callable[..., Resolution]) -> None:
    resolution = shipped(name)
    text = resolution.resolved.canonical_text

    back = read_canonical(text)

    assert back == resolution.resolved
    assert back.canonical_text == text
    assert back.sha256 == resolution.resolved.sha256


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_back_gives_the_same_bits(
    name: str, shipped: Callable[..., Resolution]
) -> None:
    plan = shipped(name).plan
    again = compile_plan(read_canonical(shipped(name).resolved.canonical_text))

    assert again.inputs.coordinates.tobytes() == plan.inputs.coordinates.tobytes()
    u = np.random.default_rng(1).uniform(size=(len(plan.inputs.coordinates), 4))
    for x, y in (
        (central_inputs(plan), central_inputs(again)),
        (plan_inputs(plan), plan_inputs(again)),
        (plan.inputs.values(u), again.inputs.values(u)),
    ):
        assert x.tobytes() == y.tobytes()
        before, after = evaluate(plan, x), evaluate(again, y)
        assert before.position_do_nothing.tobytes() == after.position_do_nothing.tobytes()
        assert (
            before.position_before_risk_share.tobytes()
            == after.position_before_risk_share.tobytes()
        )


def test_the_text_is_plain_and_holds_no_place(shipped: Callable[..., Resolution]) -> None:
    text = shipped("bhr").resolved.canonical_text

    assert json.loads(text)["scenario"]["run"]["seed"] == "614"
    assert parse_yaml(text, "text").get("held") is not None
    assert str(SCENARIOS) not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_can_be_sent_to_another_process(
    name: str, shipped: Callable[..., Resolution]
) -> None:
    plan = shipped(name).plan

    assert pickle.loads(pickle.dumps(plan)).resolved == plan.resolved


def test_every_option_has_a_name_of_its_own(example: Example) -> None:
    options = [None, *resolved(example.scenario).resolved.scenario.options]

    names = {resolved(example.scenario, option).resolved.sha256 for option in options}

    assert len(names) == len(options)


def test_where_a_file_stands_does_not_matter(example: Example, tmp_path: Path) -> None:
    moved = copied(tmp_path / "elsewhere")

    assert resolved(moved.scenario).resolved.sha256 == resolved(example.scenario).resolved.sha256


def test_how_a_quantity_is_written_does_not_matter(example: Example) -> None:
    before = resolved(example.scenario).resolved
    example.replace(example.book("contracts.csv"), "£90m", '"£90,000k"')
    example.replace(example.book("schemes.yaml"), "over: 24 months", "over: 2 years")
    example.replace(example.scenario, "low: 5%", "low: 5.00 %")

    assert resolved(example.scenario).resolved.sha256 == before.sha256


@pytest.mark.parametrize("option", [None, "without prevention"])
def test_a_canonical_text_runs_as_a_scenario_does(
    example: Example, tmp_path: Path, option: str | None
) -> None:
    before = resolved(example.scenario, option)
    path = tmp_path / "scenario.json"
    path.write_text(before.resolved.canonical_text, encoding="utf-8")

    again = resolved(path)

    assert again.resolved == before.resolved
    assert again.resolved.sha256 == before.resolved.sha256
    assert again.plan.inputs.coordinates.tobytes() == before.plan.inputs.coordinates.tobytes()


def test_what_was_solved_stays_held_when_a_canonical_text_is_overridden(
    example: Example, tmp_path: Path
) -> None:
    path = tmp_path / "scenario.json"
    path.write_text(resolved(example.scenario).resolved.canonical_text, encoding="utf-8")
    changed = "population.growth=1%"

    again = resolved(path, None, changed).resolved

    assert again == resolved(example.scenario, None, changed).resolved
    assert again.held == resolved(example.scenario).resolved.held


def test_mistakes_in_a_canonical_text_are_told_with_their_places(
    example: Example, tmp_path: Path
) -> None:
    text = resolved(example.scenario).resolved.canonical_text
    path = tmp_path / "scenario.json"
    wrong = text.replace('"seed": "', '"sead": "').replace('"title": "', '"titel": "', 1)
    path.write_text(wrong, encoding="utf-8")

    found = problems_of(path)

    assert len(found) == 2
    for key, line in zip(("titel", "sead"), found, strict=True):
        number = next(n for n, text in enumerate(wrong.splitlines(), 1) if f'"{key}"' in text)
        assert line.startswith(f"{path}:{number}:")
        assert "did you mean" in line


def test_a_canonical_text_that_is_cut_short_is_refused(example: Example, tmp_path: Path) -> None:
    text = resolved(example.scenario).resolved.canonical_text
    path = tmp_path / "scenario.json"
    for cut in (20, len(text) // 2, len(text) - 3):
        path.write_text(text[:cut], encoding="utf-8")
        assert all(line.startswith(f"{path}:") for line in problems_of(path))
