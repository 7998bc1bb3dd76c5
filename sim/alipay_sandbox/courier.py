"""Posts notifications to merchants, and repeats those that were not answered with ``success``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Final

import httpx

from sim.alipay_sandbox.clock import WallClock
from sim.alipay_sandbox.exchange import Exchange
from sim.alipay_sandbox.merchants import Merchant
from sim.alipay_sandbox.notices import Notice, notice_form, posted_body
from sim.alipay_sandbox.settings import SandboxSettings
from sim.alipay_sandbox.signature import Seal
from sim.alipay_sandbox.trades import NoticeTried

MAX_AT_ONCE: Final = 64
"""Notifications under way at one time."""
LONGEST_NAP_S: Final = 1.0
"""Due times are looked at this often at least, in case the clock is one that is set by hand."""


class Courier:
    """Sends what is due. One sending of a notice is under way at a time; notices do not wait for each other."""

    def __init__(
        self,
        settings: SandboxSettings,
        exchange: Exchange,
        seals: Mapping[str, Seal],
        clock: WallClock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._exchange = exchange
        self._seals = seals
        self._merchants: Final[dict[str, Merchant]] = {m.partner: m for m in settings.merchants}
        self._clock = clock
        self._wake = asyncio.Event()
        self._under_way: dict[str, asyncio.Task[None]] = {}
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
        await asyncio.gather(*self._under_way.values())

    async def aclose(self) -> None:
        """Drop what is under way; it is sent again by the next run."""
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        await self._http.aclose()

    def _nap(self) -> float:
        due = self._exchange.next_due(but=self._under_way)
        return LONGEST_NAP_S if due is None else min(LONGEST_NAP_S, max(0.0, due - self._clock.wall()))

    def _start_due(self) -> None:
        now = self._clock.wall()
        for notify_id, notice in self._exchange.unsent.items():
            due = notice.next_at is not None and notice.next_at <= now
            if due and notify_id not in self._under_way:
                task = asyncio.create_task(self._send(notice))
                self._under_way[notify_id] = task
                task.add_done_callback(self._ended(notify_id))

    def _ended(self, notify_id: str) -> Callable[[asyncio.Task[None]], None]:
        def forget(_: asyncio.Task[None]) -> None:
            self._under_way.pop(notify_id, None)
            self._wake.set()

        return forget

    async def _send(self, notice: Notice) -> None:
        async with self._room:
            acknowledged = await self._post(notice)
        now = self._clock.wall()
        next_at = None if acknowledged else notice.repeat_at(now, self._settings.retry_time_factor)
        self._exchange.record(
            NoticeTried(notify_id=notice.made.notify_id, acknowledged=acknowledged, next_at=next_at, at=now)
        )

    async def _post(self, notice: Notice) -> bool:
        opened = self._exchange.trade(notice.made.trade_no).opened
        body = self._body(notice)
        headers = {"Content-Type": f"application/x-www-form-urlencoded;charset={self._charset(notice)}"}
        try:
            async with asyncio.timeout(self._settings.notify_timeout_s):
                answer = await self._http.post(opened.notify_url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
            return False
        return answer.status_code == httpx.codes.OK and answer.content.strip().lower() == b"success"

    def _body(self, notice: Notice) -> bytes:
        """The notification as it is posted now."""
        trade = self._exchange.trade(notice.made.trade_no)
        partner = trade.terms.partner
        form = notice_form(notice, trade, self._merchants[partner].email, self._clock.wall())
        return posted_body(form, self._seals[partner], trade.opened.sign_type, self._charset(notice))

    def _charset(self, notice: Notice) -> str:
        chosen = self._settings.notify_charset
        return self._exchange.trade(notice.made.trade_no).opened.charset if chosen == "request" else chosen
