"""Numbers of cars on the live map."""

from __future__ import annotations

import numpy as np
import pytest

from dispatch.api.live_map import vehicle_slots
from dispatch.api.live_map.cell_codec import unpack
from dispatch.api.live_map.vehicle_slots import MapPosition, VehicleSlots
from dispatch.geo.cells import cell_name, cell_of
from dispatch.values.units import LatLng

HERE = LatLng(37.77, -122.41)


def test_a_car_keeps_its_number() -> None:
    """The same car has the same number, however often it is seen and however many come after it."""
    slots = VehicleSlots()
    first = slots.assign("V0")
    others = [slots.assign(f"V{number}") for number in range(1, 200)]

    assert slots.assign("V0") == slots.number("V0") == first == 0
    assert others == list(range(1, 200))
    assert len(slots) == 200


def test_numbers_of_cars_that_left_are_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all numbers in use a new car has none, until another is released."""
    monkeypatch.setattr(vehicle_slots, "MAX_VEHICLES", 1)
    slots = VehicleSlots()
    slots.assign("V1")
    assert slots.assign("V2") is None

    slots.release(0)

    assert (slots.assign("V2"), slots.number("V1"), slots.names) == (0, None, ["V2"])


def test_the_last_position_is_what_a_frame_holds() -> None:
    """A stored position comes back from the encoded frame, with its age."""
    slots = VehicleSlots()
    number = slots.assign("V1")
    slots.store(np.array([number]), [MapPosition("V1", "idle", HERE.lat, HERE.lng, 90.0, 100.0)])
    name = cell_name(cell_of(HERE, 7))

    (car,) = unpack(name, slots.packed(name, [0], 102.0))

    assert (car.lat, car.lng) == pytest.approx(HERE, abs=1e-5)
    assert (car.number, car.state, car.age_s) == (0, 1, 2.0)
