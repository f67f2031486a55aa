"""Name the arrays that statistics take and return."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
# Where a setting is in an array over the axes.
Index = tuple[int, ...]
