"""The mapi gateway admits only signed requests of known partners, and in time."""

import pytest

from sim.alipay_sandbox.http.app import create_app
from sim.alipay_sandbox.model.settings import SandboxSettings
from tests.sim.alipay_sandbox.merchant import demo, order, request
from tests.sim.alipay_sandbox.sandbox_client import HandClock, SandboxClient


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"_input_charset": "latin-1"}, "ILLEGAL_CHARSET"),
        ({"service": "alipay.acquire.dream"}, "ILLEGAL_SERVICE"),
        ({"partner": "2088000000000099"}, "ILLEGAL_PARTNER"),
        ({"sign_type": "DSA"}, "ILLEGAL_SIGN_TYPE"),
        ({"sign": "0" * 32}, "ILLEGAL_SIGN"),
        ({"sign": ""}, "ILLEGAL_SIGN"),
        ({"total_fee": "0.01"}, "ILLEGAL_SIGN"),
        ({"partner": "2088000000000099", "sign": "0" * 32}, "ILLEGAL_PARTNER"),
    ],
)
async def test_the_gate(alipay: SandboxClient, changes: dict[str, str], error: str) -> None:
    """Who fails at the gate gets its code, unsigned, and nothing happens."""
    answer = await alipay.send(request(order()) | changes)

    assert answer.error == error
    assert "<sign>" not in answer.text
    assert (await alipay.accounts())["orders"] == []


async def test_keys_that_were_never_uploaded(alipay: SandboxClient) -> None:
    """A merchant without an RSA key cannot sign with RSA."""
    made = demo().at_alipay()
    bare = type(made)(partner=made.partner, md5_key=made.md5_key)
    other = SandboxClient(create_app(SandboxSettings(merchants=(bare,)), clock=HandClock()), HandClock())

    assert (await other.mapi(order(), "RSA2")).error == "HAS_NO_PUBLICKEY"
    await other.http.aclose()
    await other.sandbox.notifier.aclose()


@pytest.mark.parametrize(
    ("stamp", "error"),
    [
        ("2020-09-13 20:26:40", ""),
        ("2020-09-13 19:57:00", ""),
        ("2020-09-13 19:56:00", "ILLEGAL_ARGUMENT"),
        ("2020-09-13 20:57:00", "ILLEGAL_ARGUMENT"),
        ("1600000000000", ""),
        ("yesterday", "ILLEGAL_ARGUMENT"),
        ("", ""),
    ],
)
async def test_timestamps(alipay: SandboxClient, stamp: str, error: str) -> None:
    """Half an hour off is refused; milliseconds and none at all pass."""
    assert (await alipay.mapi(order(timestamp=stamp) | {"timestamp": stamp})).error == error
