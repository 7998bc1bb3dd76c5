"""The mapi/intlmapi gateway: ``alipay.acquire.create``, ``.query`` and ``.close`` over signed forms and XML.

Sandbox, production, mainland and cross-border differ by :class:`MapiMerchant` alone. The field names are those of
Antom's documents ``global/acquire_create`` and ``global/acquire_query``.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Final

import httpx
import msgspec

from dispatch.clock import Clock
from dispatch.payment.gateway import (
    Closed,
    NotFound,
    Notification,
    Order,
    OrderCreated,
    Refused,
    Rejected,
    TradeStatus,
    TradeView,
    Unknown,
    read_amount,
)
from dispatch.payment.mapi_xml import AnswerError, GatewayRefusal, SignedAnswer, read_answer
from dispatch.payment.notification import read_notification
from dispatch.payment.signing import Credentials, Signer, canonical

BEIJING: Final = dt.timezone(dt.timedelta(hours=8))
CHARSET: Final = "UTF-8"
TAXI_INDUSTRY: Final = "4121"
"""Merchant category of taxis and limousines (ISO 18245)."""

UNCLEAR: Final = frozenset({"SYSTEM_ERROR", "SESSION_TIMEOUT", "UNKNOWN", "UNKNOW", "PROCESS_EXCEPTION"})
"""Codes that leave open whether the call took effect. ``UNKNOW`` is Alipay's own spelling in places."""
NOT_FOUND: Final = frozenset({"TRADE_NOT_EXIST", "PURCHASE_TRADE_NOT_EXIST"})


class MapiMerchant(msgspec.Struct, frozen=True, kw_only=True):
    """A company's account at a mapi gateway. ``repr`` shows no keys."""

    gateway_url: str
    """``https://globalmapi.alipay.com/gateway.do`` in cross-border production."""
    partner: str
    """PID, 16 digits from 2088."""
    seller_id: str
    """Who receives the money; as a rule the partner itself."""
    keys: Credentials
    trans_currency: str
    """The currency of the fares."""
    currency: str
    """The currency Alipay settles in; ``156`` for a mainland merchant."""
    product_code: str = "OVERSEAS_MBARCODE_PAY"
    seller_email: str = ""
    secondary_merchant_id: str = ""
    """The taxi company, where ``partner`` is its acquirer. Cross-border orders must name one."""
    secondary_merchant_name: str = ""
    secondary_merchant_industry: str = TAXI_INDUSTRY
    store_id: str = ""
    store_name: str = ""
    timeout_s: float = 10.0
    """Wall seconds for one call; after that its outcome is unknown."""
    max_connections: int = 32

    def extend_params(self) -> str:
        """The JSON that tells Alipay whose ride it is; blank where there is nothing to tell."""
        told = {
            "secondary_merchant_id": self.secondary_merchant_id,
            "secondary_merchant_name": self.secondary_merchant_name,
            "secondary_merchant_industry": self.secondary_merchant_industry if self.secondary_merchant_id else "",
            "store_id": self.store_id,
            "store_name": self.store_name,
        }
        filled = {name: value for name, value in told.items() if value}
        return msgspec.json.encode(filled).decode() if filled else ""


class MapiGateway:
    """:class:`~dispatch.payment.gateway.Gateway` over mapi. Keeps its connections; close it with :meth:`aclose`."""

    def __init__(
        self, merchant: MapiMerchant, clock: Clock, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._merchant = merchant
        self._clock = clock
        self._signer = Signer(merchant.keys)
        self._room = asyncio.Semaphore(merchant.max_connections)
        limits = httpx.Limits(max_connections=merchant.max_connections, keepalive_expiry=30.0)
        # Redirects and proxies of the environment have no place between us and the money.
        self._http = httpx.AsyncClient(
            timeout=merchant.timeout_s, limits=limits, transport=transport, follow_redirects=False, trust_env=False
        )

    async def create(self, order: Order) -> OrderCreated | Refused | Unknown:
        """See :class:`~dispatch.payment.gateway.Gateway`."""
        answer = await self._call("alipay.acquire.create", self._create_fields(order))
        if not isinstance(answer, SignedAnswer):
            return answer
        failure = _failure(answer.fields, "SUCCESS")
        if failure is not None:
            return failure
        trade_no = answer.fields.get("trade_no", "")
        if not trade_no or not _speaks_of(order.out_trade_no, answer.fields):
            return Unknown("the answer is about another order")
        return OrderCreated(order.out_trade_no, trade_no)

    async def query(self, out_trade_no: str) -> TradeView | NotFound | Unknown:
        """See :class:`~dispatch.payment.gateway.Gateway`."""
        answer = await self._call("alipay.acquire.query", {"out_trade_no": out_trade_no})
        if isinstance(answer, Refused):
            return Unknown(answer.code)
        if not isinstance(answer, SignedAnswer):
            return answer
        failure = _failure(answer.fields, "SUCCESS")
        if isinstance(failure, Refused) and failure.code in NOT_FOUND:
            return NotFound(out_trade_no)
        if failure is not None:
            return Unknown(failure.code if isinstance(failure, Refused) else failure.reason)
        return self._trade_view(out_trade_no, answer.fields)

    async def close(self, out_trade_no: str) -> Closed | NotFound | Refused | Unknown:
        """See :class:`~dispatch.payment.gateway.Gateway`."""
        answer = await self._call("alipay.acquire.close", {"out_trade_no": out_trade_no})
        if not isinstance(answer, SignedAnswer):
            return answer
        failure = _failure(answer.fields, "SUCCESS")
        if isinstance(failure, Refused) and failure.code in NOT_FOUND:
            return NotFound(out_trade_no)
        if isinstance(failure, Refused) and failure.code == "TRADE_HAS_CLOSE":
            return Closed(out_trade_no)
        if failure is not None:
            return failure
        return (
            Closed(out_trade_no)
            if _speaks_of(out_trade_no, answer.fields)
            else Unknown("the answer is about another order")
        )

    def verify_notification(self, body: bytes, content_type: str) -> Notification | Rejected:
        """See :class:`~dispatch.payment.gateway.Gateway`."""
        return read_notification(body, content_type, self._signer)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _create_fields(self, order: Order) -> dict[str, str]:
        return {
            "out_trade_no": order.out_trade_no,
            "subject": order.subject,
            "product_code": self._merchant.product_code,
            "total_fee": order.amount.plain(),
            "seller_id": self._merchant.seller_id,
            "buyer_id": order.buyer_id,
            "trans_currency": order.amount.currency,
            "currency": self._merchant.currency,
            "extend_params": self._merchant.extend_params(),
            "it_b_pay": f"{order.expires_min}m",
            "passback_parameters": order.passback,
            "notify_url": order.notify_url,
        }

    def _trade_view(self, out_trade_no: str, fields: Mapping[str, str]) -> TradeView | Unknown:
        try:
            status = TradeStatus(fields.get("trade_status", ""))
        except ValueError:
            return Unknown("the answer's trade_status is not known")
        amount = read_amount(fields.get("total_fee", ""), self._merchant.trans_currency)
        if amount is None:
            return Unknown("the answer's total_fee cannot be read")
        if not _speaks_of(out_trade_no, fields) or not fields.get("trade_no"):
            return Unknown("the answer is about another order")
        return TradeView(
            out_trade_no=out_trade_no,
            trade_no=fields["trade_no"],
            status=status,
            amount=amount,
            buyer_id=fields.get("buyer_user_id", ""),
            paid_at=fields.get("send_pay_date", ""),
        )

    async def _call(self, method: str, business: Mapping[str, str]) -> SignedAnswer | Refused | Unknown:
        form = self.signed_form(method, business)
        try:
            # The whole call has one deadline, waiting for a free connection included.
            async with asyncio.timeout(self._merchant.timeout_s), self._room:
                response = await self._post(form)
        except (TimeoutError, httpx.TimeoutException):
            return Unknown("timeout")
        except httpx.HTTPError as error:
            return Unknown(f"connection: {type(error).__name__}")
        if response.status_code != httpx.codes.OK:
            return Unknown(f"HTTP {response.status_code}")
        try:
            answer = read_answer(response.content, self._signer)
        except AnswerError as error:
            return Unknown(str(error))
        if isinstance(answer, GatewayRefusal):
            return _unclear_or_refused(answer.error, signed=False)
        return answer

    async def _post(self, form: Mapping[str, str]) -> httpx.Response:
        # A gateway reads the charset before it reads the body, so it stands in the URL as well.
        url = self._merchant.gateway_url
        return await self._http.post(url, params={"_input_charset": CHARSET}, data=dict(form))

    def signed_form(self, method: str, business: Mapping[str, str]) -> dict[str, str]:
        """Every field of a request, blanks left out, signed."""
        beijing = dt.datetime.fromtimestamp(self._clock.wall(), BEIJING)
        form = {
            "service": method,
            "partner": self._merchant.partner,
            "_input_charset": CHARSET,
            "timestamp": f"{beijing:%Y-%m-%d %H:%M:%S}",
            **{name: value for name, value in business.items() if value},
        }
        sign = self._signer.sign(canonical(form).encode(CHARSET))
        return {**form, "sign_type": self._signer.sign_type, "sign": sign}


def _speaks_of(out_trade_no: str, fields: Mapping[str, str]) -> bool:
    """A signed answer about another order is genuine, and no answer to our question."""
    return fields.get("out_trade_no") == out_trade_no


def _failure(fields: Mapping[str, str], success: str) -> Refused | Unknown | None:
    """None where the business result is ``success``."""
    result = fields.get("result_code", "")
    if result == success:
        return None
    code = fields.get("detail_error_code", "")
    if result in ("FAIL", "FAILED") and code:
        return _unclear_or_refused(code, fields.get("detail_error_des", ""), signed=True)
    return Unknown(code or result or "no result_code")


def _unclear_or_refused(code: str, detail: str = "", *, signed: bool) -> Refused | Unknown:
    if code.removeprefix("ACQ.").removeprefix("AQC.") in UNCLEAR:
        return Unknown(code)
    return Refused(code, detail, signed)
