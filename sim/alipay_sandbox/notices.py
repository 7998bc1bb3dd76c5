"""Asynchronous notifications: what they say, when they are repeated, and when they are given up.

Repeated after 4 m, 10 m, 10 m, 1 h, 2 h, 6 h and 15 h until the merchant answers ``success``: eight sends in 25 hours.
``notify_id`` stays the same over the repetitions, ``notify_time`` and so the signature do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from sim.alipay_sandbox.books import to_text
from sim.alipay_sandbox.clock import beijing_text
from sim.alipay_sandbox.signature import Seal, string_to_sign

if TYPE_CHECKING:
    from sim.alipay_sandbox.trades import NoticeMade, NoticeTried, Trade

REPEAT_AFTER_S: Final = (240.0, 600.0, 600.0, 3600.0, 7200.0, 21600.0, 54000.0)
ACTIONS: Final = {"TRADE_SUCCESS": "payByAccountAction", "TRADE_CLOSED": "closeTradeAction"}


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

    def repeat_at(self, now: float, time_factor: float) -> float | None:
        """When to send again if the sending that ends ``now`` failed; None after the last."""
        if self.tries >= len(REPEAT_AFTER_S):
            return None
        return now + REPEAT_AFTER_S[self.tries] * time_factor


def notice_form(notice: Notice, trade: Trade, seller_email: str, now: float) -> dict[str, str]:
    """The fields of a mapi notification, without its signature. Blank ones are left out."""
    terms = trade.terms
    total = to_text(terms.total_minor, terms.currency)
    fields = {
        "notify_time": beijing_text(now),
        "notify_type": "trade_status_sync",
        "notify_id": notice.made.notify_id,
        "notify_action_type": ACTIONS[notice.made.status],
        "out_trade_no": terms.out_trade_no,
        "trade_no": trade.trade_no,
        "trade_status": notice.made.status,
        "subject": terms.subject,
        "body": terms.body,
        "total_fee": total,
        "price": total,
        "quantity": "1",
        "seller_id": terms.seller_id,
        "seller_email": seller_email,
        "buyer_id": trade.payer_id,
        "gmt_create": beijing_text(trade.opened.at),
        "gmt_payment": "" if trade.paid_at is None else beijing_text(trade.paid_at),
        "extra_common_param": terms.passback,
        # Cross-border notifications name the price's currency; a mainland one has no such field.
        "trans_currency": terms.currency if terms.product_code.startswith("OVERSEAS") else "",
        "paytools_pay_amount": f'[{{"ALIPAYACCOUNT":"{total}"}}]' if trade.paid_at is not None else "",
    }
    return {name: value for name, value in fields.items() if value}


def posted_body(form: dict[str, str], seal: Seal, sign_type: str, charset: str) -> bytes:
    """The form as it is posted: signed in ``charset`` and sent in it."""
    fitting = {name: value.encode(charset, "replace").decode(charset) for name, value in form.items()}
    sign = seal.sign(sign_type, string_to_sign(fitting).encode(charset))
    return urlencode(fitting | {"sign_type": sign_type, "sign": sign}, encoding=charset).encode("ascii")
