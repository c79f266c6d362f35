"""Random bits by address: a counter-based generator keyed by seed and replicate.

Every stream is the Philox-4x64 sequence with key (seed, replicate) and a counter whose upper words
are (coordinate, purpose). Streams never overlap, none depends on which others were asked for, and
any position is reached without drawing what comes before. Philox and the conversions here are fixed
by their definition, so the numbers do not change with the numpy version.

Source: Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3 (SC11, 2011).
"""

from enum import IntEnum

import numpy as np
from msgspec import Struct

from finsim.uncertainty.arrays import BitsArray, FloatArray

WORDS_PER_BLOCK = 4


class Purpose(IntEnum):
    """What a stream is for: methods with the same seed share no numbers."""

    MONTE_CARLO = 1
    LATTICE_SHIFT = 2
    SOBOL_SCRAMBLE = 3
    LATIN_ORDER = 4
    LATIN_PLACE = 5


class Stream(Struct, frozen=True):
    """One stream of random words; each of the four names it."""

    seed: int
    replicate: int
    purpose: Purpose
    coordinate: int = 0

    def words(self, start: int, stop: int) -> BitsArray:
        """Words start to stop [word], 64 random bits each."""
        block, skip = divmod(start, WORDS_PER_BLOCK)
        counter = np.array([block, 0, self.coordinate, self.purpose], dtype=np.uint64)
        key = np.array([self.seed, self.replicate], dtype=np.uint64)
        words = np.random.Philox(key=key, counter=counter).random_raw(skip + stop - start)
        return np.asarray(words[skip:], dtype=np.uint64)


def open_unit(bits: BitsArray) -> FloatArray:
    """Random words as numbers strictly between 0 and 1.

    The upper 52 bits, centred in their cell: (b + 1/2) / 2^52, exact in double precision, at least
    2^-53 and at most 1 - 2^-53.
    """
    cells: FloatArray = (bits >> np.uint64(12)).astype(np.float64)
    return (cells + 0.5) * 2.0**-52
