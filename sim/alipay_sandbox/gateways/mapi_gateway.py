"""The mapi gateway: XML answers, ``partner``, MD5 or RSA."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sim.alipay_sandbox.gateways import mapi_admission, mapi_trades
from sim.alipay_sandbox.gateways.mapi_overseas import OVERSEAS_SERVICES
from sim.alipay_sandbox.gateways.mapi_trades import Desk, Fields, Service
from sim.alipay_sandbox.gateways.mapi_wire import Call, WireError, answer_xml, read_call, refused_xml
from sim.alipay_sandbox.gateways.request import Answer, Turned
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.settings import Charset
from sim.alipay_sandbox.model.signature import Seal

SERVICES: Final[Mapping[str, Service]] = {**mapi_trades.SERVICES, **OVERSEAS_SERVICES}


class MapiQuestion:
    """A call that passed the gate."""

    def __init__(self, call: Call, desk: Desk, seal: Seal, charset: str) -> None:
        self._call = call
        self._desk = desk
        self._seal = seal
        self._charset = charset

    @property
    def name(self) -> str:
        """The service."""
        return self._call.params["service"]

    @property
    def order(self) -> tuple[str, str]:
        """Partner and order number."""
        params = self._call.params
        return params["partner"], params.get("out_trade_no") or params.get("partner_trans_id", "")

    def answered(self) -> Answer:
        """Let the service take effect."""
        try:
            return self._signed(SERVICES[self.name](self._desk, self._call))
        except WireError as error:
            return refused(error.code, self._charset)
        except BusinessError as error:
            return self.refused(error.code)

    def unclear(self) -> Answer:
        """SYSTEM_ERROR."""
        return self._signed(mapi_trades.unclear(self.name))

    def broken(self) -> Answer:
        """``is_success=F`` with SYSTEM_ERROR."""
        return refused("SYSTEM_ERROR", self._charset)

    def refused(self, code: str) -> Answer:
        """A business refusal."""
        return self._signed(mapi_trades.failed(self.name, code) | self._named())

    def to_be_retried(self) -> Answer:
        """``retry_flag=Y``."""
        return self._signed(mapi_trades.unclear(self.name) | {"retry_flag": "Y"} | self._named())

    def _named(self) -> Fields:
        return {k: v for k, v in self._call.params.items() if k in ("out_trade_no", "partner_trans_id") and v}

    def _signed(self, fields: Fields) -> Answer:
        node = mapi_trades.NODES.get(self.name, "alipay")
        content = answer_xml(self._call, fields, self._seal, self._charset, node=node)
        return Answer(content, f"text/xml;charset={self._charset}")


class MapiGateway:
    """Reads requests and keeps out what may not come in."""

    def __init__(self, exchange: Exchange, seals: Mapping[str, Seal], answer_charset: Charset) -> None:
        self._exchange = exchange
        self._seals = seals
        self._answer_charset = answer_charset

    def read(self, query: bytes, body: bytes, *, now: float, base_url: str, charset: str = "") -> MapiQuestion:
        """Raises :class:`Turned`. ``charset`` is what the answer is written in, if not the request's."""
        try:
            call = read_call(query, body)
        except WireError as error:
            raise Turned(refused(error.code, "utf-8")) from error
        if call.params.get("service") == "notify_verify":
            raise Turned(Answer(self._notify_verify(call).encode(), "text/plain;charset=utf-8"))
        chosen = charset or (call.charset if self._answer_charset == "request" else self._answer_charset)
        code = mapi_admission.refusal(call, SERVICES, self._seals, now)
        if code is not None:
            raise Turned(refused(code, chosen))
        desk = Desk(self._exchange, self._exchange.now(), base_url)
        return MapiQuestion(call, desk, self._seals[call.params["partner"]], chosen)

    def _notify_verify(self, call: Call) -> str:
        """Whether Alipay sent this notification to this merchant; true until it is acknowledged."""
        notice = self._exchange.notices.get(call.params.get("notify_id", ""))
        if notice is None or notice.acknowledged:
            return "false"
        partner = self._exchange.trade(notice.made.trade_no).terms.partner
        return "true" if partner == call.params.get("partner") else "false"


def refused(code: str, charset: str) -> Answer:
    """``is_success=F``."""
    return Answer(refused_xml(code, charset), f"text/xml;charset={charset}")
