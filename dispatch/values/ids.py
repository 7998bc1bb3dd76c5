"""Names of things. A new type for each, so that a trip's id cannot stand where a vehicle's belongs."""

from __future__ import annotations

from typing import NewType

VehicleId = NewType("VehicleId", str)
"""The company's number of a car, as painted on it and printed in its QR code: ``V123``."""
DriverId = NewType("DriverId", str)
PassengerId = NewType("PassengerId", str)
DispatcherId = NewType("DispatcherId", str)
DeviceId = NewType("DeviceId", str)
TripId = NewType("TripId", str)
OfferId = NewType("OfferId", str)
PaymentId = NewType("PaymentId", str)
CommandId = NewType("CommandId", str)
"""Chosen by whoever sends the command; the same id is the same command for ever."""
