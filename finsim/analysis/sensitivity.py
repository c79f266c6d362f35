"""What drives a figure: tornado, and Sobol indices by input and by group."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from finsim.analysis.sobol_indices import Indices, sobol_indices
from finsim.analysis.strands import coordinates_of, grouped
from finsim.analysis.study import Case
from finsim.analysis.tornado import Bar, tornado
from finsim.analysis.watched import Watched
from finsim.simulation.cases import central_inputs
from finsim.simulation.plan import FloatArray
from finsim.simulation.run import Sampling
from finsim.uncertainty.point_sets import Design

BY = ("theme", "standing")
DRAWS = 4096
REPLICATES = 16
BLOCK = 256


class Share(Struct, frozen=True):
    """The part of a figure's variance that a group of inputs is behind; None if none varies."""

    by: str
    group: str
    inputs: tuple[str, ...]
    first: float | None
    se_first: float | None
    total: float | None
    se_total: float | None


class Sensitivity(Struct, frozen=True):
    """What drives a figure.

    `centre` is the figure of the central case, or of a chance its mean; `draws` are the base points
    of the indices.
    """

    case: Case
    of: Watched
    bars: tuple[Bar, ...]
    shares: tuple[Share, ...]
    sd: float
    centre: float
    draws: int
    evaluations: int

    @property
    def groupings(self) -> tuple[str, ...]:
        """The groupings whose indices there are."""
        return tuple(dict.fromkeys(share.by for share in self.shares))


def sensitivity(
    case: Case,
    of: Watched,
    sampling: Sampling,
    by: Sequence[str] = BY,
    draws: int = DRAWS,
    progress: Callable[[int, int], None] | None = None,
) -> Sensitivity:
    """The tornado on a run's own draws, and the indices of each grouping on points of their own."""
    bars = tornado(case, of, sampling)
    groups = [
        (name, label, members) for name in by for label, members in grouped(case.plan, name).items()
    ]
    parts = [coordinates_of(case.plan, members) for _, _, members in groups]
    block = max(2, -(-draws // REPLICATES))
    indices = sobol_indices(
        Responses(case, of),
        parts,
        len(case.plan.inputs.coordinates),
        Design("latin hypercube", block, sampling.design.seed),
        REPLICATES,
        progress,
    )
    shares = [
        _share(case, name, label, [n for strand in members for n in strand.inputs], indices, k)
        for k, (name, label, members) in enumerate(groups)
    ]
    return Sensitivity(
        case=case,
        of=of,
        bars=bars,
        shares=tuple(shares),
        sd=float(np.sqrt(indices.variance)),
        centre=_centre(case, of, indices),
        draws=block * REPLICATES,
        evaluations=indices.evaluations,
    )


def _centre(case: Case, of: Watched, indices: Indices) -> float:
    return indices.mean if of.is_chance else float(of.values(case, central_inputs(case.plan))[0])


def _share(
    case: Case, by: str, label: str, members: Sequence[int], indices: Indices, k: int
) -> Share:
    names = dict.fromkeys(case.plan.inputs.inputs[number].name for number in members)
    values = (indices.first, indices.first_error, indices.total, indices.total_error)
    known = [float(value[k]) if np.isfinite(value[k]) else None for value in values]
    return Share(by, label, tuple(names), *known)


class Responses:
    """A figure as a function of the independent coordinates, u [coordinate, draw] → [draw].

    The latest points that were far from all before them are kept with their inputs: points that
    differ from them in a few rows need only the inputs that those rows move.
    """

    def __init__(self, case: Case, of: Watched) -> None:
        self.case, self.of = case, of
        inputs = case.plan.inputs
        rows = {coordinate: row for row, coordinate in enumerate(inputs.coordinates.tolist())}
        self.moves = np.zeros((len(rows), len(inputs.inputs)), dtype=bool)
        for number, item in enumerate(inputs.inputs):
            if not item.is_fixed:
                self.moves[[rows[c] for c in item.coordinates], number] = True
        for group in inputs.groups:
            shared = [*group.factor, *(c for source in group.sources for c in source)]
            for member in group.members:
                self.moves[[rows[c] for c in shared], member] = True
        self.base: tuple[FloatArray, FloatArray] | None = None

    def __call__(self, u: FloatArray) -> FloatArray:
        """The figure at points u [coordinate, draw]: [draw]."""
        return self.of.values(self.case, self._inputs(u))

    def _inputs(self, u: FloatArray) -> FloatArray:
        inputs = self.case.plan.inputs
        if self.base is not None and self.base[0].shape == u.shape:
            known, x = self.base
            changed = (known != u).any(axis=1)
            moved = np.nonzero(self.moves[changed].any(axis=0))[0].tolist()
            if 2 * len(moved) <= len(inputs.inputs):
                near = x.copy()
                some = inputs.only(moved)
                near[moved] = some.values(u[_rows(inputs.coordinates, some.coordinates)])
                return near
        x = inputs.values(u)
        self.base = (u, x)
        return x


def _rows(every: np.ndarray, some: np.ndarray) -> list[int]:
    place = {coordinate: row for row, coordinate in enumerate(every.tolist())}
    return [place[coordinate] for coordinate in some.tolist()]
