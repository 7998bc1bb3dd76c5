"""A company's account at a mapi/intlmapi gateway, and the business fields of its calls.

The field names are those of Antom's documents ``global/acquire_create``, ``global/spot_pay``, ``global/acquire_refund``
and ``global/spot_refund``.
"""

from typing import Final, Literal

import msgspec

from dispatch.payment.core.port import OrderRef, PaymentOrder, Refund
from dispatch.payment.protocols.signing import Credentials

TAXI_INDUSTRY: Final = "4121"
"""Merchant category of taxis and limousines (ISO 18245)."""
OVERSEAS_PRODUCT: Final = "OVERSEAS_MBARCODE_PAY"
PAGE_PRODUCT: Final = "FUND_TRADE_FAST_PAY"
CODE_PRODUCT: Final = "QR_CODE_OFFLINE"
SCANNED_PRODUCT: Final = "BARCODE_PAY_OFFLINE"
"""The usual products of a mainland order on a page, by code and by scan."""
MAINLAND_CURRENCY: Final = "156"
"""Mainland Alipay's name of its settlement currency (the ISO 4217 number of the yuan)."""


class MapiMerchant(msgspec.Struct, frozen=True, kw_only=True):
    """A company's account. ``repr`` shows no keys."""

    gateway_url: str
    """``https://globalmapi.alipay.com/gateway.do`` in cross-border production."""
    partner: str
    """PID, 16 digits starting with 2088."""
    seller_id: str
    """The seller that receives the money, usually the partner itself."""
    keys: Credentials
    market: Literal["cross-border", "mainland"] = "cross-border"
    """Cross-border orders by scan have separate calls (``alipay.acquire.overseas.*``)."""
    trans_currency: str
    """The currency of the fares."""
    currency: str
    """The settlement currency; ``156`` for a mainland merchant."""
    product_code: str = OVERSEAS_PRODUCT
    """Of an order on a page."""
    code_product_code: str = ""
    """Of an order by a code that the buyer scans; blank: as on a page."""
    scan_product_code: str = SCANNED_PRODUCT
    """Of a mainland order by the buyer's own code; a cross-border one has no choice."""
    seller_email: str = ""
    secondary_merchant_id: str = ""
    """The taxi company, if ``partner`` is its acquirer. Required for cross-border orders."""
    secondary_merchant_name: str = ""
    secondary_merchant_industry: str = TAXI_INDUSTRY
    store_id: str = ""
    store_name: str = ""
    sys_service_provider_id: str = ""
    """The PID of a system provider that serves the company."""
    timeout_s: float = 10.0
    """Wall seconds for one call; after that its outcome is unknown."""
    max_connections: int = 32

    def overseas(self, order: OrderRef) -> bool:
        return order.way == "scan" and self.market == "cross-border"

    def extend_params(self, terminal: str = "") -> str:
        """JSON that identifies company, shop and vehicle; blank if all of them are."""
        values = {
            "secondary_merchant_id": self.secondary_merchant_id,
            "secondary_merchant_name": self.secondary_merchant_name,
            "secondary_merchant_industry": self.secondary_merchant_industry if self.secondary_merchant_id else "",
            "store_id": self.store_id,
            "store_name": self.store_name,
            "terminal_id": terminal,
            "sys_service_provider_id": self.sys_service_provider_id,
        }
        filled = {name: value for name, value in values.items() if value}
        return msgspec.json.encode(filled).decode() if filled else ""

    def create_fields(self, order: PaymentOrder) -> dict[str, str]:
        """For ``alipay.acquire.create``; related calls extend them. Blank fields are omitted when sent."""
        return {
            "out_trade_no": order.out_trade_no,
            "subject": order.subject,
            "product_code": self.product_code,
            "total_fee": order.amount.plain(),
            "seller_id": self.seller_id,
            "buyer_id": order.buyer_id,
            "trans_currency": order.amount.currency,
            "currency": self.currency,
            "extend_params": self.extend_params(order.terminal),
            "it_b_pay": f"{order.expires_min}m",
            "passback_parameters": order.passback,
            "notify_url": order.notify_url,
        }

    def precreate_fields(self, order: PaymentOrder) -> dict[str, str]:
        """For ``alipay.acquire.precreate``."""
        own = {
            "product_code": self.code_product_code or self.product_code,
            "qr_code_it_b_pay": f"{order.expires_min}m",
        }
        return self.create_fields(order) | own

    def create_and_pay_fields(self, order: PaymentOrder) -> dict[str, str]:
        """For ``alipay.acquire.createandpay``: a mainland order by scan."""
        own = {"product_code": self.scan_product_code, "dynamic_id_type": "bar_code", "dynamic_id": order.auth_code}
        return self.create_fields(order) | own

    def spot_pay_fields(self, order: PaymentOrder) -> dict[str, str]:
        """For ``alipay.acquire.overseas.spot.pay``: a cross-border order by scan."""
        settles_otherwise = self.currency not in ("", order.amount.currency)
        return {
            "alipay_seller_id": self.seller_id,
            "partner_trans_id": order.out_trade_no,
            "buyer_identity_code": order.auth_code,
            "identity_code_type": "barcode",
            "trans_create_time": order.placed_at,
            "trans_name": order.subject,
            "trans_amount": order.amount.plain(),
            "trans_currency": order.amount.currency if settles_otherwise else "",
            "currency": self.currency or order.amount.currency,
            "biz_product": OVERSEAS_PRODUCT,
            "extend_info": self.extend_params(order.terminal),
            "notify_url": order.notify_url,
        }

    def refund_fields(self, refund: Refund) -> dict[str, str]:
        """For ``alipay.acquire.refund``."""
        return {
            "out_trade_no": refund.order.out_trade_no,
            "out_request_no": refund.refund_no,
            "refund_amount": refund.amount.plain(),
            "trans_currency": refund.amount.currency,
            "refund_reason": refund.reason,
            # 1 means an operator of the merchant.
            "operator_type": "1" if refund.operator else "",
            "operator_id": refund.operator,
        }

    def spot_refund_fields(self, refund: Refund) -> dict[str, str]:
        """For ``alipay.acquire.overseas.spot.refund``, synchronous: a queued refund has no time limit."""
        return {
            "partner_trans_id": refund.order.out_trade_no,
            "partner_refund_id": refund.refund_no,
            "refund_amount": refund.amount.plain(),
            "currency": refund.amount.currency,
            "refund_reason": refund.reason,
            "is_sync": "Y",
        }
