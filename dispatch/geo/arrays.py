"""Array types: geo functions work on columns of thousands of points."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
HandleArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]
