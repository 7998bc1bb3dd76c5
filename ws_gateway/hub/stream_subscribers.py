"""The streams that connections of this gateway are subscribed to, and their subscriptions at the hosts.

Rule 1. A stream stays subscribed at its host as long as a connection here is subscribed, and ``leave_after_s`` longer:
        leaving at once would race with the subscription of a client that reconnects.
"""

import asyncio
from collections.abc import Callable, Iterable

from dispatch.values.roles import Audience
from ws_gateway.hub.connection import Connection

_Stream = tuple[str, Audience]


class StreamSubscribers:
    """``leave`` ends the subscription at the host."""

    def __init__(self, leave: Callable[[str, Audience], None], leave_after_s: float) -> None:
        self._leave = leave
        self._leave_after_s = leave_after_s
        self._connections: dict[_Stream, dict[Connection, None]] = {}
        self._leaving: dict[_Stream, asyncio.TimerHandle] = {}

    @property
    def entries(self) -> int:
        return len(self._connections) + len(self._leaving)

    def connections(self, key: str, audience: Audience) -> Iterable[Connection]:
        return list(self._connections.get((key, audience), ()))

    def add(self, connection: Connection, key: str, audience: Audience) -> None:
        connection.subscriptions[key, audience] = None
        leaving = self._leaving.pop((key, audience), None)
        if leaving is not None:
            leaving.cancel()
        self._connections.setdefault((key, audience), {})[connection] = None

    def remove(self, connection: Connection, key: str, audience: Audience) -> None:
        connection.subscriptions.pop((key, audience), None)
        connections = self._connections.get((key, audience))
        if connections is None or connection not in connections:
            return
        del connections[connection]
        if not connections:
            del self._connections[key, audience]
            loop = asyncio.get_running_loop()
            self._leaving[key, audience] = loop.call_later(self._leave_after_s, self._leave_stream, key, audience)

    def remove_all(self, connection: Connection) -> None:
        for key, audience in list(connection.subscriptions):
            self.remove(connection, key, audience)

    def stop(self) -> None:
        for leaving in self._leaving.values():
            leaving.cancel()

    def _leave_stream(self, key: str, audience: Audience) -> None:
        del self._leaving[key, audience]
        self._leave(key, audience)
