"""The gateway over real sockets: sign-on, commands, bad input, streams, replacement, draining, leaks."""

from __future__ import annotations

import asyncio
import json

import jwt
import msgspec
import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from dispatch.actors.core.protocol import Push
from dispatch.api.server_messages import Heard
from dispatch.domain.commands import StartShift, decode_command
from dispatch.domain.errors import CloseCode, ErrorCode
from tests.ws_gateway.conftest import Running

pytestmark = pytest.mark.integration


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
