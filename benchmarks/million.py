"""A million draws of a full model: time against the floor, and memory over the process tree.

    python -m benchmarks.million [--scenario bhr] [--draws 1000000] [--workers 1]

Every recorded row is observed, summarised and reported. The floor is what no simulation can do
without: drawing as many random numbers, and a histogram (`numpy.histogram`, 256 bins) of every
recorded row. It is measured on every 16th replicate, between those of the run and in the same
process, in processor time, so that a noisy machine is noisy for both. Beside it stands a lower
floor, with a histogram by `numpy.bincount`, which has no checks.

Memory is the most that the run's processes held together: pages that they share count once (PSS).
It is watched in a second run of the same draws, alone in a process tree of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

for _threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np

from finsim.analysis.estimates import estimate
from finsim.analysis.study import Case, Study, study
from finsim.analysis.summaries import summarise
from finsim.scenario.reading import read_files
from finsim.simulation.resolve import resolve_each
from finsim.simulation.run import Sampling, prepare, sampling
from finsim.simulation.sharing import Forked

ROOT = Path(__file__).resolve().parents[1]
BINS = 256
EVERY = 16
WATCH_SECONDS = 0.1


def prepared(scenario: str, draws: int) -> tuple[Study, Sampling]:
    files = read_files(ROOT / "scenarios" / f"{scenario}.yaml")
    resolution = resolve_each(files, ["as stated"])[0]
    wanted = sampling(resolution.resolved.scenario.run, draws=draws)
    prepare(resolution.plan, wanted.design)
    return study([Case(resolution.plan, resolution.arrangement)]), wanted


def drawn(coordinates: int, draws: int) -> float:
    generator = np.random.default_rng(1)
    start = time.process_time()
    generator.standard_normal((coordinates, draws))
    return time.process_time() - start


def histograms(rows: int, draws: int) -> tuple[float, float]:
    """Processor seconds of a histogram of every row: by `histogram`, and by `bincount`."""
    values = np.random.default_rng(1).standard_normal((rows, draws))
    start = time.process_time()
    for row in values:
        np.histogram(row, BINS, (-5.0, 5.0))
    checked = time.process_time()
    for row in values:
        np.bincount(((row + 5.0) * (BINS / 10.0)).astype(np.int64), minlength=BINS)
    return checked - start, time.process_time() - checked


def timed(scenario: str, draws: int) -> None:
    work, wanted = prepared(scenario, draws)
    n, case = wanted.design.draws, work.cases[0]
    rows, coordinates = len(case.rows), len(case.plan.inputs.coordinates)
    summarise(work, wanted.design, 0)
    run, floor, lower, samples = 0.0, 0.0, 0.0, 0
    for number in range(wanted.replicates):
        start = time.process_time()
        summarise(work, wanted.design, number)
        run += time.process_time() - start
        if number % EVERY == 0:
            numbers, (by_histogram, by_count) = drawn(coordinates, n), histograms(rows, n)
            floor, lower = floor + numbers + by_histogram, lower + numbers + by_count
            samples += n
    each, floor, lower = (
        1e6 * spent / of for spent, of in ((run, wanted.draws), (floor, samples), (lower, samples))
    )
    print(f"{scenario}: {wanted.draws:,} draws of {coordinates} numbers, {rows:,} rows recorded")
    print(f"a draw {each:>33.1f} µs")
    print(f"floor: numbers and histograms {floor:>10.1f} µs   ratio {each / floor:.2f}   most 3.00")
    print(f"lower floor: by bincount {lower:>15.1f} µs   ratio {each / lower:.2f}")


def held(process: int) -> int:
    """Bytes that a process holds, shared pages in part; 0 when it has ended."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) * 1024


def tree(process: int) -> list[int]:
    found = [process]
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        found += [one for child in children for one in tree(int(child))]
    return found


def most_held(scenario: str, draws: int, workers: int) -> float:
    """The most that a run and its copies hold together, MB."""
    command = [sys.executable, "-m", "benchmarks.million", "--scenario", scenario]
    command += ["--draws", str(draws), "--workers", str(workers), "--watched"]
    run = subprocess.Popen(command, cwd=ROOT)
    most = 0
    while run.poll() is None:
        most = max(most, sum(map(held, tree(run.pid))))
        time.sleep(WATCH_SECONDS)
    if run.returncode:
        raise SystemExit(run.returncode)
    return most / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="bhr")
    parser.add_argument("--draws", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--memory", action="store_true", help="memory alone, without timing")
    parser.add_argument("--watched", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.watched:
        work, wanted = prepared(given.scenario, given.draws)
        estimate(work, wanted, Forked(given.workers))
        return
    if not given.memory:
        timed(given.scenario, given.draws)
    most = most_held(given.scenario, given.draws, given.workers)
    print(f"memory of {given.draws:,} draws, {given.workers} processes {most:>10.0f} MB   most 300")


if __name__ == "__main__":
    main()
