"""Which schemes to choose within an investment and a capacity, for the best chance of a margin.

Sample average approximation: on sampled draws d each scheme j adds c[j, d] to the margin by which
a target is met, so that the set y that meets it most often solves

    max Σ z[d]    subject to    b[d] + Σ c[j, d] y[j] ≥ −M[d] (1 − z[d]),
                                Σ investment[j] y[j] ≤ most,    Σ capacity[j] y[j] ≤ most,

y and z nought or one, b the margin without any scheme, and M[d] the least that frees a draw. Of
sets that meet it equally often the one with the higher mean margin is taken.

Schemes do not quite add up, for they overlap. So contributions are taken about a set (what leaving
out each of its schemes loses, what adding each other one gains), the problem is solved, and again
about the set that was found, until it stands. The best set found is then evaluated in full against
every set that differs from it by one scheme added, left out or exchanged. What is reported of it
comes from draws that chose nothing.

Source: Kleywegt, Shapiro and Homem-de-Mello (2002), The sample average approximation method for
stochastic discrete optimization.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeAlias

import numpy as np
from msgspec import Struct

from finsim.analysis.estimates import combined
from finsim.uncertainty.arrays import FloatArray

Chosen: TypeAlias = frozenset[str]
Margins: TypeAlias = Callable[[Chosen, int], FloatArray]
ROUNDS = 5
SLACK = 1e-9
SECONDS = 60.0


class Candidate(Struct, frozen=True):
    """A scheme that may be chosen: what it takes of each limit."""

    id: str
    investment: float
    capacity: float


class Limits(Struct, frozen=True):
    """The most that may be invested, £m, and the most capacity; infinite where there is none."""

    investment: float = float("inf")
    capacity: float = float("inf")

    def allow(self, chosen: Sequence[Candidate]) -> bool:
        """Whether schemes keep within both."""
        invested = sum(one.investment for one in chosen)
        taken = sum(one.capacity for one in chosen)
        return invested <= self.investment + SLACK and taken <= self.capacity + SLACK


class Judged(Struct, frozen=True):
    """A set on draws that did not choose it: its chance and mean margin, £m, with errors."""

    chosen: Chosen
    chance: float
    se_chance: float
    margin: float
    se_margin: float


def best_set(
    base: FloatArray, added: FloatArray, candidates: Sequence[Candidate], limits: Limits
) -> Chosen:
    """The set that meets the target in most draws, where contributions add up.

    A draw that no set can lose, or win, takes no part.

    Args:
        base: the margin without any scheme, [draw].
        added: what each scheme adds to it, [scheme, draw].

    Raises RuntimeError when the solver finds no set in its time.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array, csr_array, diags_array, hstack

    if not candidates:
        return frozenset()
    least = base + np.minimum(added, 0).sum(axis=0)
    most = base + np.maximum(added, 0).sum(axis=0)
    open_ = np.nonzero((least < 0) & (most >= 0))[0]
    constraints = [
        LinearConstraint(coo_array(np.append(taken, np.zeros(open_.size))[None]), -np.inf, limit)
        for taken, limit in (
            ([one.investment for one in candidates], limits.investment),
            ([one.capacity for one in candidates], limits.capacity),
        )
        if np.isfinite(limit)
    ]
    if open_.size:
        met = hstack([coo_array(added[:, open_].T), diags_array(least[open_])])
        constraints.append(LinearConstraint(csr_array(met), (least - base)[open_], np.inf))
    mean = added.mean(axis=1)
    preferred = 0.5 * mean / max(float(np.abs(mean).sum()), SLACK)
    with _nothing_printed():
        found = milp(
            c=-np.append(preferred, np.ones(open_.size)),
            integrality=np.ones(len(candidates) + open_.size, dtype=np.int64),
            bounds=Bounds(0, 1),
            constraints=constraints,
            options={"time_limit": SECONDS, "mip_rel_gap": 0.0},
        )
    if found.x is None:
        raise RuntimeError(f"no set of schemes was found: {found.message}")
    return frozenset(one.id for one, y in zip(candidates, found.x, strict=False) if y > 0.5)


@contextmanager
def _nothing_printed() -> Iterator[None]:
    """Keeps what the solver's library prints past Python, whatever it was told, off the output."""
    import ctypes

    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        with suppress(OSError, TypeError, AttributeError):
            ctypes.CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def contributions(
    margins: Margins, about: Chosen, candidates: Sequence[Candidate], sample: int
) -> tuple[FloatArray, FloatArray]:
    """The margin without schemes and what each adds, about a set: [draw], [scheme, draw].

    The margin of the set itself is exact; of sets far from it, as far as schemes add up.
    """
    here = margins(about, sample)
    added = np.stack(
        [
            here - margins(about - {one.id}, sample)
            if one.id in about
            else margins(about | {one.id}, sample) - here
            for one in candidates
        ]
    )
    inside = np.array([one.id in about for one in candidates])
    return here - added[inside].sum(axis=0), added


def found_sets(
    margins: Margins,
    candidates: Sequence[Candidate],
    limits: Limits,
    samples: Sequence[int],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Chosen, ...]:
    """The sets that solve the problem on each sample of draws, about what was found before.

    `margins(set, sample)` gives the margin in each draw of a sample, [draw], in full.
    """
    found: dict[Chosen, None] = {}
    for number, sample in enumerate(samples, start=1):
        about: Chosen = frozenset()
        seen: set[Chosen] = set()
        for _ in range(ROUNDS):
            seen.add(about)
            about = best_set(*contributions(margins, about, candidates, sample), candidates, limits)
            found[about] = None
            if about in seen:
                break
        if progress is not None:
            progress(number, len(samples))
    return tuple(found)


def improved(
    margins: Margins,
    start: Chosen,
    candidates: Sequence[Candidate],
    limits: Limits,
    sample: int,
) -> Chosen:
    """The set to which no scheme can be added, left out or exchanged for a better chance.

    In full on one sample; of equals the higher mean margin. From the start, the best change first.
    """

    def worth(chosen: Chosen) -> tuple[float, float]:
        part = margins(chosen, sample)
        return float(np.mean(part >= 0)), float(part.mean())

    best, found = start, worth(start)
    while True:
        near = [(worth(other), sorted(other)) for other in _neighbours(best, candidates, limits)]
        top = max(near, default=(found, []))
        if top[0] <= found:
            return best
        found, best = top[0], frozenset(top[1])


def _neighbours(
    chosen: Chosen, candidates: Sequence[Candidate], limits: Limits
) -> Iterator[Chosen]:
    """The sets within the limits that are one addition, removal or exchange away."""
    known = {one.id: one for one in candidates}
    outside = [name for name in known if name not in chosen]
    changes = [
        *(chosen | {name} for name in outside),
        *(chosen - {name} for name in chosen),
        *(chosen - {old} | {name} for old in chosen for name in outside),
    ]
    return (some for some in changes if limits.allow([known[name] for name in some]))


def judged(margins: Margins, chosen: Chosen, samples: Sequence[int]) -> Judged:
    """A set evaluated in full on samples of draws."""
    parts = [margins(chosen, sample) for sample in samples]
    met = combined([np.array([np.mean(part >= 0), part.mean()]) for part in parts])
    (chance, margin), (se_chance, se_margin) = met.values, met.errors
    draws = sum(part.size for part in parts)
    return Judged(
        chosen, float(chance), float(se_chance) or 1 / draws, float(margin), float(se_margin)
    )


def best_of(found: Sequence[Judged]) -> Judged:
    """The one with the best chance; of equals the higher margin."""
    return max(found, key=lambda one: (one.chance, one.margin, sorted(one.chosen)))
