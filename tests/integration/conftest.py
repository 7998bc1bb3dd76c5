"""One real system for all tests that need no other: Ray, Valkey, journal, gateway and Alipay sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from itertools import count
from pathlib import Path

import pytest

from sim.demo.sandbox_process import SandboxProcess
from tests.integration.serving import Served, alive, taxi_here

Settings = dict[str, dict[str, object]]
VEHICLES = 60
SPEED = 10.0
GIVE_UP_S = 150.0
"""City seconds after which a request ends unserved: half of the product's, since tests wait for it."""
GRACE_S = 150.0
"""City seconds on the way after which a cancel costs: half of the tariff's, for the same reason."""


class Company:
    """A running system with a small company in it."""

    def __init__(self, served: Served, sandbox: SandboxProcess) -> None:
        self.served = served
        self.sandbox = sandbox
        self._next = count(1)

    def car(self) -> int:
        """The number of a car that no other test has used."""
        return next(self._next)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A running system, its registry filled by the command line as a company would."""
    folder = tmp_path_factory.mktemp("company")
    sandbox = SandboxProcess(folder / "alipay")
    asyncio.run(sandbox.start())
    served = Served(folder, impatient(settings_with(sandbox), folder))
    try:
        enrol(served)
        served.start()
        yield Company(served, sandbox)
        below = served.below()
        code = served.stop()
    finally:
        served.stop()
        asyncio.run(sandbox.stop())
    assert code == 0
    assert alive(below) == []


@contextmanager
def company_at(speed: float, folder: Path, cars: int) -> Iterator[Company]:
    """A system of its own whose clock runs at ``speed``, with so many cars; to the end of the block."""
    sandbox = SandboxProcess(folder / "alipay")
    asyncio.run(sandbox.start())
    served = Served(folder, {**settings_with(sandbox), "clock": {"speed": speed}})
    try:
        enrol(served, cars)
        served.start()
        yield Company(served, sandbox)
    finally:
        served.stop()
        asyncio.run(sandbox.stop())


def impatient(settings: Settings, folder: Path) -> Settings:
    """The same with :data:`GIVE_UP_S` and :data:`GRACE_S`; the tariff is written to ``folder``."""
    theirs = files("dispatch.config.tariffs").joinpath("san_francisco.toml").read_text()
    cancellation = '[cancellation]\namount = "5.00"\nafter_s = '
    assert f"{cancellation}300\n" in theirs
    tariff = folder / "tariff.toml"
    tariff.write_text(theirs.replace(f"{cancellation}300\n", f"{cancellation}{GRACE_S:.0f}\n"))
    city = {**settings["city"], "tariff": str(tariff)}
    return {**settings, "matching": {"give_up_s": GIVE_UP_S}, "city": city}


def settings_with(sandbox: SandboxProcess) -> Settings:
    """Settings of a system that pays at ``sandbox``."""
    alipay = {name.removeprefix("alipay."): value for name, value in sandbox.settings().items()}
    return {
        "clock": {"speed": SPEED},
        "alipay": dict(alipay),
        "ray": {"vehicle_hosts": 1},
        "city": {"cache_dir": str(Path("var/cache").resolve())},
    }


def enrol(served: Served, cars: int = VEHICLES) -> None:
    """Vehicles, drivers and a dispatcher by CSV and options."""
    vehicles = served.folder / "vehicles.csv"
    drivers = served.folder / "drivers.csv"
    numbers = range(1, cars + 1)
    vehicles.write_text("id,plate,company\n" + "".join(f"V{n},P{n},Test Cabs\n" for n in numbers))
    drivers.write_text(
        "id,name,phone,pin,vehicles\n" + "".join(f"{100 + n},Driver {n},+1555000{n:02d},1234,V{n}\n" for n in numbers)
    )
    config = ["--config", str(served.config)]
    for arguments in (
        ["add", "vehicle", "--csv", str(vehicles)],
        ["add", "driver", "--csv", str(drivers)],
        ["add", "dispatcher", "desk", "--name", "Desk", "--password", "a long password"],
        ["add", "dispatcher", "chief", "--name", "Chief", "--password", "a long password", "--permissions", "refund"],
        ["add", "device", "M1", "--vehicle", "V1", "--key", "a device key"],
    ):
        taxi_here(*arguments, *config)
