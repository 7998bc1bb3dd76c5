"""DemoAccounts of the demonstration can sign in, with secrets of this run."""

from __future__ import annotations

from pathlib import Path
from random import Random

from dispatch.domain.registry import DispatcherRecord, DriverRecord
from dispatch.store.database import open_database
from dispatch.store.migrations import upgrade
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DriverId, VehicleId
from sim.demo.demo_accounts import LIGHT, draw, register_accounts


async def test_they_sign_in_with_what_they_were_told(tmp_path: Path) -> None:
    """Dispatcher and driver stand in the registry with the secrets of this run, and the driver may drive the car."""
    url = f"sqlite:///{tmp_path / 'journal.sqlite3'}"
    upgrade(url)
    database = open_database(url)
    registry, accounts = SqlRegistry(database), draw(Random(1))
    await register_accounts(registry, accounts)
    dispatcher = await registry.get(DispatcherRecord, accounts.dispatcher)
    driver = await registry.get(DriverRecord, accounts.driver)
    assert dispatcher is not None
    assert LIGHT.verify(dispatcher.password_hash, accounts.password)
    assert driver is not None
    assert LIGHT.verify(driver.pin_hash, accounts.pin)
    assert await registry.may_drive(DriverId(accounts.driver), VehicleId(accounts.vehicle))
    await database.close()


def test_secrets_are_new_in_every_run() -> None:
    """Two runs share no secret."""
    first, second = draw(Random(1)), draw(Random(2))
    assert {first.password, first.pin}.isdisjoint({second.password, second.pin})
