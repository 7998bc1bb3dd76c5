"""One ride of ``bench payments``: the people's actions, on a clock that advances from one event to the next."""

import heapq
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, Literal, cast

import msgspec

from bench.payments.acquirer import ExampleAcquirer
from bench.payments.alipay import BUYER, OVERSEAS, SandboxAlipay, gateways_of
from bench.payments.host import Crash, CrashingHost, CrashPoint, is_final
from dispatch.actors.core.entity_types import EntityKind
from dispatch.actors.core.protocol import Hosts, HostsUnavailableError
from dispatch.clock import ManualClock
from dispatch.domain.commands import OpenPayment, RefundFare, ReportOutcome, StopPayment
from dispatch.domain.entity import SYSTEM, Command, Kind, Principal
from dispatch.payment.core.port import Way
from dispatch.payment.core.rules import ALIPAY_CODE, ALIPAY_PAGE, ALIPAY_SCAN, CASH
from dispatch.store.journals.sql_journal import SqlJournal
from dispatch.values.money import Money
from sim.alipay_sandbox.faults import SandboxFault
from sim.alipay_sandbox.model.merchants import DemoMerchant
from ws_gateway.http.alipay_webhook import AlipayWebhook

Story = Literal["pays", "password", "cash", "late", "leaves", "refund", "parts", "cancel"]
"""The people's actions.

``pays``: the passenger pays a few seconds after the phone shows the order; ``password``: the amount requires one.
``cash``: the passenger does not, and after half a minute the driver takes cash; ``late``: the same, but the passenger
confirms at the moment the order is closed or cancelled. ``leaves``: the passenger does not pay, and nothing follows.
``refund``, ``parts``, ``cancel``: the passenger pays, and a minute later the office refunds everything, first a part
and then the rest, or cancels the order.
"""
Counterparty = SandboxAlipay | ExampleAcquirer
REFUND_STORIES: Final = ("refund", "parts", "cancel")
METHODS: Final[dict[Way, str]] = {"page": ALIPAY_PAGE, "code": ALIPAY_CODE, "scan": ALIPAY_SCAN}
OFFICE: Final = Principal("dispatcher", "office")
FARE_MINOR: Final = 12_35
LARGE_FARE_MINOR: Final = 2500_00
"""Above the sandbox's limit for payments without a password."""
HOUR_S: Final = 3600.0
DAYS_S: Final = 3 * 86_400.0
NOON: Final = 1_767_240_000.0
"""2026-01-01 12:00 in Beijing, as unix seconds."""
BEFORE_MIDNIGHT_S: Final = 11.6 * HOUR_S
"""From noon to 23:36: an order can be cancelled until midnight."""
ATTEMPTS: Final = 3


class PaymentCase(msgspec.Struct, frozen=True, kw_only=True):
    """One case. ``call`` is a call of the port, or ``notice``; ``event`` is the notification that a fault affects."""

    gateway: str
    way: Way
    story: Story
    fault: str = ""
    call: str = ""
    event: str = ""
    lasts: Literal["once", "hour", "midnight"] = "once"
    """Duration of the fault: one call, or an hour at noon or around midnight."""
    crash: CrashPoint = ""
    seed: int = 0
    """Seed of a storm: several random faults and crashes."""

    @property
    def name(self) -> str:
        if self.seed:
            return f"{self.gateway}, {self.way}, {self.story}: storm {self.seed}"
        crash = f", crash {self.crash} {self.call}" if self.crash else ""
        return f"{self.gateway}, {self.way}, {self.story}: {self.fault or 'nothing'} at {self.call} {self.lasts}{crash}"


class CaseEnvironment:
    """Clock, counterparty, gateways and journal of several rides, one after another."""

    def __init__(
        self, gateway: str, keys: DemoMerchant, kinds: Mapping[Kind, EntityKind], journal: SqlJournal, folder: Path
    ) -> None:
        self.gateway: Final = gateway
        self.clock: Final = ManualClock(NOON)
        acquirer = gateway == "acquirer"
        self.counterparty: Counterparty = ExampleAcquirer(self.clock) if acquirer else SandboxAlipay(keys, self.clock)
        self.gateways: Final = gateways_of(gateway, keys, self.clock, self.counterparty.transport, folder)
        self.kinds: Final = kinds
        self.journal: Final = journal

    def next_day(self, after_noon_s: float) -> float:
        """Advance to a later day without pending events, so long after noon; the city time."""
        days = (self.clock.city() - NOON) // 86_400.0 + 1
        self.clock.advance(NOON + days * 86_400.0 + after_noon_s - self.clock.city())
        return self.clock.city()

    async def aclose(self) -> None:
        await self.counterparty.aclose()
        await self.gateways.aclose()
        await self.journal.close()


class PaidRide:
    """Implements :class:`bench.payments.host.HostObserver`: a trip, its passenger, its driver and the office."""

    def __init__(
        self,
        case: PaymentCase,
        trip: str,
        environment: CaseEnvironment,
        faults: tuple[SandboxFault, ...] = (),
        crashes: tuple[Crash, ...] = (),
    ) -> None:
        self.case: Final = case
        self.trip: Final = trip
        self._faults = faults
        self.clock: Final = environment.clock
        self.counterparty: Final[Counterparty] = environment.counterparty
        self.crashes: Final = crashes
        self.host: Final = CrashingHost(
            environment.journal,
            environment.kinds,
            environment.clock,
            gateways=environment.gateways,
            transport=environment.counterparty.transport,
            observer=self,
            crashes=crashes,
        )
        # Notifications use only ``command`` of a gateway's connection to the hosts.
        environment.counterparty.inbox.notified = AlipayWebhook(
            environment.gateways, cast("Hosts", self.host)
        ).receive_notification
        self._began = environment.next_day(BEFORE_MIDNIGHT_S if case.lasts == "midnight" else 0.0)
        self._plans: list[tuple[float, int, Callable[[], Awaitable[None]]]] = []
        self._planned = 0
        self._attempts = 0
        self._trades: list[str] = []
        self._refunds: list[Money] = []
        self.outcomes: Final[list[ReportOutcome]] = []
        self.strikes = 0
        currency = "USD" if case.gateway in OVERSEAS else "CNY"
        asks_password = case.way == "scan" and case.story in ("password", "cash", "late", "leaves")
        self.fare: Final = Money(LARGE_FARE_MINOR if asks_password else FARE_MINOR, currency)

    async def play(self) -> None:
        """Play three days from the first attempt on."""
        await self.host.start()
        # Faults of a refund begin with the refund.
        if self.case.story not in REFUND_STORIES or self.case.event:
            await self._begin_faults()
        await self._open()
        if self.case.story in ("cash", "late"):
            self._plan(30.0, lambda: self._send(StopPayment(self.trip)))
        until = self._began + DAYS_S
        while True:
            await self._settle()
            times = [self.host.next_at(), self.counterparty.next_due(), self._plans[0][0] if self._plans else None]
            at = min((at for at in times if at is not None and at > self.clock.city()), default=until)
            if at >= until:
                break
            self.clock.advance(at - self.clock.city())
        self.clock.advance(until - self.clock.city())
        await self._settle()
        await self._end_faults()

    async def _settle(self) -> None:
        for _ in range(200):
            busy = await self.host.work()
            due = self.counterparty.next_due()
            if due is not None and due <= self.clock.city():
                await self.counterparty.deliver()
                busy = True
            while self._plans and self._plans[0][0] <= self.clock.city():
                await heapq.heappop(self._plans)[2]()
                busy = True
            if not busy:
                return
        raise RuntimeError(f"endless activity: {self.case.name}")

    def _plan(self, after_s: float, what: Callable[[], Awaitable[None]]) -> None:
        self._planned += 1
        heapq.heappush(self._plans, (self.clock.city() + after_s, self._planned, what))

    async def _begin_faults(self) -> None:
        self.counterparty.set_faults(self._faults)
        if self.case.lasts != "once":
            self._plan(HOUR_S, self._end_faults)

    async def _end_faults(self) -> None:
        self.strikes += self.counterparty.strikes()
        self.counterparty.set_faults(())

    def outcome_received(self, outcome: ReportOutcome) -> None:
        self.outcomes.append(outcome)
        story = self.case.story
        match outcome.state:
            case "ordered" if outcome.code:
                self._plan(5.0, lambda: self._scan(outcome.code))
            case "ordered":
                self._order_shown(outcome.trade)
            case "failed" if story in ("cash", "late"):
                self._plan(5.0, self._pay_cash)
            case "failed" if story != "leaves" and self._attempts < ATTEMPTS:
                self._plan(20.0, self._open)
            case "paid" if story in REFUND_STORIES and outcome.method != CASH:
                self._plan(60.0, self._refund)
            case "refunded" if story == "parts" and len(self._refunds) < 2:
                self._plan(60.0, self._refund)

    def before_call(self, call: str) -> None:
        """A late passenger pays just before the order is closed or cancelled."""
        if self.case.story == "late" and call in ("close", "cancel") and self._trades:
            self.counterparty.pay(self._trades[-1])

    def _order_shown(self, trade: str) -> None:
        self._trades.append(trade)
        if self.case.story not in ("cash", "late", "leaves"):
            self._plan(5.0, lambda: self._pay(trade))

    async def _scan(self, code: str) -> None:
        trade = self.counterparty.scan(code)
        if trade is not None:
            self._order_shown(trade)

    async def _pay(self, trade: str) -> None:
        self.counterparty.pay(trade)

    async def _open(self) -> None:
        self._attempts += 1
        await self._send(self._opening(METHODS[self.case.way]))

    async def _pay_cash(self) -> None:
        await self._send(self._opening(CASH))

    def _opening(self, method: str) -> OpenPayment:
        return OpenPayment(
            trip=self.trip,
            vehicle="V1",
            amount=self.fare,
            method=method,
            buyer=BUYER if method == ALIPAY_PAGE else "",
            subject="Taxi 车费 V1",
            auth_code=self.counterparty.bar_code(password=self.fare.minor == LARGE_FARE_MINOR)
            if method == ALIPAY_SCAN
            else "",
        )

    async def _refund(self) -> None:
        if not self._refunds and not self.case.event:
            await self._begin_faults()
        part = Money(5_00, self.fare.currency) if self.case.story == "parts" and not self._refunds else None
        self._refunds.append(part or self.fare)
        await self._send(RefundFare("a detour", part, cancel=self.case.story == "cancel"), OFFICE)

    async def _send(self, command: Command, principal: Principal = SYSTEM) -> None:
        self._planned += 1
        name = f"{self.trip}:{self._planned}"
        for _ in range(3):
            try:
                reply = await self.host.send(self.trip, command, principal, name=name)
            except HostsUnavailableError:
                continue
            if is_final(reply):
                return
