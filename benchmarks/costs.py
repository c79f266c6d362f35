"""What a plan beyond one machine is reckoned from: the costs of a sweep's cell and of a replicate.

    python -m benchmarks.costs [--scenario bhr]

A cell is the scenario as stated with all its options, in its own number of draws; a replicate is
of the scenario as stated alone. Processor time, the least of three; bytes as they are sent, or as
they stand in the dataset.
"""

from __future__ import annotations

import argparse
import os
import pickle
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

for _threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

from finsim.analysis.estimates import Running
from finsim.analysis.study import Case, study
from finsim.analysis.summaries import summarise
from finsim.analysis.sweep import CellFailed, CellTask, simulated
from finsim.outputs.dataset import Cell, write_part
from finsim.scenario.model import AS_STATED
from finsim.scenario.reading import read_files
from finsim.simulation.resolve import resolve_each
from finsim.simulation.run import prepare, sampling

ROOT = Path(__file__).resolve().parents[1]
Result = TypeVar("Result")


def least(work: Callable[[], Result], rounds: int = 3) -> tuple[float, Result]:
    """The least processor seconds of some rounds, and what the last one gave."""
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        result = work()
        spent.append(time.process_time() - start)
    return min(spent), result


def said(what: str, value: str) -> None:
    print(f"{what:<44}{value:>16}")


def cell(scenario: str) -> None:
    path = ROOT / "scenarios" / f"{scenario}.yaml"
    files = read_files(path)
    options = [AS_STATED, *files.options]
    resolving, found = least(lambda: resolve_each(files, options))
    cases = tuple(Case(one.plan, one.arrangement) for one in found)
    task = CellTask(cases, sampling(found[0].resolved.scenario.run))
    sending, content = least(lambda: pickle.dumps(task))
    computing, result = least(lambda: simulated(task), 1)
    assert not isinstance(result, CellFailed)
    draws = task.sampling.draws
    said(f"a cell: {len(options)} options, draws", f"{draws:,}")
    said("  resolved, where the sweep is given", f"{resolving * 1e3:.0f} ms")
    said("  made ready to send", f"{sending * 1e3:.0f} ms")
    said("  sent", f"{len(content) / 1e6:.2f} MB")
    said("  computed, by a worker", f"{computing:.2f} s")
    said("  a draw of all options", f"{computing / draws * 1e6:.0f} µs")
    said("  figures", f"{len(result.figures):,}")
    said("  sent back", f"{len(pickle.dumps(result)) / 1e6:.2f} MB")
    with tempfile.TemporaryDirectory() as folder:
        place = Cell(scenario, scenario, "0" * 64, "as written", (), "0" * 64)
        writing, _ = least(lambda: write_part(Path(folder), place, (), result))
        size = (Path(folder) / place.part).stat().st_size
    said("  written", f"{writing * 1e3:.0f} ms")
    said("  in the dataset", f"{size / 1e6:.2f} MB")
    said(
        "  the most this process held",
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB",
    )


def replicate(scenario: str) -> None:
    found = resolve_each(read_files(ROOT / "scenarios" / f"{scenario}.yaml"), [AS_STATED])[0]
    wanted = sampling(found.resolved.scenario.run)
    work = study([Case(found.plan, found.arrangement)])
    prepare(found.plan, wanted.design)
    computing, (summary,) = least(lambda: summarise(work, wanted.design, 0))
    running = {
        name: Running(getattr(summary, name))
        for name in ("values", "compared", "curves", "bearing", "chances")
    }
    content = pickle.dumps((summary,))

    def taken_in() -> None:
        (received,) = pickle.loads(content)
        for name, one in running.items():
            one.add(getattr(received, name))

    taking, _ = least(taken_in, 20)
    said("a replicate as stated, draws", f"{wanted.design.draws:,}")
    said("  computed", f"{computing * 1e3:.0f} ms")
    said("  a draw", f"{computing / wanted.design.draws * 1e6:.0f} µs")
    said("  sent back", f"{len(content) / 1e3:.0f} kB")
    said("  taken in, where the run is given", f"{taking * 1e3:.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="bhr")
    chosen = parser.parse_args()
    print(chosen.scenario)
    replicate(chosen.scenario)
    cell(chosen.scenario)


if __name__ == "__main__":
    main()
