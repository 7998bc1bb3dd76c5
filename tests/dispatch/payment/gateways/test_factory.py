"""Settings choose gateways, and each account keeps to itself."""

from pathlib import Path
from typing import Any

import pytest

from dispatch.clock import ManualClock
from dispatch.config.loader import Settings, SettingsError, load_settings
from dispatch.payment.core.port import Notification, RejectedNotification
from dispatch.payment.gateways.acquirer import AcquirerGateway
from dispatch.payment.gateways.alipay_mapi import MapiGateway
from dispatch.payment.gateways.alipay_openapi import OpenapiGateway
from dispatch.payment.gateways.factory import (
    Gateways,
    notify_path,
    open_authorization,
    open_bill_download,
    open_gateways,
    payment_rules_of,
)
from dispatch.payment.gateways.not_configured import UnconfiguredGateway
from tests.dispatch.payment.protocols.notification_samples import FORM, SAMPLE, posted
from tests.dispatch.payment.protocols.openapi.keys_samples import BY_CERTIFICATE
from tests.dispatch.payment.protocols.signing_samples import RSA

PRIVATE, PUBLIC = RSA["private_key_pem_test_only"], RSA["public_key_pem"]
MAPI = {
    "gateway_url": "https://mapi.invalid/gateway.do",
    "partner": "2088000000000001",
    "sign_type": "MD5",
    "md5_key": "m" * 32,
}
APPLICATION = {
    "openapi_url": "https://openapi.invalid/gateway.do",
    "app_id": "2021000000000001",
    "app_private_key": PRIVATE,
    "openapi_public_key": PUBLIC,
}
OPENAPI = APPLICATION | {"protocol": "openapi", "partner": "2088000000000003"}
ACQUIRER = {
    "protocol": "acquirer",
    "gateway_url": "https://acquirer.invalid",
    "partner": "cab1",
    "sign_type": "HMAC-SHA256",
    "acquirer_secret": "s" * 32,
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings file of the working directory."""
    monkeypatch.chdir(tmp_path)


def settings(alipay: dict[str, Any]) -> Settings:
    return load_settings(overrides={f"alipay.{name}": value for name, value in alipay.items()})


async def gateways(alipay: dict[str, Any]) -> Gateways:
    opened = open_gateways(settings(alipay), ManualClock())
    await opened.aclose()
    return opened


@pytest.mark.parametrize(
    ("alipay", "kind"),
    [
        ({}, UnconfiguredGateway),
        (APPLICATION, UnconfiguredGateway),
        (MAPI, MapiGateway),
        (MAPI | {"sign_type": "RSA2", "private_key": PRIVATE, "alipay_public_key": PUBLIC}, MapiGateway),
        (OPENAPI, OpenapiGateway),
        (ACQUIRER, AcquirerGateway),
        (ACQUIRER | {"sign_type": "RSA2", "private_key": PRIVATE, "alipay_public_key": PUBLIC}, AcquirerGateway),
    ],
)
async def test_protocol(alipay: dict[str, Any], kind: type) -> None:
    """The protocol chooses the gateway; without an account there is none."""
    assert isinstance((await gateways(alipay)).for_company(""), kind)


async def test_companies() -> None:
    """A company with an account of its own uses it; all others share the default one."""
    opened = await gateways(MAPI | {"companies": {"blue": OPENAPI}})

    assert isinstance(opened.for_company("blue"), OpenapiGateway)
    assert isinstance(opened.for_company("red"), MapiGateway)
    assert opened.for_company("red") is opened.for_company("")
    assert (opened.notify_path("blue"), opened.notify_path("red")) == ("/alipay/notify/blue", "/alipay/notify")
    assert notify_path("a/b") == "/alipay/notify/a%2Fb"


def test_rules_of_each_account() -> None:
    """Payments know who must have got the money, and where each account's results are posted."""
    alipay = MAPI | {"seller_email": "a@b", "companies": {"blue": OPENAPI, "green": ACQUIRER | {"seller_id": "x"}}}

    rules = payment_rules_of(settings(alipay))

    default, blue, green = (rules.account_of(company) for company in ("red", "blue", "green"))
    assert (default.seller_id, default.seller_email) == ("2088000000000001", "a@b")
    assert default.notify_url.endswith("/alipay/notify")
    assert (blue.seller_id, blue.seller_email) == ("2088000000000003", "")
    assert blue.notify_url.endswith("/alipay/notify/blue")
    assert green.seller_id == "cab1"


async def test_nobody_speaks_of_another_account() -> None:
    """A company that knows its own key cannot tell of a payment to another company."""
    own = MAPI | {"partner": "2088000000000008"}
    opened = await gateways(MAPI | {"companies": {"blue": own}})
    body = posted(SAMPLE)

    assert isinstance(await opened.verify_notification("", body, FORM), Notification)
    assert isinstance(await opened.verify_notification("red", body, FORM), Notification)
    assert await opened.verify_notification("blue", body, FORM) == RejectedNotification("about another account's money")
    nameless = posted(SAMPLE | {"seller_id": ""})
    assert isinstance(await opened.verify_notification("blue", nameless, FORM), RejectedNotification)
    assert isinstance(await (await gateways(MAPI)).verify_notification("", nameless, FORM), Notification)


async def test_notifications_are_confirmed_where_that_is_set() -> None:
    """Alipay is asked where it shall be; silence is no confirmation."""
    asks = open_gateways(settings(MAPI | {"gateway_url": "http://127.0.0.1:1/", "notify_verify": True}), ManualClock())

    assert isinstance(await (await gateways(MAPI)).verify_notification("", posted(SAMPLE), FORM), Notification)
    assert await asks.verify_notification("", posted(SAMPLE), FORM) == RejectedNotification("not confirmed by Alipay")
    await asks.aclose()


async def test_application_beside_mapi() -> None:
    """A company that collects by mapi learns by openapi who its passengers are, and gets its bills there."""
    with_one = settings(MAPI | APPLICATION)
    authorization, bills = open_authorization(with_one, ManualClock()), open_bill_download(with_one, ManualClock())

    assert authorization is not None
    assert bills is not None
    assert "app_id=2021000000000001" in authorization.authorize_url("s", "https://cab.invalid/")
    await authorization.aclose()
    await bills.aclose()
    assert open_authorization(settings(MAPI), ManualClock()) is None
    assert open_bill_download(settings(MAPI), ManualClock(), "blue") is None


async def test_certificates_and_keys_from_files(tmp_path: Path) -> None:
    """Keys and certificates may stand in files."""
    files = {
        "app_private_key": BY_CERTIFICATE.private_key,
        "app_cert": BY_CERTIFICATE.app_cert,
        "alipay_cert": BY_CERTIFICATE.alipay_certs,
        "alipay_root_cert": BY_CERTIFICATE.root_certs,
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    named = {f"{name}_file": tmp_path / name for name in files}

    own = {"protocol": "openapi", "partner": "2088", "openapi_url": "https://x", "app_id": "1"}
    assert isinstance((await gateways(own | named)).for_company(""), OpenapiGateway)


@pytest.mark.parametrize(
    ("alipay", "message"),
    [
        (OPENAPI | {"app_private_key": "?"}, "alipay: private_key is no RSA private key"),
        (MAPI | {"companies": {"blue": OPENAPI | {"openapi_public_key": "?"}}}, "alipay.companies.blue: alipay_public"),
        (OPENAPI | {"content_key": "AAAA"}, "alipay: content_key is not of 16 bytes"),
        (OPENAPI | {"app_private_key": "", "app_private_key_file": Path("none.pem")}, "alipay: .*No such file"),
    ],
)
def test_unusable_keys_are_one_line(alipay: dict[str, Any], message: str) -> None:
    """What is wrong with a key is said with its account, before anything starts."""
    with pytest.raises(SettingsError, match=message) as caught:
        open_gateways(settings(alipay), ManualClock())

    assert "\n" not in str(caught.value)
