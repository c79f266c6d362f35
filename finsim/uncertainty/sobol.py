"""Sobol points, scrambled coordinate by coordinate.

scipy supplies the direction numbers of the plain sequence. Each coordinate is then scrambled on its
own: a random lower-triangular binary matrix (which keeps the net structure) and a random digital
shift, both from that coordinate's own stream, so that a coordinate's numbers do not depend on how
many others are asked for.

Sources: Joe and Kuo (2008), direction numbers; Matousek (1998), random linear scrambling.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from finsim.uncertainty.arrays import BitsArray, FloatArray, IntArray
from finsim.uncertainty.random_bits import Stream, open_unit

MOST_COORDINATES = 21201
TABLE_SIZES = (32, 128, 512, 2048, 8192, MOST_COORDINATES)


def sobol_points(
    streams: Sequence[Stream], coordinates: IntArray, draws: int, start: int, stop: int
) -> FloatArray:
    """Points start to stop [coordinate, draw] of a replicate of 2^m draws.

    `streams` [coordinate] are the random words that scramble each coordinate.
    """
    m = draws.bit_length() - 1
    size = next(size for size in TABLE_SIZES if size > coordinates.max(initial=0))
    plain = plain_sobol(size, m)[coordinates, start:stop]
    return np.stack(
        [scrambled(digits, m, stream) for digits, stream in zip(plain, streams, strict=True)]
    )


@lru_cache(maxsize=2)
def plain_sobol(dimension: int, m: int) -> BitsArray:
    """The first 2^m points [coordinate, draw] as m-bit integers.

    Memory is dimension x 2^m x 8 bytes: 2 MB for 128 coordinates and 2,048 draws.
    """
    from scipy.stats.qmc import Sobol  # 1-2 s to import: only for those who choose Sobol

    unit = Sobol(d=dimension, scramble=False).random_base2(m)
    return np.ascontiguousarray((unit.T * 2.0**m).astype(np.uint64))


def scrambled(digits: BitsArray, m: int, stream: Stream) -> FloatArray:
    """One coordinate [draw] of the plain points, scrambled.

    Digit j (from the most significant) switches on the bits of a random word whose first 1 stands
    at place j; the shift is one more word.
    """
    words = stream.words(0, m + 1)
    result = np.full(digits.shape, words[m])
    for j in range(m):
        leading = np.uint64(1 << (63 - j))
        column = (words[j] & (leading - np.uint64(1))) | leading
        digit = (digits >> np.uint64(m - 1 - j)) & np.uint64(1)
        result ^= column * digit
    return open_unit(result)
