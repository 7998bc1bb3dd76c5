"""States of trips and vehicles as the wire spells them, for the simulated apps and their metrics."""

from typing import Final

ASSIGNED: Final = "assigned"
ARRIVED: Final = "arrived"
IN_PROGRESS: Final = "in_progress"
FARE_DUE: Final = "fare_due"
PAYING: Final = "paying"
PAID: Final = "paid"
UNSERVED: Final = "unserved"
SEEKING: Final = frozenset({"reserved", "matching", "offered"})
"""No driver has accepted yet."""
ENDED: Final = frozenset({PAID, "cancelled", UNSERVED, "part_refunded", "refunded", "settled_otherwise"})
"""The passenger waits for no further event."""
IDLE: Final = "idle"
OFFERED: Final = "offered"
OFF_DUTY: Final = frozenset({"offline", "break"})
"""States in which the driver can go online."""
WITH_TRIP: Final = frozenset({"to_pickup", "at_pickup", "on_trip"})
