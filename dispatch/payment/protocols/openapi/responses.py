"""Converts an openapi answer to the port's outcomes.

``code`` 10000 is success, 10003 waits for the buyer's password, 20000 leaves the outcome open, and all others are
failures named by ``sub_code``. A success counts only if Alipay signed it.
"""

from typing import Final

import msgspec

from dispatch.payment.core import port
from dispatch.payment.protocols.openapi.signed_json import Node

SUCCESS: Final = "10000"
WAITS: Final = "10003"
UNCLEAR: Final = "20000"
NOT_FOUND: Final = frozenset({"ACQ.TRADE_NOT_EXIST"})
STATUS_ERRORS: Final = frozenset({"ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID"})
"""Answers to a close of a trade that is not waiting: it is paid, or closed already."""


class OpenapiSuccess(msgspec.Struct, frozen=True):
    """A success that Alipay signed."""

    code: str
    fields: dict[str, str]
    """Text fields only; the content of lists is never used."""


def outcome_of(node: Node, *, codeless: bool = False) -> OpenapiSuccess | port.Refusal | port.Unknown:
    """Success, failure or neither. ``codeless``: a success of this method has no ``code``."""
    fields = {name: value for name, value in node.fields.items() if isinstance(value, str)}
    code, sub_code = fields.get("code", ""), fields.get("sub_code", "")
    if code in (SUCCESS, WAITS) or (codeless and not code and not sub_code):
        return OpenapiSuccess(code or SUCCESS, fields) if node.signed else port.Unknown("a success without a signature")
    if not code or code == UNCLEAR or sub_code.rpartition(".")[2] == "SYSTEM_ERROR":
        return port.Unknown(sub_code or code or "no code")
    detail = fields.get("sub_msg") or fields.get("msg", "")
    return port.Refusal(sub_code or code, detail, node.signed)


def created(order: port.PaymentOrder, done: OpenapiSuccess) -> port.OrderCreated | port.Unknown:
    trade_no = done.fields.get("trade_no", "")
    return port.OrderCreated(order.out_trade_no, trade_no) if trade_no and _is_of(order.ref, done) else port.OTHER_ORDER


def code_made(order: port.PaymentOrder, done: OpenapiSuccess) -> port.CodeCreated | port.Unknown:
    code = done.fields.get("qr_code", "")
    return port.CodeCreated(order.out_trade_no, code) if code and _is_of(order.ref, done) else port.OTHER_ORDER


def scanned(order: port.PaymentOrder, done: OpenapiSuccess) -> port.TradeView | port.PasswordRequired | port.Unknown:
    if not _is_of(order.ref, done):
        return port.OTHER_ORDER
    if done.code == WAITS:
        return port.PasswordRequired(order.out_trade_no, done.fields.get("trade_no", ""))
    return _view(order.ref, port.TradeStatus.SUCCESS, done, order.amount.currency)


def viewed(
    order: port.OrderRef, answer: OpenapiSuccess | port.Refusal | port.Unknown, currency: str
) -> port.QueryAnswer:
    if isinstance(answer, port.Refusal):
        return _missing(order, answer)
    if isinstance(answer, port.Unknown):
        return answer
    try:
        status = port.TradeStatus(answer.fields.get("trade_status", ""))
    except ValueError:
        return port.Unknown("the answer's trade_status is unknown")
    return _view(order, status, answer, currency)


def closed(order: port.OrderRef, answer: OpenapiSuccess | port.Refusal | port.Unknown) -> port.CloseAnswer:
    match answer:
        case OpenapiSuccess():
            return port.Closed(order.out_trade_no) if _is_of(order, answer) else port.OTHER_ORDER
        case port.Refusal(code="ACQ.TRADE_HAS_CLOSE", signed=True):
            return port.Closed(order.out_trade_no)
        case port.Refusal(code=code, signed=True) if code in NOT_FOUND:
            return port.NotFound(order.out_trade_no)
        case _:
            return answer


def cancelled(order: port.OrderRef, answer: OpenapiSuccess | port.Refusal | port.Unknown) -> port.CancelAnswer:
    """A cancel that must be repeated is not done yet."""
    match answer:
        case OpenapiSuccess() if answer.fields.get("retry_flag") == "Y":
            return port.Unknown("retry_flag=Y")
        case OpenapiSuccess() if _is_of(order, answer):
            return port.Cancelled(order.out_trade_no, port.CANCEL_ACTIONS.get(answer.fields.get("action", ""), ""))
        case OpenapiSuccess():
            return port.OTHER_ORDER
        case port.Refusal(code=code, signed=True) if code in NOT_FOUND:
            return port.Cancelled(order.out_trade_no)
        case _:
            return answer


def refunded(refund: port.Refund, done: OpenapiSuccess) -> tuple[port.Refunded | port.Unknown, bool]:
    """The outcome of a refund, and whether it moved money.

    ``fund_change=N`` is returned for a repetition and for a pending refund: only a query distinguishes them.
    """
    if not _is_of(refund.order, done):
        return port.OTHER_ORDER, False
    in_all = port.read_amount(done.fields.get("refund_fee", ""), refund.amount.currency)
    done_now = port.Refunded(
        out_trade_no=refund.order.out_trade_no, refund_no=refund.refund_no, amount=refund.amount, in_all=in_all
    )
    return done_now, done.fields.get("fund_change") == "Y"


def refund_viewed(refund: port.Refund, answer: OpenapiSuccess | port.Refusal | port.Unknown) -> port.RefundQueryAnswer:
    """An answer without any field of a refund means that there was none."""
    if isinstance(answer, port.Refusal):
        return _missing(refund.order, answer)
    if isinstance(answer, port.Unknown):
        return answer
    status, fee = answer.fields.get("refund_status", ""), answer.fields.get("refund_amount", "")
    if not status and not fee:
        return port.NotFound(refund.order.out_trade_no)
    amount = port.read_amount(fee, refund.amount.currency)
    if not _is_of(refund.order, answer) or answer.fields.get("out_request_no") != refund.refund_no:
        return port.OTHER_ORDER
    if status not in ("", "REFUND_SUCCESS") or amount is None:
        return port.Unknown(status or "the answer's refund_amount cannot be read")
    return port.Refunded(out_trade_no=refund.order.out_trade_no, refund_no=refund.refund_no, amount=amount)


def _missing(order: port.OrderRef, refused: port.Refusal) -> port.NotFound | port.Unknown:
    """Only a signed answer proves that a trade does not exist."""
    if refused.signed and refused.code in NOT_FOUND:
        return port.NotFound(order.out_trade_no)
    return port.Unknown(refused.code)


def _view(
    order: port.OrderRef, status: port.TradeStatus, done: OpenapiSuccess, currency: str
) -> port.TradeView | port.Unknown:
    fields = done.fields
    amount = port.read_amount(fields.get("total_amount", ""), fields.get("trans_currency") or currency)
    if amount is None:
        return port.Unknown("the answer's total_amount cannot be read")
    if not _is_of(order, done) or not fields.get("trade_no"):
        return port.OTHER_ORDER
    return port.TradeView(
        out_trade_no=order.out_trade_no,
        trade_no=fields["trade_no"],
        status=status,
        amount=amount,
        buyer_id=fields.get("buyer_user_id") or fields.get("buyer_open_id", ""),
        paid_at=fields.get("gmt_payment") or fields.get("send_pay_date", ""),
    )


def _is_of(order: port.OrderRef, done: OpenapiSuccess) -> bool:
    """A signed answer about another order is genuine, but does not answer our question."""
    return done.fields.get("out_trade_no") == order.out_trade_no
