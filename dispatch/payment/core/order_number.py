"""Our number of an order at Alipay: trip, charge and attempt, in Alipay's alphabet (letters, digits and ``_``)."""

from __future__ import annotations

from typing import Final

CHARGE: Final = 1
"""A trip has one charge: its fare."""


def order_number(trip: str, attempt: int) -> str:
    """The number of a trip's attempt (from 1): ``TRIP_1_2``."""
    return f"{trip}_{CHARGE}_{attempt}"


def trip_of(order: str) -> str | None:
    """The trip that an order number of ours belongs to; None for a number that is not of that form."""
    parts = order.rsplit("_", 2)
    if len(parts) != 3 or not parts[0] or not all(part.isascii() and part.isdecimal() for part in parts[1:]):
        return None
    return parts[0]
