"""The states of trips and vehicles that the apps act on, as the wire spells them."""

from __future__ import annotations

from typing import Final

MATCHING: Final = "matching"
ASSIGNED: Final = "assigned"
ARRIVED: Final = "arrived"
IN_PROGRESS: Final = "in_progress"
FARE_DUE: Final = "fare_due"
PAYING: Final = "paying"
PAID: Final = "paid"
CANCELLED: Final = "cancelled"
UNSERVED: Final = "unserved"

SEEKING: Final = frozenset({"reserved", MATCHING, "offered"})
"""No driver has accepted yet."""
ENDED: Final = frozenset({PAID, CANCELLED, UNSERVED, "part_refunded", "refunded", "settled_otherwise"})
"""Nothing more will happen to the trip that its passenger has to wait for."""

IDLE: Final = "idle"
OFFERED: Final = "offered"
TO_PICKUP: Final = "to_pickup"
AT_PICKUP: Final = "at_pickup"
ON_TRIP: Final = "on_trip"
OFF_DUTY: Final = frozenset({"offline", "break"})
"""The driver goes online from here."""
WITH_TRIP: Final = frozenset({TO_PICKUP, AT_PICKUP, ON_TRIP})
