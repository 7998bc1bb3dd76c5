"""Encodes vehicle positions in nine bytes each, and joins the frames of many cells into one message.

The layout is defined by :class:`~dispatch.api.fields.CellFrame`. One grid step is ``MAP_HALF_BOX_DEG`` / 32,768 of
latitude, 0.1 m. The box is much wider than a cell of resolution 7, so positions on the cell's border fit as well.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import cos, radians
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from dispatch.api.fields import MAP_HALF_BOX_DEG
from dispatch.geo.arrays import FloatArray
from dispatch.geo.cells import cell_center, cell_from_name

CAR: Final = np.dtype(
    [("number", "<u2"), ("x", "<u2"), ("y", "<u2"), ("heading", "u1"), ("state", "u1"), ("age", "u1")]
)
"""One vehicle in a frame."""
CAR_BYTES: Final = CAR.itemsize
GONE: Final = 255
"""The state of a vehicle that left the cell."""
NO_HEADING: Final = 255
AGE_STEPS_PER_S: Final = 20
_STEPS: Final = 65_536
_HEADINGS: Final = 255
_MESSAGE_HEAD: Final = b"\x82\xa1t\xa3map\xa6frames"
"""The start of a MessagePack map of two: ``t`` is ``map``, then ``frames``."""


class CellBox(NamedTuple):
    """The box around a cell: its south-west corner, and degrees per step."""

    south: float
    west: float
    lat_step: float
    lng_step: float


class MapCar(NamedTuple):
    """A decoded vehicle. ``heading`` in degrees; ``state`` is the index in ``MAP_STATES``; ``age_s`` is at most
    12.75."""

    number: int
    lat: float
    lng: float
    heading: float | None
    state: int
    age_s: float


class MapCarArrays(NamedTuple):
    """Vehicles to encode, as parallel arrays. Headings from :func:`heading_bytes`, states by ``MAP_STATES``."""

    number: NDArray[Any]
    lat: FloatArray
    lng: FloatArray
    heading: NDArray[Any]
    state: NDArray[Any]
    age_s: FloatArray


@lru_cache(maxsize=4096)
def box_of(cell: str) -> CellBox:
    """The box of a cell. Raises ValueError if the text names no cell."""
    center = cell_center(cell_from_name(cell))
    half_lng = MAP_HALF_BOX_DEG / cos(radians(center.lat))
    lat_step, lng_step = 2 * MAP_HALF_BOX_DEG / _STEPS, 2 * half_lng / _STEPS
    return CellBox(center.lat - MAP_HALF_BOX_DEG, center.lng - half_lng, lat_step, lng_step)


def heading_bytes(degrees: Sequence[float | None]) -> NDArray[np.uint8]:
    given = np.array(degrees, np.float64)  # None becomes NaN
    known = ~np.isnan(given)
    found = np.full(len(given), NO_HEADING, np.uint8)
    found[known] = np.rint(given[known] * _HEADINGS / 360) % _HEADINGS
    return found


def pack(cell: str, cars: MapCarArrays) -> bytes:
    """Encode vehicles of one cell. A point outside of the box is moved to its edge."""
    box = box_of(cell)
    rows = np.empty(len(cars.number), CAR)
    rows["number"] = cars.number
    rows["x"] = _steps(cars.lng, box.west, box.lng_step)
    rows["y"] = _steps(cars.lat, box.south, box.lat_step)
    rows["heading"] = cars.heading
    rows["state"] = cars.state
    rows["age"] = np.clip(np.rint(cars.age_s * AGE_STEPS_PER_S), 0, 255)
    return rows.tobytes()


def _steps(degrees: FloatArray, origin: float, step: float) -> FloatArray:
    """The step that contains a point; decoding returns the step's middle."""
    return np.clip(np.floor((degrees - origin) / step), 0, _STEPS - 1)


def pack_gone(numbers: NDArray[Any]) -> bytes:
    cars = np.zeros(len(numbers), CAR)
    cars["number"] = numbers
    cars["heading"] = NO_HEADING
    cars["state"] = GONE
    return cars.tobytes()


def unpack(cell: str, cars: bytes) -> list[MapCar]:
    """Decode the vehicles of a frame. Raises ValueError for an incomplete vehicle or an unknown cell."""
    box = box_of(cell)
    return [
        MapCar(
            number,
            box.south + (y + 0.5) * box.lat_step,
            box.west + (x + 0.5) * box.lng_step,
            None if heading == NO_HEADING else heading * 360 / _HEADINGS,
            state,
            age / AGE_STEPS_PER_S,
        )
        for number, x, y, heading, state, age in np.frombuffer(cars, CAR).tolist()
    ]


class FrameHead(msgspec.Struct, frozen=True, array_like=True):
    """The first fields of an encoded :class:`~dispatch.api.fields.CellFrame`."""

    cell: str
    host: str
    at: float
    whole: bool


head_of = msgspec.msgpack.Decoder(FrameHead).decode
"""The head of an encoded frame. Raises ``msgspec.DecodeError`` for anything else."""


def joined(frames: Iterable[bytes]) -> bytes:
    """One encoded :class:`~dispatch.api.server_messages.MapFrames` of encoded frames, without decoding them."""
    parts = list(frames)
    count = len(parts)
    head = bytes([0x90 | count]) if count < 16 else b"\xdc" + count.to_bytes(2, "big")
    return b"".join([_MESSAGE_HEAD, head, *parts])
