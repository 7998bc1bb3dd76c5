"""Limits and deadlines of a gateway process, built once from the settings by :mod:`ws_gateway.wiring`."""

import msgspec


class GatewaySettings(msgspec.Struct, frozen=True):
    """Durations are wall seconds unless a field says otherwise."""

    origins: tuple[str, ...] = ()
    """Origins whose pages may open a socket, besides the requested host itself; ``*``: all."""
    sign_ins_by_address: tuple[float, int] = (2.0, 60)
    """Sign-ins from one address: per second, and burst."""
    sockets_by_address: tuple[float, int] = (50.0, 1_000)
    """WebSockets from one address: per second, and burst."""
    connections_by_address: tuple[float, int] = (100.0, 2_000)
    """TCP connections from one address: per second, and burst. More are dropped at accept."""
    proxies: tuple[str, ...] = ()
    """Addresses and networks of trusted reverse proxies: their ``X-Forwarded-For`` is used."""
    messages_per_s: float = 50.0
    """Sustained message rate of one connection."""
    burst: int = 200
    """Messages that an idle connection may send at once."""
    flood_factor: float = 10.0
    """A connection closes at this multiple of rate and burst."""
    message_max_bytes: int = 65_536
    """A larger message is rejected, then the socket closes."""
    frame_max_bytes: int = 4_194_304
    """A larger frame is not read: the socket closes at once (1009)."""
    hello_timeout_s: float = 10.0
    """Maximum time between accept and hello."""
    request_s: float = 10.0
    """Maximum time to receive an HTTP request, also a handshake."""
    future_tolerance_s: float = 60.0
    """City seconds that a fix may be ahead of the city clock, after correction by the phone's clock offset."""
    commands_in_flight: int = 32
    """Commands of one connection that may be under way at the same time."""
    streams_max: int = 100
    """Streams that one connection may subscribe to."""
    shed_after_lag_s: float = 0.5
    """Event loop lag that starts load shedding (:mod:`ws_gateway.session.load_shedding`)."""
    outbox_events: int = 1_000
    """Messages queued for a slow consumer before it is disconnected."""
    outbox_bytes: int = 2_000_000
    """The same in bytes."""
    attach_parallel: int = 64
    """Concurrent subscriptions of a gateway at the hosts."""
    detach_after_s: float = 5.0
    """How long a stream stays subscribed without connections, for clients that reconnect."""
    drain_s: float = 5.0
    """Maximum wait for pending requests when the gateway stops."""
    close_s: float = 5.0
    """Maximum time for a closing socket to read the queued messages."""
    ping_interval_s: float = 20.0
    ping_timeout_s: float = 20.0
    token_ttl_s: float = 43_200.0
    """Lifetime of a sign-in: one shift."""
    sms_code_ttl_s: float = 300.0
    """Lifetime of a passenger's code."""
    revocations_s: float = 2.0
    """Interval between two reads of the revocations if the bus announces none."""
    sign_in_attempts: int = 5
    """Consecutive wrong secrets before a name is locked."""
    sign_in_lock_s: float = 300.0
    """How long a name stays locked."""
    sms_per_hour: int = 5
    """Codes per phone and hour."""
