"""The mapi gateway: XML responses, ``partner``, MD5 or RSA."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from sim.alipay_sandbox.gateways import mapi_trades
from sim.alipay_sandbox.gateways.mapi_overseas import OVERSEAS_CALLS
from sim.alipay_sandbox.gateways.mapi_trades import Fields, MapiCall, MapiContext
from sim.alipay_sandbox.gateways.mapi_wire import MapiError, error_xml, read_request, response_xml
from sim.alipay_sandbox.gateways.request import GatewayResponse, RequestParameters, RequestRejectedError
from sim.alipay_sandbox.model.clock import from_beijing_text
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.settings import Charset
from sim.alipay_sandbox.model.signature import SIGN_TYPES, MerchantKeys, string_to_sign

TIMESTAMP_WINDOW_S: Final = 30 * 60


def rejection_code(
    request: RequestParameters, services: Collection[str], keys_by_partner: Mapping[str, MerchantKeys], now: float
) -> str | None:
    """The gateway's error code, or None if the request is admitted."""
    params = request.params
    if params.get("service") not in services:
        return "ILLEGAL_SERVICE"
    keys = keys_by_partner.get(params.get("partner", ""))
    if keys is None:
        return "ILLEGAL_PARTNER"
    return _signature_rejection(request, keys) or _timestamp_rejection(params.get("timestamp", ""), now)


def _signature_rejection(request: RequestParameters, keys: MerchantKeys) -> str | None:
    sign_type = request.params.get("sign_type", "")
    if sign_type not in SIGN_TYPES:
        return "ILLEGAL_SIGN_TYPE"
    if not keys.has_key(sign_type):
        return "HAS_NO_PUBLICKEY"
    text = string_to_sign(request.params).encode(request.charset)
    return None if keys.verify(sign_type, text, request.params.get("sign", "")) else "ILLEGAL_SIGN"


def _timestamp_rejection(timestamp: str, now: float) -> str | None:
    if not timestamp:
        return None
    try:
        off_by = abs(from_beijing_text(timestamp) - now)
    except ValueError:
        return "ILLEGAL_ARGUMENT"
    return "ILLEGAL_ARGUMENT" if off_by > TIMESTAMP_WINDOW_S else None


CALLS: Final[Mapping[str, MapiCall]] = {**mapi_trades.TRADE_CALLS, **OVERSEAS_CALLS}


class MapiRequest:
    """An admitted request; implements ``GatewayRequest``."""

    def __init__(self, context: MapiContext, keys: MerchantKeys, charset: str) -> None:
        self._context = context
        self._params = context.request.params
        self._keys = keys
        self._charset = charset

    @property
    def call_name(self) -> str:
        return self._params["service"]

    @property
    def order_key(self) -> tuple[str, str]:
        number = self._params.get("out_trade_no") or self._params.get("partner_trans_id", "")
        return self._params["partner"], number

    def execute(self) -> GatewayResponse:
        try:
            return self._signed(CALLS[self.call_name](self._context))
        except MapiError as error:
            return error_response(error.code, self._charset)
        except BusinessError as error:
            return self.business_refusal(error.code)

    def unknown_outcome(self) -> GatewayResponse:
        return self._signed(mapi_trades.unknown_outcome(self.call_name))

    def gateway_failure(self) -> GatewayResponse:
        return error_response("SYSTEM_ERROR", self._charset)

    def business_refusal(self, code: str) -> GatewayResponse:
        return self._signed(mapi_trades.business_failure(self.call_name, code) | self._order_fields())

    def retry_later(self) -> GatewayResponse:
        return self._signed(mapi_trades.unknown_outcome(self.call_name) | {"retry_flag": "Y"} | self._order_fields())

    def _order_fields(self) -> Fields:
        return {k: v for k, v in self._params.items() if k in ("out_trade_no", "partner_trans_id") and v}

    def _signed(self, fields: Fields) -> GatewayResponse:
        node = mapi_trades.NODES.get(self.call_name, "alipay")
        content = response_xml(self._context.request, fields, self._keys, self._charset, node=node)
        return GatewayResponse(content, f"text/xml;charset={self._charset}")


class MapiEndpoint:
    """Parses and admits requests."""

    def __init__(
        self, exchange: Exchange, keys_by_partner: Mapping[str, MerchantKeys], answer_charset: Charset
    ) -> None:
        self._exchange = exchange
        self._keys_by_partner = keys_by_partner
        self._answer_charset = answer_charset

    def admit(self, query: bytes, body: bytes, *, now: float, base_url: str, charset: str = "") -> MapiRequest:
        """Raises :class:`RequestRejectedError`. ``charset``, if given, replaces that of the response."""
        try:
            request = read_request(query, body)
        except MapiError as error:
            raise RequestRejectedError(error_response(error.code, "utf-8")) from error
        if request.params.get("service") == "notify_verify":
            verdict = self._notify_verify(request)
            raise RequestRejectedError(GatewayResponse(verdict.encode(), "text/plain;charset=utf-8"))
        chosen = charset or (request.charset if self._answer_charset == "request" else self._answer_charset)
        code = rejection_code(request, CALLS, self._keys_by_partner, now)
        if code is not None:
            raise RequestRejectedError(error_response(code, chosen))
        context = MapiContext(self._exchange, request, self._exchange.now(), base_url)
        return MapiRequest(context, self._keys_by_partner[request.params["partner"]], chosen)

    def _notify_verify(self, request: RequestParameters) -> str:
        """``true`` for a notification that Alipay sent to this merchant and that is not yet acknowledged."""
        notification = self._exchange.notifications.get(request.params.get("notify_id", ""))
        if notification is None or notification.acknowledged:
            return "false"
        partner = self._exchange.trade(notification.made.trade_no).terms.partner
        return "true" if partner == request.params.get("partner") else "false"


def error_response(code: str, charset: str) -> GatewayResponse:
    """``is_success=F``, unsigned."""
    return GatewayResponse(error_xml(code, charset), f"text/xml;charset={charset}")
