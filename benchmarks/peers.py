"""The toy model in finsim, numpy by hand and other tools: one table of ratios, in one run.

    python -m pip install ".[benchmarks]"
    python benchmarks/peers.py [--draws 100000] [--rounds 5] [--fast] [--errors]

Loading and imports are left aside. Each tool draws the 33 inputs and evaluates the model; the
slow ones do fewer draws, and their time is scaled up. Rounds are interleaved, medians told, in
processor time and in elapsed time, which means something on two idle processors. A tool that is
not installed is named and left out.

A draw of an even set of points says more than one drawn plainly. `--errors` shows how much: the
spread of each figure over batches of 4,096 draws, and the draws a tool needs for the standard
error that one of finsim gives, which is the ratio of the squares.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeAlias

for _threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")
HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "toy")]

import finsim_model
import model
import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
Timed: TypeAlias = Callable[[int], FloatArray]
"""Does some draws; gives the gap of the last year in each, so that all tools can be compared."""
BATCH = 4096
FIGURES = ("mean", "P10", "P50", "P90")


def finsim(processes: int = 1) -> Timed:
    from finsim.simulation.sharing import Forked

    found, engine = finsim_model.loaded(), Forked(processes)

    def run(draws: int) -> FloatArray:
        return _summed_up(finsim_model.gaps(found, draws, engine))

    return run


def _summed_up(gap: FloatArray) -> FloatArray:
    """The gaps, after the work of telling their mean and percentiles."""
    gap.mean()
    np.percentile(gap, [10, 50, 90])
    return gap


def finsim_in_two() -> Timed:
    """The same, shared between two processes as `finsim run` shares its replicates."""
    run = finsim(2)
    run(40_000)  # so many that work is shared, and what shares it imported
    return run


def finsim_results() -> Timed:
    """Everything that `finsim run` works out of the draws: measures, errors, checks.

    It gives the mean alone.
    """
    from finsim.analysis.results import simulate
    from finsim.simulation.run import Serial, sampling

    found = finsim_model.loaded()

    def run(draws: int) -> FloatArray:
        wanted = sampling(found.resolved.scenario.run, draws=draws)
        results = simulate(found.plan, wanted, Serial())
        return np.array([results.figure("gap", "2020/21").mean or 0.0])

    return run


def numpy_whole() -> Timed:
    generator = np.random.default_rng(1)

    def run(draws: int) -> FloatArray:
        return _summed_up(model.position(model.drawn(generator, draws))[-1]["gap"])

    return run


def numpy_blocks(block: int = 2048) -> Timed:
    """By hand and with care: blocks that stay in cache."""
    generator = np.random.default_rng(1)

    def run(draws: int) -> FloatArray:
        sizes = [min(block, draws - done) for done in range(0, draws, block)]
        parts = [model.position(model.drawn(generator, size))[-1]["gap"] for size in sizes]
        return _summed_up(np.concatenate(parts))

    return run


def pal() -> Timed:
    from pal import config, set_random_seed
    from pal.distributions import Normal, Uniform
    from pal.stochastic_scalar import StochasticScalar

    set_random_seed(1)
    generator = np.random.default_rng(1)

    def run(draws: int) -> FloatArray:
        config.n_sims = draws
        inputs = {name: Normal(*value).generate() for name, value in model.NORMAL.items()}
        inputs |= {name: Uniform(*value).generate() for name, value in model.UNIFORM.items()}
        inputs |= {  # PAL has no triangular distribution
            name: StochasticScalar(generator.triangular(*value, draws))
            for name, value in model.TRIANGULAR.items()
        }
        gap = model.position(inputs)[-1]["gap"]
        gap.mean()
        for level in (10, 50, 90):
            gap.percentile(level)
        return np.asarray(gap.values)

    return run


def monaco() -> Timed:
    import monaco as mc

    def run(draws: int) -> FloatArray:
        steps = {
            "preprocess": lambda case: ({name: v.val for name, v in case.invals.items()},),
            "run": lambda inputs: (model.position(inputs)[-1]["gap"],),
            "postprocess": lambda case, gap: case.addOutVal("gap", gap),
        }
        simulation = mc.Sim(
            "toy", draws, steps, singlethreaded=True, verbose=False, debug=False, seed=1,
            savesimdata=False, savecasedata=False,
        )  # fmt: skip
        for name, distribution in model.distributions().items():
            simulation.addInVar(name, distribution.dist, _keywords(distribution))
        simulation.runSim()
        return _summed_up(np.array(simulation.outvars["gap"].nums))

    return run


def _keywords(distribution: object) -> dict[str, float]:
    names = ("loc", "scale") if len(distribution.args) == 2 else ("c", "loc", "scale")  # type: ignore[attr-defined]
    return dict(zip(names, distribution.args, strict=True))  # type: ignore[attr-defined]


def ema_workbench() -> Timed:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ema_workbench import (
            Model,
            RealParameter,
            ScalarOutcome,
            SequentialEvaluator,
            ema_logging,
        )
    ema_logging.log_to_stderr(logging.ERROR)

    def run(draws: int) -> FloatArray:
        toy = Model("toy", function=lambda **inputs: {"gap": model.position(inputs)[-1]["gap"]})
        toy.uncertainties = [
            RealParameter.from_dist(name, dist) for name, dist in model.distributions().items()
        ]
        toy.outcomes = [ScalarOutcome("gap")]
        with SequentialEvaluator(toy) as evaluator:
            _, outcomes = evaluator.perform_experiments(scenarios=draws)
        return _summed_up(outcomes["gap"])

    return run


def salib() -> Timed:
    """SALib's Latin hypercube, and the model by hand."""
    from SALib.sample import latin

    known = model.distributions()
    problem = {
        "num_vars": len(known),
        "names": list(known),
        "bounds": [[0.0, 1.0]] * len(known),
    }

    def run(draws: int) -> FloatArray:
        points = latin.sample(problem, draws, seed=1)
        columns = zip(known, points.T, strict=True)
        return _summed_up(model.position({n: known[n].ppf(u) for n, u in columns})[-1]["gap"])

    return run


def spreadsheet() -> Timed:
    """A sheet with a row for each draw, recalculated by LibreOffice; starting it is left aside."""
    import spreadsheet_model

    office = shutil.which("soffice")
    if office is None:
        raise ImportError("LibreOffice (Debian package libreoffice-calc)")

    def recalculated(rows: int) -> tuple[float, FloatArray]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "toy.xlsx"
            spreadsheet_model.write(path, model.drawn(np.random.default_rng(1), rows))
            command = [
                office, "--headless", f"-env:UserInstallation=file://{folder}/profile",
                "--convert-to", "csv", "--outdir", folder, str(path),
            ]  # fmt: skip
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            took = time.perf_counter() - start
            gaps = (Path(folder) / "toy.csv").read_text().splitlines()[1:]
        return took, np.array([float(line.rsplit(",", 1)[1]) for line in gaps])

    def run(draws: int) -> FloatArray:
        least, _ = recalculated(1)
        took, gap = recalculated(draws)
        run.seconds = max(took - least, 0.0)  # type: ignore[attr-defined]
        return gap

    return run


TOOLS: dict[str, tuple[Callable[[], Timed], int]] = {
    "finsim": (finsim, 1),
    "finsim, two processes": (finsim_in_two, 1),
    "finsim, every measure": (finsim_results, 1),
    "numpy by hand, in blocks": (numpy_blocks, 1),
    "numpy by hand": (numpy_whole, 1),
    "PAL": (pal, 1),
    "SALib sampler, numpy by hand": (salib, 1),
    "monaco": (monaco, 50),
    "EMA Workbench": (ema_workbench, 50),
    "spreadsheet in LibreOffice": (spreadsheet, 50),
}


FAST = ("finsim", "finsim, two processes", "numpy by hand, in blocks", "numpy by hand", "PAL")


def drawing() -> Timed:
    """Only the numbers: 33 for each draw."""
    generator = np.random.default_rng(1)

    def run(draws: int) -> FloatArray:
        return generator.random((len(model.INPUTS), draws))[0]

    return run


def timed(run: Timed, draws: int) -> tuple[float, float, float]:
    """Seconds for some draws of processors, all processes together, and elapsed; the mean gap.

    A tool may have timed itself.
    """
    start, begun = _processor_time(), time.perf_counter()
    mean = float(run(draws).mean())
    took, elapsed = _processor_time() - start, time.perf_counter() - begun
    own = getattr(run, "seconds", None)
    return (took, elapsed, mean) if own is None else (own, own, mean)


def _processor_time() -> float:
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, whose))


def table(draws: int, rounds: int, tools: Collection[str]) -> dict[str, dict[str, float]]:
    """Median seconds for `draws` draws and the mean gap, by tool; the floor is only drawing."""
    ready: dict[str, tuple[Timed, int]] = {"floor: drawing 33 numbers": (drawing(), 1)}
    for name in tools:
        make, fewer = TOOLS[name]
        try:
            ready[name] = (make(), fewer)
        except ImportError as error:
            print(f"left out: {name} ({error})", file=sys.stderr)
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ready}
    for run, _ in ready.values():
        timed(run, 1000)  # first use compiles, caches and reads
    for _ in range(rounds):
        for name, (run, fewer) in ready.items():
            took, elapsed, mean = timed(run, draws // fewer)
            found[name].append((took * fewer, elapsed * fewer, mean))
    return {
        name: {
            "seconds": statistics.median(took for took, _, _ in rows),
            "elapsed": statistics.median(elapsed for _, elapsed, _ in rows),
            "mean_gap": rows[-1][2],
        }
        for name, rows in found.items()
    }


def spreads(make: Callable[[], Timed], batches: int = 160) -> FloatArray:
    """The standard deviation over batches of draws of the gap's mean, P10, P50 and P90."""
    gap = make()(batches * BATCH).reshape(batches, BATCH)
    levels = np.percentile(gap, [10, 50, 90], axis=1)
    return np.concatenate([gap.mean(axis=1)[None], levels]).std(axis=1, ddof=1)


def errors() -> None:
    """Print what a batch of draws is off by, and how many times the draws that needs."""
    own = spreads(finsim)
    print(f"spread over batches of {BATCH:,} draws, £m, and draws needed for the same error")
    print(" " * 32 + "".join(f"{head:>12}" for head in FIGURES))
    for name, make in (("finsim", finsim), ("numpy by hand", numpy_whole), ("PAL", pal)):
        try:
            found = own if make is finsim else spreads(make)
        except ImportError as error:
            print(f"left out: {name} ({error})", file=sys.stderr)
            continue
        print(f"{name:32}" + "".join(f"{spread:>12.4f}" for spread in found))
        print(f"{'  × finsim':32}" + "".join(f"{more:>12,.1f}" for more in (found / own) ** 2))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fast", action="store_true", help="only finsim, numpy and PAL")
    parser.add_argument("--errors", action="store_true", help="what a draw is worth instead")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if chosen.errors:
        errors()
        return
    found = table(chosen.draws, chosen.rounds, [n for n in TOOLS if n in FAST or not chosen.fast])
    if chosen.json:
        print(json.dumps(found, indent=1))
        return
    own, shared = found["finsim"]["seconds"], found["finsim, two processes"]["elapsed"]
    print(f"{chosen.draws:,} draws, median of {chosen.rounds} rounds")
    heads = ("processor s", "× finsim", "elapsed s", "× in two", "gap, £m")
    print(" " * 32 + "".join(f"{head:>12}" for head in heads))
    for name, row in found.items():
        seconds, elapsed = row["seconds"], row["elapsed"]
        values = (seconds, seconds / own, elapsed, elapsed / shared, row["mean_gap"])
        print(f"{name:32}" + "".join(f"{value:>12.3f}" for value in values))


if __name__ == "__main__":
    main()
