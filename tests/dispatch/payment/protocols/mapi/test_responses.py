"""Each answer of mapi is one of the port's outcomes."""

import msgspec
import pytest
from defusedxml.ElementTree import fromstring

from dispatch.payment.core.port import (
    OTHER_ORDER,
    Cancelled,
    CodeCreated,
    NotFound,
    OrderRef,
    PasswordRequired,
    Refunded,
    Refusal,
    TradeStatus,
    TradeView,
    Unknown,
)
from dispatch.payment.protocols.mapi.responses import cancelled, code_made, refunded, scanned, viewed
from dispatch.values.money import Money
from tests.dispatch.payment.protocols.mapi.merchant_samples import REFUND, SCANNED
from tests.dispatch.payment.vectors import load

SHAPES = {sample["name"]: sample["body"] for sample in load("mapi_xml_shapes.json")["samples"]}
PAID = TradeView(out_trade_no="T1_1_1", trade_no="N1", status=TradeStatus.SUCCESS, amount=Money(1235, "USD"))
SPOT = {"result_code": "SUCCESS", "partner_trans_id": "T1_1_1", "alipay_trans_id": "N1", "trans_amount": "12.35"}
DONE = {
    "result_code": "ORDER_SUCCESS_PAY_SUCCESS",
    "out_trade_no": "T1_1_1",
    "trade_no": "N1",
    "total_fee": "12.35",
}


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        (SPOT, PAID),
        (DONE, PAID),
        (SPOT | {"result_code": "UNKNOW"}, PasswordRequired("T1_1_1", "N1")),
        (SPOT | {"result_code": "UNKNOW", "error": "SYSTEM_ERROR"}, Unknown("SYSTEM_ERROR")),
        ({"result_code": "UNKNOW"}, Unknown("UNKNOW")),
        (DONE | {"result_code": "ORDER_SUCCESS_PAY_INPROCESS"}, PasswordRequired("T1_1_1", "N1")),
        ({"result_code": "FAILED", "error": "PAYMENT_FAIL"}, Refusal("PAYMENT_FAIL")),
        (
            DONE | {"result_code": "ORDER_SUCCESS_PAY_FAIL", "detail_error_code": "BUYER_BALANCE_NOT_ENOUGH"},
            Refusal("BUYER_BALANCE_NOT_ENOUGH"),
        ),
        ({"result_code": "ORDER_FAIL"}, Unknown("ORDER_FAIL")),
        (SPOT | {"partner_trans_id": "T2"}, OTHER_ORDER),
        (DONE | {"result_code": "ORDER_SUCCESS_PAY_INPROCESS", "out_trade_no": "T2"}, OTHER_ORDER),
        ({name: value for name, value in SPOT.items() if name != "trans_amount"}, "unread"),
    ],
)
def test_scanned(fields: dict[str, str], outcome: object) -> None:
    """Paid, waiting for the password, refused, or unclear; paid only with its amount."""
    answer = scanned(SCANNED, fields)

    assert answer == (Unknown("the answer's total_fee cannot be read") if outcome == "unread" else outcome)


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"result_code": "SUCCESS", "out_trade_no": "T1_1_1", "retry_flag": "N"}, Cancelled("T1_1_1")),
        ({"result_code": "SUCCESS", "out_trade_no": "T1_1_1", "action": "refund"}, Cancelled("T1_1_1", "refund")),
        ({"result_code": "SUCCESS", "out_trade_no": "T1_1_1", "action": "close"}, Cancelled("T1_1_1", "close")),
        ({"result_code": "SUCCESS", "out_trade_no": "T1_1_1", "retry_flag": "Y"}, Unknown("retry_flag=Y")),
        ({"result_code": "FAIL", "detail_error_code": "X", "retry_flag": "Y"}, Unknown("X")),
        ({"result_code": "FAIL", "detail_error_code": "CANCEL_NOT_ALLOWED"}, Refusal("CANCEL_NOT_ALLOWED")),
        ({"result_code": "FAIL", "detail_error_code": "TRADE_NOT_EXIST"}, Cancelled("T1_1_1")),
        ({"result_code": "UNKNOWN"}, Unknown("UNKNOWN")),
        ({"result_code": "SUCCESS", "out_trade_no": "T2"}, OTHER_ORDER),
    ],
)
def test_cancelled(fields: dict[str, str], outcome: object) -> None:
    """What is to be repeated is unknown; what was never there is undone."""
    assert cancelled(SCANNED.ref, fields) == outcome


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"out_trade_no": "T1_1_1", "refund_fee": "5.00", "fund_change": "Y"}, "done"),
        ({"partner_trans_id": "T1_1_1", "partner_refund_id": "T1_1_1_r1"}, "done"),
        ({"partner_trans_id": "T1_1_1", "partner_refund_id": "T1_1_1_r2"}, OTHER_ORDER),
        ({"out_trade_no": "T2"}, OTHER_ORDER),
        ({"result_code": "UNKNOWN"}, Unknown("UNKNOWN")),
        ({"result_code": "FAIL", "detail_error_code": "TRADE_NOT_EXIST"}, Refusal("TRADE_NOT_EXIST")),
    ],
)
def test_refunded(fields: dict[str, str], outcome: object) -> None:
    """A refund is done where the answer is about this order and this refund."""
    done = Refunded(out_trade_no="T1_1_1", refund_no="T1_1_1_r1", amount=Money(200, "USD"))

    assert refunded(REFUND, {"result_code": "SUCCESS"} | fields) == (done if outcome == "done" else outcome)


def test_codes() -> None:
    """A code is believed for its own order."""
    fields = {"result_code": "SUCCESS", "out_trade_no": "T1_1_1", "qr_code": "https://qr.example/1"}

    assert code_made(SCANNED, fields) == CodeCreated("T1_1_1", "https://qr.example/1")
    assert code_made(SCANNED, fields | {"out_trade_no": "T2"}) == OTHER_ORDER
    assert code_made(SCANNED, {"result_code": "FAIL", "detail_error_code": "X"}) == Refusal("X")


def shape(name: str) -> dict[str, str]:
    """The fields of a real answer, whose signature was taken out before it was published."""
    inner = fromstring(SHAPES[name].partition("?>")[2] or SHAPES[name]).find("response/*")
    assert inner is not None
    return {child.tag: child.text or "" for child in inner}


def test_published_overseas_answers() -> None:
    """Real answers of the overseas query: paid in Hong Kong dollars, and closed."""
    paid = viewed(OrderRef("T1", "scan"), shape("alipay.acquire.overseas.query TRADE_SUCCESS"), "USD")
    closed = viewed(OrderRef("T1", "scan"), shape("alipay.acquire.overseas.query TRADE_CLOSED"), "USD")

    assert paid == TradeView(
        out_trade_no="T1",
        trade_no="2020120722001401701436761112",
        status=TradeStatus.SUCCESS,
        amount=Money(399760, "HKD"),
        buyer_id="2088000000000002",
        paid_at="2020-12-07 15:20:03",
    )
    assert isinstance(closed, TradeView)
    assert closed.status is TradeStatus.CLOSED


def test_published_mainland_answers() -> None:
    """Real answers of the mainland query: paid, and waiting, with a nested list beside."""
    paid = viewed(OrderRef("Q20140821103947"), shape("alipay.acquire.query paid"), "CNY")
    waiting = viewed(
        OrderRef("1002000311-1487404386-934871"), shape("alipay.acquire.query unpaid, with extend_info_list"), "CNY"
    )

    assert isinstance(paid, TradeView)
    assert (paid.amount, paid.paid_at) == (Money(1, "CNY"), "2014-08-21 10:41:44")
    assert isinstance(waiting, TradeView)
    assert (waiting.status, waiting.amount) == (TradeStatus.WAITING, Money(450, "CNY"))


def test_published_cancel() -> None:
    """A real cancel, with its fields out of order."""
    assert cancelled(OrderRef("20140319113639839"), shape("alipay.acquire.cancel")) == Cancelled("20140319113639839")


def test_query_of_nothing() -> None:
    """Only Alipay's own word says that there is no such trade."""
    fields = {"result_code": "FAIL", "detail_error_code": "TRADE_NOT_EXIST"}

    assert viewed(SCANNED.ref, fields, "USD") == NotFound("T1_1_1")


def test_published_codes() -> None:
    """Real precreates: the mainland's, the cross-border one, and one for an order that is paid."""
    for name, number, code in (
        ("alipay.acquire.precreate ok (mainland, QR_CODE_OFFLINE)", "231091115456", "bal9or45m1vwrug092"),
        (
            "alipay.acquire.precreate ok (overseas OVERSEAS_MBARCODE_PAY, SGD; extend_params JSON, timestamp in ms)",
            "CBO20181026207446",
            "bax08616tgysbwsaty4o009b",
        ),
    ):
        order = msgspec.structs.replace(SCANNED, out_trade_no=number)
        assert code_made(order, shape(name)) == CodeCreated(number, f"https://qr.alipay.com/{code}")
    paid = "alipay.acquire.precreate business failure (repeat of a paid out_trade_no)"

    assert code_made(SCANNED, shape(paid)) == Refusal("TRADE_HAS_SUCCESS", "交易已经支付")


def test_published_scan() -> None:
    """A real createandpay, paid, with a nested list beside its fields."""
    order = msgspec.structs.replace(SCANNED, out_trade_no="1111121636801", amount=Money(390, "CNY"))

    assert scanned(order, shape("alipay.acquire.createandpay paid, nested fund_bill_list")) == TradeView(
        out_trade_no="1111121636801",
        trade_no="2018062621001004700531808391",
        status=TradeStatus.SUCCESS,
        amount=Money(390, "CNY"),
        buyer_id="2088000000000002",
        paid_at="2018-06-26 16:42:24",
    )


def test_published_spot_answer() -> None:
    """A real minimal spot answer is a refund's success, and no proof of a payment without its amount."""
    fields = shape("spot service minimal")
    order = msgspec.structs.replace(SCANNED, out_trade_no="201311221000000002")
    refund = msgspec.structs.replace(REFUND, order=order.ref)

    assert isinstance(refunded(refund, fields), Refunded)
    assert isinstance(scanned(order, fields), Unknown)
