"""The registry's plain data."""

from __future__ import annotations

import msgspec
import pytest

from dispatch.domain.registry import DeviceRecord, DriverRecord, VehicleRecord
from dispatch.values.ids import DeviceId, DriverId, VehicleId


@pytest.mark.parametrize(
    ("change", "text"),
    [({"seats": 0}, "seats"), ({"seats": 21}, "seats"), ({"plate": ""}, "plate"), ({"id": "*"}, "every vehicle")],
)
def test_a_vehicle_that_cannot_be_is_not_made(change: dict[str, object], text: str) -> None:
    """A bad field is named when the struct is made."""
    good: dict[str, object] = {"id": "V1", "plate": "8ABC123", "company": "Bay"}
    with pytest.raises(ValueError, match=text):
        msgspec.convert(good | change, VehicleRecord)


def test_names_are_not_blank() -> None:
    """An id must be something, and have no spaces around it."""
    with pytest.raises(ValueError, match="id must not be empty"):
        DriverRecord(id=DriverId(""), name="Ann", phone="+1", pin_hash="h")
    with pytest.raises(ValueError, match="id must not be empty or have leading or trailing spaces"):
        DeviceRecord(id=DeviceId(" D1"), vehicle=VehicleId("V1"), key_hash="h")
