"""The openapi gateway turns every answer into one of the port's outcomes."""

from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from dispatch.clock import ManualClock
from dispatch.payment.core.port import (
    OTHER_ORDER,
    Cancelled,
    Closed,
    CodeCreated,
    NotFound,
    Notification,
    OrderCreated,
    PasswordRequired,
    Refunded,
    Refusal,
    RejectedNotification,
    TradeStatus,
    TradeView,
    Unknown,
)
from dispatch.payment.gateways.alipay_openapi import OpenapiGateway
from dispatch.values.money import Money
from tests.dispatch.payment.gateways.openapi_client_samples import FakeAlipay
from tests.dispatch.payment.protocols.mapi.merchant_samples import REFUND as REFUND_USD
from tests.dispatch.payment.protocols.openapi.account_samples import ACCOUNT, ORDER, SCANNED
from tests.dispatch.payment.protocols.openapi.keys_samples import PRIVATE
from tests.dispatch.payment.vectors import load

REAL = next(v for v in load("notification_rsa2.json")["vectors"] if v["kind"] == "notify")
REFUND = msgspec.structs.replace(REFUND_USD, amount=Money(200, "CNY"), total=Money(1235, "CNY"))
REF = ORDER.ref
OK = {"code": "10000", "msg": "Success", "out_trade_no": "T1_1_1", "trade_no": "N1"}
VIEW = TradeView(
    out_trade_no="T1_1_1",
    trade_no="N1",
    status=TradeStatus.SUCCESS,
    amount=Money(1235, "CNY"),
    buyer_id="2088000000000002",
    paid_at="2020-09-13 20:30:00",
)
PAID = OK | {"total_amount": "12.35", "buyer_user_id": "2088000000000002", "gmt_payment": "2020-09-13 20:30:00"}


def failing(sub_code: str) -> dict[str, str]:
    return {"code": "40004", "msg": "Business Failed", "sub_code": sub_code, "sub_msg": "说明"}


def gateway(**answers: dict[str, Any]) -> OpenapiGateway:
    return OpenapiGateway(ACCOUNT, ManualClock(1_600_000_000.0), transport=FakeAlipay(**answers))


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        (OK, OrderCreated("T1_1_1", "N1")),
        (OK | {"out_trade_no": "T2"}, OTHER_ORDER),
        ({"code": "10000"}, OTHER_ORDER),
        (failing("ACQ.TRADE_HAS_SUCCESS"), Refusal("ACQ.TRADE_HAS_SUCCESS", "说明")),
        (failing("ACQ.SYSTEM_ERROR"), Unknown("ACQ.SYSTEM_ERROR")),
    ],
)
async def test_create(fields: dict[str, str], outcome: object) -> None:
    """An order on a page is placed, refused or unknown."""
    assert await gateway(trade_create=fields).create(ORDER) == outcome


async def test_precreate() -> None:
    """A code comes back for its own order."""
    made = OK | {"qr_code": "https://qr.alipay.com/1"}
    order = msgspec.structs.replace(ORDER, way="code")

    assert await gateway(trade_precreate=made).precreate(order) == CodeCreated("T1_1_1", "https://qr.alipay.com/1")
    assert await gateway(trade_precreate=OK).precreate(order) == OTHER_ORDER


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        (PAID, VIEW),
        (OK | {"code": "10003"}, PasswordRequired("T1_1_1", "N1")),
        (failing("ACQ.PAYMENT_AUTH_CODE_INVALID"), Refusal("ACQ.PAYMENT_AUTH_CODE_INVALID", "说明")),
        ({"code": "20000", "sub_code": "aop.unknow-error"}, Unknown("aop.unknow-error")),
        (PAID | {"total_amount": "1e3"}, Unknown("the answer's total_amount cannot be read")),
        (PAID | {"out_trade_no": "T2"}, OTHER_ORDER),
    ],
)
async def test_scan(fields: dict[str, str], outcome: object) -> None:
    """The buyer's code is paid, waits for the password, is refused, or leaves it open."""
    assert await gateway(trade_pay=fields).scan(SCANNED) == outcome


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        (PAID | {"trade_status": "TRADE_SUCCESS"}, VIEW),
        (PAID | {"trade_status": "DREAMED"}, Unknown("the answer's trade_status is unknown")),
        (failing("ACQ.TRADE_NOT_EXIST"), NotFound("T1_1_1")),
        (failing("ACQ.INVALID_PARAMETER"), Unknown("ACQ.INVALID_PARAMETER")),
    ],
)
async def test_query(fields: dict[str, str], outcome: object) -> None:
    """Only a signed answer says where a trade stands, or that there is none."""
    assert await gateway(trade_query=fields).query(REF) == outcome


async def test_unsigned_not_found_is_unknown() -> None:
    """Whoever answers without a signature says nothing about a trade."""
    alipay = FakeAlipay(trade_query=failing("ACQ.TRADE_NOT_EXIST"))
    alipay.signs = False

    assert await OpenapiGateway(ACCOUNT, ManualClock(), transport=alipay).query(REF) == Unknown("ACQ.TRADE_NOT_EXIST")


@pytest.mark.parametrize(
    ("fields", "status", "outcome"),
    [
        (OK, "", Closed("T1_1_1")),
        (failing("ACQ.TRADE_HAS_CLOSE"), "", Closed("T1_1_1")),
        (failing("ACQ.TRADE_NOT_EXIST"), "", NotFound("T1_1_1")),
        (failing("ACQ.TRADE_STATUS_ERROR"), "TRADE_CLOSED", Closed("T1_1_1")),
        (failing("ACQ.TRADE_STATUS_ERROR"), "TRADE_SUCCESS", Refusal("ACQ.TRADE_STATUS_ERROR", "说明")),
        (OK | {"out_trade_no": "T2"}, "", OTHER_ORDER),
    ],
)
async def test_close(fields: dict[str, str], status: str, outcome: object) -> None:
    """Closed now or before, never there, or paid: the query tells which, where one code means two things."""
    asked = gateway(trade_close=fields, trade_query=PAID | {"trade_status": status})

    assert await asked.close(REF) == outcome


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        (OK | {"retry_flag": "N", "action": "close"}, Cancelled("T1_1_1", "close")),
        (OK | {"retry_flag": "N", "action": "refund"}, Cancelled("T1_1_1", "refund")),
        (OK | {"retry_flag": "N"}, Cancelled("T1_1_1")),
        (OK | {"retry_flag": "Y"}, Unknown("retry_flag=Y")),
        (OK | {"out_trade_no": "T2"}, OTHER_ORDER),
        (failing("ACQ.TRADE_CANCEL_TIME_OUT"), Refusal("ACQ.TRADE_CANCEL_TIME_OUT", "说明")),
        (failing("ACQ.TRADE_NOT_EXIST"), Cancelled("T1_1_1")),
    ],
)
async def test_cancel(fields: dict[str, str], outcome: object) -> None:
    """Undone, to be repeated, or too late."""
    assert await gateway(trade_cancel=fields).cancel(SCANNED.ref) == outcome


SEEN = OK | {"out_request_no": "T1_1_1_r1", "refund_amount": "2.00", "refund_status": "REFUND_SUCCESS"}
DONE = Refunded(out_trade_no="T1_1_1", refund_no="T1_1_1_r1", amount=Money(200, "CNY"), in_all=Money(500, "CNY"))


@pytest.mark.parametrize(
    ("fields", "seen", "outcome"),
    [
        (OK | {"fund_change": "Y", "refund_fee": "5.00"}, {}, DONE),
        (OK | {"fund_change": "N", "refund_fee": "5.00"}, SEEN, DONE),
        (OK | {"fund_change": "N", "refund_fee": "5.00"}, OK, Unknown("fund_change=N")),
        (OK | {"out_trade_no": "T2", "fund_change": "Y"}, {}, OTHER_ORDER),
        (failing("ACQ.SELLER_BALANCE_NOT_ENOUGH"), {}, Refusal("ACQ.SELLER_BALANCE_NOT_ENOUGH", "说明")),
    ],
)
async def test_refund(fields: dict[str, str], seen: dict[str, str], outcome: object) -> None:
    """Where no money moved by the call, the query tells a repetition from a refund under way."""
    asked = gateway(trade_refund=fields, trade_fastpay_refund_query=seen)

    assert await asked.refund(REFUND) == outcome


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        (SEEN, msgspec.structs.replace(DONE, in_all=None)),
        (
            {name: value for name, value in SEEN.items() if name != "refund_status"},
            msgspec.structs.replace(DONE, in_all=None),
        ),
        ({"code": "10000", "msg": "Success"}, NotFound("T1_1_1")),
        (failing("ACQ.TRADE_NOT_EXIST"), NotFound("T1_1_1")),
        (SEEN | {"refund_status": "REFUND_PROCESSING"}, Unknown("REFUND_PROCESSING")),
        (SEEN | {"out_request_no": "T1_1_1_r2"}, OTHER_ORDER),
        (failing("ACQ.SYSTEM_ERROR"), Unknown("ACQ.SYSTEM_ERROR")),
    ],
)
async def test_query_refund(fields: dict[str, str], outcome: object) -> None:
    """A refund took place, did not, or it is not clear."""
    assert await gateway(trade_fastpay_refund_query=fields).query_refund(REFUND) == outcome


async def test_notifications_are_for_one_application() -> None:
    """A real notification is read with Alipay's key by the application it is for, and by no other."""
    keys = msgspec.structs.replace(ACCOUNT.keys, private_key=PRIVATE, alipay_public_key=REAL["public_key_base64_der"])
    ours = msgspec.structs.replace(ACCOUNT, keys=keys, app_id=REAL["params"]["app_id"])
    body = urlencode(REAL["params"] | {"sign": REAL["sign"], "sign_type": "RSA2"}).encode()

    told = OpenapiGateway(ours, ManualClock()).verify_notification(body, "")
    other = OpenapiGateway(msgspec.structs.replace(ours, app_id="2021"), ManualClock()).verify_notification(body, "")

    assert isinstance(told, Notification)
    assert (told.total, told.status) == ("0.10", TradeStatus.SUCCESS)
    assert told.app_id == REAL["params"]["app_id"]
    assert isinstance(other, RejectedNotification)
    assert "not for ours" in other.reason
    changed = body.replace(b"total_amount=0.10", b"total_amount=0.11")
    assert changed != body
    assert isinstance(OpenapiGateway(ours, ManualClock()).verify_notification(changed, ""), RejectedNotification)
