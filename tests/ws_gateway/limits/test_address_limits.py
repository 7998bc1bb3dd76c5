"""How often one address may sign in and open sockets."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from dispatch.clock import ManualClock
from dispatch.domain.errors import DispatchError, ErrorCode
from tests.ws_gateway.conftest import Start
from ws_gateway.limits.address_limits import AddressLimits, address_of

PROXIES = ("198.51.100.0/24", "2001:db8::7")
ELSEWHERE = {"X-Forwarded-For": "203.0.113.7"}
"""As a proxy on this machine says."""


def _scope(address: str) -> dict[str, object]:
    return {"type": "http", "client": (address, 1234)}


def test_so_many_at_once_and_then_so_often() -> None:
    """A burst passes, then one a time; another address has its own; this machine's is not counted."""
    clock = ManualClock(100.0)
    limits = AddressLimits((1.0, 2), (0.5, 1), (1.0, 1), clock)
    for _ in range(2):
        limits.check_sign_in(_scope("203.0.113.7"))
    with pytest.raises(DispatchError, match="2005"):
        limits.check_sign_in(_scope("203.0.113.7"))
    limits.check_sign_in(_scope("203.0.113.8"))
    clock.advance(1.0)
    limits.check_sign_in(_scope("203.0.113.7"))
    assert [limits.may_open_socket(_scope("203.0.113.7")) for _ in range(2)] == [True, False]
    assert all(limits.may_open_socket(_scope("127.0.0.1")) for _ in range(50))


def test_dials_are_counted_by_peer_and_those_of_proxies_are_not() -> None:
    """A peer that dials too often is cut; a proxy's clients are told apart later, by what it says."""
    limits = AddressLimits((1.0, 1), (1.0, 1), (1.0, 2), ManualClock(100.0), proxies=PROXIES)
    assert [limits.may_connect("203.0.113.7") for _ in range(3)] == [True, True, False]
    assert limits.may_connect("203.0.113.8")
    assert all(limits.may_connect(peer) for peer in ("127.0.0.1", "198.51.100.9", "2001:db8::7") for _ in range(5))


def test_a_network_of_ipv6_is_one_client() -> None:
    """Addresses of one 64-bit network count together."""
    assert address_of(_scope("2001:db8:1:2:3::4")) == address_of(_scope("2001:db8:1:2:9::9"))
    assert address_of(_scope("2001:db8:1:3:3::4")) != address_of(_scope("2001:db8:1:2:3::4"))
    assert address_of({"type": "http"}) == ""


@pytest.mark.integration
async def test_sign_ins_and_sockets_of_one_address_are_limited(start: Start) -> None:
    """Too many from one address are refused, also with right secrets; from elsewhere it goes on."""
    gateway = await start(sign_ins_by_address=(0.001, 2), sockets_by_address=(0.001, 1))
    body = {"number": "D1", "pin": "1234", "vehicle": "V1"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", timeout=20) as http:
        answers = [await http.post("/v1/auth/driver", json=body, headers=ELSEWHERE) for _ in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert answers[2].json()["code"] == ErrorCode.TOO_MANY_ATTEMPTS
        assert (await http.post("/v1/auth/driver", json=body)).status_code == 200
    url = f"ws://127.0.0.1:{gateway.port}/v1/ws"
    protocols = [Subprotocol("taxi.v1.json")]
    async with connect(url, subprotocols=protocols, additional_headers=ELSEWHERE):
        with pytest.raises(websockets.InvalidStatus, match="403"):
            await connect(url, subprotocols=protocols, additional_headers=ELSEWHERE)
        async with connect(url, subprotocols=protocols):
            pass


@pytest.mark.integration
async def test_who_dials_too_often_is_cut_unheard(start: Start) -> None:
    """Beyond the limit a connection is reset without an answer; it is counted, and another address goes on."""
    gateway = await start(connections_by_address=(0.001, 2))
    assert [await _answer(gateway.port, "127.0.0.77") for _ in range(4)] == [b"HTTP", b"HTTP", b"", b""]
    assert await _answer(gateway.port, "127.0.0.78") == b"HTTP"
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}") as http:
        metrics = (await http.get("/metrics")).text.replace('{process="gateway"}', "")
        assert "taxi_cut_connections_total 2.0" in metrics
        assert "taxi_cut_dials_total 2.0" in metrics  # the former name, for one release


@pytest.mark.integration
async def test_a_proxy_elsewhere_is_believed_and_may_dial(start: Start) -> None:
    """Its clients are counted each by itself, as it names them; who is no proxy may name whom it likes."""
    gateway = await start(sign_ins_by_address=(0.001, 1), connections_by_address=(0.001, 4), proxies=("127.0.0.77/32",))
    statuses = {
        source: [await _sign_in(gateway.port, source, f"203.0.113.{n}") for n in (7, 8, 8)]
        for source in ("127.0.0.77", "127.0.0.78")
    }
    assert statuses == {"127.0.0.77": [200, 200, 429], "127.0.0.78": [200, 429, 429]}
    assert [await _answer(gateway.port, "127.0.0.77") for _ in range(5)] == [b"HTTP"] * 5


async def _sign_in(port: int, source: str, named: str) -> int:
    """The status of a sign-in that comes from ``source``, which says that it is ``named``'s."""
    transport = httpx.AsyncHTTPTransport(local_address=source)
    async with httpx.AsyncClient(transport=transport, timeout=20) as http:
        body = {"number": "D1", "pin": "1234", "vehicle": "V1"}
        url = f"http://127.0.0.1:{port}/v1/auth/driver"
        return (await http.post(url, json=body, headers={"X-Forwarded-For": named})).status_code


async def _answer(port: int, source: str) -> bytes:
    """What a request from this address is answered with, its first four bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    try:
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        return await reader.read(4)
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()
