"""``/gateway.do``: both gateways at one address, and the faults of calls.

A request with a ``service`` belongs to the mapi gateway, one with a ``method`` to the openapi gateway.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sim.alipay_sandbox import forger
from sim.alipay_sandbox.faults import ActiveFaults
from sim.alipay_sandbox.gateways.mapi_gateway import MapiEndpoint, error_response
from sim.alipay_sandbox.gateways.openapi_gateway import OpenapiEndpoint
from sim.alipay_sandbox.gateways.request import GatewayRequest, GatewayResponse, RequestRejectedError
from sim.alipay_sandbox.http.notifier import Notifier
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.trades import SandboxTrade

MAX_BODY_BYTES: Final = 64 * 1024


class DroppedResponse(Response):
    """A response that starts and never completes, so that the server closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        headers = [(b"content-length", b"1000"), (b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


class SandboxEndpoint:
    """Both gateways behind one address."""

    def __init__(
        self,
        exchange: Exchange,
        notifier: Notifier,
        faults: ActiveFaults,
        *,
        mapi: MapiEndpoint,
        openapi: OpenapiEndpoint,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        self._exchange = exchange
        self._notifier = notifier
        self._faults = faults
        self._mapi = mapi
        self._openapi = openapi
        self._pause = pause

    async def serve(self, request: Request, base_url: str) -> Response:
        body = await request.body()
        query: bytes = request.scope["query_string"]
        name = _call_name(query, body)
        if self._faults.is_outage(name, self._exchange.now()):
            return DroppedResponse()
        if len(body) > MAX_BODY_BYTES:
            return _http_response(error_response("ILLEGAL_ARGUMENT", "utf-8"))
        try:
            admitted = self._admit(query, body, name, base_url)
        except RequestRejectedError as rejected:
            return _http_response(rejected.response)
        return await self._deliver(admitted, await self._execute(admitted))

    def _admit(self, query: bytes, body: bytes, name: str, base_url: str) -> GatewayRequest:
        skew = self._faults.hit("clock-skew", name)
        now = self._exchange.now() + (skew.seconds if skew else 0.0)
        charset = "gbk" if self._faults.hit("gbk-answers", name) else ""
        gateway = self._mapi if _is_mapi(query, body) else self._openapi
        return gateway.admit(query, body, now=now, base_url=base_url, charset=charset)

    async def _execute(self, request: GatewayRequest) -> GatewayResponse:
        name = request.call_name
        if self._faults.hit("gateway-error", name):
            return request.gateway_failure()
        if self._faults.hit("system-error-before", name):
            return request.unknown_outcome()
        refusal = self._faults.hit("refuse", name)
        if refusal is not None:
            return request.business_refusal(refusal.code)
        if name.endswith(".cancel") and self._faults.hit("retry-flag", name):
            return request.retry_later()
        response = request.execute()
        trade = self._exchange.state.by_order.get(request.order_key)
        if trade is not None:
            await self._notify_before_response(name, trade)
        self._notifier.wake()
        if self._faults.hit("system-error-after", name):
            return request.unknown_outcome()
        return self._with_signature_faults(name, response)

    def _with_signature_faults(self, name: str, response: GatewayResponse) -> GatewayResponse:
        if self._faults.hit("answer-unsigned", name):
            return GatewayResponse(forger.without_signature(response.content), response.media_type)
        if self._faults.hit("answer-forged", name):
            return GatewayResponse(forger.with_wrong_signature(response.content), response.media_type)
        return response

    async def _notify_before_response(self, name: str, trade: SandboxTrade) -> None:
        unpaid = trade.status == "WAIT_BUYER_PAY"
        if unpaid and self._faults.hit("notice-forged-early", name):
            self._notifier.send_forged_payment(trade)
        if self._faults.hit("notice-before-answer", name):
            if unpaid and trade.payer_id:
                with contextlib.suppress(BusinessError):
                    self._exchange.pay_trade(trade.trade_no, trade.payer_id)
            await self._notifier.deliver_trade(trade.trade_no)

    async def _deliver(self, request: GatewayRequest, response: GatewayResponse) -> Response:
        delay = self._faults.hit("delay-answer", request.call_name)
        if delay is not None:
            await self._pause(delay.seconds)
        drop = self._faults.hit("drop-answer", request.call_name)
        if drop is None:
            return _http_response(response)
        await self._pause(drop.seconds)
        return DroppedResponse()


def _http_response(response: GatewayResponse) -> Response:
    # As a header, because Starlette appends its own charset to a media type.
    return Response(response.content, headers={"Content-Type": response.media_type})


def _raw_parameters(query: bytes, body: bytes) -> dict[bytes, bytes]:
    return dict(part.partition(b"=")[::2] for part in (*query.split(b"&"), *body.split(b"&")))


def _is_mapi(query: bytes, body: bytes) -> bool:
    raw = _raw_parameters(query, body)
    return b"service" in raw or (b"_input_charset" in raw and b"method" not in raw)


def _call_name(query: bytes, body: bytes) -> str:
    raw = _raw_parameters(query, body)
    return (raw.get(b"method") or raw.get(b"service") or b"").decode("ascii", "replace")
