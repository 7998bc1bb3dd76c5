"""Our client and the sandbox, which share no code, agree over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import msgspec
import pytest

from dispatch.clock import CityClock, ManualClock
from dispatch.payment.core.notification_checks import Check, ExpectedOrder, failed_checks
from dispatch.payment.core.port import (
    Closed,
    NotFound,
    Notification,
    OrderCreated,
    OrderRef,
    PaymentOrder,
    Refusal,
    RejectedNotification,
    TradeStatus,
    TradeView,
    Unknown,
)
from dispatch.payment.gateways.alipay_mapi import MapiGateway
from dispatch.payment.protocols.mapi.merchant import MapiMerchant
from dispatch.payment.protocols.signing import Credentials, SignType
from dispatch.values.money import Money
from sim.alipay_sandbox.http.app import create_app, running
from sim.alipay_sandbox.model.merchants import DemoMerchant, demo_merchant
from sim.alipay_sandbox.model.settings import SandboxSettings
from tests.sim.alipay_sandbox.live_samples import BUYER, KEYS, NotifyReceiver

pytestmark = pytest.mark.integration


@dataclass
class Stage:
    """A sandbox, a merchant's inbox and the merchant's keys."""

    sandbox: str
    inbox: NotifyReceiver
    notify_url: str
    keys: DemoMerchant

    def merchant(self, sign_type: SignType) -> MapiMerchant:
        return MapiMerchant(
            gateway_url=f"{self.sandbox}/gateway.do",
            partner=self.keys.partner,
            seller_id=self.keys.partner,
            seller_email=self.keys.email,
            keys=Credentials(
                sign_type=sign_type,
                md5_key=self.keys.md5_key,
                private_key=self.keys.merchant_private_pem,
                alipay_public_key=self.keys.alipay_public_pem,
            ),
            trans_currency="USD",
            currency="USD",
            secondary_merchant_id="cab1",
            secondary_merchant_name="City Cab & Sons",
        )

    def order(self, number: str = "T1_1_1", minor: int = 1235) -> PaymentOrder:
        return PaymentOrder(
            out_trade_no=number,
            amount=Money(minor, "USD"),
            subject="Taxi 车费 50% + <tip> & more",
            buyer_id=BUYER,
            notify_url=self.notify_url,
            expires_min=15,
            passback="trip=T1&x=ü",
        )

    async def pay(self, trade_no: str, buyer_id: str = BUYER) -> str:
        async with httpx.AsyncClient(trust_env=False) as http:
            asked = {"trade_no": trade_no, "buyer_id": buyer_id}
            answer = await http.post(f"{self.sandbox}/sandbox/tradepay", json=asked)
        code: str = answer.json()["resultCode"]
        return code


@pytest.fixture
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """``indirect`` parameters are settings of the sandbox."""
    settings = SandboxSettings(merchants=(KEYS.at_alipay(),), retry_time_factor=0.0001, **getattr(request, "param", {}))
    inbox = NotifyReceiver()
    async with running(create_app(settings)) as sandbox, running(inbox.app()) as merchant:
        yield Stage(sandbox, inbox, f"{merchant}/notify", KEYS)


def expected(order: PaymentOrder, trade_no: str) -> ExpectedOrder:
    return ExpectedOrder(
        out_trade_no=order.out_trade_no,
        amount=order.amount,
        seller_id=KEYS.partner,
        seller_email=KEYS.email,
        trade_no=trade_no,
    )


@pytest.mark.parametrize("sign_type", ["MD5", "RSA", "RSA2"])
@pytest.mark.parametrize(
    "stage",
    [{}, {"answer_charset": "gbk", "notify_charset": "gbk"}],
    ids=["request-charset", "gbk"],
    indirect=True,
)
async def test_from_order_to_notification(stage: Stage, sign_type: SignType) -> None:
    """Created, paid, queried and notified, in each signature, also where Alipay writes GBK."""
    gateway = MapiGateway(stage.merchant(sign_type), CityClock())
    order = stage.order()
    created = await gateway.create(order)
    assert isinstance(created, OrderCreated), created

    assert await gateway.create(order) == created
    waiting = await gateway.query(OrderRef(order.out_trade_no))
    assert isinstance(waiting, TradeView)
    assert waiting.status is TradeStatus.WAITING
    assert await stage.pay(created.trade_no) == "9000"
    await stage.inbox.arrived.wait()

    paid = await gateway.query(OrderRef(order.out_trade_no))
    notification = gateway.verify_notification(*stage.inbox.posted[0])
    assert isinstance(paid, TradeView)
    assert paid.status.paid
    assert paid.amount == order.amount
    assert isinstance(notification, Notification), notification
    assert failed_checks(notification, expected(order, created.trade_no)) == []
    assert failed_checks(notification, expected(stage.order(minor=1236), created.trade_no)) == [Check.AMOUNT]
    assert notification.currency == "USD"
    charset = "gbk" if "gbk" in stage.inbox.posted[0][1] else "utf-8"
    assert notification.fields["subject"] == order.subject
    assert notification.passback == order.passback.encode(charset, "replace").decode(charset)
    await gateway.aclose()


async def test_outcomes(stage: Stage) -> None:
    """Business refusals, unknown trades and closes come through as the port names them."""
    gateway = MapiGateway(stage.merchant("MD5"), CityClock())
    order = stage.order()
    nothing = await gateway.query(OrderRef("T1_1_1"))
    created = await gateway.create(order)
    assert isinstance(created, OrderCreated)

    assert nothing == NotFound("T1_1_1")
    assert await gateway.create(stage.order(minor=1)) == Refusal("CONTEXT_INCONSISTENT", "交易信息被篡改")
    assert await gateway.close(OrderRef("T2")) == NotFound("T2")
    assert await gateway.close(OrderRef("T1_1_1")) == Closed("T1_1_1")
    assert await gateway.close(OrderRef("T1_1_1")) == Closed("T1_1_1")
    assert await gateway.create(order) == Refusal("TRADE_HAS_CLOSE", "交易已经关闭")
    assert await stage.pay(created.trade_no) == "4000"
    await stage.inbox.arrived.wait()
    closed = gateway.verify_notification(*stage.inbox.posted[0])
    assert isinstance(closed, Notification)
    assert failed_checks(closed, expected(order, created.trade_no)) == [Check.STATUS]
    await gateway.aclose()


async def test_paid_is_not_closed(stage: Stage) -> None:
    """A close that comes after the payment is refused, and a create says that it is paid."""
    gateway = MapiGateway(stage.merchant("RSA2"), CityClock())
    created = await gateway.create(stage.order())
    assert isinstance(created, OrderCreated)
    await stage.pay(created.trade_no)

    closed = await gateway.close(OrderRef("T1_1_1"))
    again = await gateway.create(stage.order())

    assert isinstance(closed, Refusal)
    assert closed.code == "REASON_ILLEGAL_STATUS"
    assert isinstance(again, Refusal)
    assert again.code == "TRADE_HAS_SUCCESS"
    await stage.inbox.arrived.wait()
    await gateway.aclose()


async def test_notification_is_repeated_until_acknowledged(stage: Stage) -> None:
    """A merchant that does not answer ``success`` hears again, with the same ``notify_id``."""
    stage.inbox.refuse = 2
    gateway = MapiGateway(stage.merchant("RSA2"), CityClock())
    created = await gateway.create(stage.order())
    assert isinstance(created, OrderCreated)
    await stage.pay(created.trade_no)
    await stage.inbox.arrived.wait()

    read = [gateway.verify_notification(*posted) for posted in stage.inbox.posted]

    assert len(read) == 3
    assert len({n.notify_id for n in read if isinstance(n, Notification)}) == 1
    await gateway.aclose()


async def test_tampered_notifications(stage: Stage) -> None:
    """A genuine notification with its amount, order or signature changed is rejected."""
    gateway = MapiGateway(stage.merchant("RSA2"), CityClock())
    created = await gateway.create(stage.order())
    assert isinstance(created, OrderCreated)
    await stage.pay(created.trade_no)
    await stage.inbox.arrived.wait()
    body, content_type = stage.inbox.posted[0]

    for old, new in (
        (b"total_fee=12.35", b"total_fee=0.01"),
        (b"out_trade_no=T1_1_1", b"out_trade_no=T1_1_2"),
        (b"sign_type=RSA2", b"sign_type=MD5"),
        (b"sign=", b"sign=A"),
        (b"trade_status=TRADE_SUCCESS", b"trade_status=TRADE_FINISHED"),
    ):
        assert old in body
        assert isinstance(gateway.verify_notification(body.replace(old, new), content_type), RejectedNotification)
    await gateway.aclose()


async def test_wrong_keys_and_clock(stage: Stage) -> None:
    """A wrong key or clock is refused unsigned; an answer signed with a strange key is not believed."""
    strange = demo_merchant()
    merchant = stage.merchant("RSA2")
    wrong = MapiGateway(_with_keys(merchant, private_key=strange.merchant_private_pem), CityClock())
    deaf = MapiGateway(_with_keys(merchant, alipay_public_key=strange.alipay_public_pem), CityClock())
    late = MapiGateway(merchant, ManualClock(1_000_000_000.0))

    assert await wrong.create(stage.order()) == Refusal("ILLEGAL_SIGN", "", signed=False)
    assert await late.create(stage.order()) == Refusal("ILLEGAL_ARGUMENT", "", signed=False)
    assert await deaf.create(stage.order()) == Unknown("the signature does not verify")
    for gateway in (wrong, deaf, late):
        await gateway.aclose()


def _with_keys(merchant: MapiMerchant, **changes: str) -> MapiMerchant:
    return msgspec.structs.replace(merchant, keys=msgspec.structs.replace(merchant.keys, **changes))


async def test_nobody_listens(stage: Stage) -> None:
    """A gateway that is down leaves the outcome unknown."""
    down = msgspec.structs.replace(stage.merchant("MD5"), gateway_url="http://127.0.0.1:1/gateway.do")
    gateway = MapiGateway(down, CityClock())

    assert await gateway.create(stage.order()) == Unknown("connection: ConnectError")
    await gateway.aclose()


async def test_connections_are_reused(stage: Stage) -> None:
    """Calls one after the other go over one connection, and many at once all come back."""
    gateway = MapiGateway(stage.merchant("MD5"), CityClock())

    created = await asyncio.gather(*(gateway.create(stage.order(f"T{n}")) for n in range(40)))

    assert all(isinstance(one, OrderCreated) for one in created)
    assert len({one.trade_no for one in created if isinstance(one, OrderCreated)}) == 40
    await gateway.aclose()
