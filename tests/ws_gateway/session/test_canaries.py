"""Planted secrets stay out of logs, metrics and errors, whatever is done with them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
import structlog

from dispatch.actors.core.protocol import Envelope, Reply
from dispatch.domain.registry import DeviceRecord, DispatcherRecord, DriverRecord
from dispatch.observability.logging import Format, configure_logging
from dispatch.store.journal import JournalUnavailableError
from dispatch.values.ids import DeviceId, DispatcherId, DriverId, VehicleId
from tests.ws_gateway.conftest import SECRET, Running, Start
from ws_gateway.auth.passwords import hash_secret
from ws_gateway.session.command_flows import ride_code_of, trip_id_of

PIN: Final = "918273645"
PASSWORD: Final = "canary-password-4f1d"
KEY: Final = "canary-device-key-77aa"
PHONE: Final = "+15005550987"
HERE: Final = {"lat": 37.78, "lng": -122.41}

pytestmark = pytest.mark.integration


@pytest.fixture(params=["console", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """All that is logged, down to the last detail."""
    text = io.StringIO()
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    how: Format = request.param
    configure_logging("debug", how, text)
    yield text
    root.handlers, root.level = before, level
    structlog.reset_defaults()


class Watcher:
    """Does what clients do, and keeps whatever it was answered with, but for a sign-in that went well."""

    def __init__(self, gateway: Running, http: httpx.AsyncClient) -> None:
        self.gateway = gateway
        self.http = http
        self.answers: list[str] = []

    async def post(self, path: str, body: Any, **headers: str) -> dict[str, Any]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self.http.post(path, content=content, headers=headers)
        if answer.status_code != 200:
            self.answers.append(answer.text)
            return {}
        issued: dict[str, Any] = answer.json()
        return issued


async def test_no_canary_gets_out(start: Start, log: io.StringIO) -> None:
    """Right and wrong sign-ins, broken bodies, sockets, refused commands, a host that breaks: nothing of it is told."""
    gateway = await start()
    registry = gateway.registry
    registry.put(DriverRecord(id=DriverId("D1"), name="Ann", phone=PHONE, pin_hash=hash_secret(PIN)))
    registry.put(DispatcherRecord(id=DispatcherId("anna"), name="Anna", password_hash=hash_secret(PASSWORD)))
    registry.put(DeviceRecord(id=DeviceId("M1"), vehicle=VehicleId("V1"), key_hash=hash_secret(KEY)))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", timeout=20) as http:
        watcher = Watcher(gateway, http)
        secrets = [PIN, PASSWORD, KEY, PHONE, SECRET.decode(), *await _sign_ins(watcher)]
        secrets += await _sockets(watcher, secrets[-1])
        metrics = (await http.get("/metrics")).text
    told = {"log": log.getvalue(), "metrics": metrics, "answers": "\n".join(watcher.answers)}
    assert "session request failed" in told["log"]
    for place, text in told.items():
        for secret in secrets:
            assert secret not in text, (place, secret)


async def _sign_ins(watcher: Watcher) -> list[str]:
    """Signs everybody in, rightly and wrongly; the secrets that were made meanwhile, a dispatcher's token last."""
    bodies: dict[str, dict[str, str]] = {
        "driver": {"number": "D1", "pin": PIN, "vehicle": "V1"},
        "device": {"device": "M1", "key": KEY},
        "dispatcher": {"name": "anna", "password": PASSWORD},
    }
    made = []
    for role, body in bodies.items():
        made.append((await watcher.post(f"/v1/auth/{role}", body))["token"])
        for broken in ({**body, "more": PIN}, {"name": [PASSWORD], "number": {"pin": PIN}}):
            await watcher.post(f"/v1/auth/{role}", broken)
        await watcher.post(f"/v1/auth/{role}", json.dumps(body).encode()[:-3])
        other = {name: "nobody" if name in ("number", "name", "device") else value for name, value in body.items()}
        await watcher.post(f"/v1/auth/{role}", other)
    await watcher.post("/v1/auth/passenger/code", {"phone": PHONE})
    code = json.loads(watcher.gateway.sms_file.read_text().splitlines()[-1])["code"]
    await watcher.post("/v1/auth/passenger", {"phone": PHONE, "code": code})
    await watcher.post("/v1/auth/passenger", {"phone": PHONE, "code": code})
    await watcher.post("/v1/auth/sign_out", b"", Authorization=f"Bearer {made[0]}")
    await watcher.post("/v1/auth/sign_out", b"", Authorization=f"Bearer {made[0]}")
    return [code, *made]


async def _sockets(watcher: Watcher, token: str) -> list[str]:
    """A dispatcher books by phone, drivers say codes, hosts break; the ride codes that were made."""
    gateway = watcher.gateway

    def broken(envelope: Envelope) -> Reply:
        raise RuntimeError("a host broke")

    gateway.hosts.decide = broken
    dispatcher = await gateway.connect()
    await dispatcher.send(t="hello", token=token)
    await dispatcher.until("welcome")
    driver = await gateway.client("driver", "D1", "V1")
    refused = [
        await dispatcher.ask(t="book", id="b1", phone=PHONE, pickup=HERE),
        await dispatcher.ask(t="book", id="b2", phone=f"{PHONE}!", pickup=HERE),
        await driver.ask(t="start", id="s1", trip="T1", code="4711"),
        await driver.ask(t="collect", id="c1", trip="T1", by="scan", auth_code="280000000000471108"),
    ]
    forged = await gateway.connect()
    await forged.send(t="hello", token=f"{token}x")
    refused.append(await forged.receive())
    assert all(each["t"] == "rejected" for each in refused)
    watcher.answers += [json.dumps(each) for each in refused]
    trip = trip_id_of("dispatcher:anna:b1")
    return [f" {ride_code_of(trip, SECRET)}", f"'{ride_code_of(trip, SECRET)}'", "280000000000471108", token]


async def test_a_journal_that_breaks_tells_nothing(start: Start, log: io.StringIO) -> None:
    """An outage in the middle of a sign-in is a number, and no line with what was signed in with."""
    gateway = await start()

    async def away(*_: object) -> None:
        raise JournalUnavailableError("away")

    gateway.registry.get = away  # type: ignore[method-assign, assignment]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", timeout=20) as http:
        body = {"name": "anna", "password": PASSWORD}
        answer = await http.post("/v1/auth/dispatcher", json=body)
    assert answer.status_code == 503
    assert PASSWORD not in answer.text + log.getvalue()
