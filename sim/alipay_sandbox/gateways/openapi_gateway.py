"""The openapi gateway: JSON responses, ``app_id``, RSA or RSA2, plain keys or certificates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sim.alipay_sandbox.gateways import openapi_oauth
from sim.alipay_sandbox.gateways.openapi_admission import AlipayApp, admit, identify_app
from sim.alipay_sandbox.gateways.openapi_bills import BillDownloads
from sim.alipay_sandbox.gateways.openapi_trades import TRADE_CALLS, OpenapiCall, OpenapiContext
from sim.alipay_sandbox.gateways.openapi_wire import (
    Node,
    OpenapiError,
    failure,
    node_name,
    read_request,
    signed_json,
    success,
    unsigned_json,
)
from sim.alipay_sandbox.gateways.request import (
    ConflictingParametersError,
    GatewayResponse,
    RequestParameters,
    RequestRejectedError,
    merge_parameters,
)
from sim.alipay_sandbox.model.error_texts import ERROR_TEXTS
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange

TOKEN_CALL: Final = "alipay.system.oauth.token"  # noqa: S105 - the name of a call
BILL_CALL: Final = "alipay.data.dataservice.bill.downloadurl.query"
WITHOUT_PREFIX: Final = frozenset({"BILL_NOT_EXIST", "INVAILID_ARGUMENTS"})
ERROR_NODE: Final = "error_response"


class OpenapiRequest:
    """An admitted request; implements ``GatewayRequest``."""

    def __init__(self, context: OpenapiContext, calls: Mapping[str, OpenapiCall], charset: str) -> None:
        self._context = context
        self._request = context.admitted.request
        self._app = context.admitted.app
        self._calls = calls
        self._charset = charset

    @property
    def call_name(self) -> str:
        return self._request.method

    @property
    def order_key(self) -> tuple[str, str]:
        return self._context.partner, str(self._context.admitted.biz.get("out_trade_no", ""))

    def execute(self) -> GatewayResponse:
        try:
            return self._signed(self._calls[self.call_name](self._context))
        except OpenapiError as refusal:
            return error_response(refusal, self._request, self._app, self._charset)
        except BusinessError as error:
            return self.business_refusal(error.code)

    def unknown_outcome(self) -> GatewayResponse:
        return self._signed(failure("20000", "isp.unknow-error", ERROR_TEXTS["SYSTEM_ERROR"]))

    def gateway_failure(self) -> GatewayResponse:
        return unsigned(ERROR_NODE, failure("20000", "aop.unknow-error", ERROR_TEXTS["SYSTEM_ERROR"]), self._charset)

    def business_refusal(self, code: str) -> GatewayResponse:
        plain = code.removeprefix("ACQ.")
        # The two gateways have different codes for the same refusal.
        plain = {"REASON_ILLEGAL_STATUS": "TRADE_STATUS_ERROR"}.get(plain, plain)
        sub_code = plain if plain in WITHOUT_PREFIX else f"ACQ.{plain}"
        return self._signed(failure("40004", sub_code, ERROR_TEXTS.get(plain, plain)))

    def retry_later(self) -> GatewayResponse:
        return self._signed(success({"out_trade_no": self.order_key[1], "retry_flag": "Y"}))

    def _signed(self, node: Node) -> GatewayResponse:
        key = self._app.content_key if self._request.params.get("encrypt_type") else ""
        return signed(node_name(self.call_name), node, self._request, self._app, self._charset, content_key=key)


class OpenapiEndpoint:
    """Parses and admits requests."""

    def __init__(self, exchange: Exchange, apps: Mapping[str, AlipayApp], bills: BillDownloads) -> None:
        self._exchange = exchange
        self._apps = apps
        self._calls: Final[Mapping[str, OpenapiCall]] = {
            **TRADE_CALLS,
            TOKEN_CALL: self._exchange_token,
            BILL_CALL: bills.download_url,
        }

    def admit(self, query: bytes, body: bytes, *, now: float, base_url: str, charset: str = "") -> OpenapiRequest:
        """Raises :class:`RequestRejectedError`. ``charset``, if given, replaces that of the response."""
        request, app = None, None
        try:
            request = read_request(_merged(query, body))
            app = identify_app(request, self._apps)
            admitted = admit(request, app, self._calls, now)
        except OpenapiError as refusal:
            chosen = charset or (request.charset if request else "utf-8")
            raise RequestRejectedError(error_response(refusal, request, app, chosen)) from refusal
        context = OpenapiContext(self._exchange, admitted, self._exchange.now(), base_url)
        return OpenapiRequest(context, self._calls, charset or request.charset)

    def _exchange_token(self, context: OpenapiContext) -> Node:
        admitted = context.admitted
        return openapi_oauth.exchange_token(self._exchange, admitted.app.app_id, admitted.request.params)


def _merged(query: bytes, body: bytes) -> dict[bytes, bytes]:
    try:
        return merge_parameters(query, body)
    except ConflictingParametersError:
        raise OpenapiError("40002", "isv.suspected-attack", "可疑的攻击请求") from None


def error_response(
    refusal: OpenapiError, request: RequestParameters | None, app: AlipayApp | None, charset: str
) -> GatewayResponse:
    """Signed if the app is known and its signature was checked."""
    own = refusal.own_node and request is not None and request.method
    name = node_name(request.method) if request is not None and own else ERROR_NODE
    if refusal.signed and request is not None and app is not None:
        return signed(name, refusal.node(), request, app, charset)
    return unsigned(name, refusal.node(), charset)


def unsigned(name: str, node: Node, charset: str) -> GatewayResponse:
    return GatewayResponse(unsigned_json(name, node, charset), _media_type(charset))


def signed(
    name: str, node: Node, request: RequestParameters, app: AlipayApp, charset: str, *, content_key: str = ""
) -> GatewayResponse:
    """Signed with Alipay's key for the app; names that key's certificate in certificate mode."""
    content = signed_json(
        name,
        node,
        app.keys,
        request.params["sign_type"],
        charset=charset,
        cert_sn=app.alipay_cert_sn if request.params.get("app_cert_sn") else "",
        content_key=content_key,
    )
    return GatewayResponse(content, _media_type(charset))


def _media_type(charset: str) -> str:
    """HTML instead of JSON, as the live gateway sends it."""
    return f"text/html;charset={charset}"
