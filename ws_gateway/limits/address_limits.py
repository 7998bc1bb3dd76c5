"""How often one address may dial, open sockets and sign in here, counted by each gateway for itself.

This machine's own address is not counted, nor are the proxies': of what they pass on, uvicorn takes the client's from
``X-Forwarded-For``, and what it connections is theirs to limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network
from typing import Final

from starlette.types import Scope

from dispatch.clock import Clock
from dispatch.domain.errors import DispatchError, ErrorCode

LOOPBACK: Final = ("127.0.0.1", "::1")
HERE: Final = frozenset({"", *LOOPBACK})
KEPT: Final = 10_000
"""Addresses remembered at most; those that were quiet for longest are forgotten."""


class Buckets:
    """``rate`` = (a second, at once) for each name, by wall time."""

    def __init__(self, rate: tuple[float, int], clock: Clock) -> None:
        self._per_s, self._burst = rate
        self._clock = clock
        self._empty_at: dict[str, float] = {}

    def allow(self, name: str) -> bool:
        """Count one; False, and nothing is counted, where it is one too many."""
        now = float(self._clock.wall())
        empty_at = max(self._empty_at.pop(name, now), now)
        allowed = empty_at - now <= (self._burst - 1) / self._per_s
        self._empty_at[name] = empty_at + (1 / self._per_s if allowed else 0.0)
        if len(self._empty_at) > KEPT:
            del self._empty_at[next(iter(self._empty_at))]
        return allowed


class AddressLimits:
    """For TCP peers, and for HTTP and WebSocket scopes. ``proxies`` are addresses or networks."""

    def __init__(
        self,
        sign_ins: tuple[float, int],
        sockets: tuple[float, int],
        connections: tuple[float, int],
        clock: Clock,
        *,
        proxies: Sequence[str] = (),
        on_cut: Callable[[], None] = lambda: None,
    ) -> None:
        self._sign_ins = Buckets(sign_ins, clock)
        self._sockets = Buckets(sockets, clock)
        self._connections = Buckets(connections, clock)
        self._on_cut = on_cut
        self._proxies = [ip_network(proxy) for proxy in proxies]

    def may_connect(self, peer: str) -> bool:
        """Whether a TCP connection of this peer is heard at all."""
        address = network_of(peer)
        if address in HERE or self._is_proxy(peer) or self._connections.allow(address):
            return True
        self._on_cut()
        return False

    def _is_proxy(self, peer: str) -> bool:
        return bool(self._proxies) and any(ip_address(peer) in network for network in self._proxies)

    def may_open_socket(self, scope: Scope) -> bool:
        """Whether one more socket may be opened."""
        address = address_of(scope)
        return address in HERE or self._sockets.allow(address)

    def check_sign_in(self, scope: Scope) -> None:
        """Raises ``DispatchError`` with ``TOO_MANY_ATTEMPTS``."""
        address = address_of(scope)
        if address not in HERE and not self._sign_ins.allow(address):
            raise DispatchError(ErrorCode.TOO_MANY_ATTEMPTS)


def address_of(scope: Scope) -> str:
    """The client's address, as it is counted."""
    client = scope.get("client")
    return network_of(str(client[0]) if client else "")


def network_of(address: str) -> str:
    """The address itself; of IPv6 the network of 64 bits, which one client has to itself."""
    if ":" not in address or address in HERE:
        return address
    return ":".join(address.split(":")[:4])
