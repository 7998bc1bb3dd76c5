"""Arrays that grow by doubling (amortised constant time per row), and concatenated integer ranges."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dispatch.matching.types import Ints

Scalar = TypeVar("Scalar", bound=np.generic)


def grown(array: npt.NDArray[Scalar], size: int) -> npt.NDArray[Scalar]:
    """An array with room for at least ``size`` rows; new rows are zero."""
    if size <= len(array):
        return array
    longer = np.zeros((max(size, 2 * len(array), 16), *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """The integers of each range ``start, start + 1, …``, concatenated."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if ends.size else 0
    flat: Ints = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
    return flat
