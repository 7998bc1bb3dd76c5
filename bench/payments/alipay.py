"""Alipay's side of ``bench payments``: the sandbox in this process on a manual clock, and the transport to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, Final, Literal, NamedTuple

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
from sim.alipay_sandbox.faults import ActiveFaults, SandboxFault
from sim.alipay_sandbox.http.app import Sandbox, create_app
from sim.alipay_sandbox.model.codes import scan_qr_code, show_bar_code
from sim.alipay_sandbox.model.exchange import BusinessError
from sim.alipay_sandbox.model.merchants import DemoMerchant
from sim.alipay_sandbox.model.settings import SandboxSettings

GATEWAYS: Final = ("mapi MD5", "mapi RSA2", "openapi RSA2", "openapi certificates", "acquirer")
OVERSEAS: Final = ("mapi MD5", "acquirer")
"""Cross-border gateways, in dollars; the others are domestic."""
BUYER: Final = "2088000000000002"
TIMEOUT_S: Final = 10.0
"""City seconds after which our client gives up a call."""
URL: Final = "http://alipay.invalid/gateway.do"


class _TimedOutError(Exception):
    pass


class SandboxTransport(httpx.AsyncBaseTransport):
    """HTTP to the application ``inner``. ``late_s``: seconds the last answer took by the sandbox's clock."""

    def __init__(self) -> None:
        self.late_s = 0.0
        self.inner: httpx.AsyncBaseTransport | None = None

    async def pause(self, seconds: float) -> None:
        """Delay the current answer, without passing time: the host takes the answer later."""
        self.late_s = min(self.late_s + seconds, TIMEOUT_S)
        if self.late_s >= TIMEOUT_S:
            raise _TimedOutError

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange. A cut connection and a timeout raise the same errors as over a socket."""
        assert self.inner is not None  # noqa: S101 - set where it is made
        self.late_s = 0.0
        try:
            return await self.inner.handle_async_request(request)
        except _TimedOutError as error:
            raise httpx.ReadTimeout("no answer in time", request=request) from error
        except AssertionError as error:
            # httpx asserts that an answer that was begun is completed.
            raise httpx.RemoteProtocolError("the connection was cut", request=request) from error


class NotificationTransport(httpx.AsyncBaseTransport):
    """Delivers notifications to ``notified``, which returns whether Alipay may stop repeating one."""

    notified: Callable[[bytes, str], Awaitable[bool]] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the product's ``/alipay/notify`` does."""
        assert self.notified is not None  # noqa: S101 - a ride has begun
        accepted = await self.notified(await request.aread(), request.headers["content-type"])
        return httpx.Response(200, content=b"success" if accepted else b"fail")


class OrderBalance(NamedTuple):
    """Money received for an order and refunded from it, in minor units."""

    order: str
    captured_minor: int
    refunded_minor: int


class FaultyCounterparty:
    """Faults of a counterparty that collects money, and its transports in both directions."""

    def __init__(self, clock: Clock, faults: ActiveFaults, transport: SandboxTransport) -> None:
        self._clock = clock
        self._faults = faults
        self.transport: Final = transport

    def set_faults(self, faults: tuple[SandboxFault, ...]) -> None:
        """Replace all faults."""
        self._faults.replace(faults, self._clock.wall())

    def strikes(self) -> int:
        """How often the current faults have struck."""
        return sum(int(fault["hits"]) for fault in self._faults.to_json())


class SandboxAlipay(FaultyCounterparty):
    """A sandbox with one merchant, and a passenger with enough money."""

    def __init__(self, keys: DemoMerchant, clock: Clock) -> None:
        numbers = count(1)
        transport, self.inbox = SandboxTransport(), NotificationTransport()
        settings = SandboxSettings(merchants=(keys.at_alipay(),), opening_balance="100000000")
        app = create_app(
            settings,
            clock=clock,
            new_id=lambda: f"{next(numbers):034x}",
            pause=transport.pause,
            transport=self.inbox,
        )
        transport.inner = httpx.ASGITransport(app)
        self._sandbox: Sandbox = app.state.sandbox
        super().__init__(clock, self._sandbox.faults, transport)

    def pay(self, trade_no: str) -> bool:
        """The passenger confirms in the app; whether Alipay accepted it."""
        try:
            self._sandbox.exchange.pay_trade(trade_no, BUYER)
        except BusinessError:
            return False
        return True

    def scan(self, qr_code: str) -> str | None:
        """The passenger scans a code on the driver's screen; the trade, if the code is valid."""
        try:
            return scan_qr_code(self._sandbox.exchange, qr_code.rpartition("/")[2], BUYER).trade_no
        except BusinessError:
            return None

    def bar_code(self, *, password: bool) -> str:  # noqa: ARG002 - the amount decides
        """A fresh code on the passenger's phone."""
        return show_bar_code(self._sandbox.exchange, BUYER).code

    async def deliver(self) -> None:
        """Expire orders and send notifications that are due."""
        await self._sandbox.notifier.deliver_due()

    def next_due(self) -> float | None:
        """Wall time of the next expiry or notification."""
        return self._sandbox.exchange.next_due()

    def balances(self, trip: str) -> list[OrderBalance]:
        """Each order of a trip, from the sandbox's accounts."""
        orders: list[dict[str, Any]] = charge_report(self._sandbox.exchange)["orders"]
        return [
            OrderBalance(each["out_trade_no"], each["captured_minor"], each["refunded_minor"])
            for each in orders
            if trip_of(each["out_trade_no"]) == trip
        ]

    async def aclose(self) -> None:
        await self._sandbox.notifier.aclose()


def alipay_gateways(name: str, keys: DemoMerchant, clock: Clock, transport: httpx.AsyncBaseTransport) -> Gateways:
    """The product's gateway of this name in :data:`GATEWAYS`, as its settings would create it."""
    protocol, _, how = name.partition(" ")
    gateway: Gateway
    if protocol == "mapi":
        gateway = MapiGateway(
            _merchant("MD5" if how == "MD5" else "RSA2", keys, overseas=name in OVERSEAS), clock, transport=transport
        )
    else:
        gateway = OpenapiGateway(_application(keys, certified=how == "certificates"), clock, transport=transport)
    return Gateways({"": AlipayAccount(partner=keys.partner)}, {"": gateway})


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
