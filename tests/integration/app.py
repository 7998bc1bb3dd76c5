"""A client app for tests: real sockets, and the independent ``msgpack`` package on the wire."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextlib import suppress
from secrets import token_hex
from types import TracebackType
from typing import Any, Self

import httpx
import msgpack
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PICKUP = {"lat": 37.7850, "lng": -122.4100, "text": "Union Square"}
DROPOFF = {"lat": 37.7680, "lng": -122.4300}
START = (37.7840, -122.4090)
WITHIN_S = 60.0

Message = dict[str, Any]


class App:
    """One connection. Every message that comes in is kept; ``wait`` looks through all of them in their order."""

    def __init__(self, ws: str, token: str, hello: Message | None = None) -> None:
        self._ws = ws
        self._hello = {"t": "hello", "token": token} if hello is None else hello
        self._connection: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ids = itertools.count(1)
        self._run = token_hex(4)
        self._came = asyncio.Event()
        self.received: list[Message] = []
        self.closed: int | None = None
        self.welcome: Message = {}
        self.resume: list[Message] = []

    async def __aenter__(self) -> Self:
        self._connection = await connect(
            self._ws, subprotocols=[Subprotocol("taxi.v1.msgpack")], compression=None, open_timeout=WITHIN_S
        )
        self._reader = asyncio.create_task(self._read())
        await self.send({**self._hello, "resume": self.resume} if self.resume else self._hello)
        self.welcome = await self.wait(lambda m: m["t"] in ("welcome", "rejected"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._connection is not None
        assert self._reader is not None
        await self._connection.close()
        await self._reader

    async def _read(self) -> None:
        assert self._connection is not None
        with suppress(ConnectionClosed):
            async for data in self._connection:
                assert isinstance(data, bytes)
                self.received.append(msgpack.unpackb(data))
                self._came.set()
        self.closed = self._connection.close_code
        self._came.set()

    async def send(self, message: Message) -> None:
        """Say something."""
        await self.send_bytes(msgpack.packb(message))

    async def send_bytes(self, data: bytes) -> None:
        """Say anything."""
        assert self._connection is not None
        await self._connection.send(data)

    async def wait(self, wanted: Callable[[Message], bool], since: int = 0) -> Message:
        """The first message after the first ``since`` ones that is wanted."""
        async with asyncio.timeout(WITHIN_S):
            seen = since
            while True:
                for at, message in enumerate(self.received[seen:], seen):
                    seen = at + 1
                    if wanted(message):
                        return message
                if self.closed is not None:
                    raise AssertionError(f"closed with {self.closed}, having got {self.received[-3:]}")
                self._came.clear()
                await self._came.wait()

    async def wait_closed(self) -> int:
        """The code that the server closes with."""
        async with asyncio.timeout(WITHIN_S):
            while self.closed is None:
                self._came.clear()
                await self._came.wait()
        return self.closed

    async def command(self, name: str, command_id: str | None = None, **fields: object) -> Message:
        """Send a command under an id until it is answered, as apps do; the answer."""
        command_id = command_id or f"{self._run}-{next(self._ids)}"
        while True:
            since = len(self.received)
            await self.send({"t": name, "id": command_id, **fields})
            answer = await self.wait(lambda m: m.get("id") == command_id and m["t"] in ("accepted", "rejected"), since)
            if answer["t"] == "accepted" or answer["code"] not in (6001, 6002):
                return answer

    async def update(self, event: str, since: int = 0) -> Message:
        """The first update that tells of ``event``."""
        return await self.wait(lambda m: m["t"] == "update" and m["event"] == event, since)


class Driver(App):
    """A driver's app that says where its car is, again and again."""

    def __init__(self, ws: str, token: str, start: tuple[float, float] = START) -> None:
        super().__init__(ws, token)
        self._fixes = itertools.count(1)
        self._start = start
        self._driving: asyncio.Task[None] | None = None
        self.offset = 0.0

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._city = float(self.welcome["city_time"])
        self._wall = asyncio.get_running_loop().time()
        self._speed = float(self.welcome["speed"])
        self._driving = asyncio.create_task(self._drive())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._driving is not None
        self._driving.cancel()
        await asyncio.gather(self._driving, return_exceptions=True)
        await super().__aexit__(kind, error, trace)

    def city_time(self) -> float:
        """The city's time by this phone."""
        return self._city + (asyncio.get_running_loop().time() - self._wall) * self._speed

    async def _drive(self) -> None:
        lat, lng = self._start
        while True:
            n = next(self._fixes)
            await self.send({"t": "fix", "fix": [n, self.city_time(), lat + n * 2e-5, lng, None, None]})
            await asyncio.sleep(0.1)


async def sign_in(http: str, path: str, **body: str) -> str:
    """A token from the server's sign-in."""
    async with httpx.AsyncClient(base_url=http, timeout=20, trust_env=False) as client:
        answer = await client.post(f"/v1/auth/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return str(msgspec.json.decode(answer.content)["token"])
