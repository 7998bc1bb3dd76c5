"""Posts notifications to merchants, and repeats those that were not answered with ``success``."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping
from typing import Final

import httpx

from sim.alipay_sandbox import forger
from sim.alipay_sandbox.faults import Faults
from sim.alipay_sandbox.model.clock import WallClock
from sim.alipay_sandbox.model.exchange import Exchange
from sim.alipay_sandbox.model.merchants import Merchant
from sim.alipay_sandbox.model.notices import Notice, notice_form, posted_body
from sim.alipay_sandbox.model.settings import SandboxSettings
from sim.alipay_sandbox.model.signature import Seal
from sim.alipay_sandbox.model.trades import NoticePostponed, NoticeTried, Trade

MAX_AT_ONCE: Final = 64
"""Notifications under way at one time."""
LONGEST_NAP_S: Final = 1.0
"""Due times are looked at this often at least, in case the clock is one that is set by hand."""
OVERTAKEN_WITHIN_S: Final = 60.0
"""How long a notice that is to be overtaken waits for that, if the fault does not say."""


class Courier:
    """Sends what is due. One sending of a notice is under way at a time; notices do not wait for each other."""

    def __init__(
        self,
        settings: SandboxSettings,
        exchange: Exchange,
        seals: Mapping[str, Seal],
        clock: WallClock,
        *,
        faults: Faults | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._exchange = exchange
        self._seals = seals
        self._merchants: Final[dict[str, Merchant]] = {m.partner: m for m in settings.merchants}
        self._clock = clock
        self._faults = faults if faults is not None else Faults((), random.Random(settings.seed), clock.wall())
        self._wake = asyncio.Event()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._forgeries: set[asyncio.Task[bool]] = set()
        self._looked_at: set[str] = set()
        """Notices whose faults were decided."""
        self._to_overtake: set[str] = set()
        self._room = asyncio.Semaphore(MAX_AT_ONCE)
        # No connection is kept: one that the merchant is just closing would cost a repetition, 4 minutes later.
        self._http = httpx.AsyncClient(
            timeout=settings.notify_timeout_s,
            limits=httpx.Limits(max_keepalive_connections=0),
            transport=transport,
            follow_redirects=False,
            trust_env=False,
        )

    def wake(self) -> None:
        """Something may have become due."""
        self._wake.set()

    async def run(self) -> None:
        """Expire and send until cancelled."""
        while True:
            self._wake.clear()
            self._exchange.expire_due()
            self._start_due()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._nap())

    async def deliver_due(self) -> None:
        """Expire, send what is due now, and wait for the answers."""
        self._exchange.expire_due()
        self._start_due()
        await asyncio.gather(*self._under_way.values(), *self._forgeries)

    async def deliver_of(self, trade_no: str) -> None:
        """Send what is due of one trade, and wait for the answers."""
        self._start_due()
        notices = self._exchange.notices
        await asyncio.gather(*(task for key, task in self._under_way.items() if notices[key].made.trade_no == trade_no))

    def forge_paid(self, trade: Trade) -> None:
        """Have a stranger tell the merchant that the trade is paid."""
        pretence = forger.pretended(trade, self._exchange.new_id(), self._clock.wall())
        form, charset = self._form(pretence, trade), self._charset(trade)
        body = posted_body(form, forger.strangers_seal(), trade.opened.sign_type, charset)
        task = asyncio.create_task(self._post(trade.opened.notify_url, body, charset))
        self._forgeries.add(task)
        task.add_done_callback(self._forgeries.discard)

    async def aclose(self) -> None:
        """Drop what is under way; it is sent again by the next run."""
        tasks = [*self._under_way.values(), *self._forgeries]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.aclose()

    def _nap(self) -> float:
        due = self._exchange.next_due(but=self._under_way)
        return LONGEST_NAP_S if due is None else min(LONGEST_NAP_S, max(0.0, due - self._clock.wall()))

    def _start_due(self) -> None:
        now = self._clock.wall()
        for notify_id, notice in list(self._exchange.unsent.items()):
            due = notice.next_at is not None and notice.next_at <= now
            if due and notify_id not in self._under_way and not self._held_up(notice, now):
                task = asyncio.create_task(self._send(notice))
                self._under_way[notify_id] = task
                task.add_done_callback(self._ended(notify_id))

    def _held_up(self, notice: Notice, now: float) -> bool:
        """Whether a fault keeps back what is due for the first time."""
        made = notice.made
        if notice.tries or made.notify_id in self._looked_at:
            return False
        self._looked_at.add(made.notify_id)
        if self._faults.take("notice-lost", made.event):
            self._exchange.record(NoticeTried(notify_id=made.notify_id, acknowledged=False, next_at=None, at=now))
            return True
        late = self._faults.take("notice-late", made.event)
        overtaken = self._faults.take("notice-reorder", made.event)
        if overtaken:
            self._to_overtake.add(made.notify_id)
        seconds = (late.seconds if late else 0.0) or (overtaken.seconds or OVERTAKEN_WITHIN_S if overtaken else 0.0)
        if seconds:
            self._exchange.record(NoticePostponed(notify_id=made.notify_id, next_at=now + seconds, at=now))
        return bool(seconds)

    def _ended(self, notify_id: str) -> Callable[[asyncio.Task[None]], None]:
        def forget(_: asyncio.Task[None]) -> None:
            self._under_way.pop(notify_id, None)
            self._wake.set()

        return forget

    async def _send(self, notice: Notice) -> None:
        async with self._room:
            acknowledged = await self._deliver(notice)
        now = self._clock.wall()
        next_at = None if acknowledged else notice.repeat_at(now, self._settings.retry_time_factor)
        self._exchange.record(
            NoticeTried(notify_id=notice.made.notify_id, acknowledged=acknowledged, next_at=next_at, at=now)
        )
        if next_at is None:
            self._looked_at.discard(notice.made.notify_id)
        self._overtake(notice.made.notify_id, now)

    def _overtake(self, sent: str, now: float) -> None:
        """What waited to be overtaken goes out now."""
        self._to_overtake.discard(sent)
        for notify_id in sorted(self._to_overtake & self._exchange.unsent.keys()):
            self._exchange.record(NoticePostponed(notify_id=notify_id, next_at=now, at=now))
        self._to_overtake.clear()

    async def _deliver(self, notice: Notice) -> bool:
        made = notice.made
        trade = self._exchange.trade(made.trade_no)
        url, charset = made.url or trade.opened.notify_url, self._charset(trade)
        form, sign_type = self._form(notice, trade), trade.opened.sign_type
        seal = self._seals[trade.opened.origin.app_id or trade.terms.partner]
        if self._faults.take("notice-forged", made.event):
            await self._post(url, posted_body(form, forger.strangers_seal(), sign_type, charset), charset)
        if not notice.tries and self._faults.take("notice-wrong-amount", made.event):
            form = forger.of_wrong_amount(form, trade.terms.currency)
        if not notice.tries and self._faults.take("notice-wrong-seller", made.event):
            form = forger.of_wrong_seller(form)
        body = posted_body(form, seal, sign_type, charset)
        if self._faults.take("notice-duplicate", made.event):
            await self._post(url, body, charset)
        return await self._post(url, body, charset)

    async def _post(self, url: str, body: bytes, charset: str) -> bool:
        headers = {"Content-Type": f"application/x-www-form-urlencoded;charset={charset}"}
        try:
            async with asyncio.timeout(self._settings.notify_timeout_s):
                answer = await self._http.post(url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
            return False
        return answer.status_code == httpx.codes.OK and answer.content.strip().lower() == b"success"

    def _form(self, notice: Notice, trade: Trade) -> dict[str, str]:
        """The notification's fields as they are posted now."""
        seller = self._merchants[trade.terms.partner].email
        return notice_form(notice, trade, seller, self._exchange.logon_id(trade.payer_id), self._clock.wall())

    def _charset(self, trade: Trade) -> str:
        chosen = self._settings.notify_charset
        return trade.opened.charset if chosen == "request" else chosen
