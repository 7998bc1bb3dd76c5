"""Identifiers. Each kind has its own type, so that a trip id cannot be passed as a vehicle id."""

from base64 import b32encode
from hashlib import blake2b
from typing import NewType

VehicleId = NewType("VehicleId", str)
"""The company's vehicle number, as painted on the vehicle and printed in its QR code: ``V123``."""
DriverId = NewType("DriverId", str)
PassengerId = NewType("PassengerId", str)
DispatcherId = NewType("DispatcherId", str)
DeviceId = NewType("DeviceId", str)
TripId = NewType("TripId", str)
OfferId = NewType("OfferId", str)
PaymentId = NewType("PaymentId", str)
CommandId = NewType("CommandId", str)
"""Chosen by the sender of the command; the same id always means the same command."""


def derived_id(prefix: str, content: str | bytes) -> str:
    """An id computed from ``content``: the same content always gives the same id, so a repeat creates nothing new."""
    body = content.encode() if isinstance(content, str) else content
    return prefix + b32encode(blake2b(body, digest_size=10).digest()).decode().lower()
