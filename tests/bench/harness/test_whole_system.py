"""Accounts and figures of a whole system."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bench.harness.whole_system import (
    accepted_in,
    in_temporary_folder,
    passenger_tokens,
    read_streams,
    register_cars,
)
from dispatch.config.loader import Settings, load_settings
from dispatch.config.secrets import token_secret
from dispatch.domain.entity import EntityKey
from dispatch.domain.registry import VehicleRecord
from dispatch.store.database import open_database
from dispatch.store.journal import Append, Batch
from dispatch.store.journals.sql_journal import open_journal
from dispatch.store.migrations import upgrade
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.units import WallTime
from ws_gateway.auth.tokens import Tokens

NOW = WallTime(time.time())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Those of a system with an empty journal."""
    settings = load_settings(None, {"server.data_dir": str(tmp_path)})
    upgrade(settings.journal_url)
    return settings


async def test_cars_are_registered_and_their_drivers_signed_in(settings: Settings) -> None:
    """Numbered from the first, in the class of vehicles; a token names driver and vehicle."""
    tokens = await register_cars(settings, 2, vehicle_class="comfort", first=5)
    assert list(tokens) == ["V5", "V6"]
    database = open_database(settings.journal_url)
    vehicle = await SqlRegistry(database).get(VehicleRecord, "V6")
    await database.close()
    assert vehicle is not None
    assert vehicle.vehicle_class == "comfort"
    identity = Tokens(token_secret(settings).get_secret_value().encode(), 60.0).verify(tokens["V6"], NOW)
    assert (identity.role, identity.subject, identity.vehicle) == ("driver", "D6", "V6")


def test_passengers_have_tokens_by_number(settings: Settings) -> None:
    """With the prefix of the bench."""
    reader = Tokens(token_secret(settings).get_secret_value().encode(), 60.0)
    subjects = [reader.verify(token, NOW).subject for token in passenger_tokens(settings, "p", 3)]
    assert subjects == ["p0", "p1", "p2"]


async def test_streams_are_read_from_the_journal(settings: Settings) -> None:
    """All that are asked for, whether they have events or not."""
    journal = await open_journal(settings.journal_url, shards=settings.journal.shards)
    keys = [EntityKey("trip", f"T{n}") for n in range(3)]
    await journal.commit(Batch(appends=[Append(keys[1], 0, [(0.0, b"a"), (1.0, b"b")])]))
    await journal.close()
    histories = await read_streams(settings, keys)
    assert {history.key: len(history.events) for history in histories} == {keys[0]: 0, keys[1]: 2, keys[2]: 0}


def test_accepted_fixes_are_added_over_the_hosts() -> None:
    """Fixes that were rejected do not count."""
    metrics = (
        "# TYPE taxi_fixes_total counter\n"
        'taxi_fixes_total{host="vehicle-0",verdict="accepted"} 12.0\n'
        'taxi_fixes_total{host="vehicle-1",verdict="accepted"} 30.0\n'
        'taxi_fixes_total{host="vehicle-1",verdict="jump"} 5.0\n'
    )
    assert accepted_in(metrics) == 42
    assert accepted_in("") == 0


def test_the_folder_of_a_measurement_is_deleted() -> None:
    """Its name contains that of the bench."""

    async def measure(folder: Path) -> Path:
        assert folder.is_dir()  # noqa: ASYNC240 - nothing else runs
        return folder

    folder = in_temporary_folder("toy", measure)
    assert folder.name.startswith("taxi-toy-")
    assert not folder.exists()
