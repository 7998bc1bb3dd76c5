"""What each call sends in the company's name."""

import msgspec
import pytest

from dispatch.payment.core.port import OrderRef
from dispatch.payment.protocols.mapi.merchant import MapiMerchant
from dispatch.payment.protocols.signing import Credentials
from tests.dispatch.payment.protocols.mapi.merchant_samples import REFUND, SCANNED

MERCHANT = MapiMerchant(
    gateway_url="https://gateway.invalid/gateway.do",
    partner="2088000000000001",
    seller_id="2088000000000001",
    keys=Credentials(sign_type="MD5", md5_key="m" * 32),
    trans_currency="USD",
    currency="USD",
    secondary_merchant_id="cab1",
    sys_service_provider_id="2088000000000009",
)


@pytest.mark.parametrize(
    ("market", "way", "overseas"),
    [("cross-border", "scan", True), ("cross-border", "page", False), ("mainland", "scan", False)],
)
def test_overseas_calls(market: str, way: str, overseas: bool) -> None:
    """Only a cross-border order by scan is known to the overseas calls alone."""
    merchant = msgspec.convert(msgspec.to_builtins(MERCHANT) | {"market": market}, MapiMerchant)

    assert merchant.overseas(msgspec.convert({"out_trade_no": "T1", "way": way}, OrderRef)) is overseas


def test_spot_pay_fields() -> None:
    """A cross-border scan names the passenger's code, the vehicle and the system provider."""
    fields = {name: value for name, value in MERCHANT.spot_pay_fields(SCANNED).items() if value}

    assert fields == {
        "alipay_seller_id": "2088000000000001",
        "partner_trans_id": "T1_1_1",
        "buyer_identity_code": "2812345678901234",
        "identity_code_type": "barcode",
        "trans_create_time": "20200913202640",
        "trans_name": "Taxi",
        "trans_amount": "12.35",
        "currency": "USD",
        "biz_product": "OVERSEAS_MBARCODE_PAY",
        "extend_info": '{"secondary_merchant_id":"cab1","secondary_merchant_industry":"4121","terminal_id":"V1",'
        '"sys_service_provider_id":"2088000000000009"}',
        "notify_url": "https://cab.invalid/notify",
    }


def test_settlement_in_another_currency() -> None:
    """Price and settlement are told apart where they differ."""
    fields = msgspec.structs.replace(MERCHANT, currency="EUR").spot_pay_fields(SCANNED)

    assert (fields["trans_currency"], fields["currency"]) == ("USD", "EUR")


def test_mainland_scan_fields() -> None:
    """A mainland scan is an order that is paid at once."""
    fields = MERCHANT.create_and_pay_fields(SCANNED)

    assert fields["product_code"] == "BARCODE_PAY_OFFLINE"
    assert (fields["dynamic_id_type"], fields["dynamic_id"]) == ("bar_code", "2812345678901234")
    assert (fields["out_trade_no"], fields["total_fee"]) == ("T1_1_1", "12.35")


def test_code_fields() -> None:
    """An order by code has its own product where one is set, and its code lives as long as the order."""
    merchant = msgspec.structs.replace(MERCHANT, code_product_code="QR_CODE_OFFLINE")

    fields = merchant.precreate_fields(msgspec.structs.replace(SCANNED, way="code"))

    assert (fields["product_code"], fields["qr_code_it_b_pay"], fields["it_b_pay"]) == ("QR_CODE_OFFLINE", "15m", "15m")
    assert MERCHANT.precreate_fields(SCANNED)["product_code"] == "OVERSEAS_MBARCODE_PAY"


def test_refund_fields() -> None:
    """Both refunds name the order, their own number, the amount, the reason; one names who did it."""
    assert MERCHANT.refund_fields(REFUND) == {
        "out_trade_no": "T1_1_1",
        "out_request_no": "T1_1_1_r1",
        "refund_amount": "2.00",
        "trans_currency": "USD",
        "refund_reason": "detour",
        "operator_type": "1",
        "operator_id": "anna",
    }
    assert MERCHANT.spot_refund_fields(REFUND) == {
        "partner_trans_id": "T1_1_1",
        "partner_refund_id": "T1_1_1_r1",
        "refund_amount": "2.00",
        "currency": "USD",
        "refund_reason": "detour",
        "is_sync": "Y",
    }
