"""Sign-in over HTTP, tokens, limits on guessing, and the other endpoints."""

from __future__ import annotations

import json
from typing import Any

import httpx
import msgspec
import pytest

from dispatch.domain.errors import ErrorCode
from dispatch.domain.registry import DeviceRecord, DispatcherRecord, DriverRecord
from dispatch.values.ids import DriverId
from tests.ws_gateway.conftest import Running, Start
from ws_gateway.auth.passwords import hash_secret

DRIVER = {"number": "D1", "pin": "1234", "vehicle": "V1"}


async def refused(http: httpx.AsyncClient, path: str, body: Any) -> tuple[int, int, str | None]:
    answer = await http.post(path, json=body)
    error = answer.json()
    return answer.status_code, error["code"], error.get("field")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("path", "body", "who"),
    [
        ("/v1/auth/driver", DRIVER, ("driver", "V1")),
        ("/v1/auth/dispatcher", {"name": "anna", "password": "correct horse"}, ("dispatcher", None)),
        ("/v1/auth/device", {"device": "M1", "key": "device-key"}, ("device", "V1")),
    ],
)
async def test_the_right_secret_opens(
    gateway: Running, http: httpx.AsyncClient, path: str, body: dict[str, str], who: tuple[str, str | None]
) -> None:
    """Each role signs in with its secret; the token says who, for which car and until when, and is welcome."""
    role, vehicle = who
    answer = await http.post(path, json=body)
    assert answer.status_code == 200
    issued = answer.json()
    assert (issued["role"], issued.get("vehicle")) == (role, vehicle)
    identity = gateway.tokens.verify(issued["token"], gateway.clock.wall())
    assert (identity.role, identity.subject, identity.vehicle) == (role, issued["subject"], vehicle)
    assert abs(identity.expires_at - issued["expires_at"]) <= 1
    client = await gateway.connect()
    await client.send(t="hello", token=issued["token"])
    assert (await client.receive())["role"] == role


@pytest.mark.integration
async def test_a_passenger_comes_in_by_a_code(gateway: Running, http: httpx.AsyncClient) -> None:
    """The code goes to the phone, opens once it is right, and the same phone is the same passenger again."""
    subjects = []
    for _ in range(2):
        assert (await http.post("/v1/auth/passenger/code", json={"phone": "+14155550100"})).status_code == 202
        sent = json.loads(gateway.sms_file.read_text().splitlines()[-1])
        assert sent["phone"] == "+14155550100"
        answer = await http.post("/v1/auth/passenger", json={"phone": "+14155550100", "code": sent["code"]})
        subjects.append(answer.json()["subject"])
    assert subjects[0] == subjects[1]
    assert gateway.sms_file.stat().st_mode & 0o077 == 0
    wrong = "000000" if sent["code"] != "000000" else "111111"
    body = {"phone": "+14155550100", "code": wrong}
    assert await refused(http, "/v1/auth/passenger", body) == (401, ErrorCode.WRONG_CREDENTIALS, None)


@pytest.mark.integration
async def test_what_does_not_open(gateway: Running, http: httpx.AsyncClient) -> None:
    """Wrong names and secrets are the same answer; another's car, an unknown car and bad fields are named."""
    wrong = (401, ErrorCode.WRONG_CREDENTIALS, None)
    assert await refused(http, "/v1/auth/driver", {**DRIVER, "pin": "9999"}) == wrong
    assert await refused(http, "/v1/auth/driver", {**DRIVER, "number": "D99"}) == wrong
    assert await refused(http, "/v1/auth/device", {"device": "M9", "key": "device-key"}) == wrong
    retired = DriverRecord(id=DriverId("D3"), name="R", phone="1", pin_hash=hash_secret("1234"), active=False)
    gateway.registry.put(retired)
    assert await refused(http, "/v1/auth/driver", {**DRIVER, "number": "D3"}) == wrong
    assert await refused(http, "/v1/auth/driver", {**DRIVER, "vehicle": "V2"}) == (
        403,
        ErrorCode.NOT_ALLOWED,
        "vehicle",
    )
    unknown = await refused(http, "/v1/auth/driver", {**DRIVER, "vehicle": "V9"})
    assert unknown == (404, ErrorCode.UNKNOWN_VEHICLE, "vehicle")
    assert await refused(http, "/v1/auth/driver", {"number": "D1"}) == (400, ErrorCode.INVALID_FIELD, "pin")
    assert await refused(http, "/v1/auth/driver", [1]) == (400, ErrorCode.MALFORMED, None)
    assert await refused(http, "/v1/auth/passenger/code", {"phone": "me"}) == (400, ErrorCode.INVALID_FIELD, "phone")
    assert await refused(http, "/v1/auth/driver", {"number": "x" * 100_000}) == (413, ErrorCode.TOO_LARGE, None)


@pytest.mark.integration
async def test_guessing_locks_the_name(start: Start) -> None:
    """After some wrong PINs the right one does not help either, for this name and no other."""
    gateway = await start(sign_in_attempts=3, sms_per_hour=2)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", timeout=20) as http:
        for _ in range(3):
            assert (await refused(http, "/v1/auth/driver", {**DRIVER, "pin": "0000"}))[0] == 401
        assert await refused(http, "/v1/auth/driver", DRIVER) == (429, ErrorCode.TOO_MANY_ATTEMPTS, None)
        other = {"number": "D2", "pin": "1234", "vehicle": "V2"}
        assert (await http.post("/v1/auth/driver", json=other)).status_code == 200
        codes = [(await http.post("/v1/auth/passenger/code", json={"phone": "12345"})).status_code for _ in range(3)]
        assert codes == [202, 202, 429]


@pytest.mark.integration
async def test_a_code_opens_once(start: Start) -> None:
    """A used code opens nothing at any gateway; the next one that is sent is another. Wrong guesses lock the phone."""
    here, there = await start(sign_in_attempts=3), await start(sign_in_attempts=3)
    asked = {"phone": "+14155550100"}
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{here.port}", timeout=20) as one,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{there.port}", timeout=20) as other,
    ):
        codes = []
        for _ in range(2):
            assert (await one.post("/v1/auth/passenger/code", json=asked)).status_code == 202
            codes.append(json.loads(here.sms_file.read_text().splitlines()[-1])["code"])
            body = {**asked, "code": codes[-1]}
            assert (await other.post("/v1/auth/passenger", json=body)).status_code == 200
            assert await refused(one, "/v1/auth/passenger", body) == (401, ErrorCode.WRONG_CREDENTIALS, None)
        assert codes[0] != codes[1]
        assert (await one.post("/v1/auth/passenger/code", json=asked)).status_code == 202
        right = {**asked, "code": json.loads(here.sms_file.read_text().splitlines()[-1])["code"]}
        for client in (one, other):
            assert (await refused(client, "/v1/auth/passenger", {**asked, "code": codes[0]}))[0] == 401
        for client in (one, other):
            assert (await refused(client, "/v1/auth/passenger", right))[0] == 429


@pytest.mark.integration
async def test_wrong_secrets_are_counted_for_all_gateways_together(start: Start) -> None:
    """Guesses at one gateway lock the name at another; without the bus each counts for itself."""
    here, there = await start(sign_in_attempts=2), await start(sign_in_attempts=2)
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{here.port}", timeout=20) as one,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{there.port}", timeout=20) as other,
    ):
        for client in (one, other):
            assert (await refused(client, "/v1/auth/driver", {**DRIVER, "pin": "0000"}))[0] == 401
        assert (await refused(other, "/v1/auth/driver", DRIVER))[0] == 429
        here.bus.available = False
        second = {"number": "D2", "pin": "0000", "vehicle": "V2"}
        codes = [(await refused(one, "/v1/auth/driver", second))[0] for _ in range(3)]
        assert codes == [401, 401, 429]
        assert (await other.post("/v1/auth/driver", json={**second, "pin": "1234"})).status_code == 200


@pytest.mark.integration
async def test_who_is_deactivated_does_not_come_in(gateway: Running, http: httpx.AsyncClient) -> None:
    """A dispatcher or device that is no longer active is told the same as a wrong secret; sign-ins are written down."""
    anna = {"name": "anna", "password": "correct horse"}
    assert (await http.post("/v1/auth/dispatcher", json=anna)).status_code == 200
    assert [(it.act, it.who) for it in gateway.audit.kept.values()] == [("sign_in", "anna")]
    for entry in list(gateway.registry.entries.values()):
        if isinstance(entry, DispatcherRecord | DeviceRecord):
            gateway.registry.put(msgspec.structs.replace(entry, active=False))
    for path, body in (("dispatcher", anna), ("device", {"device": "M1", "key": "device-key"})):
        assert await refused(http, f"/v1/auth/{path}", body) == (401, ErrorCode.WRONG_CREDENTIALS, None)
