"""A company's application at the openapi gateway, and the business fields of its calls.

The field names are those of the request classes of Alipay's Java SDK (``alipay-sdk-java-all``).
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from dispatch.payment.core.port import OrderRef, PaymentOrder, Refund
from dispatch.payment.protocols.openapi.keys import OpenapiCredentials

_NOT_IN_SUBJECTS: Final = str.maketrans("/=&", "   ")
"""Characters that Alipay does not accept in a subject."""


class OpenapiAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An application and its merchant. ``repr`` shows no keys."""

    gateway_url: str
    """``https://openapi.alipay.com/gateway.do`` in production."""
    app_id: str
    keys: OpenapiCredentials
    currency: str
    """Of the fares; answers for a mainland merchant contain none."""
    seller_id: str = ""
    """The seller that receives the money; blank: the merchant that signs."""
    product_code: str = "JSAPI_PAY"
    """Of an order on a page."""
    code_product_code: str = "FACE_TO_FACE_PAYMENT"
    """Of an order by a code that the buyer scans."""
    scan_product_code: str = "FACE_TO_FACE_PAYMENT"
    """Of an order by the buyer's own code."""
    sys_service_provider_id: str = ""
    """The PID of a system provider that serves the company."""
    app_auth_token: str = ""
    """The company's authorisation for a third party's application."""
    store_id: str = ""
    timeout_s: float = 10.0
    """Wall seconds for one call; after that its outcome is unknown."""
    max_connections: int = 32

    def __repr__(self) -> str:
        return f"OpenapiAccount(app_id={self.app_id!r}, gateway_url={self.gateway_url!r}, keys={self.keys!r})"

    def _order_fields(self, order: PaymentOrder) -> dict[str, Any]:
        provider = {"sys_service_provider_id": self.sys_service_provider_id} if self.sys_service_provider_id else {}
        return {
            "out_trade_no": order.out_trade_no,
            "total_amount": order.amount.plain(),
            "subject": order.subject.translate(_NOT_IN_SUBJECTS),
            "seller_id": self.seller_id,
            "timeout_express": f"{order.expires_min}m",
            "passback_params": quote(order.passback, safe=""),
            "store_id": self.store_id,
            "terminal_id": order.terminal,
            "extend_params": provider,
        }

    def create_fields(self, order: PaymentOrder) -> dict[str, Any]:
        """For ``alipay.trade.create``. Blank fields are omitted."""
        # Newer applications identify a buyer by an open id, which is not 16 digits starting with 2088.
        buyer = "buyer_id" if order.buyer_id.startswith("2088") else "buyer_open_id"
        own = {"product_code": self.product_code, "op_app_id": self.app_id, buyer: order.buyer_id}
        return _filled(self._order_fields(order) | own)

    def precreate_fields(self, order: PaymentOrder) -> dict[str, Any]:
        """For ``alipay.trade.precreate``."""
        own = {"product_code": self.code_product_code, "qr_code_timeout_express": f"{order.expires_min}m"}
        return _filled(self._order_fields(order) | own)

    def pay_fields(self, order: PaymentOrder) -> dict[str, Any]:
        """For ``alipay.trade.pay``."""
        own = {"product_code": self.scan_product_code, "scene": "bar_code", "auth_code": order.auth_code}
        return _filled(self._order_fields(order) | own)


def order_fields(order: OrderRef) -> dict[str, Any]:
    """For calls about a placed order."""
    return {"out_trade_no": order.out_trade_no}


def refund_fields(refund: Refund) -> dict[str, Any]:
    """For ``alipay.trade.refund``."""
    return _filled(
        {
            "out_trade_no": refund.order.out_trade_no,
            "out_request_no": refund.refund_no,
            "refund_amount": refund.amount.plain(),
            "refund_reason": refund.reason,
            "operator_id": refund.operator,
        }
    )


def refund_query_fields(refund: Refund) -> dict[str, Any]:
    """For ``alipay.trade.fastpay.refund.query``."""
    return {"out_trade_no": refund.order.out_trade_no, "out_request_no": refund.refund_no}


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
