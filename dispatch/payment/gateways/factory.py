"""Builds payment gateways and payment rules from the settings.

A company that is not listed in ``alipay.companies`` collects by the default account of ``alipay``. Each account has its
own keys, connections and notification address, which are never used for another account.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Final, Literal, TypeVar
from urllib.parse import quote

import msgspec

from dispatch.clock import Clock
from dispatch.config.loader import Settings, SettingsError
from dispatch.config.settings import AlipayAccount
from dispatch.config.tariffs import read_tariff
from dispatch.payment.core.port import Notification, PaymentGateway, RejectedNotification
from dispatch.payment.core.rules import NOTIFY_PATH, Account, PaymentRules
from dispatch.payment.gateways.acquirer import AcquirerAccount, AcquirerGateway
from dispatch.payment.gateways.alipay_mapi import MapiGateway
from dispatch.payment.gateways.alipay_oauth import Authorization
from dispatch.payment.gateways.alipay_openapi import OpenapiGateway
from dispatch.payment.gateways.bill_download import BillDownload
from dispatch.payment.gateways.http_client import Transport
from dispatch.payment.gateways.not_configured import UnconfiguredGateway
from dispatch.payment.gateways.openapi_client import OpenapiClient
from dispatch.payment.protocols.acquirer_messages import AcquirerCredentials
from dispatch.payment.protocols.mapi.merchant import (
    CODE_PRODUCT,
    MAINLAND_CURRENCY,
    OVERSEAS_PRODUCT,
    PAGE_PRODUCT,
    SCANNED_PRODUCT,
    MapiMerchant,
)
from dispatch.payment.protocols.openapi.account import OpenapiAccount
from dispatch.payment.protocols.openapi.keys import OpenapiCredentials
from dispatch.payment.protocols.signing import Credentials, SignType

T = TypeVar("T")

BILL_TIMEOUT_S: Final = 120.0
"""Wall seconds for downloading a day's bill; the download must begin within 30."""


class Gateways:
    """The gateway of each account. Close their connections with :meth:`aclose`."""

    def __init__(self, accounts: Mapping[str, AlipayAccount], gateways: Mapping[str, PaymentGateway]) -> None:
        """Both by company; the default account under ``""``."""
        self._accounts = accounts
        self._gateways = gateways

    def for_company(self, company: str) -> PaymentGateway:
        return self._gateways.get(company) or self._gateways[""]

    def notify_path(self, company: str) -> str:
        return notify_path(company if company in self._accounts else "")

    async def verify_notification(
        self, company: str, body: bytes, content_type: str
    ) -> Notification | RejectedNotification:
        """Read a notification that came to a company's address. Rejects one about another account, and one that Alipay
        does not confirm, where the account requires it.

        A company knows its own MD5 key, so a message that verifies with it must not be about another account.
        """
        gateway, account = self.for_company(company), self._accounts.get(company) or self._accounts[""]
        notification = gateway.verify_notification(body, content_type)
        if isinstance(notification, RejectedNotification):
            return notification
        if len(self._accounts) > 1 and not notification.is_for(_seller(account), account.seller_email):
            return RejectedNotification("about another account's money")
        if account.notify_verify and await gateway.confirm_notification(notification.notify_id) is not True:
            return RejectedNotification("not confirmed by Alipay")
        return notification

    async def aclose(self) -> None:
        for gateway in self._gateways.values():
            await gateway.aclose()


def notify_path(company: str) -> str:
    """The path of the company's own account; of the default one for ``""``."""
    return f"{NOTIFY_PATH}/{quote(company, safe='')}" if company else NOTIFY_PATH


def accounts_of(settings: Settings) -> dict[str, AlipayAccount]:
    """All accounts by company; the default one under ``""``."""
    return {"": settings.alipay, **settings.alipay.companies}


def open_gateways(settings: Settings, clock: Clock) -> Gateways:
    """Raises :class:`SettingsError` for keys that cannot be read."""
    accounts = accounts_of(settings)
    currency = _fares_in(settings)
    gateways = {company: _named(company, _opener(account, currency, clock)) for company, account in accounts.items()}
    return Gateways(accounts, gateways)


def open_authorization(settings: Settings, clock: Clock, company: str = "") -> Authorization | None:
    """Sign-in for a company's passengers; None without an application. Raises :class:`SettingsError`."""
    account = _account_of(settings, company)
    if not account.app_id:
        return None
    made = _named(company, lambda: _openapi_account(account, _fares_in(settings)))
    return Authorization(_named(company, lambda: OpenapiClient(made, clock)), account.authorize_url)


def open_bill_download(settings: Settings, clock: Clock, company: str = "") -> BillDownload | None:
    """A company's bills; None without an application. Raises :class:`SettingsError`."""
    account = _account_of(settings, company)
    if not account.app_id:
        return None
    made = _named(company, lambda: _openapi_account(account, _fares_in(settings)))
    patient = msgspec.structs.replace(made, timeout_s=max(made.timeout_s, BILL_TIMEOUT_S), max_connections=1)
    return BillDownload(_named(company, lambda: OpenapiClient(patient, clock)))


def payment_rules_of(settings: Settings) -> PaymentRules:
    currency = _fares_in(settings)
    made = {
        company: Account(
            seller_id=_seller(account),
            seller_email=account.seller_email,
            notify_url=f"{settings.public_url}{notify_path(company)}",
            currency=currency,
        )
        for company, account in accounts_of(settings).items()
    }
    default = made.pop("")
    alipay = settings.alipay
    return PaymentRules(account=default, companies=made, expires_min=alipay.pay_within_min, speed=settings.clock.speed)


def _account_of(settings: Settings, company: str) -> AlipayAccount:
    return settings.alipay.companies.get(company, settings.alipay)


def _fares_in(settings: Settings) -> str:
    return read_tariff(settings.city.tariff).currency


def _seller(account: AlipayAccount) -> str:
    """The seller in notifications; an acquirer's notifications name the company."""
    return account.partner if account.protocol == "acquirer" else account.seller_id or account.partner


def _named(company: str, make: Callable[[], T]) -> T:
    """Call ``make``; an error about an account's keys is raised with the account's name."""
    try:
        return make()
    except (OSError, ValueError) as error:
        section = f"alipay.companies.{company}" if company else "alipay"
        raise SettingsError(f"{section}: {error}") from error


def _opener(account: AlipayAccount, currency: str, clock: Clock) -> Callable[[], PaymentGateway]:
    return lambda: open_gateway(account, currency, clock)


def open_gateway(
    account: AlipayAccount, currency: str, clock: Clock, *, transport: Transport | None = None
) -> PaymentGateway:
    """The gateway of one account, for fares in ``currency``. Raises ``OSError``, ``ValueError`` for unusable keys."""
    if not account.collects:
        return UnconfiguredGateway()
    match account.protocol:
        case "openapi":
            return OpenapiGateway(_openapi_account(account, currency), clock, transport=transport)
        case "acquirer":
            return AcquirerGateway(_acquirer_account(account), clock, lambda: token_hex(16), transport=transport)
        case _:
            return MapiGateway(_merchant(account, currency), clock, transport=transport)


def _merchant(account: AlipayAccount, currency: str) -> MapiMerchant:
    mainland = account.market == "mainland"
    return MapiMerchant(
        gateway_url=account.gateway_url,
        partner=account.partner,
        seller_id=_seller(account),
        seller_email=account.seller_email,
        keys=Credentials(
            sign_type=_mapi_sign_type(account),
            md5_key=account.md5_key.get_secret_value(),
            private_key=private_key_of(account),
            alipay_public_key=public_key_of(account),
        ),
        market=account.market,
        trans_currency=currency,
        currency=MAINLAND_CURRENCY if mainland else account.currency,
        product_code=account.product_code or (PAGE_PRODUCT if mainland else OVERSEAS_PRODUCT),
        code_product_code=account.code_product_code or (CODE_PRODUCT if mainland else ""),
        scan_product_code=account.scan_product_code or SCANNED_PRODUCT,
        secondary_merchant_id=account.secondary_merchant_id,
        secondary_merchant_name=account.secondary_merchant_name,
        secondary_merchant_industry=account.secondary_merchant_industry,
        store_id=account.store_id,
        store_name=account.store_name,
        sys_service_provider_id=account.sys_service_provider_id,
        timeout_s=account.timeout_s,
    )


def _mapi_sign_type(account: AlipayAccount) -> SignType:
    if account.sign_type == "HMAC-SHA256":
        raise ValueError("sign_type HMAC-SHA256 requires protocol acquirer")
    return account.sign_type


def _openapi_account(account: AlipayAccount, currency: str) -> OpenapiAccount:
    ours = OpenapiCredentials(
        sign_type=account.openapi_sign_type,
        private_key=app_private_key_of(account),
        alipay_public_key=openapi_public_key_of(account),
        app_cert=key_text("", account.app_cert_file),
        alipay_certs=key_text("", account.alipay_cert_file),
        root_certs=key_text("", account.alipay_root_cert_file),
        content_key=account.content_key.get_secret_value(),
    )
    usual = OpenapiAccount(gateway_url=account.openapi_url, app_id=account.app_id, keys=ours, currency=currency)
    return msgspec.structs.replace(
        usual,
        seller_id=_seller(account),
        product_code=account.product_code or usual.product_code,
        code_product_code=account.code_product_code or usual.code_product_code,
        scan_product_code=account.scan_product_code or usual.scan_product_code,
        sys_service_provider_id=account.sys_service_provider_id,
        app_auth_token=account.app_auth_token.get_secret_value(),
        store_id=account.store_id,
        timeout_s=account.timeout_s,
    )


def _acquirer_account(account: AlipayAccount) -> AcquirerAccount:
    sign_type: Literal["HMAC-SHA256", "RSA2"] = "RSA2" if account.sign_type == "RSA2" else "HMAC-SHA256"
    return AcquirerAccount(
        gateway_url=account.gateway_url,
        merchant=account.partner,
        keys=AcquirerCredentials(
            sign_type=sign_type,
            secret=account.acquirer_secret.get_secret_value(),
            private_key=private_key_of(account),
            acquirer_public_key=public_key_of(account),
        ),
        timeout_s=account.timeout_s,
    )


def private_key_of(account: AlipayAccount) -> str:
    return key_text(account.private_key.get_secret_value(), account.private_key_file)


def public_key_of(account: AlipayAccount) -> str:
    return key_text(account.alipay_public_key, account.alipay_public_key_file)


def app_private_key_of(account: AlipayAccount) -> str:
    own = key_text(account.app_private_key.get_secret_value(), account.app_private_key_file)
    return own or private_key_of(account)


def openapi_public_key_of(account: AlipayAccount) -> str:
    return key_text(account.openapi_public_key, account.openapi_public_key_file) or public_key_of(account)


def key_text(given: str, file: Path | None) -> str:
    return given or (file.read_text(encoding="ascii") if file else "")
