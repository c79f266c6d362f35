"""What a command imports: nothing heavy that it does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from example_files import ROOT

from finsim.cli import app, command_asked

HEAVY = {"scipy", "pandas", "openpyxl", "xlsxwriter", "pyarrow", "matplotlib", "multiprocessing"}
RUNNING = HEAVY - {"scipy", "multiprocessing"} | {
    "scipy.stats", "scipy.linalg", "scipy.optimize", "scipy.sparse",
}  # fmt: skip
SCRIPT = """
import sys
from finsim.cli import exit_code
code = exit_code(sys.argv[1:])
print(*sorted(sys.modules), file=sys.stderr)
sys.exit(code)
"""


def imported(*arguments: str) -> set[str]:
    """The modules that a command has imported by its end."""
    return told(SCRIPT, *arguments)


def told(script: str, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.fixture(scope="module")
def special() -> set[str]:
    """What scipy imports for its special functions: from 1.18 on, its linear algebra too."""
    return told("import sys, scipy.special; print(*sys.modules, file=sys.stderr)")


@pytest.mark.parametrize("name", ["example", "bhr"])
def test_check_imports_nothing_heavy(name: str) -> None:
    assert not imported("check", f"scenarios/{name}.yaml") & HEAVY


def test_check_imports_nothing_that_draws_or_shows() -> None:
    found = imported("check", "scenarios/example.yaml")
    assert not {name for name in found if name.startswith(("finsim.analysis", "finsim.outputs"))}


def test_a_command_reads_its_own_options_alone() -> None:
    alone = command_asked(["check", "--help"])
    assert [command.callback for command in alone.registered_commands] == [
        command.callback
        for command in app.registered_commands
        if command.callback is not None and command.callback.__name__ == "check"
    ]
    for arguments in ([], ["--help"], ["--version"], ["chek"]):
        assert command_asked(arguments) is app


def test_help_imports_no_model() -> None:
    assert not imported("--help") & {*HEAVY, "numpy", "pydantic", "yaml"}


def test_a_run_imports_special_functions_alone(special: set[str]) -> None:
    found = imported("run", "scenarios/example.yaml", "--draws", "1", "--json", "--quiet")
    assert "scipy.special" in found
    assert not (found - special) & RUNNING


def test_a_workbook_needs_its_writer_alone(tmp_path: Path, special: set[str]) -> None:
    output = ("-o", str(tmp_path / "example.xlsx"))
    found = imported("run", "scenarios/example.yaml", "--draws", "1", "--quiet", *output)
    assert "xlsxwriter" in found
    assert not (found - special) & (RUNNING - {"xlsxwriter"})
