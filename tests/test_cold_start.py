"""What a command imports: nothing heavy that it does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest
from example_files import ROOT

HEAVY = ("scipy", "pandas", "openpyxl", "xlsxwriter", "pyarrow", "matplotlib", "multiprocessing")
SCRIPT = """
import sys
from finsim.cli import exit_code
code = exit_code(sys.argv[1:])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


def imported(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("name", ["example", "bhr"])
def test_check_imports_nothing_heavy(name: str) -> None:
    assert not imported("check", f"scenarios/{name}.yaml") & set(HEAVY)


def test_help_imports_no_model() -> None:
    assert not imported("--help") & {*HEAVY, "numpy", "pydantic", "yaml"}
