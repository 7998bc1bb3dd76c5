"""What a host's signal becomes for dispatchers: an alarm with an id, the same however often it is raised."""

from __future__ import annotations

from base64 import b32encode
from hashlib import blake2b

import msgspec

from dispatch.entity import Signal
from dispatch.messages import Alarm


def alarm_of(signal: Signal, at: float) -> Alarm:
    """The alarm that a signal is at a city time."""
    said = msgspec.json.encode([signal.name, signal.fields, at], order="sorted")
    name = "a" + b32encode(blake2b(said, digest_size=10).digest()).decode().lower()
    return Alarm(alarm=name, name=signal.name, at=at, fields=dict(signal.fields))
