"""The acquirer's contract: our client against the example of docs/examples, and what it does not believe."""

import sys
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from dispatch.clock import CityClock
from dispatch.payment.core.notification_checks import ExpectedOrder, failed_checks
from dispatch.payment.core.port import (
    Cancelled,
    Closed,
    CodeCreated,
    NotFound,
    Notification,
    OrderCreated,
    OrderRef,
    PasswordRequired,
    PaymentOrder,
    Refund,
    Refunded,
    Refusal,
    RejectedNotification,
    TradeStatus,
    TradeView,
    Unknown,
)
from dispatch.payment.gateways.acquirer import AcquirerGateway
from dispatch.payment.protocols.acquirer_messages import (
    AcquirerCredentials,
    AcquirerKeys,
    AcquirerMessage,
    AcquirerResult,
)
from dispatch.values.money import Money
from tests.dispatch.payment.gateways.acquirer_samples import ACCOUNT, SECRET, TRADE, client

EXAMPLE = Path(__file__).parents[4] / "docs" / "examples" / "acquirer_server.py"
ORDER = PaymentOrder(
    out_trade_no="T1_1_1",
    amount=Money(1235, "USD"),
    subject="Taxi 车费",
    buyer_id="2088000000000002",
    notify_url="https://cab.invalid/alipay/notify",
    expires_min=15,
    passback="T1",
)
SCANNED = msgspec.structs.replace(ORDER, way="scan", auth_code="2812345678901234")
REFUND = Refund(order=ORDER.ref, refund_no="r1", amount=Money(200, "USD"), total=Money(1235, "USD"), reason="detour")


@pytest.fixture
def acquirer() -> Iterator[Any]:
    """The documented example."""
    spec = spec_from_file_location("acquirer_server", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["acquirer_server"] = module
    spec.loader.exec_module(module)
    yield module.Acquirer("cab1", SECRET)
    del sys.modules["acquirer_server"]


def of_example(acquirer: Any) -> AcquirerGateway:
    return client(httpx.ASGITransport(acquirer.app()))


async def test_page(acquirer: Any) -> None:
    """Placed, placed again, paid, told, queried, refunded in part and in full."""
    gateway = of_example(acquirer)
    created = await gateway.create(ORDER)
    assert isinstance(created, OrderCreated)
    assert await gateway.create(ORDER) == created
    assert await gateway.create(msgspec.structs.replace(ORDER, amount=Money(1, "USD"))) == Refusal(
        "CONTEXT_INCONSISTENT"
    )
    trade = acquirer.trades["T1_1_1"]
    sys.modules["acquirer_server"].settle(trade)

    told = gateway.verify_notification(msgspec.json.encode(acquirer.notice(trade)), "application/json")
    view = await gateway.query(ORDER.ref)

    assert isinstance(told, Notification)
    expected = ExpectedOrder(out_trade_no="T1_1_1", amount=ORDER.amount, seller_id="cab1", trade_no=created.trade_no)
    assert failed_checks(told, expected) == []
    assert told.passback == "T1"
    assert isinstance(view, TradeView)
    assert (view.status, view.amount) == (TradeStatus.SUCCESS, ORDER.amount)
    assert await gateway.close(ORDER.ref) == Refusal("TRADE_HAS_SUCCESS")
    assert await gateway.query_refund(REFUND) == NotFound("T1_1_1")
    first = Refunded(out_trade_no="T1_1_1", refund_no="r1", amount=Money(200, "USD"), in_all=Money(200, "USD"))
    assert await gateway.refund(REFUND) == first
    assert await gateway.refund(REFUND) == first
    assert await gateway.query_refund(REFUND) == first
    assert await gateway.refund(msgspec.structs.replace(REFUND, amount=Money(201, "USD"))) == Refusal(
        "DISCORDANT_REPEAT_REQUEST"
    )
    rest = msgspec.structs.replace(REFUND, refund_no="r2", amount=Money(1036, "USD"))
    assert await gateway.refund(rest) == Refusal("REASON_TRADE_REFUND_FEE_ERR")
    await gateway.aclose()


async def test_code_and_close(acquirer: Any) -> None:
    """A code is made and closed; what never was cannot be found."""
    gateway = of_example(acquirer)
    shown = msgspec.structs.replace(ORDER, way="code")

    assert isinstance(await gateway.precreate(shown), CodeCreated)
    assert await gateway.close(shown.ref) == Closed("T1_1_1")
    assert await gateway.close(shown.ref) == Closed("T1_1_1")
    assert await gateway.precreate(shown) == Refusal("TRADE_HAS_CLOSE")
    assert await gateway.query(OrderRef("T2")) == NotFound("T2")
    assert await gateway.close(OrderRef("T2")) == NotFound("T2")
    assert await gateway.cancel(OrderRef("T2", "scan")) == Cancelled("T2")


async def test_scan(acquirer: Any) -> None:
    """A scan is paid at once, or asks for the password; either can be undone."""
    gateway = of_example(acquirer)
    asks = msgspec.structs.replace(SCANNED, out_trade_no="T2_1_1", auth_code="2812345678901239")

    paid = await gateway.scan(SCANNED)
    waits = await gateway.scan(asks)

    assert isinstance(paid, TradeView)
    assert paid.status is TradeStatus.SUCCESS
    assert await gateway.scan(SCANNED) == paid
    assert isinstance(waits, PasswordRequired)
    assert await gateway.cancel(SCANNED.ref) == Cancelled("T1_1_1", "refund")
    assert await gateway.cancel(asks.ref) == Cancelled("T2_1_1", "close")


async def test_wrong_secret(acquirer: Any) -> None:
    """A refusal without a signature is one, of what would have been done; of a query it says nothing."""
    keys = AcquirerCredentials(secret="another-secret-of-32-characters-or-more")
    gateway = client(httpx.ASGITransport(acquirer.app()), msgspec.structs.replace(ACCOUNT, keys=keys))

    assert await gateway.create(ORDER) == Refusal("BAD_SIGNATURE", signed=False)
    assert await gateway.query(ORDER.ref) == Unknown("BAD_SIGNATURE")
    assert await gateway.query_refund(REFUND) == Unknown("BAD_SIGNATURE")


async def test_replayed_question_is_refused(acquirer: Any) -> None:
    """The example does not answer the same question twice."""
    transport = httpx.ASGITransport(acquirer.app())

    assert isinstance(await client(transport).create(ORDER), OrderCreated)
    assert await client(transport).create(ORDER) == Refusal("REPLAYED", signed=False)


KEYS = AcquirerKeys(ACCOUNT.keys)


def answering(change: Callable[[AcquirerMessage], AcquirerMessage]) -> AcquirerGateway:
    """A gateway whose answers are changed before they are signed."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = msgspec.json.decode(msgspec.json.decode(request.content)["message"], type=AcquirerMessage)
        told = msgspec.structs.replace(asked, kind="answer", arguments={}, result=TRADE)
        return httpx.Response(200, content=KEYS.seal(change(told)))

    return client(httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "ask"}, "the message is not for us"),
        ({"merchant": "cab2"}, "the message is not for us"),
        ({"at": 1}, "the message is too old, or the clocks differ"),
        ({"nonce": "0"}, "the answer is to another call"),
        ({"call": "close"}, "the answer is to another call"),
        ({"result": None}, "the answer is to another call"),
        ({"result": msgspec.structs.replace(TRADE, order="T2")}, "the answer is about another order"),
        ({"result": msgspec.structs.replace(TRADE, outcome="unknown", code="X")}, "X"),
        ({"result": msgspec.structs.replace(TRADE, outcome="refused")}, "unknown"),
        ({"result": msgspec.structs.replace(TRADE, status="PAID")}, "the answer's status is unknown"),
        ({"result": msgspec.structs.replace(TRADE, amount=None)}, "answered 'trade' instead of 'trade'"),
        ({"result": msgspec.structs.replace(TRADE, outcome="closed")}, "answered 'closed' instead of 'trade'"),
    ],
)
async def test_answers_that_are_not_believed(changes: dict[str, Any], reason: str) -> None:
    """An answer counts only to its own question, in time, from the acquirer, about the order."""
    assert await answering(lambda told: msgspec.structs.replace(told, **changes)).query(ORDER.ref) == Unknown(reason)


async def test_answer_that_is_believed() -> None:
    """The same answer unchanged."""
    assert isinstance(await answering(lambda told: told).query(ORDER.ref), TradeView)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (msgspec.structs.replace(TRADE, notice=""), "missing"),
        (msgspec.structs.replace(TRADE, amount=None), "missing"),
        (msgspec.structs.replace(TRADE, status="PAID"), "is unknown"),
        (None, "no notice"),
    ],
)
def test_notices_that_are_not_believed(result: AcquirerResult | None, reason: str) -> None:
    """A notice without its facts is rejected, and so is anything else that we or they signed."""
    now = int(CityClock().wall())
    gateway = client(httpx.MockTransport(lambda _: httpx.Response(500)))
    notice = AcquirerMessage(kind="notice", merchant="cab1", at=now, nonce="1", result=result)

    told = gateway.verify_notification(KEYS.seal(notice), "application/json")

    assert isinstance(told, RejectedNotification)
    assert reason in told.reason
    for other in ({"kind": "answer"}, {"merchant": "cab2"}, {"at": now - 301}):
        changed = msgspec.structs.replace(notice, result=TRADE, **other)
        assert isinstance(gateway.verify_notification(KEYS.seal(changed), ""), RejectedNotification)
