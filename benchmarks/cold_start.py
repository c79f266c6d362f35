"""Cold starts as ratios to a floor measured in the same run.

    python benchmarks/cold_start.py [--rounds 7]

The floor is `python -c "import numpy, pandas, scipy.stats, openpyxl"`. Commands alternate with it,
so that a noisy machine is noisy for all; processor time and elapsed time are both shown, the median
of the rounds. Python may keep the bytecode of finsim, as it has that of the libraries: the first
round, which is not counted, writes it.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
ROOT = Path(__file__).resolve().parents[1]
CLI = [sys.executable, str(ROOT / "cli.py")]
FLOOR = "floor: numpy, pandas, scipy.stats, openpyxl"
COMMANDS = {
    FLOOR: ([sys.executable, "-c", "import numpy, pandas, scipy.stats, openpyxl"], 1.0),
    "run scenarios/bhr.yaml": ([*CLI, "run", str(ROOT / "scenarios/bhr.yaml"), "--quiet"], 1.0),
    "--help": ([*CLI, "--help"], 0.1),
    "check scenarios/bhr.yaml": ([*CLI, "check", str(ROOT / "scenarios/bhr.yaml")], 0.25),
    "check scenarios/example.yaml": ([*CLI, "check", str(ROOT / "scenarios/example.yaml")], 0.25),
}


def once(command: list[str], folder: str) -> tuple[float, float]:
    """Elapsed and processor seconds of one run."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    elapsed, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return elapsed, used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):
            for name, (command, _) in COMMANDS.items():
                found = once(command, folder)
                if number:
                    seen[name].append(found)
    floor = [statistics.median(column) for column in zip(*seen[FLOOR], strict=True)]
    print(
        f"{'median of ' + str(rounds):<44}{'elapsed':>9}{'cpu':>9}{'ratio':>8}{'cpu':>7}{'most':>7}"
    )
    for name, (_, budget) in COMMANDS.items():
        elapsed, used = (statistics.median(column) for column in zip(*seen[name], strict=True))
        ratios = f"{elapsed / floor[0]:>8.2f}{used / floor[1]:>7.2f}{budget:>7.2f}"
        print(f"{name:<44}{elapsed:>8.2f}s{used:>8.2f}s{ratios}")


if __name__ == "__main__":
    main()
