"""An acquirer's side of ``bench payments``: the documented example of its gateway, with faults on the way to it.

The example (``docs/examples/acquirer_server.py``) knows no faults of its own, no expiry, and tells of payments alone:
what goes wrong here goes wrong on the wire, and notifications are repeated here until they are acknowledged.
"""

from __future__ import annotations

import importlib.util
import random
import sys
from itertools import count
from pathlib import Path
from time import gmtime, strftime
from typing import Any, Final

import httpx
import msgspec

from bench.payments.alipay import TIMEOUT_S, Balance, Inbox, Wire
from dispatch.clock import Clock
from dispatch.config.settings import AlipayAccount
from dispatch.payment.core.order_number import trip_of
from dispatch.payment.gateways.acquirer import AcquirerAccount, AcquirerGateway
from dispatch.payment.gateways.factory import Gateways
from dispatch.payment.protocols.acquirer_messages import AcquirerCredentials
from dispatch.values.money import Money
from sim.alipay_sandbox.faults import ActiveFaults, SandboxFault

EXAMPLE: Final = Path(__file__).parents[2] / "docs" / "examples" / "acquirer_server.py"
SECRET: Final = "a-secret-of-32-characters-or-more"  # noqa: S105 - of an example
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
"""What can go wrong with a call to it."""
NOTICES: Final = ("", "notice-lost", "notice-late", "notice-duplicate")
REPEAT_S: Final = 240.0


class _Time:
    """The module ``time`` as the example uses it, by the clock that is set by hand."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0
        self.ahead_s = 0.0

    def time(self) -> float:
        return self._clock.wall() + self.ahead_s

    def time_ns(self) -> int:
        """Never the same twice: the example makes numbers of it."""
        self._last = max(self._last + 1, int(self._clock.wall() * 1e9))
        return self._last

    strftime = staticmethod(strftime)
    gmtime = staticmethod(gmtime)


class _Wire(Wire):
    """The way to the example, on which things go wrong."""

    def __init__(self, faults: ActiveFaults, time_there: _Time) -> None:
        super().__init__()
        self._faults = faults
        self._time = time_there

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange."""
        assert self.inner is not None  # noqa: S101 - set where it is made
        self.late_s = 0.0
        call = request.url.path.rpartition("/")[2]
        if self._faults.is_outage(call, self._time.time()):
            raise httpx.ConnectError("nobody is there", request=request)
        if self._faults.strike("system-error-before", call):
            return httpx.Response(500)
        skew = self._faults.strike("clock-skew", call)
        self._time.ahead_s = skew.seconds if skew else 0.0
        answer = await self.inner.handle_async_request(request)
        self._time.ahead_s = 0.0
        return self._spoilt(call, request, answer, await answer.aread())

    def _spoilt(self, call: str, request: httpx.Request, answer: httpx.Response, body: bytes) -> httpx.Response:
        if self._faults.strike("system-error-after", call):
            return httpx.Response(502)
        if self._faults.strike("drop-answer", call):
            raise httpx.RemoteProtocolError("the connection was cut", request=request)
        late = self._faults.strike("delay-answer", call)
        self.late_s = min(late.seconds, TIMEOUT_S) if late else 0.0
        if self._faults.strike("answer-forged", call):
            body = body.replace(b'"at\\": 1', b'"at\\": 2')
        return httpx.Response(answer.status_code, content=body)


class _Notice(msgspec.Struct):
    order: str
    next_at: float


class ExampleAcquirer:
    """The documented example, in the place of :class:`bench.payments.alipay.Alipay`."""

    def __init__(self, clock: Clock) -> None:
        spec = importlib.util.spec_from_file_location("acquirer_server", EXAMPLE)
        assert spec is not None  # noqa: S101 - it is in the repository
        assert spec.loader is not None  # noqa: S101
        self._example: Any = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = self._example  # where its data classes look for their module
        spec.loader.exec_module(self._example)
        there = _Time(clock)
        vars(self._example)["time"] = there
        self._acquirer = self._example.Acquirer("cab1", SECRET)
        self._clock = clock
        self._faults = ActiveFaults((), random.Random(0), clock.wall())
        self._notices: list[_Notice] = []
        self._told: set[str] = set()
        self._codes = count(10**15)
        self.wire: Final[Wire] = _Wire(self._faults, there)
        self.wire.inner = httpx.ASGITransport(self._acquirer.app())
        self.inbox: Final = Inbox()

    def set_faults(self, faults: tuple[SandboxFault, ...]) -> None:
        """These go wrong from now on, and no others."""
        self._faults.replace(faults, self._clock.wall())

    def strikes(self) -> int:
        """How often the faults that are set have struck."""
        return sum(int(fault["hits"]) for fault in self._faults.to_json())

    def pay(self, trade_no: str) -> bool:
        """The passenger confirms in the app; whether it was taken."""
        trade = next(each for each in self._acquirer.trades.values() if each.number == trade_no)
        self._example.settle(trade)
        return bool(trade.status == "TRADE_SUCCESS")

    def scan(self, qr_code: str) -> str | None:
        """The passenger scans a code on the driver's screen."""
        number = qr_code.rpartition("/")[2]
        waits = [t for t in self._acquirer.trades.values() if t.number == number and t.status == "WAIT_BUYER_PAY"]
        return number if waits else None

    def bar_code(self, *, password: bool) -> str:
        """A fresh code on the passenger's phone; the example asks for the password where it ends in 9."""
        return f"28{next(self._codes)}{9 if password else 1}"

    async def deliver(self) -> None:
        """Send what is due."""
        now = self._clock.wall()
        for notice in [notice for notice in self._notices if notice.next_at <= now]:
            envelope = msgspec.json.encode(self._acquirer.notice(self._acquirer.trades[notice.order]))
            heard = False
            for _ in range(2 if self._faults.strike("notice-duplicate", "paid") else 1):
                heard = await self._post(envelope)
            notice.next_at = now + REPEAT_S
            if heard:
                self._notices.remove(notice)

    async def _post(self, content: bytes) -> bool:
        request = httpx.Request(
            "POST", "http://taxi.invalid/", content=content, headers={"content-type": "application/json"}
        )
        return (await self.inbox.handle_async_request(request)).content == b"success"

    def next_due(self) -> float | None:
        """When a notification is sent next, in wall seconds."""
        for order, trade in self._acquirer.trades.items():
            if trade.paid_at and order not in self._told:
                self._told.add(order)
                late = self._faults.strike("notice-late", "paid")
                if not self._faults.strike("notice-lost", "paid"):
                    self._notices.append(_Notice(order, self._clock.wall() + (late.seconds if late else 0.0)))
        return min((notice.next_at for notice in self._notices), default=None)

    def balances(self, trip: str) -> list[Balance]:
        """Each order of a trip, as the example has it."""
        return [self._balance(order, trade) for order, trade in self._acquirer.trades.items() if trip_of(order) == trip]

    def _balance(self, order: str, trade: Any) -> Balance:  # noqa: ANN401 - the example's own
        asked = trade.order["amount"]
        total = Money.parse(asked["value"], asked["currency"]).minor if trade.paid_at else 0
        # Closed, though it was paid: given back, by refunds or by a cancel.
        return Balance(order, total, total if trade.status == "TRADE_CLOSED" else self._example.refunded_cents(trade))

    async def aclose(self) -> None:
        """Nothing is open."""


def acquirers_gateways(clock: Clock, wire: httpx.AsyncBaseTransport) -> Gateways:
    """The product's gateway to the example."""
    nonces = count(1)
    account = AcquirerAccount(
        gateway_url="http://acquirer.invalid",
        merchant="cab1",
        keys=AcquirerCredentials(secret=SECRET),
        timeout_s=TIMEOUT_S,
    )
    gateway = AcquirerGateway(account, clock, lambda: f"{next(nonces):032x}", transport=wire)
    return Gateways({"": AlipayAccount(partner="cab1")}, {"": gateway})
