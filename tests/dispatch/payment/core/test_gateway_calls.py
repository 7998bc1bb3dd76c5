"""A call goes to the port as it was asked for, and its answer comes back whole."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.commands import CallGateway, RecordGatewayResponse, decode_command, encode_command
from dispatch.payment.core.gateway_calls import (
    GatewayResponse,
    decode_notification,
    decode_response,
    encode_notification,
    encode_response,
    order_call,
    perform,
    place_call,
    read_response,
    refund_call,
)
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
from dispatch.values.money import Money
from tests.dispatch.payment.core.payment_host import notification

ORDER = PaymentOrder(
    out_trade_no="t_1_1",
    amount=Money(1235, "USD"),
    subject="Taxi ride t",
    buyer_id="2088000000000002",
    notify_url="https://taxi.example/alipay/notify",
    expires_min=30,
)
SHOWN = msgspec.structs.replace(ORDER, way="code")
SCANNED = msgspec.structs.replace(ORDER, way="scan", auth_code="2812345678901234")
REFUND = Refund(
    order=ORDER.ref, refund_no="t_1_1_r1", amount=Money(235, "USD"), total=Money(1235, "USD"), reason="too long a way"
)
VIEW = TradeView(
    out_trade_no="t_1_1",
    trade_no="N1",
    status=TradeStatus.SUCCESS,
    amount=Money(1235, "USD"),
    paid_at="2026-01-02 03:04:05",
)
CODE = CodeCreated("t_1_1", "https://qr.example/1")
REFUNDED = Refunded(out_trade_no="t_1_1", refund_no="t_1_1_r1", amount=Money(235, "USD"), in_all=Money(235, "USD"))
ANSWERS: list[GatewayResponse] = [
    CODE,
    PasswordRequired("t_1_1", "N1"),
    Cancelled("t_1_1", "refund"),
    REFUNDED,
    OrderCreated("t_1_1", "N1"),
    VIEW,
    NotFound("t_1_1"),
    Closed("t_1_1"),
    Refusal("ILLEGAL_SIGN", "detail", signed=False),
    Unknown("timeout"),
]


class RecordedGateway:
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    async def create(self, order: PaymentOrder) -> OrderCreated | Refusal | Unknown:
        self.asked.append(("create", order))
        return OrderCreated(order.out_trade_no, "N1")

    async def precreate(self, order: PaymentOrder) -> CodeCreated | Refusal | Unknown:
        self.asked.append(("precreate", order))
        return CODE

    async def scan(self, order: PaymentOrder) -> TradeView | PasswordRequired | Refusal | Unknown:
        self.asked.append(("scan", order))
        return PasswordRequired(order.out_trade_no)

    async def query(self, order: OrderRef) -> TradeView | NotFound | Unknown:
        self.asked.append(("query", order))
        return VIEW

    async def close(self, order: OrderRef) -> Closed | NotFound | Refusal | Unknown:
        self.asked.append(("close", order))
        return Closed(order.out_trade_no)

    async def cancel(self, order: OrderRef) -> Cancelled | Refusal | Unknown:
        self.asked.append(("cancel", order))
        return Cancelled(order.out_trade_no, "close")

    async def refund(self, refund: Refund) -> Refunded | Refusal | Unknown:
        self.asked.append(("refund", refund))
        return REFUNDED

    async def query_refund(self, refund: Refund) -> Refunded | NotFound | Unknown:
        self.asked.append(("query_refund", refund))
        return REFUNDED

    def verify_notification(self, body: bytes, content_type: str) -> Notification | RejectedNotification:
        return RejectedNotification(f"{len(body)} bytes of {content_type} were not asked for")

    async def confirm_notification(self, notify_id: str) -> bool | Unknown:
        return Unknown(notify_id)

    async def aclose(self) -> None:
        self.asked.append("aclose")


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_answer_round_trip(answer: GatewayResponse) -> None:
    """Each kind of answer keeps its kind and its facts, also inside a command."""
    told = RecordGatewayResponse("query:t_1_1:2", "t_1_1", encode_response(answer))

    assert decode_command(encode_command(told)) == told
    assert decode_response(told.answer) == answer
    assert read_response(told) == answer


def test_kinds_of_the_same_shape_are_told_apart() -> None:
    """A closed trade is no missing one."""
    assert encode_response(Closed("t_1_1")) != encode_response(NotFound("t_1_1"))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_as_unknown(body: bytes) -> None:
    """Bytes that are no answer never raise and never say anything."""
    assert isinstance(read_response(RecordGatewayResponse("x", "t_1_1", body)), Unknown)


@pytest.mark.parametrize("answer", [OrderCreated("t_1_2", "N1"), NotFound("t_1_2"), Closed("t_1_2")])
def test_answer_about_another_order_is_unknown(answer: GatewayResponse) -> None:
    """What speaks of another order is not believed of this one."""
    assert isinstance(read_response(RecordGatewayResponse("x", "t_1_1", encode_response(answer))), Unknown)


def test_notification_round_trip() -> None:
    """A notification keeps all its fields."""
    told = notification("t_1_1", TradeStatus.CLOSED)

    assert decode_notification(encode_notification(told)) == told


@pytest.mark.parametrize(
    ("work", "asked", "answer"),
    [
        (place_call(ORDER), ("create", ORDER), OrderCreated("t_1_1", "N1")),
        (place_call(SHOWN), ("precreate", SHOWN), CODE),
        (place_call(SCANNED), ("scan", SCANNED), PasswordRequired("t_1_1")),
        (order_call("query", SCANNED.ref), ("query", OrderRef("t_1_1", "scan")), VIEW),
        (order_call("close", ORDER.ref), ("close", OrderRef("t_1_1")), Closed("t_1_1")),
        (order_call("cancel", SCANNED.ref), ("cancel", SCANNED.ref), Cancelled("t_1_1", "close")),
        (refund_call("refund", REFUND), ("refund", REFUND), REFUNDED),
        (refund_call("query_refund", REFUND), ("query_refund", REFUND), REFUNDED),
    ],
)
async def test_perform(work: bytes, asked: object, answer: GatewayResponse) -> None:
    """Each call reaches the port with its arguments, and the payment hears its answer under the due's name."""
    gateway = RecordedGateway()

    told = await perform(gateway, "due:1", work)

    assert gateway.asked == [asked]
    assert (told.due, told.order, decode_response(told.answer)) == ("due:1", "t_1_1", answer)


async def test_unknown_call_is_an_error() -> None:
    """Work that names no call of the port is a mistake of ours, not an answer."""
    with pytest.raises(ValueError, match="forgive"):
        await perform(RecordedGateway(), "due:1", msgspec.msgpack.encode(CallGateway("forgive", "t_1_1")))


async def test_malformed_order_is_an_error() -> None:
    """Arguments that are no order never reach the port."""
    gateway = RecordedGateway()

    with pytest.raises(msgspec.DecodeError):
        await perform(gateway, "due:1", msgspec.msgpack.encode(CallGateway("create", "t_1_1", b"\xc1")))

    assert gateway.asked == []
