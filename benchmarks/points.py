"""How sure each kind of point set makes the headline figures of the real models.

    python -m benchmarks.points [--scenarios bhr llr] [--replicates 128] [--draws 1024 4096]

Every kind gives independent replicates of the same number of draws. The spread of a figure over
replicates is what one replicate is off by; the first table shows it for the draws of a default run,
divided by the root of its number of replicates, and the second its variance against that of plain
Monte Carlo: how many times the draws that Monte Carlo would need. With 128 replicates a ratio of
two variances is known to about a fifth.

The model is the system's gap in the last year after schemes: events, fat tails and kinks included.
"""

from __future__ import annotations

import argparse
from typing import get_args

import numpy as np

from benchmarks.headlines import NAMES, FloatArray, Subject, subject
from finsim.uncertainty.point_sets import Design, Kind

KINDS: tuple[Kind, ...] = get_args(Kind)
SEED = 2016
DRAWN = 16_384


def spread(of: Subject, kind: Kind, draws: int, replicates: int) -> tuple[FloatArray, FloatArray]:
    """The mean and the standard deviation over replicates of every figure [figure]."""
    design = Design(kind, draws, SEED)
    found = np.stack([of.replicate(design, number) for number in range(replicates)])
    return found.mean(axis=0), found.std(axis=0, ddof=1)


def shown(name: str, of: Subject, draws: int, replicates: int) -> list[str]:
    spreads = {kind: spread(of, kind, draws, replicates)[1] for kind in KINDS}
    heading = "| " + " | ".join(["", *NAMES]) + " |"
    rule = "|---" + "|---:" * len(NAMES) + "|"
    plain = spreads["monte carlo"]
    lines = [
        f"{name}, {draws:,} draws in a replicate: standard error of {DRAWN:,} draws (£m; points)",
        "",
        heading,
        rule,
    ]
    for kind, sd in spreads.items():
        error = sd / np.sqrt(DRAWN / draws)
        cells = [
            f"{100 * one:.2f}" if figure.startswith("chance") else f"{one:.3f}"
            for figure, one in zip(NAMES, error, strict=True)
        ]
        lines.append("| " + " | ".join([kind, *cells]) + " |")
    lines += ["", "Variance of plain Monte Carlo divided by theirs", "", heading, rule]
    for kind, sd in spreads.items():
        cells = [f"{ratio:,.1f}" for ratio in (plain / sd) ** 2]
        lines.append("| " + " | ".join([kind, *cells]) + " |")
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenarios", nargs="+", default=["bhr", "llr"])
    parser.add_argument("--replicates", type=int, default=128)
    parser.add_argument("--draws", nargs="+", type=int, default=[1024, 4096])
    given = parser.parse_args()
    for name in given.scenarios:
        of = subject(name)
        for draws in given.draws:
            print("\n".join(shown(name, of, draws, given.replicates)), flush=True)


if __name__ == "__main__":
    main()
