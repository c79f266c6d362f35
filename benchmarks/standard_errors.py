"""Whether the standard errors that a run claims are the spread that other seeds show.

    python -m benchmarks.standard_errors [--scenario bhr] [--seeds 100] [-o FILE.json]

Each seed is a run of the scenario's own draws. A figure's claimed error, `sd / √replicates`, is
averaged over the seeds, and divided into the standard deviation of the figure over the seeds. The
ratio should be 1, within 20%; over 100 seeds chance alone moves it by 7%.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from benchmarks.headlines import NAMES, subject
from finsim.simulation.run import sampling

ALLOWED = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="bhr")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    of = subject(given.scenario)
    run = of.resolution.resolved.scenario.run
    estimates, claimed = [], []
    for seed in range(given.seeds):
        wanted = sampling(run, seed)
        found = np.stack(
            [of.replicate(wanted.design, number) for number in range(wanted.replicates)]
        )
        estimates.append(found.mean(axis=0))
        claimed.append(found.std(axis=0, ddof=1) / np.sqrt(wanted.replicates))
    spread, error = np.std(estimates, axis=0, ddof=1), np.mean(claimed, axis=0)
    ratio = spread / error
    print(f"{given.scenario}: {given.seeds} seeds of {wanted.draws:,} draws")
    print(f"{'gap, last year':<16}{'claimed':>10}{'spread':>10}{'ratio':>8}")
    for name, one, other, ratio_ in zip(NAMES, error, spread, ratio, strict=True):
        print(f"{name:<16}{one:>10.4f}{other:>10.4f}{ratio_:>8.2f}")
    if given.output is not None:
        figures = {
            name: {"claimed": float(one), "spread": float(other), "ratio": float(ratio_)}
            for name, one, other, ratio_ in zip(NAMES, error, spread, ratio, strict=True)
        }
        told = {"scenario": given.scenario, "seeds": given.seeds, "draws": wanted.draws}
        given.output.write_text(json.dumps({**told, "figures": figures}, indent=1) + "\n")
    off = [name for name, found in zip(NAMES, ratio, strict=True) if abs(found - 1) > ALLOWED]
    if off:
        raise SystemExit(f"more than 20% off: {', '.join(off)}")


if __name__ == "__main__":
    main()
