"""What an input workbook says is what the files say: the same text, the same bits."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from systems import systems, written

from finsim.book.nodes import plain
from finsim.book.yaml_reader import read_yaml
from finsim.commands.new import new_workbook
from finsim.commands.new import systems as shipped_systems
from finsim.exits import DONE
from finsim.outputs.input_workbook import input_workbook
from finsim.scenario.resolved import Resolved
from finsim.simulation.resolve import resolve

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def canonical(resolved: Resolved, file: str) -> str:
    """The text that names a run, but for the name of the file."""
    return resolved.canonical_text.replace(f'"solved_in": "{file}"', '"solved_in": "a file"')


@pytest.mark.parametrize("name", shipped_systems())
def test_a_shipped_system_is_the_same_from_a_workbook(name: str, tmp_path: Path) -> None:
    assert new_workbook(tmp_path / f"{name}.xlsx", name) == DONE
    from_files = resolve(SCENARIOS / f"{name}.yaml")
    from_workbook = resolve(tmp_path / f"{name}.xlsx")

    assert canonical(from_workbook.resolved, f"{name}.xlsx") == canonical(
        from_files.resolved, f"{name}.yaml"
    )


@pytest.mark.parametrize("name", ["example", "bhr"])
def test_every_option_is_the_same_from_a_workbook(name: str, tmp_path: Path) -> None:
    assert new_workbook(tmp_path / f"{name}.xlsx", name) == DONE

    for option in resolve(SCENARIOS / f"{name}.yaml").resolved.scenario.options:
        read = [
            resolve(folder, option)
            for folder in (SCENARIOS / f"{name}.yaml", tmp_path / f"{name}.xlsx")
        ]
        assert canonical(read[0].resolved, f"{name}.yaml") == canonical(
            read[1].resolved, f"{name}.xlsx"
        )


def trees(scenario: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    stated, book = (
        plain(read_yaml(path)) for path in (scenario, scenario.parent / "book" / "book.yaml")
    )
    assert isinstance(stated, dict)
    assert isinstance(book, dict)
    return stated, book


@settings(max_examples=25)
@given(system=systems())
def test_any_system_is_the_same_from_a_workbook(system: Resolved) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        file = written(system, folder)
        (folder / "inputs.xlsx").write_bytes(input_workbook(*trees(file), {}))

        from_files, from_workbook = resolve(file), resolve(folder / "inputs.xlsx")

    assert canonical(from_workbook.resolved, "inputs.xlsx") == canonical(
        from_files.resolved, "scenario.yaml"
    )
