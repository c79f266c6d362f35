"""Names for the arrays that pass between the parts of this room."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BitsArray: TypeAlias = NDArray[np.uint64]
