"""What is told beside the streams: alarms to dispatchers, and dispatchers' messages to drivers."""

from __future__ import annotations

from base64 import b32encode
from hashlib import blake2b

import msgspec

from dispatch.api.messages import Alarm, Notice
from dispatch.domain.entity import Signal


class Told(msgspec.Struct, frozen=True):
    """A notice and whom it is for: drivers of these vehicles, or (none named) all."""

    notice: Notice
    vehicles: tuple[str, ...] = ()

    def is_for(self, vehicle: str) -> bool:
        """Whether the driver of a vehicle is meant."""
        return not self.vehicles or vehicle in self.vehicles


def alarm_of(signal: Signal, at: float) -> Alarm:
    """The alarm that a host's signal is at a city time: the same, with the same id, however often it is raised."""
    said = msgspec.json.encode([signal.name, signal.fields, at], order="sorted")
    name = "a" + b32encode(blake2b(said, digest_size=10).digest()).decode().lower()
    return Alarm(alarm=name, name=signal.name, at=at, fields=dict(signal.fields))
