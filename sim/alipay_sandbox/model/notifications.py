"""Asynchronous notifications: fields, retry schedule and signed body.

A notification is repeated after 4 m, 10 m, 10 m, 1 h, 2 h, 6 h and 15 h until the merchant replies ``success``: eight
attempts in 25 hours. ``notify_id`` stays the same in all attempts; ``notify_time``, and with it the signature, changes.
Blank fields are never sent, because merchants' libraries sign them differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from sim.alipay_sandbox.model.clock import beijing_millis, beijing_text
from sim.alipay_sandbox.model.signature import MerchantKeys, string_to_sign

if TYPE_CHECKING:
    from sim.alipay_sandbox.model.trades import NotificationAttempted, NotificationCreated, SandboxTrade

REPEAT_AFTER_S: Final = (240.0, 600.0, 600.0, 3600.0, 7200.0, 21600.0, 54000.0)
ACTIONS: Final = {
    "paid": "payByAccountAction",
    "closed": "closeTradeAction",
    "refunded": "refundFPAction",
    "cancelled": "reverseAction",
    "finished": "finishFPAction",
}


class OutgoingNotification:
    """A notification and its delivery attempts."""

    def __init__(self, made: NotificationCreated) -> None:
        self.made: Final = made
        self.tries = 0
        self.acknowledged = False
        self.next_at: float | None = made.at

    def record_attempt(self, attempt: NotificationAttempted) -> None:
        self.tries += 1
        self.acknowledged = attempt.acknowledged
        self.next_at = attempt.next_at

    def postpone(self, next_at: float) -> None:
        self.next_at = next_at

    def repeat_at(self, now: float, time_factor: float) -> float | None:
        """Time of the attempt after one that fails ``now``; None after the last."""
        if self.tries >= len(REPEAT_AFTER_S):
            return None
        return now + REPEAT_AFTER_S[self.tries] * time_factor


def notification_fields(
    notification: OutgoingNotification, trade: SandboxTrade, seller_email: str, logon_id: str, now: float
) -> dict[str, str]:
    """The unsigned, non-blank fields in the protocol of the order."""
    form = _openapi_form if trade.opened.origin.protocol == "openapi" else _mapi_form
    fields = _shared(notification, trade, seller_email, now) | form(notification, trade, logon_id)
    return {name: value for name, value in fields.items() if value}


def _shared(notification: OutgoingNotification, trade: SandboxTrade, seller_email: str, now: float) -> dict[str, str]:
    made, terms = notification.made, trade.terms
    refunded = terms.amount_text(made.refunded_minor) if made.refunded_minor else ""
    return {
        "notify_time": beijing_text(now),
        "notify_type": "trade_status_sync",
        "notify_id": made.notify_id,
        "out_trade_no": terms.out_trade_no,
        "trade_no": trade.trade_no,
        "trade_status": made.status,
        "subject": terms.subject,
        "body": terms.body,
        "seller_id": terms.seller_id,
        "seller_email": seller_email,
        "buyer_id": trade.payer_id,
        "gmt_create": beijing_text(trade.opened.at),
        "gmt_payment": beijing_text(trade.paid_at),
        "refund_fee": refunded,
        "out_biz_no": made.request_no,
    }


def _mapi_form(notification: OutgoingNotification, trade: SandboxTrade, logon_id: str) -> dict[str, str]:
    terms = trade.terms
    total = terms.total_text
    return {
        "notify_action_type": ACTIONS[notification.made.event],
        "total_fee": total,
        "price": total,
        "quantity": "1",
        "buyer_email": logon_id if trade.payer_id else "",
        "extra_common_param": terms.passback,
        # Only cross-border notifications name the currency.
        "trans_currency": terms.currency if terms.product_code.startswith("OVERSEAS") else "",
        "paytools_pay_amount": f'[{{"ALIPAYACCOUNT":"{total}"}}]' if trade.paid_at is not None else "",
    }


def _openapi_form(notification: OutgoingNotification, trade: SandboxTrade, logon_id: str) -> dict[str, str]:
    terms, origin, made = trade.terms, trade.opened.origin, notification.made
    total = terms.total_text
    refund = trade.refunds.get(made.request_no)
    ended = made.status in ("TRADE_CLOSED", "TRADE_FINISHED")
    fields = {
        "app_id": origin.app_id,
        "auth_app_id": origin.auth_app_id,
        "charset": trade.opened.charset,
        "version": "1.0",
        "buyer_logon_id": logon_id if trade.payer_id else "",
        "total_amount": total,
        "gmt_refund": beijing_millis(refund.at) if refund is not None else "",
        "gmt_close": beijing_text(trade.closed_at) if ended else "",
        "passback_params": terms.passback,
    }
    if trade.paid_at is not None:
        fields |= dict.fromkeys(("receipt_amount", "invoice_amount", "buyer_pay_amount"), total)
        fields |= {"point_amount": "0.00", "fund_bill_list": f'[{{"amount":"{total}","fundChannel":"ALIPAYACCOUNT"}}]'}
    return fields


def signed_body(form: dict[str, str], keys: MerchantKeys, sign_type: str, charset: str) -> bytes:
    form = form | {"charset": charset} if "charset" in form else form
    fitting = {name: value.encode(charset, "replace").decode(charset) for name, value in form.items()}
    sign = keys.sign(sign_type, string_to_sign(fitting).encode(charset))
    return urlencode(fitting | {"sign_type": sign_type, "sign": sign}, encoding=charset).encode("ascii")
