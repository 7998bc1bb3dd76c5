"""Which vehicle may serve which request: one cause for each pair that is not allowed."""

from enum import IntEnum

import numpy as np

from dispatch.matching.types import Bools, Codes, Floats, Ints


class Cause(IntEnum):
    """Why a pair was not matched, or a vehicle got no request. The first cause that applies is reported."""

    MATCHED = 0
    LOST = 1
    """Allowed, but not part of the best assignment."""
    TOO_FAR = 2
    WRONG_CLASS = 3
    MISSING_CAPABILITY = 4
    TOO_FEW_SEATS = 5
    STALE = 6
    DECLINED_BEFORE = 7
    HELD = 8
    """Held for a proposal to another request."""
    NO_REQUEST = 9
    """No request listed this vehicle."""
    GONE = 10

    @property
    def label(self) -> str:
        """The cause as text for people, in lower case with spaces."""
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
    """The cause for each pair, ``LOST`` if it is allowed (a match changes it to ``MATCHED``)."""
    code = np.full(right_class.shape, Cause.LOST, dtype=np.int8)
    code[held] = Cause.HELD
    code[~fresh] = Cause.STALE
    code[excluded] = Cause.DECLINED_BEFORE
    code[~seated] = Cause.TOO_FEW_SEATS
    code[~capable] = Cause.MISSING_CAPABILITY
    code[~right_class] = Cause.WRONG_CLASS
    return code


def capable(capabilities: Ints, needs: Ints) -> Bools:
    met: Bools = (capabilities & needs) == needs
    return met


def seated(seats: Ints, party: Ints) -> Bools:
    return seats >= party


def within_reach(pickup_s: Floats, max_pickup_s: Floats) -> Bools:
    """True where the pick-up is within the request's limit, inclusive."""
    return pickup_s <= max_pickup_s
