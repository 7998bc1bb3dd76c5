"""Rows, snapshots and followers of trips."""

import msgspec

from dispatch.domain.entity import Principal
from dispatch.domain.trip.trip import Trip
from tests.dispatch.domain.builders import DISPATCHER, DRIVER, HERE, PASSENGER, RULES, THERE, Stage
from tests.dispatch.domain.trip.trip_samples import STRANGER, paid


def test_who_may_follow() -> None:
    """Its passenger, its driver and the car's devices, and dispatchers."""
    stage = Stage().assigned()
    strangers = [STRANGER, Principal("driver", "D2", "V2"), Principal("device", "M2", "V2"), Principal("driver", "D3")]

    for principal in (PASSENGER, DRIVER, Principal("device", "M1", "V1"), DISPATCHER):
        assert stage.trip.may_follow(principal)
    for principal in strangers:
        assert not stage.trip.may_follow(principal)


def test_waiting_trip_is_no_drivers() -> None:
    """A driver without a car does not follow a trip without one."""
    stage = Stage().requested()

    assert not stage.trip.may_follow(Principal("driver", "D3"))


def test_snapshot_restores_the_trip() -> None:
    """All hard state comes back."""
    stage = paid()

    restored = Trip("t1", RULES, stage.trip.seq, stage.trip.snapshot())

    assert (restored.data, restored.seq, restored.state) == (stage.trip.data, stage.trip.seq, "paid")


def test_row_is_current() -> None:
    """The row holds the trip as lists show it."""
    stage = paid()

    row = stage.trip.row()

    shown = {name: row.values[name] for name in ("state", "passenger", "driver", "vehicle", "payment_state", "seq")}
    assert (row.table, row.id) == ("trip", "t1")
    assert shown == {
        "state": "paid",
        "passenger": "P1",
        "driver": "D1",
        "vehicle": "V1",
        "payment_state": "paid",
        "seq": stage.trip.seq,
    }
    assert (row.values["pickup_lat"], row.values["dropoff_lat"]) == (HERE.lat, THERE.lat)
    assert isinstance(msgspec.msgpack.encode(row.values), bytes)
