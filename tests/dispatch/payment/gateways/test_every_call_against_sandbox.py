"""Every call of the port, by each gateway and kind of keys, against the sandbox, which shares no code with us."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest

from dispatch.clock import CityClock, ManualClock
from dispatch.payment.core.notification_checks import Check, ExpectedOrder, failed_checks
from dispatch.payment.core.port import (
    Cancelled,
    Closed,
    CodeCreated,
    NotFound,
    Notification,
    OrderCreated,
    PasswordRequired,
    PaymentGateway,
    PaymentOrder,
    Refund,
    Refunded,
    Refusal,
    TradeStatus,
    TradeView,
    Unknown,
    Way,
)
from dispatch.payment.gateways.alipay_mapi import MapiGateway
from dispatch.payment.gateways.alipay_oauth import AlipayUser, Authorization
from dispatch.payment.gateways.alipay_openapi import OpenapiGateway
from dispatch.payment.gateways.bill_download import BillDownload, NoBill
from dispatch.payment.gateways.openapi_client import OpenapiClient
from dispatch.payment.protocols.mapi.merchant import MapiMerchant
from dispatch.payment.protocols.openapi.keys import OpenapiCredentials
from dispatch.payment.protocols.signing import Credentials
from dispatch.values.money import Money
from sim.alipay_sandbox.http.app import create_app, running
from sim.alipay_sandbox.model.merchants import demo_merchant
from sim.alipay_sandbox.model.settings import SandboxSettings
from tests.dispatch.payment.gateways.openapi_samples import PLAIN, account
from tests.sim.alipay_sandbox.live_samples import BUYER, KEYS, NotifyReceiver

pytestmark = pytest.mark.integration

CERTIFIED = OpenapiCredentials(
    private_key=KEYS.merchant_private_pem,
    app_cert=KEYS.app_cert_pem,
    alipay_certs=KEYS.alipay_cert_pem,
    root_certs=KEYS.root_cert_pem,
)


def cross_border(url: str) -> MapiGateway:
    merchant = MapiMerchant(
        gateway_url=f"{url}/gateway.do",
        partner=KEYS.partner,
        seller_id=KEYS.partner,
        keys=Credentials(sign_type="MD5", md5_key=KEYS.md5_key),
        trans_currency="USD",
        currency="USD",
        secondary_merchant_id="cab1",
        secondary_merchant_name="City Cab & Sons",
    )
    return MapiGateway(merchant, CityClock())


def mainland(url: str) -> MapiGateway:
    keys = Credentials(
        sign_type="RSA2", private_key=KEYS.merchant_private_pem, alipay_public_key=KEYS.alipay_public_pem
    )
    merchant = MapiMerchant(
        gateway_url=f"{url}/gateway.do",
        partner=KEYS.partner,
        seller_id=KEYS.partner,
        keys=keys,
        market="mainland",
        trans_currency="CNY",
        currency="156",
        product_code="FUND_TRADE_FAST_PAY",
        code_product_code="QR_CODE_OFFLINE",
    )
    return MapiGateway(merchant, CityClock())


def openapi(url: str) -> OpenapiGateway:
    return OpenapiGateway(account(url, PLAIN), CityClock())


def openapi_sha1(url: str) -> OpenapiGateway:
    return OpenapiGateway(account(url, msgspec.structs.replace(PLAIN, sign_type="RSA")), CityClock())


def certified(url: str) -> OpenapiGateway:
    return OpenapiGateway(account(url, CERTIFIED), CityClock())


GATEWAYS: dict[str, Callable[[str], PaymentGateway]] = {
    "cross-border": cross_border,
    "mainland": mainland,
    "openapi": openapi,
    "openapi RSA": openapi_sha1,
    "certificates": certified,
}
scanning = pytest.mark.parametrize("town", [name for name in GATEWAYS if name != "mainland"], indirect=True)
"""The sandbox knows no ``alipay.acquire.createandpay``, by which mapi scans in the mainland."""


@dataclass
class Town:
    """A sandbox, the merchant's inbox, and its gateway."""

    url: str
    inbox: NotifyReceiver
    notify_url: str
    gateway: PaymentGateway
    currency: str

    def order(self, way: Way, number: str = "T1_1_1", minor: int = 1235, auth_code: str = "") -> PaymentOrder:
        return PaymentOrder(
            out_trade_no=number,
            amount=Money(minor, self.currency),
            subject="Taxi 车费",
            way=way,
            buyer_id=BUYER if way == "page" else "",
            auth_code=auth_code,
            terminal="V1",
            placed_at="20260101120000",
            notify_url=self.notify_url,
            expires_min=15,
            passback="T1",
        )

    def refund(self, order: PaymentOrder, number: str, minor: int) -> Refund:
        return Refund(
            order=order.ref,
            refund_no=number,
            amount=Money(minor, self.currency),
            total=order.amount,
            reason="detour",
            operator="anna",
        )

    async def phone(self, path: str, **asked: str) -> dict[str, str]:
        """The passenger's phone at work."""
        async with httpx.AsyncClient(trust_env=False) as http:
            if asked:
                answer = await http.post(f"{self.url}{path}", json=asked)
            else:
                answer = await http.get(f"{self.url}{path}")
        told: dict[str, str] = answer.json()
        return told

    async def bar_code(self) -> str:
        return (await self.phone(f"/sandbox/buyers/{BUYER}/code"))["code"]

    async def told(self) -> Notification:
        """The first notification, verified."""
        await self.inbox.arrived.wait()
        told = self.gateway.verify_notification(*self.inbox.posted[0])
        assert isinstance(told, Notification), told
        return told


@pytest.fixture(params=list(GATEWAYS))
async def town(request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    inbox = NotifyReceiver()
    settings = SandboxSettings(merchants=(KEYS.at_alipay(),), retry_time_factor=0.0001)
    async with running(create_app(settings)) as url, running(inbox.app()) as merchant:
        gateway = GATEWAYS[request.param](url)
        currency = "USD" if request.param == "cross-border" else "CNY"
        yield Town(url, inbox, f"{merchant}/notify", gateway, currency)
        await gateway.aclose()


def paid_view(town: Town, order: PaymentOrder, view: object) -> TradeView:
    assert isinstance(view, TradeView), view
    assert (view.status, view.amount, view.buyer_id) == (TradeStatus.SUCCESS, order.amount, BUYER)
    assert len(view.paid_at) == len("2026-01-01 00:00:00")
    return view


async def test_on_a_page(town: Town) -> None:
    """Placed twice as one, paid, told, seen, not closed any more."""
    gateway, order = town.gateway, town.order("page")
    assert await gateway.query(order.ref) == NotFound("T1_1_1")
    created = await gateway.create(order)
    assert isinstance(created, OrderCreated), created
    assert await gateway.create(order) == created
    other = await gateway.create(town.order("page", minor=1))
    assert isinstance(other, Refusal)
    assert other.code.removeprefix("ACQ.") == "CONTEXT_INCONSISTENT"
    paid = await town.phone("/sandbox/tradepay", trade_no=created.trade_no, buyer_id=BUYER)
    assert paid["resultCode"] == "9000"

    view = paid_view(town, order, await gateway.query(order.ref))
    told = await town.told()

    assert view.trade_no == created.trade_no
    expected = ExpectedOrder(
        out_trade_no="T1_1_1", amount=order.amount, seller_id=KEYS.partner, trade_no=created.trade_no
    )
    assert failed_checks(told, expected) == []
    assert told.passback == "T1"
    assert isinstance(await gateway.close(order.ref), Refusal)


async def test_by_a_code_on_the_drivers_screen(town: Town) -> None:
    """No trade until it is scanned; then it waits, and can be closed once and for all."""
    gateway, order = town.gateway, town.order("code")
    made = await gateway.precreate(order)
    assert isinstance(made, CodeCreated), made
    assert await gateway.query(order.ref) == NotFound("T1_1_1")
    scanned = await town.phone("/sandbox/scan", code=made.qr_code, buyer_id=BUYER)

    waiting = await gateway.query(order.ref)

    assert isinstance(waiting, TradeView)
    assert (waiting.status, waiting.trade_no) == (TradeStatus.WAITING, scanned["trade_no"])
    assert await gateway.close(order.ref) == Closed("T1_1_1")
    assert await gateway.close(order.ref) == Closed("T1_1_1")
    assert await gateway.close(town.order("code", "T9").ref) == NotFound("T9")


@scanning
async def test_by_the_passengers_code(town: Town) -> None:
    """Paid at once; an old code is refused."""
    gateway, order = town.gateway, town.order("scan", auth_code=await town.bar_code())

    paid = paid_view(town, order, await gateway.scan(order))

    again = await gateway.scan(order)
    assert again == paid or (isinstance(again, Refusal) and again.code.endswith("TRADE_HAS_SUCCESS"))
    assert paid_view(town, order, await gateway.query(order.ref)).trade_no == paid.trade_no
    assert (await town.told()).trade_no == paid.trade_no
    used = await gateway.scan(town.order("scan", "T2_1_1", auth_code=order.auth_code))
    assert isinstance(used, Refusal)
    assert used.code.removeprefix("ACQ.") == "PAYMENT_AUTH_CODE_INVALID"


@scanning
async def test_with_the_password(town: Town) -> None:
    """A large amount waits for the password, and is paid after it."""
    gateway, order = town.gateway, town.order("scan", minor=250_000, auth_code=await town.bar_code())

    waits = await gateway.scan(order)

    assert isinstance(waits, PasswordRequired), waits
    view = await gateway.query(order.ref)
    assert isinstance(view, TradeView)
    assert (view.status, view.trade_no) == (TradeStatus.WAITING, waits.trade_no)
    await town.phone("/sandbox/tradepay", trade_no=waits.trade_no, buyer_id=BUYER)
    paid_view(town, order, await gateway.query(order.ref))


@scanning
async def test_cancel(town: Town) -> None:
    """What waits is closed, what is paid goes back, what never was cannot be paid."""
    gateway = town.gateway
    paid = town.order("scan", auth_code=await town.bar_code())
    waits = town.order("scan", "T2_1_1", minor=250_000, auth_code=await town.bar_code())
    await gateway.scan(paid)
    await gateway.scan(waits)

    for order in (paid, waits, town.order("scan", "T3_1_1", auth_code="2812345678901234")):
        assert isinstance(await gateway.cancel(order.ref), Cancelled)

    for order in (paid, waits):
        view = await gateway.query(order.ref)
        assert isinstance(view, TradeView)
        assert view.status is TradeStatus.CLOSED


async def test_refunds_of_a_page(town: Town) -> None:
    """What was paid on a page goes back."""
    order = town.order("page")
    created = await town.gateway.create(order)
    assert isinstance(created, OrderCreated)
    await town.phone("/sandbox/tradepay", trade_no=created.trade_no, buyer_id=BUYER)

    await refund_all(town, order)


@scanning
async def test_refunds_of_a_scan(town: Town) -> None:
    """What was paid by the passenger's code goes back."""
    order = town.order("scan", auth_code=await town.bar_code())
    paid_view(town, order, await town.gateway.scan(order))

    await refund_all(town, order)


async def refund_all(town: Town, order: PaymentOrder) -> None:
    """In part, again by the same number, another part, too much, and the number with another amount."""
    gateway = town.gateway
    first = town.refund(order, "T1_1_1_r1", 200)
    asked_before = await gateway.query_refund(first)

    for _ in range(2):
        done = await gateway.refund(first)
        assert isinstance(done, Refunded), done
        assert done.amount == first.amount
    rest = await gateway.refund(town.refund(order, "T1_1_1_r2", 1035))
    much = await gateway.refund(town.refund(order, "T1_1_1_r3", 1))
    other = await gateway.refund(town.refund(order, "T1_1_1_r1", 201))

    assert isinstance(rest, Refunded)
    assert rest.in_all in (None, order.amount)
    assert isinstance(much, Refusal)
    assert isinstance(other, Refusal)
    seen = await gateway.query_refund(first)
    if isinstance(gateway, OpenapiGateway):
        assert asked_before == NotFound("T1_1_1")
        assert seen == Refunded(out_trade_no="T1_1_1", refund_no="T1_1_1_r1", amount=first.amount)
    else:
        assert isinstance(seen, Unknown)
    view = await gateway.query(order.ref)
    assert isinstance(view, TradeView)
    assert view.status is TradeStatus.CLOSED


async def test_second_check_of_a_notification(town: Town) -> None:
    """Mapi knows what it sent, until it is acknowledged."""
    if not isinstance(town.gateway, MapiGateway):
        return
    assert await town.gateway.confirm_notification("none-such") is False


@scanning
async def test_a_stranger_speaks(town: Town) -> None:
    """A notification is held against the order that it names."""
    order = town.order("scan", auth_code=await town.bar_code())
    paid_view(town, order, await town.gateway.scan(order))

    told = await town.told()

    other = ExpectedOrder(out_trade_no="T1_1_1", amount=Money(1, town.currency), seller_id="2088000000000009")
    assert failed_checks(told, other) == [Check.AMOUNT, Check.SELLER]


@pytest.fixture
async def alipay() -> AsyncIterator[str]:
    async with running(create_app(SandboxSettings(merchants=(KEYS.at_alipay(),), default_buyer=BUYER))) as url:
        yield url


@pytest.mark.parametrize("keys", [PLAIN, CERTIFIED], ids=["plain", "certificates"])
async def test_authorization(alipay: str, keys: OpenapiCredentials) -> None:
    """The page sends the passenger back, and the code says once who that is."""
    page = f"{alipay}/oauth2/publicAppAuthorize.htm"
    authorization = Authorization(OpenapiClient(account(alipay, keys), CityClock()), page)
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(authorization.authorize_url("s&1", "http://127.0.0.1:1/back?v=V1"))
    back = parse_qs(urlsplit(answer.headers["location"]).query)

    first = await authorization.exchange_code(back["auth_code"][0])
    second = await authorization.exchange_code(back["auth_code"][0])

    assert (back["state"], back["v"]) == (["s&1"], ["V1"])
    assert first == AlipayUser(BUYER)
    assert isinstance(second, Refusal)
    assert second.code == "isv.code-invalid"
    await authorization.aclose()


async def test_bill(alipay: str) -> None:
    """A day without rides has no bill, and one of tomorrow is not there yet."""
    bills = BillDownload(OpenapiClient(account(alipay, PLAIN), CityClock()))

    for day in (dt.date(2020, 1, 1), dt.date(2099, 1, 1)):
        assert isinstance(await bills.fetch_bill(day), NoBill)
    await bills.aclose()


async def test_bill_of_a_ride() -> None:
    """The zip holds the order of the day before yesterday, once its day is over."""
    clock = ManualClock(1_767_240_000.0)
    app = create_app(SandboxSettings(merchants=(KEYS.at_alipay(),)), clock=clock)
    async with running(app) as url:
        gateway = OpenapiGateway(account(url, PLAIN), clock)
        town = Town(url, NotifyReceiver(), "http://127.0.0.1:1/", gateway, "CNY")
        order = town.order("scan", auth_code=await town.bar_code())
        paid = await gateway.scan(order)
        assert isinstance(paid, TradeView), paid
        clock.advance(2 * 86_400.0)
        bills = BillDownload(OpenapiClient(account(url, PLAIN), clock))
        fetched = await bills.fetch_bill(dt.date.fromisoformat(paid.paid_at[:10]))
        await bills.aclose()
        await gateway.aclose()

    assert isinstance(fetched, bytes), fetched
    with zipfile.ZipFile(io.BytesIO(fetched), metadata_encoding="gbk") as archive:
        assert any(b"T1_1_1" in archive.read(name) for name in archive.namelist())


async def test_a_system_provider_for_a_company() -> None:
    """A provider's application acts by the company's leave: the money is the company's, the message the provider's."""
    company = demo_merchant("2088000000000055", "company@sandbox.example")
    provider = demo_merchant(app_auth_tokens={"leave": company.partner})
    inbox = NotifyReceiver()
    settings = SandboxSettings(merchants=(provider.at_alipay(), company.at_alipay()))
    keys = OpenapiCredentials(private_key=provider.merchant_private_pem, alipay_public_key=provider.alipay_public_pem)
    async with running(create_app(settings)) as url, running(inbox.app()) as merchant:
        ours = msgspec.structs.replace(
            account(url, keys), app_id=provider.app_id, seller_id=company.partner, app_auth_token="leave"
        )
        gateway = OpenapiGateway(msgspec.structs.replace(ours, sys_service_provider_id=provider.partner), CityClock())
        town = Town(url, inbox, f"{merchant}/notify", gateway, "CNY")
        order = town.order("scan", auth_code=await town.bar_code())
        paid_view(town, order, await gateway.scan(order))
        told = await town.told()
        strange = OpenapiGateway(msgspec.structs.replace(ours, app_auth_token="no"), CityClock())
        refused = await strange.create(town.order("page", "T2_1_1"))
        await gateway.aclose()
        await strange.aclose()

    expected = ExpectedOrder(out_trade_no="T1_1_1", amount=order.amount, seller_id=company.partner)
    assert failed_checks(told, expected) == []
    assert told.app_id == provider.app_id
    assert isinstance(refused, Refusal)
    assert refused.code == "aop.invalid-app-auth-token"
