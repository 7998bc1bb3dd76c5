"""What a gateway hears from the bus, and how it fares without one."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from dispatch.actors.runtime.console_publisher import ConsoleFrame
from dispatch.api.alarms import DriverBroadcast
from dispatch.api.fields import TripView
from dispatch.api.server_messages import Alarm, Notice, TripNotice
from dispatch.clock import ManualClock
from dispatch.store.buses import keys
from tests.dispatch.store.buses.memory_bus import MemoryBus
from ws_gateway.hub import bus_subscriber as bus_feed
from ws_gateway.hub.bus_subscriber import BusSubscriber
from ws_gateway.ports import BusNotice, ConsoleNotice, DriverNotice, MapFrameNotice, MapHealth, SignOnNotice

NOTICE = SignOnNotice("driver", "D1", "s1", 5.0)


class Listener:
    """A feed whose notices are read all the time, as a gateway does."""

    def __init__(self, bus: MemoryBus) -> None:
        self.feed = BusSubscriber(bus, ["trip-0"], ["vehicle-0"])
        self._heard: asyncio.Queue[BusNotice] = asyncio.Queue()
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while True:
            for notice in await self.feed.next_notices():
                self._heard.put_nowait(notice)

    async def next(self) -> BusNotice:
        async with asyncio.timeout(10):
            return await self._heard.get()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.feed.close()


async def settle() -> None:
    """Let the other tasks run up to where they wait."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_frames_of_watched_cells_only() -> None:
    """Frames come while a cell is watched, and no longer."""
    bus = MemoryBus(ManualClock())
    listener = Listener(bus)
    await listener.feed.watch(["c1", "c2"])
    await settle()
    await bus.publish(keys.map_channel("c1", "vehicle-0"), b"one")
    assert await listener.next() == MapFrameNotice("c1", "vehicle-0", b"one")
    await listener.feed.unwatch(["c1"])
    await bus.publish(keys.map_channel("c1", "vehicle-0"), b"unseen")
    await bus.publish(keys.map_channel("c2", "vehicle-0"), b"two")
    assert await listener.next() == MapFrameNotice("c2", "vehicle-0", b"two")
    await listener.stop()


async def test_a_sign_on_reaches_every_gateway_that_has_the_driver() -> None:
    """Whoever has a socket of the same driver hears of it, the one that told it included."""
    bus = MemoryBus(ManualClock())
    older, newer = Listener(bus), Listener(bus)
    await settle()
    await older.feed.sign_on(NOTICE)
    assert await older.next() == NOTICE
    later = SignOnNotice("driver", "D1", "s2", 6.0)
    await newer.feed.sign_on(later)
    assert await older.next() == later
    assert await newer.next() == later
    await older.feed.sign_off("driver", "D1")
    await newer.feed.sign_on(NOTICE)
    await bus.publish(
        keys.console_channel("trip-0"), msgspec.msgpack.encode(ConsoleFrame([], [Alarm("a1", "a", 1.0, {})]))
    )
    assert isinstance(await older.next(), ConsoleNotice)
    await older.stop()
    await newer.stop()


async def test_consoles_hear_trips_and_each_alarm_once() -> None:
    """Frames repeat the last alarms; each is passed on once, and trips every time."""
    bus = MemoryBus(ManualClock())
    listener = Listener(bus)
    await settle()
    trip = TripNotice(TripView("t1", "matching", "app", "standard", 1.0))
    frame = msgspec.msgpack.encode(ConsoleFrame([trip], [Alarm("a1", "fire", 1.0, {})]))
    for _ in range(2):
        await bus.publish(keys.console_channel("trip-0"), frame)
        await settle()
    heard = [await listener.next() for _ in range(3)]
    assert [notice.slot for notice in heard if isinstance(notice, ConsoleNotice)] == [
        "trip t1", "alarm a1", "trip t1",
    ]  # fmt: skip
    await listener.stop()


async def test_what_gateways_tell_reaches_all_once() -> None:
    """Settled alarms and messages to drivers; a host's late word of an alarm that was settled is not passed on."""
    bus = MemoryBus(ManualClock())
    teller, listener = Listener(bus), Listener(bus)
    await settle()
    raised = Alarm("a1", "fire", 1.0, {})
    settled = msgspec.structs.replace(raised, settled_by="anna", settled_at=2.0)
    told = DriverBroadcast(Notice("n1", 3.0, "anna", "Fog"), ("V1",))
    await teller.feed.announce(settled)
    await teller.feed.announce(told)
    for each in (teller, listener):
        assert await each.next() == ConsoleNotice(msgspec.msgpack.encode(settled), "alarm a1")
        assert await each.next() == DriverNotice(("V1",), msgspec.msgpack.encode(told.notice), "notice n1")
    late = ConsoleFrame([TripNotice(TripView("t1", "matching", "app", "standard", 1.0))], [raised])
    await bus.publish(keys.console_channel("trip-0"), msgspec.msgpack.encode(late))
    await teller.feed.announce(DriverBroadcast(Notice("n2", 3.0, "anna", "Sun")))
    heard = [await listener.next() for _ in range(2)]
    slots = [notice.slot for notice in heard if isinstance(notice, ConsoleNotice | DriverNotice)]
    assert slots == ["trip t1", "notice n2"]
    await teller.stop()
    await listener.stop()


async def test_an_outage_is_told_twice_and_everything_is_wanted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The map is stale, then not; in between nothing raises, and what was wanted meanwhile is heard afterwards."""
    monkeypatch.setattr(bus_feed, "_RETRY_S", 0.0)
    bus = MemoryBus(ManualClock())
    listener = Listener(bus)
    await listener.feed.watch(["c1"])
    await settle()
    bus.lose()
    assert await listener.next() == MapHealth(stale=True)
    await listener.feed.sign_on(NOTICE)
    await listener.feed.watch(["c2"])
    await listener.feed.unwatch(["c1"])
    bus.available = True
    assert await listener.next() == MapHealth(stale=False)
    await bus.publish(keys.map_channel("c1", "vehicle-0"), b"unwanted")
    await bus.publish(keys.map_channel("c2", "vehicle-0"), b"wanted")
    assert await listener.next() == MapFrameNotice("c2", "vehicle-0", b"wanted")
    await listener.stop()
