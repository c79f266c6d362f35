"""Point sets: where in the unit cube the draws are taken.

A replicate is one randomised point set of `Design.draws` points; replicates are independent, which
is what makes a standard error possible. A coordinate is one input's place in the list of inputs.
Its numbers depend only on the design, the replicate and the coordinate itself, so another input can
be added at the end, or left out, without moving it; and any range of draws can be asked for alone.
"""

from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from msgspec import Struct

from finsim.uncertainty.arrays import FloatArray, IntArray
from finsim.uncertainty.generating_vectors import GENERATING_VECTORS
from finsim.uncertainty.random_bits import Purpose, Stream, open_unit
from finsim.uncertainty.sobol import MOST_COORDINATES as SOBOL_COORDINATES
from finsim.uncertainty.sobol import sobol_points

Kind = Literal["lattice", "sobol", "latin hypercube", "monte carlo"]

MOST_DRAWS = 2**20
SEEDS = 2**64
LATTICE_BITS = 52


class Design(Struct, frozen=True):
    """How draws are taken: the kind of point set, draws in a replicate, and the seed.

    Raises ValueError for an unknown kind, a number of draws that the kind does not allow, or a seed
    outside 0 to 2^64 - 1.
    """

    kind: Kind = "lattice"
    draws: int = 2048
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"draws by {self.kind!r}: use {', '.join(get_args(Kind))}")
        if self.kind == "lattice" and self.draws not in GENERATING_VECTORS:
            allowed = ", ".join(f"{n:,}" for n in GENERATING_VECTORS)
            raise ValueError(f"a lattice of {self.draws:,} draws: use {allowed} in a replicate")
        if self.kind == "sobol" and self.draws.bit_count() != 1:
            raise ValueError(f"{self.draws:,} Sobol draws in a replicate: use a power of two")
        if not 1 <= self.draws <= MOST_DRAWS:
            raise ValueError(f"{self.draws:,} draws in a replicate: use 1 to {MOST_DRAWS:,}")
        if not 0 <= self.seed < SEEDS:
            raise ValueError(f"seed {self.seed}: use a whole number from 0 to 2^64 - 1")

    @property
    def coordinates(self) -> int | None:
        """How many inputs the design can carry; None when there is no limit."""
        match self.kind:
            case "lattice":
                return len(GENERATING_VECTORS[self.draws])
            case "sobol":
                return SOBOL_COORDINATES
            case _:
                return None


def points(
    design: Design, coordinates: IntArray, replicate: int, start: int, stop: int
) -> FloatArray:
    """U [input, draw]: points start to stop of a replicate, for the coordinates asked for.

    Every number is strictly between 0 and 1. The same bits come whatever range or whatever other
    coordinates are asked for.

    Raises ValueError when the range is not within the replicate, the replicate is negative, or the
    design cannot carry a coordinate.
    """
    coordinates = np.asarray(coordinates, dtype=np.int64)
    _check_request(design, coordinates, replicate, start, stop)
    if coordinates.size == 0:
        return np.empty((0, stop - start))
    match design.kind:
        case "lattice":
            return lattice(design, coordinates, replicate, start, stop)
        case "sobol":
            streams = [
                Stream(design.seed, replicate, Purpose.SOBOL_SCRAMBLE, k)
                for k in coordinates.tolist()
            ]
            return sobol_points(streams, coordinates, design.draws, start, stop)
        case "latin hypercube":
            asked = tuple(coordinates.tolist())
            return latin_hypercube(design, asked, replicate)[:, start:stop].copy()
        case "monte carlo":
            return monte_carlo(design, coordinates, replicate, start, stop)


def _check_request(
    design: Design, coordinates: IntArray, replicate: int, start: int, stop: int
) -> None:
    if not 0 <= start <= stop <= design.draws:
        raise ValueError(f"draws {start:,} to {stop:,}: a replicate has {design.draws:,}")
    if not 0 <= replicate < SEEDS:
        raise ValueError(f"replicate {replicate}: use a whole number from 0")
    if coordinates.ndim != 1 or coordinates.min(initial=0) < 0:
        raise ValueError("coordinates are a list of whole numbers from 0")
    inputs = int(coordinates.max(initial=-1)) + 1
    if design.coordinates is not None and inputs > design.coordinates:
        raise ValueError(
            f"{inputs:,} uncertain inputs: a {design.kind} of {design.draws:,} draws carries "
            f"{design.coordinates:,}; use more draws in a replicate, or another kind of draws"
        )


def lattice(
    design: Design, coordinates: IntArray, replicate: int, start: int, stop: int
) -> FloatArray:
    """The randomly shifted rank-1 lattice under the baker's transformation, [input, draw].

    U = tent(frac(i z_k / n + shift_k)), tent(x) = 1 - |2x - 1|, z the generating vector.

    Computed in whole numbers of 2^-52, so nothing is rounded. The shift is an odd number of them:
    x never meets 0 or 1/2, and U lies between 2^-51 and 1 - 2^-51.

    Sources: Cranley and Patterson (1976), the shift; Hickernell (2002), the transformation.
    """
    n = design.draws
    cells = np.int64(2**LATTICE_BITS)
    components = generating_vector(n)[coordinates, None]
    x = np.arange(start, stop, dtype=np.int64) * components
    x &= n - 1
    x *= cells // n
    x += lattice_shift(design.seed, replicate, n)[coordinates, None]
    x &= cells - 1
    np.minimum(x, cells - x, out=x)
    result: FloatArray = x * (2.0 / 2**LATTICE_BITS)
    return result


@lru_cache(maxsize=8)
def generating_vector(n: int) -> IntArray:
    """The generating vector [coordinate] for n points."""
    return np.array(GENERATING_VECTORS[n], dtype=np.int64)


@lru_cache(maxsize=64)
def lattice_shift(seed: int, replicate: int, n: int) -> IntArray:
    """The shift of every coordinate [coordinate], an odd number of 2^-52."""
    words = Stream(seed, replicate, Purpose.LATTICE_SHIFT).words(0, len(GENERATING_VECTORS[n]))
    return (words >> np.uint64(64 - LATTICE_BITS)).astype(np.int64) | np.int64(1)


@lru_cache(maxsize=2)
def latin_hypercube(design: Design, coordinates: tuple[int, ...], replicate: int) -> FloatArray:
    """A whole Latin hypercube [input, draw]: one draw in each of n equal slices of every input.

    U = (order + place) / n, the order a random permutation and the place uniform within the slice.
    The latest replicates are kept, for those who ask for one in several ranges.

    Source: McKay, Beckman and Conover (1979).
    """
    n = design.draws
    result = np.empty((len(coordinates), n))
    for row, k in enumerate(coordinates):
        shuffle = Stream(design.seed, replicate, Purpose.LATIN_ORDER, k).words(0, n)
        places = Stream(design.seed, replicate, Purpose.LATIN_PLACE, k).words(0, n)
        order = np.argsort(shuffle, kind="stable")
        # 32 bits of place: with an order of up to 20 bits the sum is exact, so never reaches n.
        result[row] = (order + ((places >> np.uint64(32)).astype(np.float64) + 0.5) * 2.0**-32) / n
    return result


def monte_carlo(
    design: Design, coordinates: IntArray, replicate: int, start: int, stop: int
) -> FloatArray:
    """Independent uniform numbers [input, draw]."""
    streams = (Stream(design.seed, replicate, Purpose.MONTE_CARLO, k) for k in coordinates.tolist())
    return np.stack([open_unit(stream.words(start, stop)) for stream in streams])
