"""How often one address may sign in and open sockets here, counted by each gateway for itself.

This machine's own address is not counted: behind a proxy on it, uvicorn takes the client's from ``X-Forwarded-For``.
"""

from __future__ import annotations

from typing import Final

from starlette.types import Scope

from dispatch.clock import Clock
from dispatch.errors import DispatchError, ErrorCode

HERE: Final = frozenset({"", "127.0.0.1", "::1"})
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
    """For HTTP and WebSocket scopes."""

    def __init__(self, sign_ins: tuple[float, int], sockets: tuple[float, int], clock: Clock) -> None:
        self._sign_ins = Buckets(sign_ins, clock)
        self._sockets = Buckets(sockets, clock)

    def may_connect(self, scope: Scope) -> bool:
        """Whether one more socket may be opened."""
        address = address_of(scope)
        return address in HERE or self._sockets.allow(address)

    def check_sign_in(self, scope: Scope) -> None:
        """Raises ``DispatchError`` with ``TOO_MANY_ATTEMPTS``."""
        address = address_of(scope)
        if address not in HERE and not self._sign_ins.allow(address):
            raise DispatchError(ErrorCode.TOO_MANY_ATTEMPTS)


def address_of(scope: Scope) -> str:
    """The client's address; of IPv6 the network of 64 bits, which one client has to itself."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if ":" not in address or address in HERE:
        return address
    return ":".join(address.split(":")[:4])
