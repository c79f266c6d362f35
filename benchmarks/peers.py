"""The toy model in finsim, numpy by hand and other tools: one table of ratios, in one run.

    python -m pip install ".[benchmarks]"
    python benchmarks/peers.py [--draws 100000] [--rounds 5] [--fast]

Loading and imports are left aside. Each tool draws the 33 inputs and evaluates the model; the
slow ones do fewer draws, and their time is scaled up. Rounds are interleaved, medians told, in
processor time and in elapsed time, which means something on two idle processors. A tool that is
not installed is named and left out.
"""

from __future__ import annotations

import argparse
import json
import logging
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

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "toy")]

import finsim_model
import model
import numpy as np

Timed = Callable[[int], float]
"""Does some draws; gives the mean gap of the last year, so that all tools can be compared."""


def finsim(processes: int = 1) -> Timed:
    from finsim.simulation.forked import Forked

    found, engine = finsim_model.loaded(), Forked(processes)

    def run(draws: int) -> float:
        gap = finsim_model.gaps(found, draws, engine)
        np.percentile(gap, [10, 50, 90])
        return float(gap.mean())

    return run


def finsim_in_two() -> Timed:
    """The same, shared between two processes as `finsim run` shares its replicates."""
    run = finsim(2)
    run(40_000)  # so many that work is shared, and what shares it imported
    return run


def finsim_results() -> Timed:
    """Everything that `finsim run` works out of the draws: measures, errors, checks."""
    from finsim.analysis.results import simulate
    from finsim.simulation.run import Serial, sampling

    found = finsim_model.loaded()

    def run(draws: int) -> float:
        wanted = sampling(found.resolved.scenario.run, draws=draws)
        results = simulate(found.plan, wanted, Serial())
        return float(results.figure("gap", "2020/21").mean or 0.0)

    return run


def numpy_whole() -> Timed:
    generator = np.random.default_rng(1)

    def run(draws: int) -> float:
        gap = model.position(model.drawn(generator, draws))[-1]["gap"]
        np.percentile(gap, [10, 50, 90])
        return float(gap.mean())

    return run


def numpy_blocks(block: int = 2048) -> Timed:
    """By hand and with care: blocks that stay in cache."""
    generator = np.random.default_rng(1)

    def run(draws: int) -> float:
        sizes = [min(block, draws - done) for done in range(0, draws, block)]
        parts = [model.position(model.drawn(generator, size))[-1]["gap"] for size in sizes]
        gap = np.concatenate(parts)
        np.percentile(gap, [10, 50, 90])
        return float(gap.mean())

    return run


def pal() -> Timed:
    from pal import config, set_random_seed
    from pal.distributions import Normal, Uniform
    from pal.stochastic_scalar import StochasticScalar

    set_random_seed(1)
    generator = np.random.default_rng(1)

    def run(draws: int) -> float:
        config.n_sims = draws
        inputs = {name: Normal(*value).generate() for name, value in model.NORMAL.items()}
        inputs |= {name: Uniform(*value).generate() for name, value in model.UNIFORM.items()}
        inputs |= {  # PAL has no triangular distribution
            name: StochasticScalar(generator.triangular(*value, draws))
            for name, value in model.TRIANGULAR.items()
        }
        gap = model.position(inputs)[-1]["gap"]
        for level in (10, 50, 90):
            gap.percentile(level)
        return float(gap.mean())

    return run


def monaco() -> Timed:
    import monaco as mc

    def run(draws: int) -> float:
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
        gap = np.array(simulation.outvars["gap"].nums)
        np.percentile(gap, [10, 50, 90])
        return float(gap.mean())

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

    def run(draws: int) -> float:
        toy = Model("toy", function=lambda **inputs: {"gap": model.position(inputs)[-1]["gap"]})
        toy.uncertainties = [
            RealParameter.from_dist(name, dist) for name, dist in model.distributions().items()
        ]
        toy.outcomes = [ScalarOutcome("gap")]
        with SequentialEvaluator(toy) as evaluator:
            _, outcomes = evaluator.perform_experiments(scenarios=draws)
        np.percentile(outcomes["gap"], [10, 50, 90])
        return float(outcomes["gap"].mean())

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

    def run(draws: int) -> float:
        points = latin.sample(problem, draws, seed=1)
        columns = zip(known, points.T, strict=True)
        gap = model.position({name: known[name].ppf(u) for name, u in columns})[-1]["gap"]
        np.percentile(gap, [10, 50, 90])
        return float(gap.mean())

    return run


def spreadsheet() -> Timed:
    """A sheet with a row for each draw, recalculated by LibreOffice; starting it is left aside."""
    import spreadsheet_model

    office = shutil.which("soffice")
    if office is None:
        raise ImportError("LibreOffice (Debian package libreoffice-calc)")

    def recalculated(rows: int) -> tuple[float, float]:
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
        return took, float(np.mean([float(line.rsplit(",", 1)[1]) for line in gaps]))

    def run(draws: int) -> float:
        least, _ = recalculated(1)
        took, mean = recalculated(draws)
        run.seconds = max(took - least, 0.0)  # type: ignore[attr-defined]
        return mean

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

    def run(draws: int) -> float:
        return float(generator.random((len(model.INPUTS), draws)).mean())

    return run


def timed(run: Timed, draws: int) -> tuple[float, float, float]:
    """Seconds for some draws of processors, all processes together, and elapsed; the mean gap.

    A tool may have timed itself.
    """
    start, begun = _processor_time(), time.perf_counter()
    mean = run(draws)
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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fast", action="store_true", help="only finsim, numpy and PAL")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
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
