"""Requests as our own clients sign and send them, for verification by third-party clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

import httpx

from dispatch.clock import CityClock
from dispatch.payment.core.port import PaymentGateway, PaymentOrder, Refund, Way
from dispatch.payment.gateways.alipay_mapi import MapiGateway
from dispatch.payment.gateways.alipay_openapi import OpenapiGateway
from dispatch.payment.protocols.mapi.merchant import MapiMerchant
from dispatch.payment.protocols.openapi.account import OpenapiAccount
from dispatch.payment.protocols.openapi.keys import OpenapiCredentials
from dispatch.payment.protocols.signing import Credentials, SignType
from dispatch.values.money import Money
from tests.sim.alipay_sandbox.live_samples import BUYER, KEYS

URL = "http://gateway.invalid/gateway.do"
CALLS = ("create", "precreate", "scan", "query", "close", "cancel", "refund", "query_refund")


@dataclass
class Sent:
    """A request on its way: all its fields, its signature apart."""

    fields: dict[str, str]
    sign: str


def openapi(
    sign_type: Literal["RSA", "RSA2"], *, certified: bool
) -> Callable[[httpx.AsyncBaseTransport], PaymentGateway]:
    """Our openapi client."""
    own = OpenapiCredentials(private_key=KEYS.merchant_private_pem, sign_type=sign_type)
    certificates = {
        "app_cert": KEYS.app_cert_pem,
        "alipay_certs": KEYS.alipay_cert_pem,
        "root_certs": KEYS.root_cert_pem,
    }
    plain = {"alipay_public_key": KEYS.alipay_public_pem}
    keys = OpenapiCredentials(
        sign_type=own.sign_type, private_key=own.private_key, **(certificates if certified else plain)
    )
    account = OpenapiAccount(
        gateway_url=URL, app_id=KEYS.app_id, keys=keys, currency="CNY", seller_id=KEYS.partner, store_id="S 1"
    )
    return lambda transport: OpenapiGateway(account, CityClock(), transport=transport)


def mapi(sign_type: SignType, market: Literal["cross-border", "mainland"]) -> Callable[..., PaymentGateway]:
    """Our mapi client."""
    keys = Credentials(
        sign_type=sign_type,
        md5_key=KEYS.md5_key,
        private_key=KEYS.merchant_private_pem,
        alipay_public_key=KEYS.alipay_public_pem,
    )
    currency = "USD" if market == "cross-border" else "CNY"
    merchant = MapiMerchant(
        gateway_url=URL,
        partner=KEYS.partner,
        seller_id=KEYS.partner,
        keys=keys,
        market=market,
        trans_currency=currency,
        currency=currency if market == "cross-border" else "156",
        secondary_merchant_id="cab1",
        secondary_merchant_name="City Cab & Söhne",
    )
    return lambda transport: MapiGateway(merchant, CityClock(), transport=transport)


async def requests_of(open_gateway: Callable[[httpx.AsyncBaseTransport], PaymentGateway], currency: str) -> list[Sent]:
    """One request of each call of the port, as it would go over the line."""
    caught: list[Sent] = []

    def catch(request: httpx.Request) -> httpx.Response:
        fields = {**dict(request.url.params), **dict(parse_qsl(request.content.decode(), strict_parsing=True))}
        caught.append(Sent(fields, fields.pop("sign")))
        return httpx.Response(503)

    gateway = open_gateway(httpx.MockTransport(catch))
    for call in CALLS:
        await getattr(gateway, call)(_argument(call, currency))
    await gateway.aclose()
    return caught


def _argument(call: str, currency: str) -> object:
    ways: Mapping[str, Way] = {"precreate": "code", "scan": "scan"}
    order = PaymentOrder(
        out_trade_no="T1_1_1",
        amount=Money(1235, currency),
        subject="Taxi 车费 50% + <tip> & more",
        way=ways.get(call, "page"),
        buyer_id=BUYER,
        auth_code="287123456789012345",
        terminal="V1",
        placed_at="20260101120000",
        notify_url="http://taxi.example/alipay/notify?a=1&b=2",
        expires_min=15,
        passback="trip=T1&x=ü",
    )
    if call in ("query", "close", "cancel"):
        return order.ref
    if call in ("refund", "query_refund"):
        amount = Money(235, currency)
        return Refund(order=order.ref, refund_no="T1_1_1_R1", amount=amount, total=order.amount, reason="绕路 detour")
    return order
