"""Arrays that get longer by doubling, so that a row added costs a constant time; and ranges laid end to end."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dispatch.matching.types import Ints

Scalar = TypeVar("Scalar", bound=np.generic)


def grown(array: npt.NDArray[Scalar], size: int) -> npt.NDArray[Scalar]:
    """The array with room for ``size`` rows at least; new rows are zero."""
    if size <= len(array):
        return array
    longer = np.zeros((max(size, 2 * len(array), 16), *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """The numbers start, start + 1, … of each range, one after the other."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if ends.size else 0
    flat: Ints = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
    return flat
