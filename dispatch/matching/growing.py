"""Arrays that get longer by doubling, so that a row added costs a constant time."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)


def grown(array: npt.NDArray[Scalar], size: int) -> npt.NDArray[Scalar]:
    """The array with room for ``size`` rows at least; new rows are zero."""
    if size <= len(array):
        return array
    longer = np.zeros((max(size, 2 * len(array), 16), *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer
