"""The gateway over real sockets: sign-on, commands, bad input, streams, replacement, draining, leaks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import jwt
import msgspec
import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from dispatch.actors.core.protocol import Push
from dispatch.api.fields import CellFrame
from dispatch.api.server_messages import Heard
from dispatch.domain.commands import StartShift, decode_command
from dispatch.domain.errors import CloseCode, ErrorCode
from dispatch.store.buses import keys
from tests.ws_gateway.conftest import Running, Start, eventually
from tests.ws_gateway.fakes import FakeHosts

pytestmark = pytest.mark.integration
CELL = "872830828ffffff"


async def test_a_driver_goes_online(gateway: Running) -> None:
    """The registry's facts about car and driver travel with the shift; the answer comes back to the socket."""
    driver = await gateway.client("driver", "D1", "V1")
    answer = await driver.ask(t="online", id="c1")
    assert (answer["t"], answer["state"], answer["stream"]) == ("accepted", "StartShift", "vehicle:V1")
    command = decode_command(gateway.hosts.envelopes[0].body)
    assert isinstance(command, StartShift)
    profile = command.profile
    assert (profile.plate, profile.driver_name, profile.needs, profile.metered) == (
        "PL1", "Driver 1", ("wheelchair",), True,
    )  # fmt: skip


async def test_a_command_sent_twice_acts_once(gateway: Running) -> None:
    """The same id gets the same answer, another body under it is refused, also from a second connection."""
    driver = await gateway.client("driver", "D1", "V1")
    first = await driver.ask(t="arrived", id="c1", trip="t1")
    assert await driver.ask(t="arrived", id="c1", trip="t1") == first
    driver = await gateway.client("driver", "D1", "V1")
    assert await driver.ask(t="arrived", id="c1", trip="t1") == first
    assert (await driver.ask(t="arrived", id="c1", trip="t2"))["code"] == ErrorCode.COMMAND_ID_REUSED
    assert len(gateway.hosts.envelopes) == 1


async def test_fixes_reach_the_hosts(gateway: Running) -> None:
    """A fix on a socket becomes a row; what the host heard comes back."""
    driver = await gateway.client("driver", "D1", "V1")
    await driver.send(t="fix", fix=[5, gateway.clock.city(), 37.7, -122.4])
    await gateway.hosts.got_rows.wait()
    assert (gateway.hosts.rows[0].vehicle, gateway.hosts.rows[0].n) == ("V1", 5)
    gateway.hosts.push(Push("vehicle:V1", "driver", 0, msgspec.msgpack.encode(Heard(5))))
    assert (await driver.until("heard"))["n"] == 5


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\xc1\x00", ErrorCode.MALFORMED),
        (msgspec.msgpack.encode({"t": "rate", "id": "c", "trip": "t1", "stars": 5}), ErrorCode.NOT_ALLOWED),
        (msgspec.msgpack.encode({"t": "fix", "fix": [1, 0.0, 91.0, 0.0]}), ErrorCode.INVALID_FIELD),
        (msgspec.msgpack.encode({"t": "fix", "fix": [1, 9e9, 9.0, 0.0]}), ErrorCode.FIX_FROM_FUTURE),
        (
            msgspec.msgpack.encode({"t": "meter", "id": "c", "amount": -1, "currency": "USD"}),
            ErrorCode.INVALID_FIELD,
        ),
    ],
)
async def test_bad_input_changes_nothing(gateway: Running, frame: bytes, code: ErrorCode) -> None:
    """Each gets its number, reaches no host, and the same socket and another one go on."""
    other = await gateway.client("driver", "D2", "V2")
    driver = await gateway.client("driver", "D1", "V1")
    await driver.socket.send(frame)
    assert (await driver.until("rejected"))["code"] == code
    assert gateway.hosts.envelopes == []
    assert gateway.hosts.rows == []
    assert (await other.ask(t="break", id="c"))["t"] == "accepted"
    assert (await driver.ask(t="break", id="c9"))["t"] == "accepted"


@pytest.mark.parametrize(
    ("token", "code", "close"),
    [
        ("wrong", ErrorCode.BAD_TOKEN, CloseCode.BAD_TOKEN),
        ("expired", ErrorCode.TOKEN_EXPIRED, CloseCode.TOKEN_EXPIRED),
        (None, ErrorCode.INVALID_FIELD, CloseCode.PROTOCOL),
    ],
)
async def test_no_entry_without_a_token(gateway: Running, token: str | None, code: int, close: int) -> None:
    """A wrong, expired or missing token gets its number and its close code."""
    if token == "expired":
        token = gateway.tokens.issue("driver", "D1", session="x", wall=0.0, vehicle="V1")  # type: ignore[arg-type]
    client = await gateway.connect()
    await client.send(**({"t": "hello"} if token is None else {"t": "hello", "token": token}))
    assert (await client.receive())["code"] == code
    assert await client.closed() == close


async def test_a_token_of_another_key_is_refused(gateway: Running) -> None:
    """A token that somebody else signed, or nobody, opens nothing."""
    claims = {"sub": "anna", "role": "dispatcher", "iat": 0, "exp": 9e9}
    for forged in (jwt.encode(claims, "x" * 32, "HS256"), jwt.encode(claims, "", "none")):
        client = await gateway.connect()
        await client.send(t="hello", token=forged)
        assert (await client.receive())["code"] == ErrorCode.BAD_TOKEN


async def test_a_mebibyte_of_padding(gateway: Running) -> None:
    """Too large a message is answered with its number, then closed."""
    driver = await gateway.client("driver", "D1", "V1")
    await driver.socket.send(b"\x00" * 1_048_576)
    assert (await driver.until("rejected"))["code"] == ErrorCode.TOO_LARGE
    assert await driver.closed() == CloseCode.TOO_LARGE


async def test_ten_thousand_messages(gateway: Running) -> None:
    """A client that floods is told so, then closed; another one is served meanwhile."""
    other = await gateway.client("driver", "D2", "V2")
    driver = await gateway.client("driver", "D1", "V1")
    frame = msgspec.msgpack.encode({"t": "fix", "fix": [1, gateway.clock.city(), 37.7, -122.4]})

    async def flood() -> None:
        for _ in range(10_000):
            await driver.socket.send(frame)

    flooding = asyncio.create_task(flood())
    assert (await other.ask(t="break", id="c1"))["t"] == "accepted"
    assert (await driver.until("rejected"))["code"] == ErrorCode.TOO_MANY_MESSAGES
    assert await driver.closed() == CloseCode.FLOOD
    await asyncio.gather(flooding, return_exceptions=True)
    assert len(gateway.hosts.rows) < 1_000


async def test_a_subprotocol_is_needed(gateway: Running) -> None:
    """A socket that speaks none of ours is refused in the handshake."""
    with pytest.raises(websockets.InvalidStatus):
        await connect(f"ws://127.0.0.1:{gateway.port}/v1/ws", subprotocols=[Subprotocol("chat")])


async def test_json_on_the_wire(gateway: Running) -> None:
    """The JSON subprotocol carries the same messages as text."""
    client = await gateway.connect("taxi.v1.json")
    await client.socket.send(json.dumps({"t": "hello", "token": gateway.token("driver", "D1", "V1")}))
    assert json.loads(await client.socket.recv())["t"] == "welcome"
    assert json.loads(await client.socket.recv())["t"] == "snapshot"


async def test_resume_brings_what_was_missed(gateway: Running) -> None:
    """A client that names its last number gets every later one once, in order, and live ones after them."""
    hosts = gateway.hosts
    driver = await gateway.client("driver", "D1", "V1")
    assert (await driver.receive())["t"] == "snapshot"
    hosts.happen("vehicle:V1", "driver", "a")
    assert (await driver.until("update"))["seq"] == 1
    await driver.socket.close()
    for event in "bcd":
        hosts.happen("vehicle:V1", "driver", event)
    driver = await gateway.client("driver", "D1", "V1", resume=[{"stream": "vehicle:V1", "seq": 1}])
    assert [(await driver.receive())["seq"] for _ in range(3)] == [2, 3, 4]
    hosts.happen("vehicle:V1", "driver", "e")
    assert (await driver.receive())["seq"] == 5


async def test_what_is_too_long_ago_is_a_snapshot(gateway: Running) -> None:
    """Where the host no longer has what was missed, a snapshot says so."""
    for event in "abcd":
        gateway.hosts.happen("vehicle:V1", "driver", event)
    gateway.hosts.tail = 2
    driver = await gateway.client("driver", "D1", "V1", resume=[{"stream": "vehicle:V1", "seq": 1}])
    assert await driver.receive() == {"t": "snapshot", "stream": "vehicle:V1", "seq": 4, "recovered": False}


async def test_a_host_that_died_is_followed_again(gateway: Running) -> None:
    """After a host's rebirth streams go on from each session's cursor, nothing twice, nothing left out."""
    driver = await gateway.client("driver", "D1", "V1")
    assert (await driver.receive())["seq"] == 0
    gateway.hosts.die()
    gateway.hosts.happen("vehicle:V1", "driver", "a")
    assert (await driver.until("update"))["seq"] == 1
    gateway.hosts.happen("vehicle:V1", "driver", "b")
    assert (await driver.receive())["seq"] == 2


async def test_hosts_that_do_not_answer(gateway: Running) -> None:
    """A command nobody answers is refused as retryable; the client may send it again under its id."""
    driver = await gateway.client("driver", "D1", "V1")
    gateway.hosts.down = True
    refused = await driver.ask(t="arrived", id="c1", trip="t1")
    assert (refused["code"], refused["retryable"]) == (ErrorCode.UNAVAILABLE, True)
    gateway.hosts.down = False
    assert (await driver.ask(t="arrived", id="c1", trip="t1"))["t"] == "accepted"


async def test_the_newest_socket_of_a_driver_wins(gateway: Running) -> None:
    """The older one is told, closed with its own code, and the new one goes on."""
    older = await gateway.client("driver", "D1", "V1")
    newer = await gateway.client("driver", "D1", "V1")
    await older.until("replaced")
    assert await older.closed() == CloseCode.REPLACED
    assert (await newer.ask(t="break", id="c1"))["t"] == "accepted"


async def test_the_newest_socket_wins_across_gateways(start: Start) -> None:
    """A driver that signs on at another gateway closes its socket at the first."""
    hosts = FakeHosts()
    first, second = await start(hosts=hosts), await start(hosts=hosts)
    older = await first.client("driver", "D1", "V1")
    newer = await second.client("driver", "D1", "V1")
    assert await older.closed() == CloseCode.REPLACED
    assert (await newer.ask(t="break", id="c1"))["t"] == "accepted"


async def test_a_passenger_may_have_two_sockets(gateway: Running) -> None:
    """A passenger's phone and browser live side by side, and both follow the trip."""
    phone = await gateway.client("passenger", "P1", resume=[{"stream": "trip:t1", "seq": 0}])
    browser = await gateway.client("passenger", "P1", resume=[{"stream": "trip:t1", "seq": 0}])
    for client in (phone, browser):
        assert (await client.ask(t="attach", id="c", stream="trip:t1", after=0))["t"] == "accepted"
    gateway.hosts.happen("trip:t1", "passenger", "a")
    assert (await phone.until("update"))["seq"] == (await browser.until("update"))["seq"] == 1


async def test_a_dispatcher_sees_the_map(gateway: Running) -> None:
    """Frames of watched cells arrive; when the bus is lost the map says that it is stale, and commands go on."""
    console = await gateway.client("dispatcher", "anna")
    assert (await console.ask(t="watch", id="c1", cells=[CELL]))["t"] == "accepted"
    frame = msgspec.msgpack.encode(CellFrame(CELL, "vehicle-0", 1.0, False, bytes(9), {0: "V1"}))

    async def publish() -> None:
        while True:
            await gateway.bus.publish(keys.map_channel(CELL, "vehicle-0"), frame)
            await asyncio.sleep(0.02)

    publishing = asyncio.create_task(publish())
    assert (await console.until("map"))["frames"][0] == [CELL, "vehicle-0", 1.0, False, bytes(9), {0: "V1"}]
    publishing.cancel()
    gateway.bus.lose()
    assert (await console.until("map_stale"))["stale"] is True
    assert (await console.ask(t="take_out", id="c2", vehicle="V1", reason="brakes"))["t"] == "accepted"
    gateway.bus.available = True
    assert (await console.until("map_stale"))["stale"] is False


async def test_a_slow_reader_is_closed(start: Start) -> None:
    """Who does not read is closed with its own code and can resume; nobody else waits."""
    gateway = await start(outbox_events=50, close_s=20.0)
    slow = await gateway.connect(max_queue=1)
    await slow.send(t="hello", token=gateway.token("driver", "D1", "V1"))
    quick = await gateway.client("driver", "D2", "V2")
    for _ in range(3_000):
        gateway.hosts.happen("vehicle:V1", "driver", "x" * 10_000)
    await eventually(gateway.metrics.slow_closes._value.get)
    assert (await quick.ask(t="break", id="c1"))["t"] == "accepted"
    assert await slow.closed() == CloseCode.SLOW


async def test_draining_answers_then_closes(start: Start) -> None:
    """A stopping gateway lets pending answers go out, then closes with the code that says: come again."""
    gateway = await start()
    gateway.hosts.gate = asyncio.Event()
    driver = await gateway.client("driver", "D1", "V1")
    await driver.send(t="arrived", id="c1", trip="t1")
    await driver.until("snapshot")
    connections = gateway.app.hub._connections
    await eventually(lambda: any(each.session.commands_under_way for each in connections))
    gateway.server.stop_soon()
    await asyncio.sleep(0)
    gateway.hosts.gate.set()
    assert (await driver.until("accepted"))["id"] == "c1"
    assert await driver.closed() == CloseCode.RESTARTING


async def test_silence_is_closed(start: Start) -> None:
    """A socket without a hello is closed after its time."""
    gateway = await start(hello_timeout_s=0.0)
    assert await (await gateway.connect()).closed() == CloseCode.HELLO_TIMEOUT


async def test_nothing_is_left_of_a_connection(gateway: Running) -> None:
    """After many connections there is no task, session, entry or file descriptor more than before."""
    counted = gateway.app.hub

    async def visit(number: int) -> None:
        role, subject, vehicle = (
            ("driver", "D1", "V1"),
            ("passenger", f"P{number}", None),
            ("dispatcher", "anna", None),
        )[number % 3]
        client = await gateway.client(role, subject, vehicle)  # type: ignore[arg-type]
        if role == "passenger":
            await client.ask(t="request", id="c1", pickup={"lat": 37.7, "lng": -122.4})
        if role == "dispatcher":
            await client.ask(t="watch", id="c1", cells=[CELL])
        await client.socket.close()

    async def quiet() -> None:
        await eventually(lambda: not (counted.sockets or counted.entries or counted.tasks > 5))
        await eventually(lambda: not gateway.server.server_state.connections)

    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    await visit(0)
    await quiet()
    tasks, before = len(asyncio.all_tasks()), descriptors()
    for number in range(60):
        await visit(number)
    await quiet()
    assert len(asyncio.all_tasks()) <= tasks
    assert descriptors() <= before
    assert gateway.hosts.followed == set()


async def test_the_way_by_road(gateway: Running) -> None:
    """A driver is told the way along the streets, from end to end."""
    driver = await gateway.client("driver", "D1", "V1")
    start, end = {"lat": 37.7001, "lng": -122.4001}, {"lat": 37.7049, "lng": -122.3939}
    answer = await driver.ask(t="route", id="c1", start=start, end=end)
    way = answer["result"]
    assert way["by_road"] is True
    assert (way["points"][0], way["points"][-1]) == ([37.7001, -122.4001], [37.7049, -122.3939])
    assert len(way["points"]) > 6
    assert way["meters"] > 900
    assert way["seconds"] > 60
