"""One ride of ``bench payments``: what its people do, and a clock that goes from one event to the next."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal, cast

import msgspec

from bench.payments.acquirer import ExampleAcquirer, acquirers_gateways
from bench.payments.alipay import BUYER, OVERSEAS, Alipay, gateways_of
from bench.payments.host import Death, Host, Step
from dispatch.actors.core.entity_types import EntityKind
from dispatch.actors.core.protocol import Done, Hosts, HostsUnavailableError
from dispatch.clock import ManualClock
from dispatch.domain.commands import OpenPayment, RefundFare, ReportOutcome, StopPayment
from dispatch.domain.entity import SYSTEM, Command, Kind, Principal
from dispatch.payment.core.methods import ALIPAY_CODE, ALIPAY_PAGE, ALIPAY_SCAN, CASH
from dispatch.payment.core.port import Way
from dispatch.store.journals.sql_journal import SqlJournal
from dispatch.values.money import Money
from sim.alipay_sandbox.faults import SandboxFault
from sim.alipay_sandbox.model.merchants import DemoMerchant
from ws_gateway.http.alipay_webhook import AlipayWebhook

Story = Literal["pays", "password", "cash", "late", "leaves", "refund", "parts", "cancel"]
"""What people do.

``pays``: the passenger pays a few seconds after the phone shows the order; ``password``: the amount needs one.
``cash``: does not, and after half a minute the driver takes cash; ``late``: the same, but the passenger confirms in the
very moment in which the order is closed or cancelled. ``leaves``: nobody pays, and nobody asks for anything else.
``refund``, ``parts``, ``cancel``: pays, and a minute later the office gives all back, first a part and then the
rest, or cancels the order.
"""
Side = Alipay | ExampleAcquirer
"""Who is asked to collect."""
GIVES_BACK: Final = ("refund", "parts", "cancel")
METHODS: Final[dict[Way, str]] = {"page": ALIPAY_PAGE, "code": ALIPAY_CODE, "scan": ALIPAY_SCAN}
OFFICE: Final = Principal("dispatcher", "office")
FARE_MINOR: Final = 12_35
LARGE_FARE_MINOR: Final = 2500_00
"""Above what the sandbox takes without a password."""
HOUR_S: Final = 3600.0
DAYS_S: Final = 3 * 86_400.0
NOON: Final = 1_767_240_000.0
"""2026-01-01 12:00 in Beijing, as unix seconds."""
BEFORE_MIDNIGHT_S: Final = 11.6 * HOUR_S
"""From noon to 23:36: the day in which an order can be cancelled ends within the hour."""
ATTEMPTS: Final = 3


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried. ``call`` is one of the port, or ``notice``; ``event`` is the notification that a fault meets."""

    gateway: str
    way: Way
    story: Story
    fault: str = ""
    call: str = ""
    event: str = ""
    lasts: Literal["once", "hour", "midnight"] = "once"
    """Struck once; or all of an hour, by noon or about midnight."""
    step: Step = ""
    seed: int = 0
    """Of a storm, in which several things go wrong and the host dies several times."""

    @property
    def name(self) -> str:
        """All of it, in short."""
        if self.seed:
            return f"{self.gateway}, {self.way}, {self.story}: storm {self.seed}"
        dies = f", dies {self.step} {self.call}" if self.step else ""
        return f"{self.gateway}, {self.way}, {self.story}: {self.fault or 'nothing'} at {self.call} {self.lasts}{dies}"


class Town:
    """What several rides have in common, one after another: clock, sandbox, gateways and journal."""

    def __init__(self, gateway: str, keys: DemoMerchant, kinds: Mapping[Kind, EntityKind], journal: SqlJournal) -> None:
        self.gateway: Final = gateway
        self.clock: Final = ManualClock(NOON)
        self.alipay: Final[Side] = ExampleAcquirer(self.clock) if gateway == "acquirer" else Alipay(keys, self.clock)
        wire = self.alipay.wire
        self.gateways: Final = (
            acquirers_gateways(self.clock, wire)
            if gateway == "acquirer"
            else gateways_of(gateway, keys, self.clock, wire)
        )
        self.kinds: Final = kinds
        self.journal: Final = journal

    def next_day(self, after_noon_s: float) -> float:
        """Go on to a day on which nothing happens any more; the time then, so long after noon."""
        days = (self.clock.city() - NOON) // 86_400.0 + 1
        self.clock.advance(NOON + days * 86_400.0 + after_noon_s - self.clock.city())
        return self.clock.city()

    async def aclose(self) -> None:
        """Close what is open, but for the journal."""
        await self.alipay.aclose()
        await self.gateways.aclose()


class Ride:
    """Implements :class:`bench.payments.host.People`: a trip, its passenger, its driver and the office."""

    def __init__(
        self,
        case: Case,
        trip: str,
        town: Town,
        faults: tuple[SandboxFault, ...] = (),
        deaths: tuple[Death, ...] = (),
    ) -> None:
        self.case: Final = case
        self.trip: Final = trip
        self._faults = faults
        self.clock: Final = town.clock
        self.alipay: Final[Side] = town.alipay
        self.deaths: Final = deaths
        self.host: Final = Host(
            town.journal,
            town.kinds,
            town.clock,
            gateways=town.gateways,
            wire=town.alipay.wire,
            people=self,
            deaths=deaths,
        )
        # Of a gateway process's way to the hosts, notifications need ``command`` alone.
        town.alipay.inbox.notified = AlipayWebhook(town.gateways, cast("Hosts", self.host)).receive_notification
        self._began = town.next_day(BEFORE_MIDNIGHT_S if case.lasts == "midnight" else 0.0)
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

    # ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def play(self) -> None:
        """From the first attempt on, for days."""
        await self.host.start()
        # A refund's faults begin with the refund.
        if self.case.story not in GIVES_BACK or self.case.event:
            await self._begin_faults()
        await self._open()
        if self.case.story in ("cash", "late"):
            self._plan(30.0, lambda: self._ask(StopPayment(self.trip)))
        until = self._began + DAYS_S
        while True:
            await self._rest()
            times = [self.host.next_at(), self.alipay.next_due(), self._plans[0][0] if self._plans else None]
            at = min((at for at in times if at is not None and at > self.clock.city()), default=until)
            if at >= until:
                break
            self.clock.advance(at - self.clock.city())
        self.clock.advance(until - self.clock.city())
        await self._rest()
        await self._end_faults()

    async def _rest(self) -> None:
        """Let everything happen that can happen now."""
        for _ in range(200):
            busy = await self.host.work()
            due = self.alipay.next_due()
            if due is not None and due <= self.clock.city():
                await self.alipay.deliver()
                busy = True
            while self._plans and self._plans[0][0] <= self.clock.city():
                await heapq.heappop(self._plans)[2]()
                busy = True
            if not busy:
                return
        raise RuntimeError(f"it never comes to rest: {self.case.name}")

    def _plan(self, after_s: float, what: Callable[[], Awaitable[None]]) -> None:
        self._planned += 1
        heapq.heappush(self._plans, (self.clock.city() + after_s, self._planned, what))

    async def _begin_faults(self) -> None:
        self.alipay.set_faults(self._faults)
        if self.case.lasts != "once":
            self._plan(HOUR_S, self._end_faults)

    async def _end_faults(self) -> None:
        self.strikes += self.alipay.strikes()
        self.alipay.set_faults(())

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────

    def told(self, outcome: ReportOutcome) -> None:
        """The trip hears how its payment goes, and people act on it."""
        self.outcomes.append(outcome)
        story = self.case.story
        match outcome.state:
            case "ordered" if outcome.code:
                self._plan(5.0, lambda: self._scan(outcome.code))
            case "ordered":
                self._seen(outcome.trade)
            case "failed" if story in ("cash", "late"):
                self._plan(5.0, self._pay_cash)
            case "failed" if story != "leaves" and self._attempts < ATTEMPTS:
                self._plan(20.0, self._open)
            case "paid" if story in GIVES_BACK and outcome.method != CASH:
                self._plan(60.0, self._give_back)
            case "refunded" if story == "parts" and len(self._refunds) < 2:
                self._plan(60.0, self._give_back)

    def watch(self, call: str) -> None:
        """Who pays late does so just before the order is closed or cancelled."""
        if self.case.story == "late" and call in ("close", "cancel") and self._trades:
            self.alipay.pay(self._trades[-1])

    def _seen(self, trade: str) -> None:
        self._trades.append(trade)
        if self.case.story not in ("cash", "late", "leaves"):
            self._plan(5.0, lambda: self._pay(trade))

    async def _scan(self, code: str) -> None:
        trade = self.alipay.scan(code)
        if trade is not None:
            self._seen(trade)

    async def _pay(self, trade: str) -> None:
        self.alipay.pay(trade)

    async def _open(self) -> None:
        self._attempts += 1
        await self._ask(self._opening(METHODS[self.case.way]))

    async def _pay_cash(self) -> None:
        await self._ask(self._opening(CASH))

    def _opening(self, method: str) -> OpenPayment:
        return OpenPayment(
            trip=self.trip,
            vehicle="V1",
            amount=self.fare,
            method=method,
            buyer=BUYER if method == ALIPAY_PAGE else "",
            subject="Taxi 车费 V1",
            auth_code=self.alipay.bar_code(password=self.fare.minor == LARGE_FARE_MINOR)
            if method == ALIPAY_SCAN
            else "",
        )

    async def _give_back(self) -> None:
        if not self._refunds and not self.case.event:
            await self._begin_faults()
        part = Money(5_00, self.fare.currency) if self.case.story == "parts" and not self._refunds else None
        self._refunds.append(part or self.fare)
        await self._ask(RefundFare("a detour", part, cancel=self.case.story == "cancel"), OFFICE)

    async def _ask(self, command: Command, principal: Principal = SYSTEM) -> None:
        """Send a command until it is answered, under the same id: as trips and clients do."""
        self._planned += 1
        name = f"{self.trip}:{self._planned}"
        for _ in range(3):
            try:
                reply = await self.host.ask(self.trip, command, principal, name=name)
            except HostsUnavailableError:
                continue
            if isinstance(reply, Done) or reply.code < 6000:
                return
