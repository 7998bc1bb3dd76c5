"""The bus on Redis or Valkey. It fulfils the port's contract (:mod:`dispatch.store.bus`)."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any, Final, Self, cast

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from dispatch.store.bus import BusMessage, BusUnavailableError
from dispatch.store.buses import keys
from dispatch.store.buses.latest_by_channel import LatestByChannel

ALLOW_LUA: Final = (Path(__file__).parents[1] / "lua" / "allow.lua").read_text()
ATTEMPT_LUA: Final = (Path(__file__).parents[1] / "lua" / "attempt.lua").read_text()


@contextmanager
def _outages() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise BusUnavailableError(str(error) or type(error).__name__) from error


class RedisSubscription:
    """Implements :class:`dispatch.store.bus.Subscription`: one connection, read by one task."""

    def __init__(self, pubsub: PubSub, timeout_s: float) -> None:
        self._pubsub = pubsub
        self._timeout_s = timeout_s
        self._unread = LatestByChannel()
        self._wanted: set[str] = set()
        self._confirmed: dict[str, asyncio.Future[None]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def add(self, channels: Iterable[str]) -> None:
        """Returns when the server has confirmed the new channels."""
        new = sorted(set(channels) - self._wanted)
        if not new:
            return
        loop = asyncio.get_running_loop()
        confirmed = [self._confirmed.setdefault(channel, loop.create_future()) for channel in new]
        self._wanted.update(new)
        with _outages():
            await self._pubsub.subscribe(*new)
            if self._reader is None:
                self._reader = asyncio.create_task(self._read(), name="bus-reader")
            await asyncio.wait_for(asyncio.gather(*confirmed), self._timeout_s)

    async def drop(self, channels: Iterable[str]) -> None:
        gone = sorted(self._wanted.intersection(channels))
        if not gone:
            return
        self._wanted.difference_update(gone)
        self._unread.forget(gone)
        with _outages():
            await self._pubsub.unsubscribe(*gone)

    async def _read(self) -> None:
        failure = BusUnavailableError("the reader ended")
        try:
            with _outages():
                while True:
                    message = await self._pubsub.get_message(timeout=None)
                    if message is not None:
                        self._take(message)
        except BusUnavailableError as outage:
            failure = outage
        finally:
            self._unread.fail(failure)
            self._fail_pending(failure)

    def _take(self, message: dict[str, Any]) -> None:
        channel = message["channel"].decode()
        if message["type"] == "subscribe":
            confirmed = self._confirmed.pop(channel, None)
            if confirmed is not None and not confirmed.done():
                confirmed.set_result(None)
        elif message["type"] == "message" and channel in self._wanted:
            self._unread.deliver(BusMessage(channel, message["data"]))

    def _fail_pending(self, failure: Exception) -> None:
        for confirmed in self._confirmed.values():
            if not confirmed.done():
                confirmed.set_exception(failure)
        self._confirmed.clear()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> BusMessage:
        return await self._unread.take()

    async def close(self) -> None:
        self._unread.fail(StopAsyncIteration())
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]


class RedisBus:
    """Implements :class:`dispatch.store.bus.Bus`. ``url`` is ``redis://…``, ``rediss://…`` or ``unix://…``."""

    def __init__(self, url: str, *, timeout_s: float = 1.0) -> None:
        self._timeout_s = timeout_s
        self._redis = Redis.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 1),  # for a connection that was closed while idle
        )
        self._allow = self._redis.register_script(ALLOW_LUA)
        self._attempt = self._redis.register_script(ATTEMPT_LUA)

    async def publish(self, channel: str, payload: bytes) -> None:
        with _outages():
            await self._redis.publish(channel, payload)

    async def publish_many(self, messages: Sequence[BusMessage]) -> Sequence[int]:
        if not messages:
            return []
        with _outages():
            async with self._redis.pipeline(transaction=False) as pipeline:
                for channel, payload in messages:
                    pipeline.publish(channel, payload)
                return [int(listeners) for listeners in await pipeline.execute()]

    async def subscribe(self, channels: Iterable[str] = ()) -> RedisSubscription:
        """Each subscription has its own connection."""
        subscription = RedisSubscription(self._redis.pubsub(), self._timeout_s)
        try:
            await subscription.add(channels)
        except BaseException:
            await subscription.close()
            raise
        return subscription

    async def put(self, key: str, payload: bytes, ttl_s: float) -> None:
        with _outages():
            await self._redis.set(key, payload, px=_milliseconds(ttl_s))

    async def put_many(self, entries: Sequence[tuple[str, bytes]], ttl_s: float) -> None:
        if not entries:
            return
        with _outages():
            async with self._redis.pipeline(transaction=False) as pipeline:
                for key, payload in entries:
                    pipeline.set(key, payload, px=_milliseconds(ttl_s))
                await pipeline.execute()

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        if not keys:
            return []
        with _outages():
            found = await self._redis.mget(list(keys))
        return cast("list[bytes | None]", found)  # nothing is decoded

    async def allow(self, what: str, per_s: float, burst: int) -> bool:
        with _outages():
            return bool(await self._allow(keys=[keys.rate(what)], args=[round(1e6 / per_s), burst]))

    async def attempt(self, what: str, limit: int, ttl_s: float) -> bool:
        with _outages():
            return bool(await self._attempt(keys=[keys.tries(what)], args=[limit, _milliseconds(ttl_s)]))

    async def attempts(self, whats: Sequence[str]) -> Sequence[int]:
        return [int(found or 0) for found in await self.get_many([keys.tries(what) for what in whats])]

    async def forget_attempts(self, what: str) -> None:
        with _outages():
            await self._redis.delete(keys.tries(what))

    async def close(self) -> None:
        await self._redis.aclose()


def _milliseconds(seconds: float) -> int:
    return max(1, ceil(seconds * 1000))
