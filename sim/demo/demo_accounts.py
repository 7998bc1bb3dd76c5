"""Accounts for whoever looks at the demonstration: a dispatcher, and a driver with a car that nobody simulates."""

from __future__ import annotations

from random import Random
from typing import Final

import msgspec

from dispatch.domain.registry import DispatcherRecord, DriverRecord, VehicleRecord
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DispatcherId, DriverId, VehicleId
from sim.demo.seed_fleet import COMPANY, LIGHT

LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Nothing that is taken for something else when it is typed from a screen."""


class DemoAccounts(msgspec.Struct, frozen=True):
    """What a person signs in with. Secrets are new in every run, and go nowhere but the terminal."""

    password: str
    pin: str
    dispatcher: str = "demo"
    driver: str = "7000"
    vehicle: str = "YOU"


def draw(chance: Random) -> DemoAccounts:
    """Fresh secrets."""
    return DemoAccounts(password="".join(chance.choices(LETTERS, k=10)), pin=f"{chance.randrange(10_000):04d}")


async def enrol_visitors(registry: SqlRegistry, visitors: DemoAccounts) -> None:
    """Put them into the registry."""
    dispatcher = DispatcherRecord(
        id=DispatcherId(visitors.dispatcher),
        name="Visitor",
        password_hash=LIGHT.hash(visitors.password),
        permissions=("refund", "phones"),
    )
    vehicle = VehicleRecord(id=VehicleId(visitors.vehicle), plate="7YOU000", company=COMPANY, child_seat=True)
    driver = DriverRecord(
        id=DriverId(visitors.driver), name="Visitor", phone="+14155550000", pin_hash=LIGHT.hash(visitors.pin)
    )
    for entry in (dispatcher, vehicle, driver):
        await registry.add(entry)
    await registry.permit(driver.id, [vehicle.id])
