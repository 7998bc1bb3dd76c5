"""An acquirer's side of ``bench payments``: the documented example server, with faults in the transport to it.

The example (``docs/examples/acquirer_server.py``) has no faults and no expiry, and notifies of payments alone. All
faults are in the transport, and notifications are repeated here until they are acknowledged.
"""

import importlib.util
import random
import sys
from itertools import count
from pathlib import Path
from time import gmtime, strftime
from typing import Any, Final

import httpx
import msgspec

from bench.payments import alipay
from dispatch.clock import Clock
from dispatch.payment.core.port import trip_of
from dispatch.values.money import Money
from sim.alipay_sandbox.faults import ActiveFaults

EXAMPLE: Final = Path(__file__).parents[2] / "docs" / "examples" / "acquirer_server.py"
ANSWERS: Final = (
    "",
    "outage",
    "drop-answer",
    "delay-answer",
    "system-error-before",
    "system-error-after",
    "answer-forged",
    "clock-skew",
)
"""Faults of a call to it; blank: none."""
NOTICES: Final = ("", "notice-lost", "notice-late", "notice-duplicate")
REPEAT_S: Final = 240.0


class _ManualTime:
    """The module ``time`` as the example uses it, on the manual clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0
        self.ahead_s = 0.0

    def time(self) -> float:
        return self._clock.wall() + self.ahead_s

    def time_ns(self) -> int:
        """Strictly increasing: the example derives numbers from it."""
        self._last = max(self._last + 1, int(self._clock.wall() * 1e9))
        return self._last

    strftime = staticmethod(strftime)
    gmtime = staticmethod(gmtime)


class _FaultyTransport(alipay.SandboxTransport):
    """The transport to the example, with faults."""

    def __init__(self, faults: ActiveFaults, manual_time: _ManualTime) -> None:
        super().__init__()
        self._faults = faults
        self._time = manual_time

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert self.inner is not None  # noqa: S101 - set where it is made
        self.late_s = 0.0
        call = request.url.path.rpartition("/")[2]
        if self._faults.is_outage(call, self._time.time()):
            raise httpx.ConnectError("outage", request=request)
        if self._faults.hit("system-error-before", call):
            return httpx.Response(500)
        skew = self._faults.hit("clock-skew", call)
        self._time.ahead_s = skew.seconds if skew else 0.0
        answer = await self.inner.handle_async_request(request)
        self._time.ahead_s = 0.0
        return self._answer(call, request, answer, await answer.aread())

    def _answer(self, call: str, request: httpx.Request, answer: httpx.Response, body: bytes) -> httpx.Response:
        if self._faults.hit("system-error-after", call):
            return httpx.Response(502)
        if self._faults.hit("drop-answer", call):
            raise httpx.RemoteProtocolError("the connection was cut", request=request)
        late = self._faults.hit("delay-answer", call)
        self.late_s = min(late.seconds, alipay.TIMEOUT_S) if late else 0.0
        if self._faults.hit("answer-forged", call):
            body = body.replace(b'"at\\": 1', b'"at\\": 2')
        return httpx.Response(answer.status_code, content=body)


class ExampleAcquirer(alipay.FaultyCounterparty):
    """The documented example, in place of :class:`bench.payments.alipay.SandboxAlipay`."""

    def __init__(self, clock: Clock) -> None:
        spec = importlib.util.spec_from_file_location("acquirer_server", EXAMPLE)
        assert spec is not None  # noqa: S101 - it is in the repository
        assert spec.loader is not None  # noqa: S101
        self._example: Any = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = self._example  # its data classes look up their module
        spec.loader.exec_module(self._example)
        manual_time = _ManualTime(clock)
        vars(self._example)["time"] = manual_time
        self._acquirer = self._example.Acquirer(alipay.ACQUIRER_MERCHANT, alipay.ACQUIRER_SECRET)
        faults = ActiveFaults((), random.Random(0), clock.wall())
        super().__init__(clock, faults, _FaultyTransport(faults, manual_time))
        self.transport.inner = httpx.ASGITransport(self._acquirer.app())
        self._notices: dict[str, float] = {}
        """Time of the next notification by order."""
        self._notified: set[str] = set()
        self._codes = count(10**15)
        self.inbox: Final = alipay.NotificationTransport()

    def pay(self, trade_no: str) -> bool:
        trade = next(each for each in self._acquirer.trades.values() if each.number == trade_no)
        self._example.settle(trade)
        return bool(trade.status == "TRADE_SUCCESS")

    def scan(self, qr_code: str) -> str | None:
        number = qr_code.rpartition("/")[2]
        payable = {trade.number for trade in self._acquirer.trades.values() if trade.status == "WAIT_BUYER_PAY"}
        return number if number in payable else None

    def bar_code(self, *, password: bool) -> str:
        """A fresh code on the passenger's phone; the example asks for the password if it ends in 9."""
        return f"28{next(self._codes)}{9 if password else 1}"

    async def deliver(self) -> None:
        now = self._clock.wall()
        for order in [order for order, at in self._notices.items() if at <= now]:
            envelope = msgspec.json.encode(self._acquirer.notice(self._acquirer.trades[order]))
            acknowledged = False
            for _ in range(2 if self._faults.hit("notice-duplicate", "paid") else 1):
                acknowledged = await self._post(envelope)
            self._notices[order] = now + REPEAT_S
            if acknowledged:
                del self._notices[order]

    async def _post(self, content: bytes) -> bool:
        request = httpx.Request(
            "POST", "http://taxi.invalid/", content=content, headers={"content-type": "application/json"}
        )
        return (await self.inbox.handle_async_request(request)).content == b"success"

    def next_due(self) -> float | None:
        for order, trade in self._acquirer.trades.items():
            if trade.paid_at and order not in self._notified:
                self._notified.add(order)
                late = self._faults.hit("notice-late", "paid")
                if not self._faults.hit("notice-lost", "paid"):
                    self._notices[order] = self._clock.wall() + (late.seconds if late else 0.0)
        return min(self._notices.values(), default=None)

    def balances(self, trip: str) -> list[alipay.OrderBalance]:
        return [self._balance(order, trade) for order, trade in self._acquirer.trades.items() if trip_of(order) == trip]

    def _balance(self, order: str, trade: Any) -> alipay.OrderBalance:  # noqa: ANN401 - the example's own
        asked = trade.order["amount"]
        total = Money.parse(asked["value"], asked["currency"]).minor if trade.paid_at else 0
        # A paid trade that is closed was refunded in full.
        return alipay.OrderBalance(
            order, total, total if trade.status == "TRADE_CLOSED" else self._example.refunded_cents(trade)
        )

    async def aclose(self) -> None: ...
