"""The mapi/intlmapi gateway: ``alipay.acquire.*`` over signed forms and XML.

Sandbox, production, mainland and cross-border differ only in their ``MapiMerchant``.
"""

from collections.abc import Mapping
from typing import Final

from dispatch.clock import Clock
from dispatch.payment.core import port
from dispatch.payment.core.beijing_time import format_time
from dispatch.payment.gateways.http_client import HttpClient, Transport
from dispatch.payment.protocols.mapi import responses as answers
from dispatch.payment.protocols.mapi.merchant import MapiMerchant
from dispatch.payment.protocols.mapi.xml import SignedAnswer, UnsignedRefusal, read_answer
from dispatch.payment.protocols.notification import read_notification
from dispatch.payment.protocols.signing import AnswerError, Signer, canonical

CHARSET: Final = "UTF-8"


class MapiGateway:
    """Implements the payment port over mapi. Close its connections with :meth:`aclose`."""

    def __init__(self, merchant: MapiMerchant, clock: Clock, *, transport: Transport | None = None) -> None:
        self._merchant = merchant
        self._clock = clock
        self._signer = Signer(merchant.keys)
        self._http = HttpClient(
            timeout_s=merchant.timeout_s, max_connections=merchant.max_connections, transport=transport
        )

    async def create(self, order: port.PaymentOrder) -> port.CreateAnswer:
        answer = await self._call("alipay.acquire.create", self._merchant.create_fields(order))
        return answers.created(order, answer.fields) if isinstance(answer, SignedAnswer) else answer

    async def precreate(self, order: port.PaymentOrder) -> port.PrecreateAnswer:
        answer = await self._call("alipay.acquire.precreate", self._merchant.precreate_fields(order))
        return answers.code_made(order, answer.fields) if isinstance(answer, SignedAnswer) else answer

    async def scan(self, order: port.PaymentOrder) -> port.ScanAnswer:
        if self._merchant.overseas(order.ref):
            answer = await self._call("alipay.acquire.overseas.spot.pay", self._merchant.spot_pay_fields(order))
        else:
            answer = await self._call("alipay.acquire.createandpay", self._merchant.create_and_pay_fields(order))
        return answers.scanned(order, answer.fields) if isinstance(answer, SignedAnswer) else answer

    async def query(self, order: port.OrderRef) -> port.QueryAnswer:
        if self._merchant.overseas(order):
            asked = {"partner_trans_id": order.out_trade_no}
            answer = await self._call("alipay.acquire.overseas.query", asked)
        else:
            answer = await self._call("alipay.acquire.query", {"out_trade_no": order.out_trade_no})
        if isinstance(answer, port.Refusal):
            return port.Unknown(answer.code)
        if isinstance(answer, SignedAnswer):
            return answers.viewed(order, answer.fields, self._merchant.trans_currency)
        return answer

    async def close(self, order: port.OrderRef) -> port.CloseAnswer:
        answer = await self._call("alipay.acquire.close", {"out_trade_no": order.out_trade_no})
        return answers.closed(order, answer.fields) if isinstance(answer, SignedAnswer) else answer

    async def cancel(self, order: port.OrderRef) -> port.CancelAnswer:
        answer = await self._call("alipay.acquire.cancel", {"out_trade_no": order.out_trade_no})
        return answers.cancelled(order, answer.fields) if isinstance(answer, SignedAnswer) else answer

    async def refund(self, refund: port.Refund) -> port.RefundAnswer:
        if self._merchant.overseas(refund.order):
            answer = await self._call("alipay.acquire.overseas.spot.refund", self._merchant.spot_refund_fields(refund))
        else:
            answer = await self._call("alipay.acquire.refund", self._merchant.refund_fields(refund))
        return answers.refunded(refund, answer.fields) if isinstance(answer, SignedAnswer) else answer

    async def query_refund(self, refund: port.Refund) -> port.RefundQueryAnswer:
        """Mapi documents no such call: an unknown refund is repeated with its number."""
        return port.Unknown(f"mapi cannot query refund {refund.refund_no}")

    def verify_notification(self, body: bytes, content_type: str) -> port.Notification | port.RejectedNotification:
        return read_notification(body, content_type, self._signer)

    async def confirm_notification(self, notify_id: str) -> bool | port.Unknown:
        """Call ``notify_verify``, which confirms a notification until it is acknowledged.

        An additional check after the signature: the answer itself is not signed.
        """
        asked = {"service": "notify_verify", "partner": self._merchant.partner, "notify_id": notify_id}
        page = await self._http.get(self._merchant.gateway_url, params=asked)
        if isinstance(page, port.Unknown):
            return page
        match page.body.strip():
            case b"true":
                return True
            case b"false" | b"invalid":
                return False
            case _:
                return port.Unknown("neither true nor false")

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _call(self, method: str, business: Mapping[str, str]) -> SignedAnswer | port.Refusal | port.Unknown:
        # A gateway reads the charset before the body, so the URL contains it as well.
        page = await self._http.post(
            self._merchant.gateway_url,
            params={"_input_charset": CHARSET},
            form=self.signed_form(method, business),
        )
        if isinstance(page, port.Unknown):
            return page
        try:
            answer = read_answer(page.body, self._signer)
        except AnswerError as error:
            return port.Unknown(str(error))
        if isinstance(answer, UnsignedRefusal):
            return answers.unclear_or_refused(answer.error, signed=False)
        return answer

    def signed_form(self, method: str, business: Mapping[str, str]) -> dict[str, str]:
        """All fields of a request without blank ones, signed."""
        form = {
            "service": method,
            "partner": self._merchant.partner,
            "_input_charset": CHARSET,
            "timestamp": format_time(self._clock.wall()),
            **{name: value for name, value in business.items() if value},
        }
        sign = self._signer.sign(canonical(form).encode(CHARSET))
        return {**form, "sign_type": self._signer.sign_type, "sign": sign}
