"""All names of channels and keys in Redis. A name starts with ``taxi:`` and the kind of its content.

| name                 | kind                       | content                                          |
|----------------------|----------------------------|--------------------------------------------------|
| ``taxi:map:CELL:HOST`` | channel                  | live map frames of an H3 cell from a vehicle host |
| ``taxi:cell:CELL:HOST`` | string with an expiry   | last full frame of that cell                     |
| ``taxi:map-counts:HOST`` | channel                | number of the host's vehicles in each cell       |
| ``taxi:console:HOST`` | channel                    | changed trips and alarms of a host               |
| ``taxi:revoked``     | channel                    | sign-ins were revoked: gateways read the journal |
| ``taxi:desk:N``      | channel                    | messages of gateway N to consoles and drivers    |
| ``taxi:sign-on:WHO``  | channel                    | a driver or device signs on (``ws_gateway.hub.bus_subscriber``) |
| ``taxi:tries:WHAT``  | string with an expiry      | counted attempts (``lua/attempt.lua``)           |
| ``taxi:rate:WHAT``   | string with an expiry      | a rate limit (``lua/allow.lua``)                 |
"""

MAP_PREFIX = "taxi:map:"
MAP_COUNTS_PREFIX = "taxi:map-counts:"


def map_channel(cell: str, host: str) -> str:
    """Live map frames of an H3 cell (in hexadecimal) from a host."""
    return f"{MAP_PREFIX}{cell}:{host}"


def map_whole(cell: str, host: str) -> str:
    return f"taxi:cell:{cell}:{host}"


def map_counts_channel(host: str) -> str:
    return f"{MAP_COUNTS_PREFIX}{host}"


def rate(what: str) -> str:
    return f"taxi:rate:{what}"


REVOKED = "taxi:revoked"
"""A message here makes gateways read the revocations from the journal."""


def tries(what: str) -> str:
    return f"taxi:tries:{what}"


CONSOLE_PREFIX = "taxi:console:"


def console_channel(host: str) -> str:
    return f"{CONSOLE_PREFIX}{host}"


GATEWAY_PREFIX = "taxi:desk:"
GATEWAY_CHANNELS = 16


def gateway_channel(number: int) -> str:
    """A gateway's messages to consoles and drivers; more than :data:`GATEWAY_CHANNELS` gateways share channels."""
    return f"{GATEWAY_PREFIX}{number % GATEWAY_CHANNELS}"
