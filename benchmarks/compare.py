"""What comparing eight options costs beside running one, and beside settling the other seven.

    python benchmarks/compare.py [--rounds 7] [--scenario scenarios/bhr.yaml] [--json]

The budget is twice one run and seven settlements. All three are timed in this process, in
turn, so that a noisy machine is noisy for all; the median of the rounds is shown. A run and a
comparison are whole, from reading the files to what is printed; a settlement is transfers,
support, judging and funding of every draw that they draw.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

for _threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

from finsim.analysis.summaries import RECORD
from finsim.commands.compare import compare
from finsim.commands.run import Request, chosen, computed, run
from finsim.outputs.terminal import summary
from finsim.scenario.reading import read_files
from finsim.simulation.arrangement import settled
from finsim.simulation.evaluate import evaluate
from finsim.simulation.resolve import resolve_each
from finsim.simulation.run import sampling, units

ROOT = Path(__file__).resolve().parents[1]
OPTIONS = 8


def elapsed(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        work()
    return time.perf_counter() - start


def run_once(request: Request) -> None:
    """`finsim run` without its workbook, which a comparison does not write either."""
    if request.as_json:
        run(request)
    else:
        print(summary(computed(chosen(request), request)[0]))


def settlements(scenario: str, names: list[str]) -> float:
    """Seconds that settling these options takes, of draws whose economics is there already."""
    resolutions = resolve_each(read_files(scenario), names)
    plan = resolutions[0].plan
    wanted = sampling(resolutions[0].resolved.scenario.run)
    spent = 0.0
    for replicate in range(wanted.replicates):
        for x in units(plan, wanted.design, replicate):
            outcome = evaluate(plan, x, RECORD)
            start = time.perf_counter()
            for resolution in resolutions:
                settled(resolution.plan, resolution.arrangement, outcome, x)
            spent += time.perf_counter() - start
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scenario", default=str(ROOT / "scenarios" / "bhr.yaml"))
    parser.add_argument("--json", action="store_true", help="with the JSON of both")
    given = parser.parse_args()
    names = read_files(given.scenario).options[:OPTIONS]
    first, rest = names[:1], names[1:]
    one = Request(given.scenario, options=tuple(first), as_json=given.json, quiet=True)
    every = Request(given.scenario, options=tuple(names), as_json=given.json, quiet=True)
    seen: dict[str, list[float]] = {"run": [], "compare": [], "settle": []}
    for number in range(given.rounds + 1):
        found = {
            "run": elapsed(lambda: run_once(one)),
            "compare": elapsed(lambda: compare(every, (given.scenario,))),
            "settle": settlements(given.scenario, rest),
        }
        for name, seconds in found.items():
            if number:
                seen[name].append(seconds)
    run_, compare_, settle_ = (statistics.median(seen[name]) for name in seen)
    budget = 2 * run_ + settle_
    print(f"median of {given.rounds}")
    print(f"one run{run_:>38.2f}s")
    print(f"{len(rest)} settlements alone{settle_:>26.2f}s")
    print(f"{len(names)} options compared{compare_:>27.2f}s")
    print(f"compared ÷ run{compare_ / run_:>31.2f}")
    print(f"compared ÷ (2 × run + settlements){compare_ / budget:>11.2f}   most 1.00")


if __name__ == "__main__":
    main()
