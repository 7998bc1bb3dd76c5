"""Limits per client address, counted by each gateway for itself: TCP connections, sockets and sign-ins.

Requests of this machine are not counted. Nor are the connections of reverse proxies: for requests that a proxy
forwards, uvicorn takes the client's address from ``X-Forwarded-For``; connections are the proxy's to limit.
"""

from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network
from typing import Final

from starlette.types import Scope

from dispatch.clock import Clock
from dispatch.domain.errors import DispatchError, ErrorCode
from ws_gateway.limits.token_bucket import RateLimit, TokenBuckets

LOOPBACK: Final = ("127.0.0.1", "::1")
HERE: Final = frozenset({"", *LOOPBACK})


class AddressLimits:
    """Takes TCP peers, and HTTP and WebSocket scopes. Limits are (per second, burst); ``proxies`` are addresses or
    networks; ``on_cut`` is called for each connection over its limit."""

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
        self._limits = (RateLimit(*sign_ins), RateLimit(*sockets), RateLimit(*connections))
        self._sign_ins, self._sockets, self._connections = (TokenBuckets() for _ in self._limits)
        self._clock = clock
        self._on_cut = on_cut
        self._proxies = [ip_network(proxy) for proxy in proxies]

    def may_connect(self, peer: str) -> bool:
        """Count a TCP connection; False if it must be dropped."""
        address = network_of(peer)
        if address in HERE or self._is_proxy(peer):
            return True
        if self._connections.allow(address, self._limits[2], self._clock.wall()):
            return True
        self._on_cut()
        return False

    def may_open_socket(self, scope: Scope) -> bool:
        """Count a WebSocket; False if it must be refused."""
        address = address_of(scope)
        return address in HERE or self._sockets.allow(address, self._limits[1], self._clock.wall())

    def check_sign_in(self, scope: Scope) -> None:
        """Count a sign-in. Raises ``DispatchError`` with ``TOO_MANY_ATTEMPTS`` over the limit."""
        address = address_of(scope)
        if address not in HERE and not self._sign_ins.allow(address, self._limits[0], self._clock.wall()):
            raise DispatchError(ErrorCode.TOO_MANY_ATTEMPTS)

    def _is_proxy(self, peer: str) -> bool:
        return bool(self._proxies) and any(ip_address(peer) in network for network in self._proxies)


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return network_of(str(client[0]) if client else "")


def network_of(address: str) -> str:
    """An IPv4 address itself; for IPv6 its /64 network, which belongs to one client."""
    if ":" not in address or address in HERE:
        return address
    return ":".join(address.split(":")[:4])
