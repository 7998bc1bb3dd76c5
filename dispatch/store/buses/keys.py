"""Every name that is used in Redis, in one place. A name starts with ``taxi:`` and the kind of thing.

| name                 | what                       | held by                                          |
|----------------------|----------------------------|--------------------------------------------------|
| ``taxi:map:CELL:HOST`` | channel                  | a vehicle host's frames of the live map for the H3 cell |
| ``taxi:cell:CELL:HOST`` | string with an expiry   | its last whole frame of that cell                |
| ``taxi:map-counts:HOST`` | channel                | its cars in each cell                            |
| ``taxi:console:HOST`` | channel                    | trips that changed at a host, and its alarms     |
| ``taxi:revoked``     | channel                    | sign-ins were ended: gateways look into the journal |
| ``taxi:desk:N``      | channel                    | what gateway N tells consoles and drivers        |
| ``taxi:sign-on:WHO``  | channel                    | a driver or device signs on (``ws_gateway.hub.bus_subscriber``) |
| ``taxi:tries:WHAT``  | string with an expiry      | attempts that are counted (``lua/attempt.lua``)  |
| ``taxi:rate:WHAT``   | string with an expiry      | a rate limit (``lua/allow.lua``)                 |
"""

from __future__ import annotations

MAP_PREFIX = "taxi:map:"
MAP_COUNTS_PREFIX = "taxi:map-counts:"


def map_channel(cell: str, host: str) -> str:
    """The channel of a host's frames of the map for an H3 cell (its hexadecimal name)."""
    return f"{MAP_PREFIX}{cell}:{host}"


def map_whole(cell: str, host: str) -> str:
    """A host's last whole frame of a cell."""
    return f"taxi:cell:{cell}:{host}"


def map_counts_channel(host: str) -> str:
    """The channel of a host's counts of cars by cell."""
    return f"{MAP_COUNTS_PREFIX}{host}"


def rate(what: str) -> str:
    """The rate limit of ``what`` (``sign-in:101``)."""
    return f"taxi:rate:{what}"


REVOKED = "taxi:revoked"
"""The channel that tells gateways to read the revocations anew."""


def tries(what: str) -> str:
    """The attempts at ``what``."""
    return f"taxi:tries:{what}"


CONSOLE_PREFIX = "taxi:console:"


def console_channel(host: str) -> str:
    """The channel of a host's notices for all consoles."""
    return f"{CONSOLE_PREFIX}{host}"


GATEWAY_PREFIX = "taxi:desk:"
GATEWAY_CHANNELS = 16


def gateway_channel(number: int) -> str:
    """A gateway's messages to consoles and drivers; more than :data:`GATEWAY_CHANNELS` gateways share channels."""
    return f"{GATEWAY_PREFIX}{number % GATEWAY_CHANNELS}"
