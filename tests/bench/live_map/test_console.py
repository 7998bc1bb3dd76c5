"""The console that measures the map."""

from __future__ import annotations

import time

import msgspec
import numpy as np
import pytest

from bench.live_map.console import MAP_PREFIX, MeasuringConsole, frame_bytes
from dispatch.api.fields import CellFrame
from dispatch.api.live_map.cell_codec import CAR, GONE
from dispatch.api.server_messages import MapFrames


def message(*cars: tuple[int, int, int], at: float, names: dict[int, str] | None = None) -> bytes:
    """Cars of one cell: number, state, and age in twentieths of a second."""
    rows = np.array([(number, 0, 0, 0, state, age) for number, state, age in cars], CAR)
    frame = CellFrame("cell", "host", at, whole=False, cars=rows.tobytes(), names=names or {})
    return msgspec.msgpack.encode(MapFrames([frame]))


@pytest.mark.parametrize(("payload", "size"), [(125, 127), (126, 130), (65_535, 65_539), (65_536, 65_546)])
def test_a_frame_has_a_header(payload: int, size: int) -> None:
    """Of two, four or ten bytes."""
    assert frame_bytes(payload) == size


def test_new_fixes_are_measured_once() -> None:
    """A car whose fix is repeated is shown, but has no new age; a car that left is not shown any more."""
    console = MeasuringConsole()
    now = time.time()
    first = message((1, 0, 4), (2, 0, 10), at=now, names={1: "V1"})
    assert first.startswith(MAP_PREFIX)
    console.receive(first)
    console.receive(message((1, 0, 5), at=now + 0.05))
    assert (console.cars, console.unnamed, console.messages) == (2, 1, 2)
    assert [ages.tolist() for ages in console.arrival_ages] == [pytest.approx([0.2, 0.5], abs=0.1)]
    console.receive(message((2, GONE, 0), at=now + 0.1))
    assert console.cars == 1


def test_other_messages_do_not_count() -> None:
    """Only the map's bytes are measured."""
    console = MeasuringConsole()
    console.receive(msgspec.msgpack.encode({"t": "map_stale"}))
    assert (console.bytes, console.messages) == (0, 0)
