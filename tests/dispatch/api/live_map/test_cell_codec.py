"""Nine bytes a car: what is packed is read again, to the step of the grid."""

from __future__ import annotations

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dispatch.api.fields import CellFrame
from dispatch.api.live_map.cell_codec import (
    CAR_BYTES,
    GONE,
    MapCarArrays,
    heading_bytes,
    joined,
    pack,
    pack_gone,
    unpack,
)
from dispatch.api.server_messages import MapFrames
from dispatch.geo.cells import cell_center, cell_from_name, cell_name, cell_of
from dispatch.geo.distance import haversine_m
from dispatch.values.units import LatLng
from dispatch.values.vehicle_states import MAP_STATES

CELL = "872830828ffffff"
latitudes = st.floats(-80, 80)
longitudes = st.floats(-179, 179)
cars = st.lists(
    st.tuples(
        st.integers(0, 65_535),
        st.floats(-0.01, 0.01),
        st.floats(-0.01, 0.01),
        st.none() | st.floats(0, 360),
        st.integers(0, len(MAP_STATES) - 1),
        st.floats(0, 12.7),
    ),
    max_size=20,
)


@given(lat=latitudes, lng=longitudes, rows=cars)
def test_what_is_packed_is_read_again(
    lat: float, lng: float, rows: list[tuple[int, float, float, float | None, int, float]]
) -> None:
    """Number and state are exact; a point within 0.15 m, a heading within a degree, an age within a twentieth."""
    cell = cell_name(cell_of(LatLng(lat, lng), 7))
    center = cell_center(cell_from_name(cell))
    lats = np.array([center.lat + north for _, north, *_ in rows])
    lngs = np.array([center.lng + east for _, _, east, *_ in rows])
    packed = pack(
        cell,
        MapCarArrays(
            np.array([row[0] for row in rows], np.int64),
            lats,
            lngs,
            heading_bytes([row[3] for row in rows]),
            np.array([row[4] for row in rows], np.uint8),
            np.array([row[5] for row in rows]),
        ),
    )
    assert len(packed) == CAR_BYTES * len(rows) == 9 * len(rows)
    for car, row, lat_, lng_ in zip(unpack(cell, packed), rows, lats.tolist(), lngs.tolist(), strict=True):
        assert (car.number, car.state) == (row[0], row[4])
        assert haversine_m(LatLng(car.lat, car.lng), LatLng(lat_, lng_)) < 0.15
        assert abs(car.age_s - row[5]) <= 0.026
        if row[3] is None:
            assert car.heading is None
        else:
            turned = abs((car.heading or 0.0) - row[3])
            assert min(turned, 360 - turned) <= 1.0


@given(lat=latitudes, lng=longitudes)
def test_a_cell_lies_in_its_box(lat: float, lng: float) -> None:
    """Whatever point H3 puts into a cell is packed without being moved."""
    cell = cell_name(cell_of(LatLng(lat, lng), 7))
    one = MapCarArrays(np.array([1]), np.array([lat]), np.array([lng]), np.array([0]), np.array([1]), np.array([0.0]))
    (car,) = unpack(cell, pack(cell, one))
    assert haversine_m(LatLng(car.lat, car.lng), LatLng(lat, lng)) < 0.15


def test_the_layout_stands() -> None:
    """The bytes that the protocol's document promises: little-endian, south-west corner first."""
    center = cell_center(cell_from_name(CELL))
    middle = MapCarArrays(
        np.array([258]), np.array([center.lat + 1e-7]), np.array([center.lng + 1e-7]), heading_bytes([180.0]),
        np.array([3]), np.array([1.0]),
    )  # fmt: skip
    assert pack(CELL, middle).hex(" ") == "02 01 00 80 00 80 80 03 14"
    assert pack_gone(np.array([258])).hex(" ") == "02 01 00 00 00 00 ff ff 00"
    assert unpack(CELL, pack_gone(np.array([7])))[0].state == GONE


def test_what_is_too_old_or_outside_is_cut() -> None:
    """An age of a minute reads as the greatest age; a point in another city as the edge of the box."""
    far = MapCarArrays(
        np.array([1]), np.array([51.5]), np.array([-0.1]), np.array([255]), np.array([1]), np.array([60.0])
    )
    (car,) = unpack(CELL, pack(CELL, far))
    assert car.age_s == 12.75
    center = cell_center(cell_from_name(CELL))
    assert 0.029 < car.lat - center.lat < 0.0301


@given(st.lists(st.builds(CellFrame, st.just(CELL), st.text(), st.floats(0, 1e10), st.booleans(), st.binary())))
def test_joined_frames_are_one_message(frames: list[CellFrame]) -> None:
    """Joining bytes gives what encoding the message gives, for any number of frames."""
    encoded = [msgspec.msgpack.encode(frame) for frame in frames]
    assert msgspec.msgpack.decode(joined(encoded), type=MapFrames) == MapFrames(frames)


def test_many_frames_are_joined() -> None:
    """More frames than the shortest header counts."""
    frame = CellFrame(CELL, "vehicle-0", 1.0, True, bytes(9), {0: "V1"})
    message = joined([msgspec.msgpack.encode(frame)] * 70_0)
    assert message == msgspec.msgpack.encode(MapFrames([frame] * 700))
