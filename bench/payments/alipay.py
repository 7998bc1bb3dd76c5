"""Alipay's side of ``bench payments``: the sandbox in this process on a manual clock, and the transport to it."""

from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
from pydantic import SecretStr

from dispatch.clock import Clock
from dispatch.config.settings import AlipayAccount
from dispatch.payment.core.port import trip_of
from dispatch.payment.gateways.factory import Gateways, open_gateway
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
ACQUIRER_MERCHANT: Final = "cab1"
ACQUIRER_SECRET: Final = "a-secret-of-32-characters-or-more"  # noqa: S105 - of an example
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
        self._faults.replace(faults, self._clock.wall())

    def strikes(self) -> int:
        return sum(int(fault["hits"]) for fault in self._faults.to_json())


class SandboxAlipay(FaultyCounterparty):
    """A sandbox with one merchant, and a passenger with enough money."""

    def __init__(self, keys: DemoMerchant, clock: Clock) -> None:
        numbers = count(1)
        transport, self.inbox = SandboxTransport(), NotificationTransport()
        settings = SandboxSettings(merchants=(keys.at_alipay(),), opening_balance="100000000")
        app = create_app(
            settings, clock=clock, new_id=lambda: f"{next(numbers):034x}", pause=transport.pause, transport=self.inbox
        )
        transport.inner = httpx.ASGITransport(app)
        self._sandbox: Sandbox = app.state.sandbox
        super().__init__(clock, self._sandbox.faults, transport)

    def pay(self, trade_no: str) -> bool:
        try:
            self._sandbox.exchange.pay_trade(trade_no, BUYER)
        except BusinessError:
            return False
        return True

    def scan(self, qr_code: str) -> str | None:
        try:
            return scan_qr_code(self._sandbox.exchange, qr_code.rpartition("/")[2], BUYER).trade_no
        except BusinessError:
            return None

    def bar_code(self, *, password: bool) -> str:  # noqa: ARG002 - the amount decides
        return show_bar_code(self._sandbox.exchange, BUYER).code

    async def deliver(self) -> None:
        await self._sandbox.notifier.deliver_due()

    def next_due(self) -> float | None:
        """Wall time of the next expiry or notification."""
        return self._sandbox.exchange.next_due()

    def balances(self, trip: str) -> list[OrderBalance]:
        orders: list[dict[str, Any]] = charge_report(self._sandbox.exchange)["orders"]
        return [
            OrderBalance(each["out_trade_no"], each["captured_minor"], each["refunded_minor"])
            for each in orders
            if trip_of(each["out_trade_no"]) == trip
        ]

    async def aclose(self) -> None:
        await self._sandbox.notifier.aclose()


def gateways_of(
    name: str, keys: DemoMerchant, clock: Clock, transport: httpx.AsyncBaseTransport, folder: Path
) -> Gateways:
    """The product's gateway of a name in :data:`GATEWAYS`, from its settings; certificates are stored in ``folder``."""
    account = _acquirer_account() if name == "acquirer" else _alipay_account(name, keys, folder)
    currency = "USD" if name in OVERSEAS else "CNY"
    return Gateways({"": account}, {"": open_gateway(account, currency, clock, transport=transport)})


def _acquirer_account() -> AlipayAccount:
    return AlipayAccount(
        protocol="acquirer",
        gateway_url="http://acquirer.invalid",
        partner=ACQUIRER_MERCHANT,
        sign_type="HMAC-SHA256",
        acquirer_secret=SecretStr(ACQUIRER_SECRET),
        timeout_s=TIMEOUT_S,
    )


def _alipay_account(name: str, keys: DemoMerchant, folder: Path) -> AlipayAccount:
    protocol, _, signing = name.partition(" ")
    certified = signing == "certificates"
    files = {each: folder / f"{each}.pem" for each in ("app_cert", "alipay_cert", "root_cert") if certified}
    for each, file in files.items():
        file.write_text(getattr(keys, f"{each}_pem"), encoding="ascii")
    return AlipayAccount(
        protocol="mapi" if protocol == "mapi" else "openapi",
        market="cross-border" if name in OVERSEAS else "mainland",
        gateway_url=URL,
        openapi_url=URL,
        app_id=keys.app_id,
        partner=keys.partner,
        seller_email=keys.email,
        sign_type="MD5" if signing == "MD5" else "RSA2",
        md5_key=SecretStr(keys.md5_key),
        private_key=SecretStr(keys.merchant_private_pem),
        alipay_public_key="" if certified else keys.alipay_public_pem,
        app_cert_file=files.get("app_cert"),
        alipay_cert_file=files.get("alipay_cert"),
        alipay_root_cert_file=files.get("root_cert"),
        secondary_merchant_id="cab1",
        secondary_merchant_name="City Cab",
        timeout_s=TIMEOUT_S,
    )
