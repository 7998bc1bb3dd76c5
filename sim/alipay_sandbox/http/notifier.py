"""Posts notifications to merchants and repeats those without the reply ``success``."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping
from typing import Final

import httpx

from sim.alipay_sandbox import forger
from sim.alipay_sandbox.faults import ActiveFaults
from sim.alipay_sandbox.model.clock import WallClock
from sim.alipay_sandbox.model.exchange import Exchange
from sim.alipay_sandbox.model.merchants import Merchant
from sim.alipay_sandbox.model.notifications import OutgoingNotification, notification_fields, signed_body
from sim.alipay_sandbox.model.settings import SandboxSettings
from sim.alipay_sandbox.model.signature import MerchantKeys
from sim.alipay_sandbox.model.trades import NotificationAttempted, NotificationPostponed, SandboxTrade

MAX_CONCURRENT: Final = 64
"""Notifications in flight at one time."""
MAX_SLEEP_S: Final = 1.0
"""Maximum interval between checks of due times, because a test may set the clock by hand."""
REORDER_TIMEOUT_S: Final = 60.0
"""Maximum delay of a notification that waits to be overtaken, if the fault names none."""


class Notifier:
    """Sends due notifications concurrently, with at most one attempt of each notification in flight."""

    def __init__(
        self,
        settings: SandboxSettings,
        exchange: Exchange,
        keys: Mapping[str, MerchantKeys],
        clock: WallClock,
        *,
        faults: ActiveFaults | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._exchange = exchange
        self._keys = keys
        """By partner and by app id."""
        self._merchants: Final[dict[str, Merchant]] = {m.partner: m for m in settings.merchants}
        self._clock = clock
        self._faults = faults if faults is not None else ActiveFaults((), random.Random(settings.seed), clock.wall())
        self._wake = asyncio.Event()
        self._in_flight: dict[str, asyncio.Task[None]] = {}
        self._forgeries: set[asyncio.Task[bool]] = set()
        self._faults_decided: set[str] = set()
        """Notifications whose faults were drawn."""
        self._to_overtake: set[str] = set()
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)
        # No keep-alive: a request on a connection that the merchant closes would cost a repetition, 4 minutes later.
        self._http = httpx.AsyncClient(
            timeout=settings.notify_timeout_s,
            limits=httpx.Limits(max_keepalive_connections=0),
            transport=transport,
            follow_redirects=False,
            trust_env=False,
        )

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            self._exchange.expire_due()
            self._start_due()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._sleep_s())

    async def deliver_due(self) -> None:
        """Expire trades, send the notifications that are due now, and wait for the replies."""
        self._exchange.expire_due()
        self._start_due()
        await asyncio.gather(*self._in_flight.values(), *self._forgeries)

    async def deliver_trade(self, trade_no: str) -> None:
        self._start_due()
        notifications = self._exchange.notifications
        tasks = [task for key, task in self._in_flight.items() if notifications[key].made.trade_no == trade_no]
        await asyncio.gather(*tasks)

    def send_forged_payment(self, trade: SandboxTrade) -> None:
        forged = forger.forged_paid_notification(trade, self._exchange.new_id(), self._clock.wall())
        charset = self._charset(trade)
        body = signed_body(self._fields(forged, trade), forger.forged_keys(), trade.opened.sign_type, charset)
        task = asyncio.create_task(self._post(trade.opened.notify_url, body, charset))
        self._forgeries.add(task)
        task.add_done_callback(self._forgeries.discard)

    async def aclose(self) -> None:
        """Cancel attempts in flight; the next run repeats them."""
        tasks = [*self._in_flight.values(), *self._forgeries]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.aclose()

    def _sleep_s(self) -> float:
        due = self._exchange.next_due(excluding=self._in_flight)
        return MAX_SLEEP_S if due is None else min(MAX_SLEEP_S, max(0.0, due - self._clock.wall()))

    def _start_due(self) -> None:
        now = self._clock.wall()
        for notify_id, notification in list(self._exchange.pending_notifications.items()):
            due = notification.next_at is not None and notification.next_at <= now
            if due and notify_id not in self._in_flight and not self._postponed_by_fault(notification, now):
                task = asyncio.create_task(self._send(notification))
                self._in_flight[notify_id] = task
                task.add_done_callback(self._on_done(notify_id))

    def _postponed_by_fault(self, notification: OutgoingNotification, now: float) -> bool:
        """Draw the faults of a first attempt; True if one of them prevents it."""
        made = notification.made
        if notification.tries or made.notify_id in self._faults_decided:
            return False
        self._faults_decided.add(made.notify_id)
        if self._faults.hit("notice-lost", made.event):
            self._record_attempt(made.notify_id, acknowledged=False, next_at=None, now=now)
            return True
        late = self._faults.hit("notice-late", made.event)
        reorder = self._faults.hit("notice-reorder", made.event)
        if reorder:
            self._to_overtake.add(made.notify_id)
        seconds = (late.seconds if late else 0.0) or (reorder.seconds or REORDER_TIMEOUT_S if reorder else 0.0)
        if seconds:
            self._exchange.record(NotificationPostponed(notify_id=made.notify_id, next_at=now + seconds, at=now))
        return bool(seconds)

    def _record_attempt(self, notify_id: str, *, acknowledged: bool, next_at: float | None, now: float) -> None:
        self._exchange.record(
            NotificationAttempted(notify_id=notify_id, acknowledged=acknowledged, next_at=next_at, at=now)
        )

    def _on_done(self, notify_id: str) -> Callable[[asyncio.Task[None]], None]:
        def forget(_: asyncio.Task[None]) -> None:
            self._in_flight.pop(notify_id, None)
            self._wake.set()

        return forget

    async def _send(self, notification: OutgoingNotification) -> None:
        async with self._slots:
            acknowledged = await self._attempt(notification)
        now = self._clock.wall()
        notify_id = notification.made.notify_id
        next_at = None if acknowledged else notification.repeat_at(now, self._settings.retry_time_factor)
        self._record_attempt(notify_id, acknowledged=acknowledged, next_at=next_at, now=now)
        if next_at is None:
            self._faults_decided.discard(notify_id)
        self._release_overtaken(notify_id, now)

    def _release_overtaken(self, sent: str, now: float) -> None:
        """After another notification was sent, those that wait to be overtaken become due."""
        self._to_overtake.discard(sent)
        for notify_id in sorted(self._to_overtake & self._exchange.pending_notifications.keys()):
            self._exchange.record(NotificationPostponed(notify_id=notify_id, next_at=now, at=now))
        self._to_overtake.clear()

    async def _attempt(self, notification: OutgoingNotification) -> bool:
        made = notification.made
        trade = self._exchange.trade(made.trade_no)
        url, charset = made.url or trade.opened.notify_url, self._charset(trade)
        fields, sign_type = self._fields(notification, trade), trade.opened.sign_type
        keys = self._keys[trade.opened.origin.app_id or trade.terms.partner]
        if self._faults.hit("notice-forged", made.event):
            await self._post(url, signed_body(fields, forger.forged_keys(), sign_type, charset), charset)
        if not notification.tries and self._faults.hit("notice-wrong-amount", made.event):
            fields = forger.with_wrong_amount(fields, trade.terms.currency)
        if not notification.tries and self._faults.hit("notice-wrong-seller", made.event):
            fields = forger.with_wrong_seller(fields)
        body = signed_body(fields, keys, sign_type, charset)
        if self._faults.hit("notice-duplicate", made.event):
            await self._post(url, body, charset)
        return await self._post(url, body, charset)

    async def _post(self, url: str, body: bytes, charset: str) -> bool:
        """True if the merchant replied ``success``."""
        headers = {"Content-Type": f"application/x-www-form-urlencoded;charset={charset}"}
        try:
            async with asyncio.timeout(self._settings.notify_timeout_s):
                reply = await self._http.post(url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
            return False
        return reply.status_code == httpx.codes.OK and reply.content.strip().lower() == b"success"

    def _fields(self, notification: OutgoingNotification, trade: SandboxTrade) -> dict[str, str]:
        seller = self._merchants[trade.terms.partner].email
        logon_id = self._exchange.logon_id(trade.payer_id)
        return notification_fields(notification, trade, seller, logon_id, self._clock.wall())

    def _charset(self, trade: SandboxTrade) -> str:
        chosen = self._settings.notify_charset
        return trade.opened.charset if chosen == "request" else chosen
