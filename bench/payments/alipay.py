"""Alipay's side of ``bench payments``: the sandbox in this process, its clock set by hand, and the wire to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, Final, Literal

import httpx
import msgspec

from dispatch.clock import Clock
from dispatch.config.settings import AlipayAccount
from dispatch.payment.core.order_number import trip_of
from dispatch.payment.core.port import Gateway
from dispatch.payment.gateways.alipay_mapi import MapiGateway
from dispatch.payment.gateways.alipay_openapi import OpenapiGateway
from dispatch.payment.gateways.factory import Gateways
from dispatch.payment.protocols.mapi.merchant import CODE_PRODUCT, OVERSEAS_PRODUCT, PAGE_PRODUCT, MapiMerchant
from dispatch.payment.protocols.openapi.account import OpenapiAccount
from dispatch.payment.protocols.openapi.keys import OpenapiCredentials
from dispatch.payment.protocols.signing import Credentials, SignType
from sim.alipay_sandbox.charge_report import charge_report
from sim.alipay_sandbox.faults import SandboxFault
from sim.alipay_sandbox.http.app import Sandbox, create_app
from sim.alipay_sandbox.model.codes import scan_qr_code, show_bar_code
from sim.alipay_sandbox.model.exchange import BusinessError
from sim.alipay_sandbox.model.merchants import DemoMerchant
from sim.alipay_sandbox.model.settings import SandboxSettings

GATEWAYS: Final = ("mapi MD5", "mapi RSA2", "openapi RSA2", "openapi certificates", "acquirer")
OVERSEAS: Final = ("mapi MD5", "acquirer")
"""Those that sell across the border, in dollars; the others sell in the mainland."""
BUYER: Final = "2088000000000002"
TIMEOUT_S: Final = 10.0
"""City seconds after which our client gives a call up."""
URL: Final = "http://alipay.invalid/gateway.do"


class TimedOutError(Exception):
    """The answer comes later than anybody waits for it."""


class Wire(httpx.AsyncBaseTransport):
    """To the sandbox and back. ``late_s`` tells how long the last answer took by the sandbox's clock."""

    def __init__(self) -> None:
        self.late_s = 0.0
        self.inner: httpx.AsyncBaseTransport | None = None

    async def pause(self, seconds: float) -> None:
        """What the sandbox does where it is to be slow. Time does not pass in here: the answer is used later."""
        self.late_s = min(self.late_s + seconds, TIMEOUT_S)
        if self.late_s >= TIMEOUT_S:
            raise TimedOutError

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange; a cut connection and a timeout are what they are over a socket."""
        assert self.inner is not None  # noqa: S101 - set where it is made
        self.late_s = 0.0
        try:
            return await self.inner.handle_async_request(request)
        except TimedOutError as error:
            raise httpx.ReadTimeout("no answer in time", request=request) from error
        except AssertionError as error:
            # How httpx finds an answer that was begun and never completed.
            raise httpx.RemoteProtocolError("the connection was cut", request=request) from error


class Inbox(httpx.AsyncBaseTransport):
    """Where notifications arrive. ``notified`` says whether Alipay may stop sending one."""

    notified: Callable[[bytes, str], Awaitable[bool]] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """What the product's ``/alipay/notify`` answers."""
        assert self.notified is not None  # noqa: S101 - a ride has begun
        believed = await self.notified(await request.aread(), request.headers["content-type"])
        return httpx.Response(200, content=b"success" if believed else b"fail")


class Balance(msgspec.Struct, frozen=True):
    """What an order brought the company and what of it went back, in minor units."""

    order: str
    captured_minor: int
    refunded_minor: int


class Alipay:
    """One sandbox with one merchant, and a passenger who can pay for everything."""

    def __init__(self, keys: DemoMerchant, clock: Clock) -> None:
        numbers = count(1)
        self.wire: Final = Wire()
        self.inbox: Final = Inbox()
        settings = SandboxSettings(merchants=(keys.at_alipay(),), opening_balance="100000000")
        app = create_app(
            settings,
            clock=clock,
            new_id=lambda: f"{next(numbers):034x}",
            pause=self.wire.pause,
            transport=self.inbox,
        )
        self.wire.inner = httpx.ASGITransport(app)
        sandbox = app.state.sandbox
        assert isinstance(sandbox, Sandbox)  # noqa: S101 - what it is documented to be
        self.sandbox: Final = sandbox
        self._clock = clock

    def set_faults(self, faults: tuple[SandboxFault, ...]) -> None:
        """These go wrong from now on, and no others."""
        self.sandbox.faults.replace(faults, self._clock.wall())

    def strikes(self) -> int:
        """How often the faults that are set have struck."""
        return sum(int(fault["hits"]) for fault in self.sandbox.faults.to_json())

    def pay(self, trade_no: str) -> bool:
        """The passenger confirms in the app; whether Alipay took it."""
        try:
            self.sandbox.exchange.pay_trade(trade_no, BUYER)
        except BusinessError:
            return False
        return True

    def scan(self, qr_code: str) -> str | None:
        """The passenger scans a code on the driver's screen; the trade, if the code is good."""
        try:
            return scan_qr_code(self.sandbox.exchange, qr_code.rpartition("/")[2], BUYER).trade_no
        except BusinessError:
            return None

    def bar_code(self, *, password: bool) -> str:  # noqa: ARG002 - the amount decides
        """A fresh code on the passenger's phone."""
        return show_bar_code(self.sandbox.exchange, BUYER).code

    async def deliver(self) -> None:
        """Let expire what is due, and send what is due."""
        await self.sandbox.notifier.deliver_due()

    def next_due(self) -> float | None:
        """When something happens by itself next, in wall seconds."""
        return self.sandbox.exchange.next_due()

    def balances(self, trip: str) -> list[Balance]:
        """Each order of a trip, from the sandbox's books."""
        orders: list[dict[str, Any]] = charge_report(self.sandbox.exchange)["orders"]
        return [
            Balance(each["out_trade_no"], each["captured_minor"], each["refunded_minor"])
            for each in orders
            if trip_of(each["out_trade_no"]) == trip
        ]

    async def aclose(self) -> None:
        """Drop what is under way."""
        await self.sandbox.notifier.aclose()


def gateways_of(name: str, keys: DemoMerchant, clock: Clock, wire: httpx.AsyncBaseTransport) -> Gateways:
    """The product's gateway of one of :data:`GATEWAYS` but the acquirer, as its settings would make it."""
    protocol, _, how = name.partition(" ")
    gateway: Gateway
    if protocol == "mapi":
        gateway = MapiGateway(_merchant(_SIGN_TYPES[how], keys, overseas=name in OVERSEAS), clock, transport=wire)
    else:
        gateway = OpenapiGateway(_application(keys, certified=how == "certificates"), clock, transport=wire)
    return Gateways({"": AlipayAccount(partner=keys.partner)}, {"": gateway})


_SIGN_TYPES: Final[dict[str, SignType]] = {"MD5": "MD5", "RSA2": "RSA2"}


def _merchant(sign_type: SignType, keys: DemoMerchant, *, overseas: bool) -> MapiMerchant:
    market: Literal["cross-border", "mainland"] = "cross-border" if overseas else "mainland"
    return MapiMerchant(
        gateway_url=URL,
        partner=keys.partner,
        seller_id=keys.partner,
        seller_email=keys.email,
        keys=Credentials(
            sign_type=sign_type,
            md5_key=keys.md5_key,
            private_key=keys.merchant_private_pem,
            alipay_public_key=keys.alipay_public_pem,
        ),
        market=market,
        trans_currency="USD" if overseas else "CNY",
        currency="USD" if overseas else "156",
        product_code=OVERSEAS_PRODUCT if overseas else PAGE_PRODUCT,
        code_product_code="" if overseas else CODE_PRODUCT,
        secondary_merchant_id="cab1",
        secondary_merchant_name="City Cab",
        timeout_s=TIMEOUT_S,
    )


def _application(keys: DemoMerchant, *, certified: bool) -> OpenapiAccount:
    own = OpenapiCredentials(private_key=keys.merchant_private_pem)
    if certified:
        theirs = msgspec.structs.replace(
            own, app_cert=keys.app_cert_pem, alipay_certs=keys.alipay_cert_pem, root_certs=keys.root_cert_pem
        )
    else:
        theirs = msgspec.structs.replace(own, alipay_public_key=keys.alipay_public_pem)
    return OpenapiAccount(
        gateway_url=URL, app_id=keys.app_id, keys=theirs, currency="CNY", seller_id=keys.partner, timeout_s=TIMEOUT_S
    )
