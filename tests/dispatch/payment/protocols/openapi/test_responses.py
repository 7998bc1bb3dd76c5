"""A signed success counts, a failure counts, and everything else is unknown."""

from typing import Any

import pytest

from dispatch.payment.core.port import (
    OTHER_ORDER,
    Cancelled,
    Closed,
    NotFound,
    OrderRef,
    Refund,
    Refunded,
    Refusal,
    Unknown,
)
from dispatch.payment.protocols.openapi.responses import (
    OpenapiSuccess,
    cancelled,
    closed,
    outcome_of,
    refund_viewed,
    refunded,
)
from dispatch.payment.protocols.openapi.signed_json import Node
from dispatch.values.money import Money

REF = OrderRef("t1_1_1")
FARE = Money(1235, "CNY")
REFUND = Refund(order=REF, refund_no="t1_1_1_R1", amount=FARE, total=FARE, reason="")
NO_TRADE = Refusal("ACQ.TRADE_NOT_EXIST")


def done(**fields: str) -> OpenapiSuccess:
    return OpenapiSuccess("10000", {"out_trade_no": "t1_1_1"} | fields)


@pytest.mark.parametrize(
    ("fields", "signed", "outcome"),
    [
        ({"code": "10000"}, True, OpenapiSuccess("10000", {"code": "10000"})),
        ({"code": "10000"}, False, Unknown("a success without a signature")),
        ({"code": "20000"}, True, Unknown("20000")),
        ({"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}, True, Unknown("ACQ.SYSTEM_ERROR")),
        ({"code": "40004", "sub_code": "ACQ.X", "sub_msg": "m"}, False, Refusal("ACQ.X", "m", signed=False)),
        ({}, True, Unknown("no code")),
    ],
)
def test_outcome(fields: dict[str, Any], signed: bool, outcome: object) -> None:
    """Codes decide, and the signature decides about a success."""
    assert outcome_of(Node(fields, signed)) == outcome


def test_a_missing_trade_needs_a_signature() -> None:
    """Only a signed answer proves that there is no trade to close or cancel."""
    unsigned = Refusal("ACQ.TRADE_NOT_EXIST", signed=False)

    assert (closed(REF, NO_TRADE), cancelled(REF, NO_TRADE)) == (NotFound("t1_1_1"), Cancelled("t1_1_1"))
    assert (closed(REF, unsigned), cancelled(REF, unsigned)) == (unsigned, unsigned)
    assert closed(REF, Refusal("ACQ.TRADE_HAS_CLOSE")) == Closed("t1_1_1")


def test_a_cancel_that_must_be_repeated_is_open() -> None:
    """``retry_flag`` counts more than the action."""
    assert cancelled(REF, done(retry_flag="Y", action="refund")) == Unknown("retry_flag=Y")
    assert cancelled(REF, done(action="refund")) == Cancelled("t1_1_1", "refund")
    assert cancelled(REF, done(out_trade_no="t2_1_1")) == OTHER_ORDER


def test_refunds() -> None:
    """``fund_change`` tells a new refund from a repetition; a query without facts found none."""
    there = Refunded(out_trade_no="t1_1_1", refund_no="t1_1_1_R1", amount=FARE)

    assert refunded(REFUND, done(fund_change="Y"))[1]
    assert not refunded(REFUND, done(fund_change="N"))[1]
    assert refund_viewed(REFUND, done()) == NotFound("t1_1_1")
    assert refund_viewed(REFUND, done(refund_amount="12.35", out_request_no="t1_1_1_R1")) == there
    assert refund_viewed(REFUND, done(refund_amount="12.35", out_request_no="t1_1_1_R2")) == OTHER_ORDER
    assert refund_viewed(REFUND, done(refund_status="REFUND_PROCESSING", out_request_no="t1_1_1_R1")) == Unknown(
        "REFUND_PROCESSING"
    )
