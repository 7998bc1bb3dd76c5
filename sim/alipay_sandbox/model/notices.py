"""Asynchronous notifications: what they say, when they are repeated, and when they are given up.

Repeated after 4 m, 10 m, 10 m, 1 h, 2 h, 6 h and 15 h until the merchant answers ``success``: eight sends in 25 hours.
``notify_id`` stays the same over the repetitions, ``notify_time`` and so the signature do not. Fields that are blank
are never sent: merchants' libraries disagree on how they are signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from sim.alipay_sandbox.model.books import to_text
from sim.alipay_sandbox.model.clock import beijing_millis, beijing_text
from sim.alipay_sandbox.model.signature import Seal, string_to_sign

if TYPE_CHECKING:
    from sim.alipay_sandbox.model.trades import NoticeMade, NoticeTried, Trade, TradeRefunded

REPEAT_AFTER_S: Final = (240.0, 600.0, 600.0, 3600.0, 7200.0, 21600.0, 54000.0)
ACTIONS: Final = {
    "paid": "payByAccountAction",
    "closed": "closeTradeAction",
    "refunded": "refundFPAction",
    "cancelled": "reverseAction",
    "finished": "finishFPAction",
}


class Notice:
    """A notification on its way."""

    def __init__(self, made: NoticeMade) -> None:
        self.made: Final = made
        self.tries = 0
        self.acknowledged = False
        self.next_at: float | None = made.at

    def tried(self, outcome: NoticeTried) -> None:
        """Take note of one sending."""
        self.tries += 1
        self.acknowledged = outcome.acknowledged
        self.next_at = outcome.next_at

    def postponed(self, next_at: float) -> None:
        """Send it then, as if it had become due then."""
        self.next_at = next_at

    def repeat_at(self, now: float, time_factor: float) -> float | None:
        """When to send again if the sending that ends ``now`` failed; None after the last."""
        if self.tries >= len(REPEAT_AFTER_S):
            return None
        return now + REPEAT_AFTER_S[self.tries] * time_factor


def notice_form(notice: Notice, trade: Trade, seller_email: str, logon_id: str, now: float) -> dict[str, str]:
    """The fields of a notification in its order's protocol, without its signature. Blank ones are left out."""
    form = _openapi_form if trade.opened.origin.protocol == "openapi" else _mapi_form
    fields = _shared(notice, trade, seller_email, now) | form(notice, trade, logon_id)
    return {name: value for name, value in fields.items() if value}


def _shared(notice: Notice, trade: Trade, seller_email: str, now: float) -> dict[str, str]:
    made, terms = notice.made, trade.terms
    refunded = to_text(made.refunded_minor, terms.currency) if made.refunded_minor else ""
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
        "gmt_payment": "" if trade.paid_at is None else beijing_text(trade.paid_at),
        "refund_fee": refunded,
        "out_biz_no": made.request_no,
    }


def _mapi_form(notice: Notice, trade: Trade, logon_id: str) -> dict[str, str]:
    terms = trade.terms
    total = to_text(terms.total_minor, terms.currency)
    return {
        "notify_action_type": ACTIONS[notice.made.event],
        "total_fee": total,
        "price": total,
        "quantity": "1",
        "buyer_email": logon_id if trade.payer_id else "",
        "extra_common_param": terms.passback,
        # Cross-border notifications name the price's currency; a mainland one has no such field.
        "trans_currency": terms.currency if terms.product_code.startswith("OVERSEAS") else "",
        "paytools_pay_amount": f'[{{"ALIPAYACCOUNT":"{total}"}}]' if trade.paid_at is not None else "",
    }


def _openapi_form(notice: Notice, trade: Trade, logon_id: str) -> dict[str, str]:
    terms, origin, made = trade.terms, trade.opened.origin, notice.made
    total = to_text(terms.total_minor, terms.currency)
    told_of: TradeRefunded | None = trade.refunds.get(made.request_no)
    ended = made.status in ("TRADE_CLOSED", "TRADE_FINISHED") and trade.closed_at is not None
    fields = {
        "app_id": origin.app_id,
        "auth_app_id": origin.auth_app_id,
        "charset": trade.opened.charset,
        "version": "1.0",
        "buyer_logon_id": logon_id if trade.payer_id else "",
        "total_amount": total,
        "gmt_refund": beijing_millis(told_of.at) if told_of is not None else "",
        "gmt_close": beijing_text(trade.closed_at) if ended and trade.closed_at is not None else "",
        "passback_params": terms.passback,
    }
    if trade.paid_at is not None:
        fields |= dict.fromkeys(("receipt_amount", "invoice_amount", "buyer_pay_amount"), total)
        fields |= {
            "point_amount": "0.00",
            "fund_bill_list": f'[{{"amount":"{total}","fundChannel":"ALIPAYACCOUNT"}}]',
        }
    return fields


def posted_body(form: dict[str, str], seal: Seal, sign_type: str, charset: str) -> bytes:
    """The form as it is posted: signed in ``charset`` and sent in it."""
    form = form | {"charset": charset} if "charset" in form else form
    fitting = {name: value.encode(charset, "replace").decode(charset) for name, value in form.items()}
    sign = seal.sign(sign_type, string_to_sign(fitting).encode(charset))
    return urlencode(fitting | {"sign_type": sign_type, "sign": sign}, encoding=charset).encode("ascii")
