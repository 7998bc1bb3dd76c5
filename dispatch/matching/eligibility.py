"""Who may drive whom, apart from distance: one cause for each pair that may not be."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from dispatch.matching.types import Bools, Codes, Floats, Ints


class Cause(IntEnum):
    """Why a car was not given to a request, or a car got no request. The first that applies is named."""

    MATCHED = 0
    LOST = 1
    """Allowed, but the best assignment as a whole had something better."""
    TOO_FAR = 2
    WRONG_CLASS = 3
    MISSING_CAPABILITY = 4
    TOO_FEW_SEATS = 5
    STALE = 6
    DECLINED_BEFORE = 7
    HELD = 8
    """Proposed to another request whose outcome is not known yet."""
    NO_REQUEST = 9
    """No request had this car on its list."""
    GONE = 10

    @property
    def label(self) -> str:
        """The cause in lower case with spaces, as people read it."""
        return self.name.lower().replace("_", " ")


def causes(
    *,
    right_class: Bools,
    capable: Bools,
    seated: Bools,
    fresh: Bools,
    held: Bools,
    excluded: Bools,
) -> Codes:
    """The cause for each pair, ``LOST`` where nothing forbids it (a match later turns it into ``MATCHED``)."""
    code = np.full(right_class.shape, Cause.LOST, dtype=np.int8)
    code[held] = Cause.HELD
    code[~fresh] = Cause.STALE
    code[excluded] = Cause.DECLINED_BEFORE
    code[~seated] = Cause.TOO_FEW_SEATS
    code[~capable] = Cause.MISSING_CAPABILITY
    code[~right_class] = Cause.WRONG_CLASS
    return code


def capable(capabilities: Ints, needs: Ints) -> Bools:
    """Whether every need has its bit among the car's."""
    met: Bools = (capabilities & needs) == needs
    return met


def seated(seats: Ints, party: Ints) -> Bools:
    """Whether the party has a seat each."""
    return seats >= party


def within_reach(pickup_s: Floats, max_pickup_s: Floats) -> Bools:
    """Which pairs keep the request's limit; the limit itself is still allowed."""
    return pickup_s <= max_pickup_s
