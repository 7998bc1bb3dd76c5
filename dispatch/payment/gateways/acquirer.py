"""An acquirer's gateway instead of Alipay's: the same port over the contract of docs/acquirer.md.

The acquirer calls Alipay for the company; we call the acquirer by a small HTTP and JSON contract of our own.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from dispatch.clock import Clock
from dispatch.payment.core import port
from dispatch.payment.gateways.http_client import HttpClient, Transport
from dispatch.payment.protocols.acquirer_messages import (
    AcquirerCredentials,
    AcquirerKeys,
    AcquirerMessage,
    AcquirerResult,
    SealedEnvelope,
    WireAmount,
)
from dispatch.payment.protocols.notification import MAX_BODY_BYTES
from dispatch.payment.protocols.signing import AnswerError
from dispatch.values.money import Money

_JSON: Final = {"content-type": "application/json"}


class AcquirerAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A company's account at an acquirer. ``repr`` shows no keys."""

    gateway_url: str
    """Calls are posted to ``{gateway_url}/v1/{call}``."""
    merchant: str
    """The company's name at the acquirer; notifications use it as the seller."""
    keys: AcquirerCredentials
    timeout_s: float = 10.0
    """Wall seconds for one call; after that its outcome is unknown."""
    max_connections: int = 32


class AcquirerGateway:
    """Implements the payment port over an acquirer's JSON contract. Close its connections with :meth:`aclose`."""

    def __init__(
        self,
        account: AcquirerAccount,
        clock: Clock,
        new_nonce: Callable[[], str],
        *,
        transport: Transport | None = None,
    ) -> None:
        """Raises :class:`~dispatch.payment.protocols.signing.KeyFormatError` for keys that cannot be used."""
        self._account = account
        self._clock = clock
        self._new_nonce = new_nonce
        self._keys = AcquirerKeys(account.keys)
        self._http = HttpClient(
            timeout_s=account.timeout_s, max_connections=account.max_connections, transport=transport
        )

    async def create(self, order: port.PaymentOrder) -> port.CreateAnswer:
        result = await self._call("create", order.out_trade_no, _order(order))
        if isinstance(result, AcquirerResult):
            return (
                port.OrderCreated(order.out_trade_no, result.trade) if result.trade else _unexpected("created", result)
            )
        return result

    async def precreate(self, order: port.PaymentOrder) -> port.PrecreateAnswer:
        result = await self._call("precreate", order.out_trade_no, _order(order))
        if isinstance(result, AcquirerResult):
            return (
                port.CodeCreated(order.out_trade_no, result.qr_code) if result.qr_code else _unexpected("code", result)
            )
        return result

    async def scan(self, order: port.PaymentOrder) -> port.ScanAnswer:
        result = await self._call("scan", order.out_trade_no, _order(order))
        if not isinstance(result, AcquirerResult):
            return result
        if result.outcome == "password":
            return port.PasswordRequired(order.out_trade_no, result.trade)
        view = _view(result)
        if isinstance(view, port.TradeView) and not view.status.paid:
            return port.Unknown("scanned but not paid")
        return view

    async def query(self, order: port.OrderRef) -> port.QueryAnswer:
        result = await self._call("query", order.out_trade_no, _ref(order))
        if isinstance(result, port.Refusal):
            return port.Unknown(result.code)
        if isinstance(result, port.Unknown):
            return result
        return port.NotFound(order.out_trade_no) if result.outcome == "not_found" else _view(result)

    async def close(self, order: port.OrderRef) -> port.CloseAnswer:
        result = await self._call("close", order.out_trade_no, _ref(order))
        if not isinstance(result, AcquirerResult):
            return result
        if result.outcome == "not_found":
            return port.NotFound(order.out_trade_no)
        return port.Closed(order.out_trade_no) if result.outcome == "closed" else _unexpected("closed", result)

    async def cancel(self, order: port.OrderRef) -> port.CancelAnswer:
        result = await self._call("cancel", order.out_trade_no, _ref(order))
        if not isinstance(result, AcquirerResult):
            return result
        if result.outcome not in ("cancelled", "not_found"):
            return _unexpected("cancelled", result)
        return port.Cancelled(order.out_trade_no, port.CANCEL_ACTIONS.get(result.action, ""))

    async def refund(self, refund: port.Refund) -> port.RefundAnswer:
        result = await self._call("refund", refund.order.out_trade_no, _refund(refund))
        return _refunded(refund, result) if isinstance(result, AcquirerResult) else result

    async def query_refund(self, refund: port.Refund) -> port.RefundQueryAnswer:
        result = await self._call("query_refund", refund.order.out_trade_no, _refund(refund))
        if isinstance(result, port.Refusal):
            return port.Unknown(result.code)
        if isinstance(result, port.Unknown):
            return result
        missing = result.outcome == "not_found"
        return port.NotFound(refund.order.out_trade_no) if missing else _refunded(refund, result)

    def verify_notification(self, body: bytes, content_type: str) -> port.Notification | port.RejectedNotification:  # noqa: ARG002
        """The body is a message in its envelope."""
        if len(body) > MAX_BODY_BYTES:
            return port.RejectedNotification(f"more than {MAX_BODY_BYTES} bytes")
        try:
            message = self._open(body, "notice")
        except AnswerError as error:
            return port.RejectedNotification(str(error))
        result = message.result if isinstance(message, AcquirerMessage) else None
        return (
            _notification(self._account.merchant, result)
            if result is not None
            else port.RejectedNotification("no notice")
        )

    async def confirm_notification(self, notify_id: str) -> bool | port.Unknown:  # noqa: ARG002 - the port's shape
        return True

    async def aclose(self) -> None:
        await self._http.aclose()

    def _open(self, body: bytes, kind: str) -> AcquirerMessage | SealedEnvelope:
        return self._keys.open(body, kind=kind, merchant=self._account.merchant, now=self._clock.wall())

    async def _call(
        self, call: str, order: str, arguments: dict[str, object]
    ) -> AcquirerResult | port.Refusal | port.Unknown:
        """Make a call about ``order``. An unsigned refusal counts as a refusal."""
        asked = AcquirerMessage(
            kind="ask",
            merchant=self._account.merchant,
            at=int(self._clock.wall()),
            nonce=self._new_nonce(),
            call=call,
            arguments=arguments,
        )
        url = f"{self._account.gateway_url.rstrip('/')}/v1/{call}"
        page = await self._http.post(url, content=self._keys.seal(asked), headers=_JSON)
        if isinstance(page, port.Unknown):
            return page
        try:
            answer = self._open(page.body, "answer")
        except AnswerError as error:
            return port.Unknown(str(error))
        if isinstance(answer, SealedEnvelope):
            return port.Refusal(answer.refused, signed=False)
        if (answer.nonce, answer.call) != (asked.nonce, call) or answer.result is None:
            return port.Unknown("the answer is to another call")
        return _outcome(order, answer.result)


def _outcome(order: str, result: AcquirerResult) -> AcquirerResult | port.Refusal | port.Unknown:
    if result.outcome == "refused" and result.code:
        return port.Refusal(result.code, result.detail)
    if result.outcome in ("refused", "unknown"):
        return port.Unknown(result.code or result.detail or "unknown")
    return result if result.order == order else port.OTHER_ORDER


def _unexpected(expected: str, result: AcquirerResult) -> port.Unknown:
    return port.Unknown(f"answered {result.outcome[:20]!r} instead of {expected!r}")


def _order(order: port.PaymentOrder) -> dict[str, object]:
    return {
        "order": order.out_trade_no,
        "way": order.way,
        "amount": _sum(order.amount),
        "subject": order.subject,
        "buyer": order.buyer_id,
        "auth_code": order.auth_code,
        "terminal": order.terminal,
        "placed_at": order.placed_at,
        "expires_min": order.expires_min,
        "notify_url": order.notify_url,
        "passback": order.passback,
    }


def _ref(order: port.OrderRef) -> dict[str, object]:
    return {"order": order.out_trade_no, "way": order.way}


def _refund(refund: port.Refund) -> dict[str, object]:
    return _ref(refund.order) | {
        "refund": refund.refund_no,
        "amount": _sum(refund.amount),
        "total": _sum(refund.total),
        "reason": refund.reason,
        "operator": refund.operator,
    }


def _sum(money: Money) -> WireAmount:
    return WireAmount(money.plain(), money.currency)


def _money(amount: WireAmount | None) -> Money | None:
    return port.read_amount(amount.value, amount.currency) if amount is not None else None


def _view(result: AcquirerResult) -> port.TradeView | port.Unknown:
    amount = _money(result.amount)
    if result.outcome != "trade" or amount is None or not result.trade:
        return _unexpected("trade", result)
    try:
        status = port.TradeStatus(result.status)
    except ValueError:
        return port.Unknown("the answer's status is unknown")
    return port.TradeView(
        out_trade_no=result.order,
        trade_no=result.trade,
        status=status,
        amount=amount,
        buyer_id=result.buyer,
        paid_at=result.paid_at,
    )


def _refunded(refund: port.Refund, result: AcquirerResult) -> port.Refunded | port.Unknown:
    if result.outcome != "refunded" or result.refund != refund.refund_no or _money(result.amount) != refund.amount:
        return _unexpected("refunded", result)
    return port.Refunded(
        out_trade_no=result.order, refund_no=result.refund, amount=refund.amount, in_all=_money(result.refunded)
    )


def _notification(merchant: str, result: AcquirerResult) -> port.Notification | port.RejectedNotification:
    if not (result.notice and result.order and result.trade and result.amount):
        return port.RejectedNotification("notice, order, trade or amount missing")
    try:
        status = port.TradeStatus(result.status)
    except ValueError:
        return port.RejectedNotification(f"status {result.status[:40]!r} is unknown")
    return port.Notification(
        notify_id=result.notice,
        out_trade_no=result.order,
        trade_no=result.trade,
        status=status,
        total=result.amount.value,
        currency=result.amount.currency,
        seller_id=merchant,
        buyer_id=result.buyer,
        paid_at=result.paid_at,
        refunded=result.refunded.value if result.refunded else "",
        refund_no=result.refund,
        passback=result.passback,
        fields={name: str(value) for name, value in msgspec.to_builtins(result).items() if value},
    )
