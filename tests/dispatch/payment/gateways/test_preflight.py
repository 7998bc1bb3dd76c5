"""What is wrong with an account is said in a sentence, before a passenger finds out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dispatch.clock import CityClock, Clock, ManualClock
from dispatch.config.loader import load_settings
from dispatch.payment.gateways.preflight import PreflightFinding, check_payments
from sim.alipay_sandbox.http.app import create_app, running
from sim.alipay_sandbox.model.merchants import demo_merchant
from sim.alipay_sandbox.model.settings import SandboxSettings
from tests.sim.alipay_sandbox.live_samples import KEYS

STRANGE = demo_merchant("2088000000000099")
OUR_SERVER = "http://127.0.0.1:8080"


@pytest.fixture
async def alipay() -> AsyncIterator[str]:
    async with running(create_app(SandboxSettings(merchants=(KEYS.at_alipay(),)))) as url:
        yield f"{url}/gateway.do"


class Outside(httpx.AsyncBaseTransport):
    """Our own server as the outside sees it; all else is the network."""

    def __init__(self, status: int = 200) -> None:
        self._status = status
        self._network = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/health":
            return httpx.Response(self._status)
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


def application(url: str) -> dict[str, Any]:
    return {
        "protocol": "openapi",
        "openapi_url": url,
        "partner": KEYS.partner,
        "app_id": KEYS.app_id,
        "app_private_key": KEYS.merchant_private_pem,
        "openapi_public_key": KEYS.alipay_public_pem,
    }


def mapi(url: str) -> dict[str, Any]:
    both = {"protocol": "mapi", "gateway_url": url, "sign_type": "MD5", "md5_key": KEYS.md5_key}
    return application(url) | both


async def checked(
    alipay: dict[str, Any], clock: Clock | None = None, public_url: str = OUR_SERVER, status: int = 200
) -> list[PreflightFinding]:
    given = {f"alipay.{name}": value for name, value in alipay.items()} | {"server.public_url": public_url}
    return await check_payments(load_settings(overrides=given), clock or CityClock(), transport=Outside(status))


def wrong(found: list[PreflightFinding]) -> dict[str, str]:
    return {finding.what: finding.text for finding in found if not finding.ok}


@pytest.mark.integration
@pytest.mark.parametrize("make", [application, mapi])
async def test_all_is_well(alipay: str, make: Any) -> None:
    """Keys, gateway, application, clock and addresses: a sentence each, and nothing wrong."""
    found = await checked(make(alipay))

    assert wrong(found) == {}
    assert [finding.what for finding in found] == [
        *("keys", "gateway", "application", "clock", "notify", "callback", "authorize", "reachable"),
    ]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("changes", "what", "named"),
    [
        ({"app_id": "2021000000000001"}, "gateway", "unknown application 2021000000000001"),
        ({"app_private_key": STRANGE.merchant_private_pem}, "gateway", "our signature was rejected"),
        ({"openapi_public_key": STRANGE.alipay_public_pem}, "gateway", "not signed with the key that is configured"),
        ({"openapi_public_key": KEYS.merchant_public_pem}, "keys", "is our own public key"),
        ({"app_private_key": "nonsense"}, "keys", "no RSA private key"),
        ({"app_auth_token": "none"}, "gateway", "authorisation (app_auth_token) is invalid"),
        ({"openapi_url": "http://127.0.0.1:1/gateway.do"}, "gateway", "cannot be reached"),
    ],
)
async def test_what_is_wrong_with_an_application(alipay: str, changes: dict[str, Any], what: str, named: str) -> None:
    """The gateway's refusals say what to set right."""
    assert named in wrong(await checked(application(alipay) | changes))[what]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"partner": "2088000000000001"}, "unknown partner 2088000000000001"),
        ({"md5_key": "0" * 32}, "our signature was rejected"),
    ],
)
async def test_what_is_wrong_with_a_partner(alipay: str, changes: dict[str, Any], named: str) -> None:
    """The same at mapi, while its application is fine."""
    found = wrong(await checked(mapi(alipay) | changes))

    assert list(found) == ["gateway"]
    assert named in found["gateway"]


@pytest.mark.integration
async def test_a_company_without_an_application(alipay: str) -> None:
    """It can collect by mapi, but not on the passenger's page."""
    alone = {name: value for name, value in mapi(alipay).items() if not name.startswith(("app_", "openapi_"))}

    assert list(wrong(await checked(alone))) == ["application"]


@pytest.mark.integration
async def test_a_clock_that_is_wrong(alipay: str) -> None:
    """It is said by how much, and on which side."""
    clock = CityClock()

    for off_s, side in ((120.0, "ahead of"), (-120.0, "behind")):
        skewed = ManualClock(clock.wall() + off_s)
        assert f"s {side} the gateway's" in wrong(await checked(application(alipay), skewed))["clock"]


@pytest.mark.integration
async def test_certificates(alipay: str, tmp_path: Path) -> None:
    """They must be of our key, and last."""
    files = {}
    for name, pem in (
        ("app", KEYS.app_cert_pem),
        ("alipay", KEYS.alipay_cert_pem),
        ("alipay_root", KEYS.root_cert_pem),
    ):
        path = tmp_path / f"{name}.pem"
        path.write_text(pem, encoding="ascii")
        files[f"{name}_cert_file"] = path
    given = {name: value for name, value in application(alipay).items() if name != "openapi_public_key"} | files

    assert wrong(await checked(given)) == {}
    late = wrong(await checked(given, ManualClock(CityClock().wall() + 200 * 365 * 86_400.0)))
    assert "expired on" in late["certificates"]
    (tmp_path / "app.pem").write_text(STRANGE.app_cert_pem, encoding="ascii")
    assert "does not match our key" in wrong(await checked(given))["certificates"]


@pytest.mark.integration
@pytest.mark.parametrize("status", [404, 502])
async def test_our_own_server(alipay: str, status: int) -> None:
    """Whoever answers at our address must be us."""
    assert f"answers {status}" in wrong(await checked(application(alipay), status=status))["reachable"]


async def test_no_account() -> None:
    """Without any account there is one thing to say."""
    assert wrong(await checked({})) == {"account": "no gateway is configured: payment by Alipay is not possible"}


@pytest.mark.integration
async def test_companies(alipay: str) -> None:
    """Each account is looked at by itself; where companies have their own, no default one is needed."""
    good, bad = application(alipay), application(alipay) | {"app_id": "2021000000000001"}
    found = await checked({"companies": {"blue": good, "red": bad}})

    assert {finding.company for finding in found} == {"blue", "red"}
    assert {finding.company for finding in found if not finding.ok} == {"red"}
    assert any(finding.text.endswith("/alipay/notify/blue") for finding in found)
