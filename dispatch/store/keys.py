"""Every name that is used in Redis, in one place. A name starts with ``taxi:`` and the kind of thing.

| name                 | what                       | held by                                          |
|----------------------|----------------------------|--------------------------------------------------|
| ``taxi:map:CELL``    | channel                    | frames of the live map for the H3 cell           |
| ``taxi:console:HOST`` | channel                    | trips that changed at a host, and its alarms     |
| ``taxi:sign-on:WHO``  | channel                    | a driver or device signs on (``ws_gateway.bus_feed``) |
| ``taxi:at:VEHICLE``  | string with an expiry      | a vehicle's last position                        |
| ``taxi:here:WHO``    | string with an expiry      | the gateway that holds the socket of ``WHO``     |
| ``taxi:rate:WHAT``   | string with an expiry      | a rate limit (``lua/allow.lua``)                 |
"""

from __future__ import annotations


def map_channel(cell: str) -> str:
    """The channel of the map's frames for an H3 cell (its hexadecimal name)."""
    return f"taxi:map:{cell}"


def position(vehicle: str) -> str:
    """A vehicle's last position."""
    return f"taxi:at:{vehicle}"


def presence(who: str) -> str:
    """Where ``who`` (``driver:101``) is connected."""
    return f"taxi:here:{who}"


def rate(what: str) -> str:
    """The rate limit of ``what`` (``sign-in:101``)."""
    return f"taxi:rate:{what}"


CONSOLE_PREFIX = "taxi:console:"


def console_channel(host: str) -> str:
    """The channel of a host's notices for all consoles."""
    return f"{CONSOLE_PREFIX}{host}"
