"""Converts the fields of a signed mapi answer to the port's outcomes."""

import re
from collections.abc import Mapping
from typing import Final

from dispatch.payment.core import port

UNCLEAR: Final = frozenset({"SYSTEM_ERROR", "SESSION_TIMEOUT", "UNKNOWN", "UNKNOW", "PROCESS_EXCEPTION"})
"""Codes after which the call may or may not have had an effect. Alipay also spells ``UNKNOW``."""
NOT_FOUND: Final = frozenset({"TRADE_NOT_EXIST", "PURCHASE_TRADE_NOT_EXIST"})
FAILED: Final = frozenset({"FAIL", "FAILED", "ORDER_FAIL", "ORDER_SUCCESS_PAY_FAIL"})
_COMPACT_TIME: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", re.ASCII)


Fields = Mapping[str, str]


def unclear_or_refused(code: str, detail: str = "", *, signed: bool) -> port.Refusal | port.Unknown:
    """Refused, unless the code leaves the outcome open."""
    if code.removeprefix("ACQ.").removeprefix("AQC.") in UNCLEAR:
        return port.Unknown(code)
    return port.Refusal(code, detail, signed)


def created(order: port.PaymentOrder, fields: Fields) -> port.CreateAnswer:
    failure = _failure(fields)
    if failure is not None:
        return failure
    trade_no = fields.get("trade_no", "")
    return (
        port.OrderCreated(order.out_trade_no, trade_no) if trade_no and _is_of(order.ref, fields) else port.OTHER_ORDER
    )


def code_made(order: port.PaymentOrder, fields: Fields) -> port.PrecreateAnswer:
    failure = _failure(fields)
    if failure is not None:
        return failure
    code = fields.get("qr_code", "")
    return port.CodeCreated(order.out_trade_no, code) if code and _is_of(order.ref, fields) else port.OTHER_ORDER


def scanned(order: port.PaymentOrder, fields: Fields) -> port.ScanAnswer:
    """Answers ``spot.pay`` and ``createandpay``."""
    result, trade_no = fields.get("result_code", ""), _trade_no(fields)
    asks = result == "ORDER_SUCCESS_PAY_INPROCESS" or (result in UNCLEAR and trade_no and not _code(fields))
    failure = None if asks else _failure(fields, "SUCCESS", "ORDER_SUCCESS_PAY_SUCCESS")
    if failure is not None:
        return failure
    if not _is_of(order.ref, fields):
        return port.OTHER_ORDER
    if asks:
        return port.PasswordRequired(order.out_trade_no, trade_no)
    return _view(order.ref, port.TradeStatus.SUCCESS, fields, order.amount.currency)


def viewed(order: port.OrderRef, fields: Fields, currency: str) -> port.QueryAnswer:
    """``currency`` applies if the answer names none."""
    failure = _failure(fields)
    if isinstance(failure, port.Refusal) and failure.code in NOT_FOUND:
        return port.NotFound(order.out_trade_no)
    if failure is not None:
        return port.Unknown(failure.code if isinstance(failure, port.Refusal) else failure.reason)
    try:
        status = port.TradeStatus(fields.get("trade_status") or fields.get("alipay_trans_status", ""))
    except ValueError:
        return port.Unknown("the answer's trade_status is unknown")
    return _view(order, status, fields, currency)


def closed(order: port.OrderRef, fields: Fields) -> port.CloseAnswer:
    failure = _failure(fields)
    if isinstance(failure, port.Refusal) and failure.code in NOT_FOUND:
        return port.NotFound(order.out_trade_no)
    if isinstance(failure, port.Refusal) and failure.code == "TRADE_HAS_CLOSE":
        return port.Closed(order.out_trade_no)
    if failure is not None:
        return failure
    return port.Closed(order.out_trade_no) if _is_of(order, fields) else port.OTHER_ORDER


def cancelled(order: port.OrderRef, fields: Fields) -> port.CancelAnswer:
    """A cancel that must be repeated is not done yet, whatever else the answer contains."""
    if fields.get("retry_flag") == "Y":
        return port.Unknown(_code(fields) or "retry_flag=Y")
    failure = _failure(fields)
    if isinstance(failure, port.Refusal) and failure.code in NOT_FOUND:
        return port.Cancelled(order.out_trade_no)
    if failure is not None:
        return failure
    if not _is_of(order, fields):
        return port.OTHER_ORDER
    return port.Cancelled(order.out_trade_no, port.CANCEL_ACTIONS.get(fields.get("action", ""), ""))


def refunded(refund: port.Refund, fields: Fields) -> port.RefundAnswer:
    """``refund_fee`` is not read: whether it is cumulative is not documented."""
    failure = _failure(fields)
    if failure is not None:
        return failure
    number = fields.get("partner_refund_id") or fields.get("out_request_no") or refund.refund_no
    if not _is_of(refund.order, fields) or number != refund.refund_no:
        return port.OTHER_ORDER
    return port.Refunded(out_trade_no=refund.order.out_trade_no, refund_no=refund.refund_no, amount=refund.amount)


def _view(
    order: port.OrderRef, status: port.TradeStatus, fields: Fields, currency: str
) -> port.TradeView | port.Unknown:
    fee = fields.get("total_fee") or fields.get("trans_amount", "")
    amount = port.read_amount(fee, fields.get("trans_currency") or fields.get("currency") or currency)
    if amount is None:
        return port.Unknown("the answer's total_fee cannot be read")
    if not _is_of(order, fields) or not _trade_no(fields):
        return port.OTHER_ORDER
    paid_at = fields.get("send_pay_date") or fields.get("gmt_payment") or fields.get("alipay_pay_time", "")
    return port.TradeView(
        out_trade_no=order.out_trade_no,
        trade_no=_trade_no(fields),
        status=status,
        amount=amount,
        buyer_id=fields.get("buyer_user_id") or fields.get("alipay_buyer_user_id", ""),
        paid_at=_COMPACT_TIME.sub(r"\1-\2-\3 \4:\5:\6", paid_at),
    )


def _is_of(order: port.OrderRef, fields: Fields) -> bool:
    """A signed answer about another order is genuine, but does not answer our question."""
    named = [fields[name] for name in ("out_trade_no", "partner_trans_id") if fields.get(name)]
    return bool(named) and all(number == order.out_trade_no for number in named)


def _trade_no(fields: Fields) -> str:
    return fields.get("trade_no") or fields.get("alipay_trans_id", "")


def _code(fields: Fields) -> str:
    """Overseas calls return it in ``error``."""
    return fields.get("detail_error_code") or fields.get("error", "")


def _failure(fields: Fields, *success: str) -> port.Refusal | port.Unknown | None:
    """None if the business result is one of ``success``."""
    result, code = fields.get("result_code", ""), _code(fields)
    if result in (success or ("SUCCESS",)):
        return None
    if result in FAILED and code:
        return unclear_or_refused(code, fields.get("detail_error_des", ""), signed=True)
    return port.Unknown(code or result or "no result_code")
