"""``taxi add``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from dispatch.domain.registry import DeviceRecord, DispatcherRecord, DriverRecord, RegistryRecord, VehicleRecord
from dispatch.store.database import open_database
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DriverId, VehicleId
from tests.taxi_cli.conftest import Taxi

E = TypeVar("E", bound=RegistryRecord)

CAR = ("add", "vehicle", "V1", "--plate", "1GGC", "--company", "Golden Gate", "--data-dir", "data")
ANA = ("add", "driver", "1001", "--name", "Ana", "--phone", "+14155550001", "--data-dir", "data")


def kept(kind: type[E], entry_id: str, url: str = "sqlite:///data/journal.sqlite") -> E | None:
    """The entry in the journal."""

    async def read() -> E | None:
        database = open_database(url)
        try:
            return await SqlRegistry(database).get(kind, entry_id)
        finally:
            await database.close()

    return asyncio.run(read())


def may_drive(driver: str, vehicle: str) -> bool:
    """Whether the journal permits it."""

    async def read() -> bool:
        database = open_database("sqlite:///data/journal.sqlite")
        try:
            return await SqlRegistry(database).may_drive(DriverId(driver), VehicleId(vehicle))
        finally:
            await database.close()

    return asyncio.run(read())


def test_a_vehicle_is_added_with_all_its_fields(taxi: Taxi) -> None:
    """What the options say is in the registry, and the journal was made for it."""
    done = taxi(*CAR, "--class", "van", "--seats", "6", "--wheelchair", "--child-seat", "--inactive")
    assert done.exit_code == 0, done.output
    assert kept(VehicleRecord, "V1") == VehicleRecord(
        id=VehicleId("V1"),
        plate="1GGC",
        company="Golden Gate",
        vehicle_class="van",
        seats=6,
        wheelchair=True,
        child_seat=True,
        active=False,
    )


def test_what_is_there_is_replaced_only_if_asked(taxi: Taxi) -> None:
    """A second entry of an id is refused in one line, and with --replace takes the first one's place."""
    assert taxi(*CAR).exit_code == 0
    again = taxi(*CAR)
    assert (again.exit_code, again.stderr.count("\n")) == (1, 1)
    assert "vehicle V1" in again.stderr
    assert taxi(*CAR, "--seats", "2", "--replace").exit_code == 0
    car = kept(VehicleRecord, "V1")
    assert car is not None
    assert car.seats == 2


def test_a_driver_may_drive_what_is_said(taxi: Taxi) -> None:
    """Permission for the named cars and no others; the PIN is kept as a hash."""
    assert taxi(*CAR).exit_code == 0
    assert taxi("add", "vehicle", "V2", "--plate", "2", "--company", "C", "--data-dir", "data").exit_code == 0
    assert taxi(*ANA, "--pin", "4711", "--may-drive", "V1").exit_code == 0
    assert may_drive("1001", "V1")
    assert not may_drive("1001", "V2")
    assert taxi(*ANA, "--pin", "4711", "--may-drive", "*", "--replace").exit_code == 0
    assert may_drive("1001", "V2")
    driver = kept(DriverRecord, "1001")
    assert driver is not None
    assert "4711" not in driver.pin_hash


def test_a_driver_of_an_unknown_car_is_not_added(taxi: Taxi) -> None:
    """Nothing is written if one of the cars is not there."""
    done = taxi(*ANA, "--pin", "4711", "--may-drive", "V9")
    assert done.exit_code == 1
    assert "vehicle V9" in done.stderr
    assert kept(DriverRecord, "1001") is None


@pytest.mark.parametrize("pin", ["12", "12a4"])
def test_a_bad_pin_is_refused(taxi: Taxi, pin: str) -> None:
    """A PIN is digits, four or more."""
    done = taxi(*ANA, "--pin", pin)
    assert done.exit_code == 1
    assert "PIN" in done.stderr


def test_a_secret_that_is_not_given_is_asked_for(taxi: Taxi) -> None:
    """From the input, where nobody sits at a terminal."""
    assert taxi("add", "dispatcher", "dora", "--data-dir", "data", said="correct horse\n").exit_code == 0
    dispatcher = kept(DispatcherRecord, "dora")
    assert dispatcher is not None
    assert dispatcher.password_hash.startswith("$argon2")


def test_a_device_needs_its_vehicle(taxi: Taxi) -> None:
    """A taximeter is built into a car that is known."""
    meter = ("add", "device", "M1", "--vehicle", "V1", "--key", "0123456789", "--data-dir", "data")
    assert taxi(*meter).exit_code == 1
    assert taxi(*CAR).exit_code == 0
    assert taxi(*meter).exit_code == 0
    assert kept(DeviceRecord, "M1") is not None


def test_a_csv_file_is_imported_whole_or_not_at_all(taxi: Taxi) -> None:
    """All rows, or a line that names the bad ones."""
    file = Path("cars.csv")
    file.write_text("id,plate,company,seats\nV1,1,C,4\nV2,2,C,99\n", encoding="utf-8")
    bad = taxi("add", "vehicle", "--csv", str(file), "--data-dir", "data")
    assert (bad.exit_code, bad.stderr.count("\n")) == (1, 1)
    assert "line 3" in bad.stderr
    assert kept(VehicleRecord, "V1") is None
    file.write_text("id,plate,company,seats\nV1,1,C,4\nV2,2,C,6\n", encoding="utf-8")
    assert "2 vehicles" in taxi("add", "vehicle", "--csv", str(file), "--data-dir", "data").output
    drivers = Path("drivers.csv")
    drivers.write_text("id,name,phone,pin,vehicles\n1001,Ana,1,4711,V1 V2\n", encoding="utf-8")
    assert taxi("add", "driver", "--csv", str(drivers), "--data-dir", "data").exit_code == 0
    assert may_drive("1001", "V2")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("add", "vehicle", "--data-dir", "data"), "ID is required"),
        (("add", "vehicle", "--csv", "none.csv", "--data-dir", "data"), "none.csv"),
        (("add", "driver", "1", "--data-dir", "data"), "--name is required"),
        (("add", "dispatcher", "d", "--password", "short", "--data-dir", "data"), "8 characters"),
        ((*CAR, "--config", "none.toml"), "none.toml"),
        ((*CAR, "--seats", "0"), "seats"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(taxi: Taxi, words: tuple[str, ...], named: str) -> None:
    """No traceback, one line, exit code 1."""
    done = taxi(*words)
    assert done.exit_code == 1
    assert done.stderr.startswith("taxi: ")
    assert done.stderr.count("\n") == 1
    assert named in done.stderr


@pytest.mark.integration
def test_the_registry_may_be_on_postgresql(
    taxi: Taxi, new_postgres_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings choose the database; its tables are made."""
    url = new_postgres_database()
    monkeypatch.setenv("TAXI_JOURNAL__URL", url)
    assert taxi(*CAR).exit_code == 0
    assert kept(VehicleRecord, "V1", url) is not None
