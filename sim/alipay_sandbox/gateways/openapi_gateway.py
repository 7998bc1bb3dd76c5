"""The openapi gateway: JSON answers, ``app_id``, RSA or RSA2, plain keys or certificates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sim.alipay_sandbox.gateways import openapi_oauth
from sim.alipay_sandbox.gateways.mapi_wire import WireError, merged
from sim.alipay_sandbox.gateways.openapi_admission import Admitted, admit, app_of
from sim.alipay_sandbox.gateways.openapi_bills import BillCounter
from sim.alipay_sandbox.gateways.openapi_trades import TRADE_CALLS, Context, OpenapiCall
from sim.alipay_sandbox.gateways.openapi_wire import (
    Ask,
    Node,
    Refused,
    failure,
    node_name,
    read_ask,
    signed_json,
    success,
    unsigned_json,
)
from sim.alipay_sandbox.gateways.request import Answer, Turned
from sim.alipay_sandbox.model.apps import App
from sim.alipay_sandbox.model.error_texts import MEANINGS
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange

TOKEN: Final = "alipay.system.oauth.token"  # noqa: S105 - the name of a call
BILL: Final = "alipay.data.dataservice.bill.downloadurl.query"
WITHOUT_PREFIX: Final = frozenset({"BILL_NOT_EXIST", "INVAILID_ARGUMENTS"})
ERROR_NODE: Final = "error_response"


class OpenapiQuestion:
    """A call that passed the gate."""

    def __init__(self, context: Context, calls: Mapping[str, OpenapiCall], charset: str) -> None:
        self._context = context
        self._calls = calls
        self._charset = charset

    @property
    def name(self) -> str:
        """The method."""
        return self._context.admitted.ask.method

    @property
    def order(self) -> tuple[str, str]:
        """Merchant and order number."""
        return self._context.partner, str(self._context.admitted.biz.get("out_trade_no", ""))

    def answered(self) -> Answer:
        """Let the method take effect."""
        try:
            return self._signed(self._calls[self.name](self._context))
        except Refused as refusal:
            return answer_of(refusal, self._context.admitted.ask, self._context.admitted.app, self._charset)
        except BusinessError as error:
            return self.refused(error.code)

    def unclear(self) -> Answer:
        """Code 20000: unknown."""
        return self._signed(failure("20000", "isp.unknow-error", MEANINGS["SYSTEM_ERROR"]))

    def broken(self) -> Answer:
        """Code 20000, unsigned."""
        node = failure("20000", "aop.unknow-error", MEANINGS["SYSTEM_ERROR"])
        return Answer(unsigned_json(ERROR_NODE, node, self._charset), _media_type(self._charset))

    def refused(self, code: str) -> Answer:
        """A business refusal, ``ACQ.`` before its code."""
        plain = code.removeprefix("ACQ.")
        # The mapi gateway's word for what this one calls so.
        plain = {"REASON_ILLEGAL_STATUS": "TRADE_STATUS_ERROR"}.get(plain, plain)
        sub_code = plain if plain in WITHOUT_PREFIX else f"ACQ.{plain}"
        return self._signed(failure("40004", sub_code, MEANINGS.get(plain, plain)))

    def to_be_retried(self) -> Answer:
        """``retry_flag=Y``."""
        return self._signed(success({"out_trade_no": self.order[1], "retry_flag": "Y"}))

    def _signed(self, node: Node) -> Answer:
        ask, app = self._context.admitted.ask, self._context.admitted.app
        key = app.content_key if ask.params.get("encrypt_type") else ""
        return signed(node_name(self.name), node, ask, app, self._charset, content_key=key)


class OpenapiGateway:
    """Reads requests and keeps out what may not come in."""

    def __init__(self, exchange: Exchange, apps: Mapping[str, App], bills: BillCounter) -> None:
        self._exchange = exchange
        self._apps = apps
        self._calls: Final[Mapping[str, OpenapiCall]] = {**TRADE_CALLS, TOKEN: self._token, BILL: bills.downloadurl}

    def read(self, query: bytes, body: bytes, *, now: float, base_url: str, charset: str = "") -> OpenapiQuestion:
        """Raises :class:`Turned`. ``charset`` is what the answer is written in, if not the request's."""
        ask, app = None, None
        try:
            ask = read_ask(_merged(query, body))
            app = app_of(ask, self._apps)
            admitted: Admitted = admit(ask, app, self._calls, now)
        except Refused as refusal:
            raise Turned(answer_of(refusal, ask, app, charset or (ask.charset if ask else "utf-8"))) from refusal
        context = Context(self._exchange, admitted, self._exchange.now(), base_url)
        return OpenapiQuestion(context, self._calls, charset or ask.charset)

    def _token(self, context: Context) -> Node:
        return openapi_oauth.token(self._exchange, context.admitted.app.app_id, context.admitted.ask.params)


def _merged(query: bytes, body: bytes) -> dict[bytes, bytes]:
    try:
        return merged(query, body)
    except WireError:
        raise Refused("40002", "isv.suspected-attack", "可疑的攻击请求") from None


def answer_of(refusal: Refused, ask: Ask | None, app: App | None, charset: str) -> Answer:
    """A refusal as it is sent: signed once the app is known and its signature was looked at."""
    own = refusal.own_node and ask is not None and ask.method
    name = node_name(ask.method) if ask is not None and own else ERROR_NODE
    if refusal.signed and ask is not None and app is not None:
        return signed(name, refusal.node(), ask, app, charset)
    return Answer(unsigned_json(name, refusal.node(), charset), _media_type(charset))


def signed(name: str, node: Node, ask: Ask, app: App, charset: str, *, content_key: str = "") -> Answer:
    """An answer that the app's Alipay key signs, with that key's certificate named in certificate mode."""
    content = signed_json(
        name,
        node,
        app.seal,
        ask.params["sign_type"],
        charset=charset,
        cert_sn=app.alipay_cert_sn if ask.params.get("app_cert_sn") else "",
        content_key=content_key,
    )
    return Answer(content, _media_type(charset))


def _media_type(charset: str) -> str:
    """Not JSON: that is what the live gateway says."""
    return f"text/html;charset={charset}"
