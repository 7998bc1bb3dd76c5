"""What a gateway is told about itself. Built once, by whoever starts it; every field has its unit."""

from __future__ import annotations

import msgspec


class GatewaySettings(msgspec.Struct, frozen=True):
    """Limits and deadlines of one gateway. Durations are wall seconds unless a field says otherwise."""

    origins: tuple[str, ...] = ()
    """Origins whose pages may open a socket, beside the address that was asked itself; ``*``: every one."""
    sign_ins_by_address: tuple[float, int] = (2.0, 60)
    """Sign-ins from one address: a second, and at once."""
    sockets_by_address: tuple[float, int] = (50.0, 1_000)
    """Sockets opened from one address: a second, and at once."""
    connections_by_address: tuple[float, int] = (100.0, 2_000)
    """TCP connections from one address: a second, and at once. More are cut unheard."""
    proxies: tuple[str, ...] = ()
    """Addresses and networks of reverse proxies elsewhere: who they say the client is, is believed."""
    messages_per_s: float = 50.0
    """Messages a second that one connection may send for long."""
    burst: int = 200
    """Messages that one connection may send at once, after it was quiet."""
    flood_factor: float = 10.0
    """So many times over rate and burst, a connection is closed."""
    message_max_bytes: int = 65_536
    """A larger message is refused with a number, then the socket is closed."""
    frame_max_bytes: int = 4_194_304
    """A larger frame is never read: the socket is closed at once (1009)."""
    hello_timeout_s: float = 10.0
    """How long a new socket may stay silent."""
    request_s: float = 10.0
    """How long a request over HTTP, a handshake too, may take to be said."""
    future_tolerance_s: float = 60.0
    """City seconds that a fix may lie ahead of the city's clock, after the phone's offset is taken off."""
    commands_in_flight: int = 32
    """Commands of one connection that may wait for their answer at the same time."""
    streams_max: int = 100
    """Streams that one connection may follow."""
    shed_after_lag_s: float = 0.5
    """An event loop that lags by more leaves out the map, then positions (:mod:`ws_gateway.session.load_shedding`)."""
    outbox_events: int = 1_000
    """Messages that may wait for a slow reader before it is closed."""
    outbox_bytes: int = 2_000_000
    """The same, in bytes."""
    attach_parallel: int = 64
    """Attachments that a gateway asks for at the same time after a host was born again."""
    detach_after_s: float = 5.0
    """A stream that nobody here follows is kept for so long: a client that reconnects finds it attached."""
    drain_s: float = 5.0
    """How long pending answers are waited for when the gateway stops."""
    close_s: float = 5.0
    """How long a socket that is being closed may take to read what is left."""
    ping_interval_s: float = 20.0
    ping_timeout_s: float = 20.0
    token_ttl_s: float = 43_200.0
    """How long a sign-in holds: a shift."""
    sms_code_ttl_s: float = 300.0
    """How long a passenger's code is good for."""
    revocations_s: float = 2.0
    """So often the journal is asked which sign-ins were ended, where the bus has not said so."""
    sign_in_attempts: int = 5
    """Wrong secrets in a row for one name before it is locked."""
    sign_in_lock_s: float = 300.0
    """How long a locked name stays locked."""
    sms_per_hour: int = 5
    """Codes that one phone may ask for in an hour."""
    """What a passenger's ``pay`` means to the trip."""
