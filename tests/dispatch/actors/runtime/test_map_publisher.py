"""How a host's map gets on the bus."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from dispatch.actors.runtime import map_publisher as map_frames
from dispatch.actors.runtime.map_publisher import MapPublisher
from dispatch.api.fields import CellFrame
from dispatch.api.live_map.cell_members import TURNS
from dispatch.api.live_map.vehicle_slots import MapPosition
from dispatch.api.server_messages import MapCounts
from dispatch.clock import ManualClock
from dispatch.geo.cells import cell_name, cell_of
from dispatch.store.buses import keys
from dispatch.values.units import LatLng
from tests.dispatch.store.buses.memory_bus import MemoryBus

HERE = LatLng(37.7793, -122.4193)
ELSEWHERE = LatLng(37.7, -122.5)
CELL = cell_name(cell_of(HERE, 7))
HOST, TOLD_AS = "vehicle/V1", "vehicle-3"


class Scene:
    """One host whose cars move when they are told to."""

    def __init__(self) -> None:
        self.clock = ManualClock(1_000.0)
        self.bus = MemoryBus(self.clock)
        self.moved: list[MapPosition] = []
        self.publisher = MapPublisher(self.bus, self.clock, HOST, TOLD_AS, self._take)

    def _take(self) -> list[MapPosition]:
        moved, self.moved = self.moved, []
        return moved


async def test_frames_and_whole_ones_that_are_kept() -> None:
    """A frame goes to the channel of its cell and of the name that the host is told as; a whole one is kept too."""
    scene = Scene()
    heard = await scene.bus.subscribe([keys.map_channel(CELL, TOLD_AS)])
    scene.moved = [MapPosition("V1", "idle", *HERE, 90.0, 999.5)]
    await scene.publisher.publish(counts=False)
    frame = msgspec.msgpack.decode((await heard.__anext__()).payload, type=CellFrame)
    assert (frame.cell, frame.host, frame.whole, frame.names) == (CELL, HOST, True, {0: "V1"})
    (kept,) = await scene.bus.get_many([keys.map_whole(CELL, TOLD_AS)])
    assert kept is not None
    assert msgspec.msgpack.decode(kept, type=CellFrame) == frame
    scene.moved = [MapPosition("V1", "offered", *HERE, 90.0, 1_000.0)]
    await scene.publisher.publish(counts=False)
    assert not msgspec.msgpack.decode((await heard.__anext__()).payload, type=CellFrame).whole
    assert await scene.bus.get_many([keys.map_whole(CELL, TOLD_AS)]) == [kept]
    scene.clock.advance(map_frames.WHOLE_KEPT_S)
    assert await scene.bus.get_many([keys.map_whole(CELL, TOLD_AS)]) == [None]


async def test_while_nobody_looks_frames_are_rare() -> None:
    """After a round without a listener each frame is of four turns; the first listener ends that at once."""
    scene = Scene()
    scene.moved = [MapPosition("V1", "idle", *HERE, 90.0, 1_000.0)]
    turns = []
    for _ in range(TURNS + 1):
        turns.append(scene.publisher.turns)
        await scene.publisher.publish(counts=True)
    assert turns == [1] * TURNS + [map_frames.REST_TURNS]
    counts = await scene.bus.subscribe([keys.map_counts_channel(TOLD_AS)])
    await scene.publisher.publish(counts=True)
    assert scene.publisher.turns == map_frames.REST_TURNS
    heard = await scene.bus.subscribe([keys.map_channel(CELL, TOLD_AS)])
    scene.moved = [MapPosition("V1", "offered", *HERE, 90.0, 1_001.0)]
    await scene.publisher.publish(counts=False)
    assert scene.publisher.turns == 1
    for reader in (counts, heard):
        await reader.close()


async def test_who_watches_a_quiet_cell_is_not_forgotten() -> None:
    """Cars move where nobody looks, and none where somebody does: the round brings that cell, and there is no rest."""
    scene = Scene()
    heard = await scene.bus.subscribe([keys.map_channel(CELL, TOLD_AS)])
    scene.moved = [MapPosition("V1", "idle", *HERE, 90.0, 1_000.0)]
    for step in range(3 * TURNS):
        await scene.publisher.publish(counts=True)
        assert scene.publisher.turns == 1
        scene.moved = [MapPosition("V2", "idle", ELSEWHERE.lat, ELSEWHERE.lng + step * 1e-5, 90.0, 1_000.0 + step)]
    await heard.close()


async def test_counts_are_told_until_there_are_none() -> None:
    """And once more then, so that consoles forget them."""
    scene = Scene()
    heard = await scene.bus.subscribe([keys.map_counts_channel(TOLD_AS)])
    scene.moved = [MapPosition("V1", "idle", *HERE, 90.0, 1_000.0)]
    told = []
    for second in (1_000.0, 1_001.0, 1_400.0, 1_401.0):
        if second == 1_001.0:
            scene.moved = [MapPosition("V1", "offline", *HERE, 90.0, second)]
        scene.clock.advance(second - scene.clock.city())
        await scene.publisher.publish(counts=True)
        if second < 1_401.0:
            message = msgspec.msgpack.decode((await heard.__anext__()).payload, type=MapCounts)
            told.append([count.cars for count in message.cells])
    assert told == [[[0, 1, 0, 0, 0, 0, 0, 0]], [[1, 0, 0, 0, 0, 0, 0, 0]], []]
    assert scene.publisher._counted is False


async def test_without_a_bus_the_map_stands_still_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host is not disturbed; what moved meanwhile is told when the bus is back."""
    monkeypatch.setattr(map_frames, "FRAME_S", 0.0)
    scene = Scene()
    scene.bus.lose()
    scene.moved = [MapPosition("V1", "idle", *HERE, 90.0, 1_000.0)]
    running = asyncio.create_task(scene.publisher.run())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not running.done()
    scene.bus.available = True
    heard = await scene.bus.subscribe([keys.map_channel(CELL, TOLD_AS)])
    frame = msgspec.msgpack.decode((await heard.__anext__()).payload, type=CellFrame)
    running.cancel()
    assert frame.names == {0: "V1"}
