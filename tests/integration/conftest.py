"""One real system for all tests that need no other: Ray, Valkey, journal, gateway and Alipay sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from sim.demo.sandbox_process import SandboxProcess
from tests.integration.serving import Served, alive, taxi

VEHICLES = 60
SPEED = 10.0


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
    served = Served(folder, settings_with(sandbox))
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


def settings_with(sandbox: SandboxProcess) -> dict[str, dict[str, object]]:
    """Settings of a system that pays at ``sandbox``."""
    alipay = {name.removeprefix("alipay."): value for name, value in sandbox.settings().items()}
    return {
        "clock": {"speed": SPEED},
        "alipay": dict(alipay),
        "ray": {"vehicle_hosts": 1},
        "city": {"cache_dir": str(Path("var/cache").resolve())},
    }


def enrol(served: Served) -> None:
    """Vehicles, drivers and a dispatcher by CSV and options."""
    vehicles = served.folder / "vehicles.csv"
    drivers = served.folder / "drivers.csv"
    numbers = range(1, VEHICLES + 1)
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
        done = taxi(*arguments, *config)
        assert done.returncode == 0, f"{arguments}: {done.stderr}{done.stdout}"
