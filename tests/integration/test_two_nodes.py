"""Two Ray nodes on PostgreSQL: one is killed, or stops and wakes up; its entities go on at the other."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from secrets import token_hex

import pytest
from sqlalchemy import select

from dispatch.store import tables as schema
from dispatch.store.database import open_database
from sim.demo.sandbox_process import SandboxProcess
from tests.integration.app import Driver, sign_in
from tests.integration.conftest import enrol, settings_with
from tests.integration.ray_nodes import RayNode
from tests.integration.serving import Served, taxi

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.timeout(500)]

CARS = range(1, 9)


class TwoNodes:
    """A system whose hosts are spread over two nodes."""

    def __init__(self, served: Served, second: RayNode, journal_url: str) -> None:
        self.served = served
        self.second = second
        self.journal_url = journal_url

    def hosts_of_second(self) -> list[str]:
        """The vehicle hosts whose process belongs to the second node."""
        theirs = self.second.all()
        logs = self.served.data_dir / "logs"
        return [log.stem for log in sorted(logs.glob("vehicle-*.log")) if any(_writes(pid, log) for pid in theirs)]

    async def written(self) -> dict[str, list[int]]:
        """The numbers of each car's events."""
        database = open_database(self.journal_url)
        try:
            column = schema.event.c
            rows = select(column.id, column.seq).where(column.kind == "vehicle").order_by(column.id, column.seq)
            found: dict[str, list[int]] = {}
            for car, seq in await database.read(lambda connection: list(connection.execute(rows))):
                found.setdefault(car, []).append(seq)
            return found
        finally:
            await database.close()


@pytest.fixture
async def two_nodes(
    tmp_path: Path, new_postgres_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TwoNodes]:
    """Started, with a company in it. Everybody has the cluster's token from the environment, as on two machines."""
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", token_hex(32))
    url = new_postgres_database()
    sandbox = SandboxProcess(tmp_path / "alipay")
    async with AsyncExitStack() as stack:
        await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        head, address = RayNode.head(tmp_path)
        stack.callback(head.kill)
        head.wait()
        second = RayNode.joining(tmp_path, address)
        stack.callback(second.kill)
        second.wait()
        settings = settings_with(sandbox)
        settings |= {"ray": {"address": address, "vehicle_hosts": 4, "trip_hosts": 2}, "journal": {"url": url}}
        served = Served(tmp_path, settings)
        stack.callback(served.stop)
        enrol(served)
        served.start()
        yield TwoNodes(served, second, url)


async def drivers(two: TwoNodes, stack: AsyncExitStack) -> list[Driver]:
    """The drivers of all cars, connected and online."""
    found = []
    for number in CARS:
        token = await sign_in(two.served.http, "driver", number=str(100 + number), pin="1234", vehicle=f"V{number}")
        driver = await stack.enter_async_context(Driver(two.served.ws, token))
        assert (await driver.command("online"))["state"] == "idle"
        found.append(driver)
    return found


def sound(two: TwoNodes) -> None:
    """``taxi verify`` finds nothing wrong."""
    done = taxi("verify", "--config", str(two.served.config))
    assert done.returncode == 0, done.stdout


async def test_a_node_is_killed(two_nodes: TwoNodes) -> None:
    """Every car answers again, those that lived there too, and stands where it stood."""
    async with AsyncExitStack() as stack:
        found = await drivers(two_nodes, stack)
        assert two_nodes.hosts_of_second()

        two_nodes.second.kill()

        for driver in found:
            assert (await driver.command("break"))["state"] == "break"
    assert all(numbers == [1, 2] for numbers in (await two_nodes.written()).values())
    sound(two_nodes)


async def test_a_node_that_stops_and_wakes_up_writes_nothing(two_nodes: TwoNodes) -> None:
    """Commands reach its hosts while they are stopped, are answered by their successors, and act once."""
    async with AsyncExitStack() as stack:
        found = await drivers(two_nodes, stack)
        paused = two_nodes.hosts_of_second()
        assert paused
        pids = two_nodes.second.all()
        two_nodes.second.signal(signal.SIGSTOP, pids)

        answers = await asyncio.gather(*(driver.command("break") for driver in found))
        assert {answer["state"] for answer in answers} == {"break"}
        before = await two_nodes.written()
        two_nodes.second.signal(signal.SIGCONT, pids)
        assert (await found[0].command("online"))["state"] == "idle"
        after = await two_nodes.written()

    assert after.pop("V1") == [1, 2, 3]
    assert after == {car: numbers for car, numbers in before.items() if car != "V1"}
    assert all(numbers == [1, 2] for numbers in after.values())
    sound(two_nodes)


def _writes(pid: int, log: Path) -> bool:
    try:
        return any(entry.readlink() == log for entry in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
