"""Notifications go out signed, are repeated on Alipay's schedule, and stop."""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import msgspec
import pytest

from sim.alipay_sandbox.http.notifier import Notifier
from sim.alipay_sandbox.model.exchange import Exchange
from sim.alipay_sandbox.model.settings import SandboxSettings
from sim.alipay_sandbox.model.signature import MerchantKeys
from sim.alipay_sandbox.model.trades import OrderOptions, OrderTerms
from tests.sim.alipay_sandbox import openapi_requests
from tests.sim.alipay_sandbox.merchant import BUYER, NOW, demo, form_fields, genuine, text_of
from tests.sim.alipay_sandbox.sandbox_client import open_sandbox


def options(sign_type: str, life_s: float) -> OrderOptions:
    return OrderOptions(
        life_s=life_s, notify_url="http://merchant.invalid/notify", sign_type=sign_type, charset="utf-8"
    )


@dataclass
class Scene:
    """An exchange with one trade, a notifier, and a merchant whose answers a function gives."""

    answer: Callable[[], httpx.Response]
    settings: SandboxSettings
    now: float = NOW
    ids: list[str] = field(default_factory=lambda: [f"id{n}" for n in range(9)])
    sent: list[tuple[float, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.exchange = Exchange(self.settings, self, lambda: self.ids.pop(0))
        seals = {demo().partner: MerchantKeys(demo().at_alipay())}
        transport = httpx.MockTransport(self._receive)
        self.notifier = Notifier(self.settings, self.exchange, seals, self, transport=transport)

    def wall(self) -> float:
        return self.now

    def _receive(self, request: httpx.Request) -> httpx.Response:
        charset = request.headers["content-type"].partition("charset=")[2]
        self.sent.append((self.now - NOW, form_fields(request.content, charset)))
        return self.answer()

    def pay(self, sign_type: str = "RSA2") -> str:
        trade = self.exchange.create_trade(
            OrderTerms(
                partner=demo().partner,
                out_trade_no="T1",
                seller_id=demo().partner,
                buyer_id=BUYER,
                currency="USD",
                settlement="USD",
                total_minor=1235,
                subject="车费",
                product_code="OVERSEAS_MBARCODE_PAY",
                passback="T1",
            ),
            options(sign_type, 900),
        )
        self.exchange.pay_trade(trade.trade_no, BUYER)
        return trade.trade_no

    async def live_through(self) -> None:
        """Go from one due time to the next until nothing is due for days."""
        while (due := self.exchange.next_due()) is not None and due < NOW + 7 * 86400:
            self.now = max(self.now, due)
            await self.notifier.deliver_due()


def scene(answer: Callable[[], httpx.Response], **settings: object) -> Scene:
    return Scene(answer, SandboxSettings(merchants=(demo().at_alipay(),), **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("sign_type", ["MD5", "RSA", "RSA2"])
@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
async def test_one_signed_message(sign_type: str, charset: str) -> None:
    """A payment is told once where the merchant says ``success``, signed in the merchant's way."""
    stage = scene(lambda: httpx.Response(200, text="success"), notify_charset=charset)
    trade_no = stage.pay(sign_type)
    await stage.live_through()

    [(_, fields)] = stage.sent
    assert genuine(sign_type, text_of(fields).encode(charset), fields["sign"])
    assert {k: v for k, v in fields.items() if k != "sign"} == {
        "notify_time": "2020-09-13 20:26:40",
        "notify_type": "trade_status_sync",
        "notify_id": "id0",
        "notify_action_type": "payByAccountAction",
        "out_trade_no": "T1",
        "trade_no": trade_no,
        "trade_status": "TRADE_SUCCESS",
        "subject": "车费",
        "total_fee": "12.35",
        "price": "12.35",
        "quantity": "1",
        "seller_id": demo().partner,
        "seller_email": demo().email,
        "buyer_id": BUYER,
        "buyer_email": "139****0002",
        "gmt_create": "2020-09-13 20:26:40",
        "gmt_payment": "2020-09-13 20:26:40",
        "extra_common_param": "T1",
        "trans_currency": "USD",
        "paytools_pay_amount": '[{"ALIPAYACCOUNT":"12.35"}]',
        "sign_type": sign_type,
    }


@pytest.mark.parametrize("factor", [1.0, 0.01])
@pytest.mark.parametrize("reply", ["fail", "<html>success</html>", "", "success!"])
async def test_schedule(factor: float, reply: str) -> None:
    """Anything but ``success`` is repeated after 4m, 10m, 10m, 1h, 2h, 6h and 15h, and then given up."""
    stage = scene(lambda: httpx.Response(200, text=reply), retry_time_factor=factor)
    stage.pay()
    await stage.live_through()

    steps = [0, 240, 600, 600, 3600, 7200, 21600, 54000]
    assert [at for at, _ in stage.sent] == pytest.approx([sum(steps[: n + 1]) * factor for n in range(8)])
    assert {fields["notify_id"] for _, fields in stage.sent} == {"id0"}
    assert stage.exchange.pending_notifications == {}


async def test_failures_count_as_not_delivered() -> None:
    """An error status, a redirect and a broken connection are repeated; a later ``success`` ends it."""

    def broken() -> httpx.Response:
        raise httpx.ConnectError("down")

    replies: list[Callable[[], httpx.Response]] = [
        lambda: httpx.Response(500, text="success"),
        lambda: httpx.Response(302, headers={"Location": "http://elsewhere.invalid"}),
        broken,
        lambda: httpx.Response(200, text=" SUCCESS\n"),
    ]

    def reply() -> httpx.Response:
        return replies.pop(0)()

    stage = scene(reply)
    stage.pay()
    await stage.live_through()

    assert replies == []
    assert len(stage.sent) == 4
    assert stage.exchange.notifications["id0"].acknowledged


@pytest.mark.parametrize(("told", "count"), [(True, 1), (False, 0)])
async def test_expiry_is_told_by_setting(told: bool, count: int) -> None:
    """A trade that expires unpaid is notified where the product does so."""
    stage = scene(lambda: httpx.Response(200, text="success"), notify_closed=told)
    trade_no = stage.pay()
    terms = stage.exchange.trade(trade_no).terms
    stage.exchange.create_trade(msgspec.structs.replace(terms, out_trade_no="T2"), options("MD5", 60))
    await stage.live_through()

    closed = [fields for _, fields in stage.sent if fields["trade_status"] == "TRADE_CLOSED"]
    assert len(closed) == count
    assert all("gmt_payment" not in fields for fields in closed)


async def test_an_openapi_notification() -> None:
    """An order of the openapi gateway is told in that gateway's fields, for the app that asked and its merchant's."""
    heard: list[dict[str, str]] = []

    def inbox(request: httpx.Request) -> httpx.Response:
        assert request.headers["content-type"] == "application/x-www-form-urlencoded;charset=gbk"
        heard.append(form_fields(request.content, "gbk"))
        return httpx.Response(200, text="success")

    alipay = open_sandbox(inbox)
    order = openapi_requests.trade(passback_params="trip%3DT1", body="from A to B")
    created = await alipay.openapi("alipay.trade.create", order, notify_url="http://merchant.invalid/n", charset="gbk")
    await alipay.pay(created.node["trade_no"])
    await alipay.sandbox.notifier.deliver_due()
    alipay.clock.now = NOW + 1.25
    refund = {"out_trade_no": "T1_1_1", "refund_amount": "2.35", "out_request_no": "R1"}
    await alipay.openapi("alipay.trade.refund", refund)
    await alipay.sandbox.notifier.deliver_due()

    paid, refunded = heard
    assert all(genuine("RSA2", text_of(form).encode("gbk"), form["sign"]) for form in heard)
    assert {name: value for name, value in paid.items() if name not in ("sign", "notify_id")} == {
        "notify_time": "2020-09-13 20:26:40",
        "notify_type": "trade_status_sync",
        "app_id": demo().app_id,
        "auth_app_id": demo().app_id,
        "charset": "gbk",
        "version": "1.0",
        "sign_type": "RSA2",
        "trade_no": created.node["trade_no"],
        "out_trade_no": "T1_1_1",
        "buyer_id": BUYER,
        "buyer_logon_id": "139****0002",
        "seller_id": demo().partner,
        "seller_email": demo().email,
        "trade_status": "TRADE_SUCCESS",
        "total_amount": "12.35",
        "receipt_amount": "12.35",
        "invoice_amount": "12.35",
        "buyer_pay_amount": "12.35",
        "point_amount": "0.00",
        "subject": "Taxi 车费",
        "body": "from A to B",
        "gmt_create": "2020-09-13 20:26:40",
        "gmt_payment": "2020-09-13 20:26:40",
        "fund_bill_list": '[{"amount":"12.35","fundChannel":"ALIPAYACCOUNT"}]',
        "passback_params": "trip%3DT1",
    }
    changed = {name: value for name, value in refunded.items() if paid.get(name) != value}
    assert set(changed) == {"notify_time", "notify_id", "sign", "refund_fee", "out_biz_no", "gmt_refund"}
    assert (changed["refund_fee"], changed["out_biz_no"]) == ("2.35", "R1")
    assert changed["gmt_refund"] == "2020-09-13 20:26:41.250"
    await alipay.aclose()
