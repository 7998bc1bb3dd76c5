"""``/gateway.do``: both gateways at one address, and the faults that strike there.

A request with a ``service`` is for the mapi gateway, one with a ``method`` for the openapi gateway.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sim.alipay_sandbox import forger
from sim.alipay_sandbox.faults import Faults
from sim.alipay_sandbox.gateways.mapi_gateway import MapiGateway, refused
from sim.alipay_sandbox.gateways.openapi_gateway import OpenapiGateway
from sim.alipay_sandbox.gateways.request import Answer, Question, Turned
from sim.alipay_sandbox.http.notifier import Courier
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.trades import Trade

MAX_BODY_BYTES: Final = 64 * 1024


class Cut(Response):
    """No answer: it begins, and the connection ends before it is complete."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Promise a body that never comes; the server then closes the connection."""
        headers = [(b"content-length", b"1000"), (b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


class Gateway:
    """Both gateways behind one address."""

    def __init__(
        self,
        exchange: Exchange,
        courier: Courier,
        faults: Faults,
        *,
        mapi: MapiGateway,
        openapi: OpenapiGateway,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        self._exchange = exchange
        self._courier = courier
        self._faults = faults
        self._mapi = mapi
        self._openapi = openapi
        self._pause = pause

    async def serve(self, request: Request, base_url: str) -> Response:
        """Answer one request, or fail to as the faults want it."""
        body = await request.body()
        query: bytes = request.scope["query_string"]
        name = _call_name(query, body)
        if self._faults.out(name, self._exchange.now()):
            return Cut()
        if len(body) > MAX_BODY_BYTES:
            return _response(refused("ILLEGAL_ARGUMENT", "utf-8"))
        try:
            question = self._read(query, body, name, base_url)
        except Turned as turned:
            return _response(turned.answer)
        return await self._delivered(question, await self._answer(question))

    def _read(self, query: bytes, body: bytes, name: str, base_url: str) -> Question:
        skew = self._faults.take("clock-skew", name)
        now = self._exchange.now() + (skew.seconds if skew else 0.0)
        charset = "gbk" if self._faults.take("gbk-answers", name) else ""
        gateway = self._mapi if _is_mapi(query, body) else self._openapi
        return gateway.read(query, body, now=now, base_url=base_url, charset=charset)

    async def _answer(self, question: Question) -> Answer:
        """What is answered; with this the call has taken effect, unless a fault came first."""
        name = question.name
        if self._faults.take("gateway-error", name):
            return question.broken()
        if self._faults.take("system-error-before", name):
            return question.unclear()
        refusal = self._faults.take("refuse", name)
        if refusal is not None:
            return question.refused(refusal.code)
        if name.endswith(".cancel") and self._faults.take("retry-flag", name):
            return question.to_be_retried()
        answer = question.answered()
        trade = self._exchange.state.by_order.get(question.order)
        if trade is not None:
            await self._tell_first(question, trade)
        self._courier.wake()
        return (
            question.unclear() if self._faults.take("system-error-after", name) else self._signed_as_told(name, answer)
        )

    def _signed_as_told(self, name: str, answer: Answer) -> Answer:
        if self._faults.take("answer-unsigned", name):
            return Answer(forger.unsigned(answer.content), answer.media_type)
        if self._faults.take("answer-forged", name):
            return Answer(forger.wrongly_signed(answer.content), answer.media_type)
        return answer

    async def _tell_first(self, question: Question, trade: Trade) -> None:
        waits = trade.status == "WAIT_BUYER_PAY"
        if waits and self._faults.take("notice-forged-early", question.name):
            self._courier.forge_paid(trade)
        if self._faults.take("notice-before-answer", question.name):
            if waits and trade.payer_id:
                _paid_at_once(self._exchange, trade)
            await self._courier.deliver_of(trade.trade_no)

    async def _delivered(self, question: Question, answer: Answer) -> Response:
        delay = self._faults.take("delay-answer", question.name)
        if delay is not None:
            await self._pause(delay.seconds)
        drop = self._faults.take("drop-answer", question.name)
        if drop is None:
            return _response(answer)
        await self._pause(drop.seconds)
        return Cut()


def _paid_at_once(exchange: Exchange, trade: Trade) -> None:
    try:
        exchange.pay(trade.trade_no, trade.payer_id)
    except BusinessError:
        return


def _response(answer: Answer) -> Response:
    # Given as a header: Starlette would add its own charset to a media type.
    return Response(answer.content, headers={"Content-Type": answer.media_type})


def _parts(query: bytes, body: bytes) -> dict[bytes, bytes]:
    return dict(part.partition(b"=")[::2] for part in (*query.split(b"&"), *body.split(b"&")))


def _is_mapi(query: bytes, body: bytes) -> bool:
    parts = _parts(query, body)
    return b"service" in parts or (b"_input_charset" in parts and b"method" not in parts)


def _call_name(query: bytes, body: bytes) -> str:
    parts = _parts(query, body)
    return (parts.get(b"method") or parts.get(b"service") or b"").decode("ascii", "replace")
