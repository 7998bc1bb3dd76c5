"""From settings to a payment gateway, and to the rules that payments decide by."""

from __future__ import annotations

from dispatch.clock import Clock
from dispatch.config import Settings, SettingsError
from dispatch.payment.absent import AbsentGateway
from dispatch.payment.gateway import Gateway
from dispatch.payment.mapi import MapiGateway
from dispatch.payment.mapi_merchant import MapiMerchant
from dispatch.payment.payment import PaymentRules
from dispatch.payment.signing import Credentials, KeyFormatError
from dispatch.tariffs import read_tariff


def open_gateway(settings: Settings, clock: Clock) -> Gateway:
    """The gateway that the settings name. Raises :class:`SettingsError` where keys cannot be read."""
    if not settings.alipay.gateway_url:
        return AbsentGateway()
    try:
        return MapiGateway(merchant_of(settings), clock)
    except KeyFormatError as error:
        raise SettingsError(f"alipay: {error}") from error


def merchant_of(settings: Settings) -> MapiMerchant:
    """The company's account at Alipay. Raises :class:`SettingsError`."""
    alipay = settings.alipay
    try:
        keys = Credentials(
            sign_type=alipay.sign_type,
            md5_key=alipay.md5_key.get_secret_value(),
            private_key=alipay.private_key_file.read_text() if alipay.private_key_file else "",
            alipay_public_key=alipay.alipay_public_key_file.read_text() if alipay.alipay_public_key_file else "",
        )
        return MapiMerchant(
            gateway_url=alipay.gateway_url,
            partner=alipay.partner,
            seller_id=alipay.seller_id or alipay.partner,
            keys=keys,
            trans_currency=read_tariff(settings.city.tariff).currency,
            currency=alipay.currency,
            secondary_merchant_id=alipay.secondary_merchant_id,
            secondary_merchant_name=alipay.secondary_merchant_name,
            timeout_s=alipay.timeout_s,
        )
    except (OSError, ValueError) as error:
        raise SettingsError(f"alipay: {error}") from error


def payment_rules_of(settings: Settings) -> PaymentRules:
    """What payments decide by."""
    alipay = settings.alipay
    return PaymentRules(
        notify_url=f"{settings.public_url}/alipay/notify",
        expires_min=alipay.pay_within_min,
        currency=read_tariff(settings.city.tariff).currency,
        seller_id=alipay.seller_id or alipay.partner,
        speed=settings.clock.speed,
    )
