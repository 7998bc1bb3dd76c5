"""What outlives what: a system killed whole, a city under faults, an actor an entity, a taken port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import msgspec
import pytest

from dispatch.processes.child_processes import descendants
from sim.demo.sandbox_process import SandboxProcess
from tests.integration.app import DROPOFF, PICKUP, App, Driver, sign_in
from tests.integration.conftest import enrol, settings_with
from tests.integration.serving import TAXI, Served, alive, taxi

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.timeout(600)]


def demo(*arguments: str) -> dict[str, float]:
    """The figures of one unattended demonstration."""
    done = taxi("demo", "--json", "--port", "0", *arguments, within_s=500)
    assert done.returncode == 0, done.stderr[-3000:]
    figures: dict[str, float] = msgspec.json.decode(done.stdout.strip().splitlines()[-1])
    return figures


async def test_open_trips_go_on_after_everything_was_killed(tmp_path: Path) -> None:
    """``kill -9`` of server, Ray, hosts, gateway and Valkey in the middle of a ride: started again, it goes on."""
    sandbox = SandboxProcess(tmp_path / "alipay")
    await sandbox.start()
    served = Served(tmp_path, settings_with(sandbox))
    enrol(served)
    served.start()
    try:
        driver_token = await sign_in(served.http, "driver", number="101", pin="1234", vehicle="V1")
        passenger_token = taxi("token", "passenger", "+14155550301", "--config", str(served.config)).stdout.split()[-1]
        async with Driver(served.ws, driver_token) as driver, App(served.ws, passenger_token) as passenger:
            await driver.command("online")
            asked = await passenger.command("request", "the-request", pickup=PICKUP, dropoff=DROPOFF)
            trip = asked["result"]["trip"]
            code = asked["result"]["code"]
            offer = (await driver.update("offer_made"))["vehicle"]["offer"]
            assert (await driver.command("accept", offer=offer["offer"]))["t"] == "accepted"
            served.kill_everything()
        served.start()
        async with Driver(served.ws, driver_token) as driver, App(served.ws, passenger_token) as passenger:
            again = await passenger.command("request", "the-request", pickup=PICKUP, dropoff=DROPOFF)
            assert again["result"]["trip"] == trip
            assert (await driver.command("arrived", trip=trip))["state"] == "at_pickup"
            assert (await driver.command("start", trip=trip, code=code))["state"] == "on_trip"
            assert (await driver.command("finish", trip=trip))["state"] == "idle"
    finally:
        served.stop()
        await sandbox.stop()


def chaos(*arguments: str) -> dict[str, float]:
    """The figures of a run under faults that was found clean."""
    done = taxi("chaos", "--json", *arguments, within_s=550)
    assert done.returncode == 0, done.stderr[-3000:]
    figures: dict[str, float] = msgspec.json.decode(done.stdout.strip().splitlines()[-1])
    return figures


@pytest.mark.parametrize("journal", ["sqlite", "postgres"])
def test_a_city_under_faults_loses_and_doubles_nothing(journal: str) -> None:
    """Whatever is killed, paused, cut, filled or starved while a city runs: judged by what clients and sandbox saw."""
    figures = chaos("--kills", "10", "--cars", "60", "--speed", "10", "--seed", "7", "--journal", journal)

    assert figures["kills"] == 10
    assert figures["requests_acknowledged"] > 0
    assert figures["matched"] > 0


def test_hosts_killed_under_load_lose_and_double_nothing() -> None:
    """Hosts and matcher killed and paused while a city is shown: judged by what the clients were told."""
    figures = demo("--for", "60", "--cars", "60", "--kill", "--seed", "7")

    assert figures["kills"] + figures["pauses"] >= 3
    assert figures["matched"] > 0
    assert (figures["double_assignments"], figures["lost"], figures["violations"]) == (0, 0, 0)


def test_a_city_in_dedicated_placement() -> None:
    """A Ray actor for each vehicle, each trip and each payment serves rides too."""
    figures = demo("--for", "60", "--cars", "4", "--placement", "dedicated", "--hour", "4")

    assert figures["matched"] + figures["hails"] > 0
    assert (figures["double_assignments"], figures["lost"], figures["violations"]) == (0, 0, 0)


def test_a_taken_port_is_one_clear_line() -> None:
    """The error names the port; nothing that was started stays behind."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = taxi("demo", "--for", "5", "--cars", "2", "--port", port)

    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_twice_leaves_no_process(tmp_path: Path) -> None:
    """Two interrupts, as an impatient person sends them, to a demonstration at work."""
    command = [*TAXI, "demo", "--cars", "5", "--port", "0", "--data-dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as child:
        assert child.stdout is not None
        while "/console/" not in child.stdout.readline():
            assert child.poll() is None
        below = descendants(child.pid)
        assert below
        os.kill(child.pid, signal.SIGINT)
        os.kill(child.pid, signal.SIGINT)
        child.stdout.read()
        assert child.wait(90) == 0
    assert alive(below) == []
