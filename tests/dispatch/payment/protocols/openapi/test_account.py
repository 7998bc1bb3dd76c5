"""What each openapi call sends in the company's name."""

import msgspec

from dispatch.payment.protocols.openapi.account import order_fields, refund_fields, refund_query_fields
from tests.dispatch.payment.protocols.mapi.merchant_samples import REFUND
from tests.dispatch.payment.protocols.openapi.account_samples import ACCOUNT, ORDER, SCANNED

COMMON = {
    "out_trade_no": "T1_1_1",
    "total_amount": "12.35",
    "subject": "Taxi a b   c d",
    "seller_id": "2088000000000001",
    "timeout_express": "15m",
    "passback_params": "t%3D1",
    "terminal_id": "V1",
    "extend_params": {"sys_service_provider_id": "2088000000000009"},
}


def test_create() -> None:
    """An order on a page is for one buyer, by user id or open id."""
    own = {"product_code": "JSAPI_PAY", "op_app_id": "2021000000000001"}
    by_open_id = msgspec.structs.replace(ORDER, buyer_id="074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5")

    assert ACCOUNT.create_fields(ORDER) == COMMON | own | {"buyer_id": "2088000000000002"}
    assert ACCOUNT.create_fields(by_open_id) == COMMON | own | {"buyer_open_id": by_open_id.buyer_id}


def test_code_and_scan() -> None:
    """A code lives as long as its order; a scan names what was scanned."""
    assert ACCOUNT.precreate_fields(msgspec.structs.replace(ORDER, way="code", buyer_id="")) == COMMON | {
        "product_code": "FACE_TO_FACE_PAYMENT",
        "qr_code_timeout_express": "15m",
    }
    assert ACCOUNT.pay_fields(SCANNED) == COMMON | {
        "product_code": "FACE_TO_FACE_PAYMENT",
        "scene": "bar_code",
        "auth_code": "2812345678901234",
    }


def test_repr_shows_no_leave() -> None:
    """An account in a log line has no keys in it, and not the company's leave."""
    assert "t0ken" not in repr(msgspec.structs.replace(ACCOUNT, app_auth_token="t0ken"))


def test_later_calls() -> None:
    """An order and a refund are named by our numbers."""
    assert order_fields(ORDER.ref) == {"out_trade_no": "T1_1_1"}
    assert refund_query_fields(REFUND) == {"out_trade_no": "T1_1_1", "out_request_no": "T1_1_1_r1"}
    assert refund_fields(REFUND) == {
        "out_trade_no": "T1_1_1",
        "out_request_no": "T1_1_1_r1",
        "refund_amount": "2.00",
        "refund_reason": "detour",
        "operator_id": "anna",
    }
