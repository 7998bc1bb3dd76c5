"""Accounts of the demonstration: the simulated fleet, and a dispatcher and a driver for its user."""

from __future__ import annotations

from random import Random
from typing import Final

import msgspec
from argon2 import PasswordHasher

from dispatch.domain.registry import ANY_VEHICLE, DispatcherRecord, DriverRecord, VehicleRecord
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DispatcherId, DriverId, VehicleId
from sim.city.config import CarAccount

COMPANY: Final = "Golden Gate Cabs"
FIRST: Final = [
    "Ana",
    "Ben",
    "Chen",
    "Dora",
    "Eli",
    "Fatima",
    "Gus",
    "Hana",
    "Ivo",
    "June",
    "Kofi",
    "Lin",
    "Mia",
    "Noor",
]
LAST: Final = ["Alvarez", "Brown", "Cruz", "Diaz", "Evans", "Fong", "Garcia", "Hill", "Ito", "Jones", "Kim", "Lopez"]
LIGHT: Final = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""PINs of simulated drivers protect nothing; with the product's profile, 300 sign-ins take half a minute."""
VANS: Final = 20
"""One vehicle in this many is a van."""
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Characters that cannot be confused on a screen."""


async def register_fleet(registry: SqlRegistry, cars: int, rng: Random) -> tuple[CarAccount, ...]:
    accounts = tuple(CarAccount(f"V{n}", str(1000 + n), f"{rng.randrange(10_000):04d}") for n in range(1, cars + 1))
    hashes = [LIGHT.hash(account.pin) for account in accounts]
    vehicles = [_vehicle(n, account) for n, account in enumerate(accounts, 1)]
    drivers = [
        DriverRecord(
            id=DriverId(account.driver),
            name=f"{FIRST[n % len(FIRST)]} {LAST[n % len(LAST)]}",
            phone=f"+1415555{n:05d}",
            pin_hash=pin_hash,
        )
        for n, (account, pin_hash) in enumerate(zip(accounts, hashes, strict=True), 1)
    ]
    await registry.put_all(vehicles)
    await registry.put_all(drivers)
    for driver in drivers:
        await registry.permit(driver.id, [ANY_VEHICLE])
    return accounts


def _vehicle(n: int, account: CarAccount) -> VehicleRecord:
    van = n % VANS == 0
    return VehicleRecord(
        id=VehicleId(account.vehicle),
        plate=f"{1000 + n}GGC",
        company=COMPANY,
        vehicle_class="van" if van else "standard",
        seats=6 if van else 4,
        wheelchair=van,
        child_seat=n % 10 == 0,
    )


class DemoAccounts(msgspec.Struct, frozen=True):
    """Sign-in data of the user. Secrets are new in every run and appear only in the terminal."""

    password: str
    pin: str
    dispatcher: str = "demo"
    driver: str = "7000"
    vehicle: str = "YOU"


def draw(chance: Random) -> DemoAccounts:
    return DemoAccounts(password="".join(chance.choices(LETTERS, k=10)), pin=f"{chance.randrange(10_000):04d}")


async def register_accounts(registry: SqlRegistry, accounts: DemoAccounts) -> None:
    dispatcher = DispatcherRecord(
        id=DispatcherId(accounts.dispatcher),
        name="Visitor",
        password_hash=LIGHT.hash(accounts.password),
        permissions=("refund", "phones"),
    )
    vehicle = VehicleRecord(id=VehicleId(accounts.vehicle), plate="7YOU000", company=COMPANY, child_seat=True)
    driver = DriverRecord(
        id=DriverId(accounts.driver), name="Visitor", phone="+14155550000", pin_hash=LIGHT.hash(accounts.pin)
    )
    for entry in (dispatcher, vehicle, driver):
        await registry.add(entry)
    await registry.permit(driver.id, [vehicle.id])
