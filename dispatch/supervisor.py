"""``taxi serve``: everything a system needs on one machine, started in order, kept alive, and stopped in order.

Order: the port (so that a taken one is told at once), Valkey, the journal's tables, the Ray head, hosts and matchers,
gateways. Whatever fails, everything started so far is stopped. A gateway that dies is started again on the same
listening socket; hosts are Ray's and the watchdog's to restart.
"""

from __future__ import annotations

import asyncio
import socket
import time
from functools import partial
from pathlib import Path
from subprocess import Popen
from typing import Final

import structlog

from dispatch import processes
from dispatch.actors.cluster import (
    Cluster,
    HeadNotStartedError,
    matcher_names,
    placement_of,
    start_head,
    stop_head,
)
from dispatch.actors.line import LineDownError
from dispatch.actors.system import System
from dispatch.clock import CityClock
from dispatch.config import Settings, SettingsError, token_secret, vault_of
from dispatch.daily_bill import DailyBill, alipays_bills
from dispatch.entity import KINDS, EntityKey, Signal
from dispatch.payment.configured import accounts_of, open_authorization, open_gateways
from dispatch.retention import Retention
from dispatch.store.embedded_valkey import EmbeddedValkey, ValkeyNotStartedError
from dispatch.store.journal import JournalUnavailableError, StoredDue
from dispatch.store.migrations import upgrade
from dispatch.store.sql_books import SqlBooks
from dispatch.store.sql_journal import JournalMismatchError, SqlJournal, open_journal
from dispatch.store.sql_persons import SqlPersons
from dispatch.store.sql_retention import SqlRetention

log = structlog.get_logger()

WHY_NOT_STARTED: Final = (
    OSError,
    HeadNotStartedError,
    SettingsError,
    ValkeyNotStartedError,
    JournalMismatchError,
    JournalUnavailableError,
    LineDownError,
)
RESTART_AFTER_S: Final = 0.3
GATEWAY_STOP_S: Final = 8.0
ALARM_WITHIN_S: Final = 30.0
ALARMS_OF: Final = EntityKey("payment", "daily-bill")
"""Its host raises the alarms of no payment in particular. There is no such payment."""


class StartError(Exception):
    """The system cannot start; the text says why in one line."""


class Supervisor:
    """One running system. ``start`` either succeeds or leaves nothing behind."""

    def __init__(
        self,
        settings: Settings,
        *,
        config: Path | None = None,
        given: dict[str, str | float | int | bool] | None = None,
        city_anchor: float | None = None,
    ) -> None:
        self.settings = settings
        self._config = config
        self._given = given or {}
        self._city_anchor = city_anchor
        self._socket: socket.socket | None = None
        self._valkey: EmbeddedValkey | None = None
        self._journal: SqlJournal | None = None
        self._head = False
        self._gateways: dict[int, Popen[str]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.system: System | None = None
        self.cluster: Cluster | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        if self._socket is None:
            raise StartError("not started")
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        """Where clients reach the gateway on this machine."""
        host = self.settings.server.host
        scheme = "http" if self.settings.server.tls_cert is None else "https"
        return f"{scheme}://{'127.0.0.1' if host == '0.0.0.0' else host}:{self.port}"  # noqa: S104 - shown, not bound

    async def start(self) -> None:
        """Start all parts. Raises :class:`StartError` after stopping what had started."""
        try:
            await self._start()
        except WHY_NOT_STARTED as error:
            await self.stop()
            raise StartError(str(error)) from error
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        settings = self.settings
        data_dir = settings.server.data_dir.resolve()
        data_dir.mkdir(parents=True, exist_ok=True)
        token_secret(settings)
        vault = vault_of(settings)
        await _check_keys(settings)
        self._socket = _listen(settings.server.host, settings.server.port)
        settings = self.settings = _at_port(settings, self.port)
        redis_url = settings.redis.url or self._start_valkey(data_dir)
        await asyncio.to_thread(upgrade, settings.journal_url)
        self._journal = await open_journal(settings.journal_url, shards=settings.journal.shards)
        await SqlPersons(self._journal.database, vault).seal_plain()
        wall_anchor, city_anchor = await self._anchors(self._journal)
        address = settings.ray.address or await asyncio.to_thread(start_head)
        self._head = not settings.ray.address
        self.system = System(
            ray_address=address,
            journal_url=settings.journal_url,
            redis_url=redis_url,
            placement=placement_of(settings),
            matchers=matcher_names(settings),
            speed=settings.clock.speed,
            wall_anchor=wall_anchor,
            city_anchor=city_anchor,
            data_dir=str(data_dir),
            config=str(self._config.resolve()) if self._config is not None else "",
            given={**self._given, "server.port": self.port},
        )
        self.system.write(data_dir)
        self.cluster = Cluster(settings, self.system)
        await self.cluster.start(await self._dues(self._journal))
        for number in range(settings.server.gateways):
            self._start_gateway(number)
        loop = asyncio.get_running_loop()
        old = Retention(SqlRetention(self._journal.database), self.system.clock(), settings.journal)
        bills = self._daily_bill(self._journal, self.system)
        works = (self.cluster.watch(), self._watch_gateways(), bills.run(), old.run())
        self._tasks = [loop.create_task(work) for work in works]
        log.info("serving", url=self.url)

    async def _anchors(self, journal: SqlJournal) -> tuple[float, float]:
        """Which wall and city time belong together: fixed by the journal, so that city time goes on after a restart."""
        wall = time.time()
        if self.settings.clock.speed == 1.0 and self._city_anchor is None:
            return 0.0, 0.0
        city = wall if self._city_anchor is None else self._city_anchor
        stored = await journal.meta("clock anchors", f"{wall!r} {city!r} {self.settings.clock.speed!r}")
        wall_text, city_text, speed_text = stored.split()
        if float(speed_text) != self.settings.clock.speed:
            raise StartError(f"this journal was made at clock.speed {speed_text}")
        return float(wall_text), float(city_text)

    async def _dues(self, journal: SqlJournal) -> list[StoredDue]:
        shards = range(self.settings.journal.shards)
        return [due for kind in KINDS for due in await journal.dues(kind, shards)]

    def _start_valkey(self, data_dir: Path) -> str:
        self._valkey = EmbeddedValkey(data_dir / "valkey")
        self._valkey.start()
        return self._valkey.url

    # ── the daily bill ───────────────────────────────────────────────────────────────────────────────────────────

    def _daily_bill(self, journal: SqlJournal, system: System) -> DailyBill:
        clock = system.clock()
        source = partial(alipays_bills, self.settings, clock)
        return DailyBill(self.settings, SqlBooks(journal.database), clock, self._raise_alarm, source)

    async def _raise_alarm(self, signal: Signal) -> None:
        """As a payment's own alarm: logged, counted and told to consoles by a payment host.

        Raises ``LineDownError`` where it does not answer.
        """
        assert self.system is not None  # noqa: S101 - started before anything can go wrong
        assert self.cluster is not None  # noqa: S101 - likewise
        line = self.cluster.hosts.line(self.system.placement.host_of(ALARMS_OF))
        await line.call("ping", within_s=ALARM_WITHIN_S)
        await line.call("signals", [signal])

    # ── gateways ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _start_gateway(self, number: int) -> None:
        assert self._socket is not None  # noqa: S101 - started with the port
        assert self.system is not None  # noqa: S101 - and after the cluster
        logs = Path(self.system.data_dir) / "logs"
        logs.mkdir(exist_ok=True)
        with (logs / f"gateway-{number}.log").open("a", encoding="utf-8") as stream:
            self._gateways[number] = processes.start_python(
                [
                    "-m",
                    "ws_gateway",
                    "--data-dir",
                    self.system.data_dir,
                    "--fd",
                    str(self._socket.fileno()),
                    "--number",
                    str(number),
                ],
                stdout=stream,
                stderr=stream,
                fds=[self._socket.fileno()],
            )

    async def _watch_gateways(self) -> None:
        while True:
            await asyncio.sleep(RESTART_AFTER_S)
            for number, child in list(self._gateways.items()):
                code = child.poll()
                if code is not None:
                    log.warning("gateway died and is started again", number=number, code=code)
                    self._start_gateway(number)

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def stop(self) -> None:
        """Stop all parts in the reverse order. Does as much as was started; may be called twice."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await asyncio.gather(*(processes.end(child, within_s=GATEWAY_STOP_S) for child in self._gateways.values()))
        self._gateways.clear()
        if self.cluster is not None:
            await self.cluster.drain()
            self.cluster = None
        if self._head:
            await asyncio.to_thread(stop_head)
            self._head = False
        if self._journal is not None:
            await self._journal.close()
            self._journal = None
        if self._valkey is not None:
            await asyncio.to_thread(self._valkey.stop)
            self._valkey = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        log.info("stopped")


async def _check_keys(settings: Settings) -> None:
    """Open what the accounts at Alipay name, and close it again. Raises ``SettingsError`` for keys that do not fit."""
    await open_gateways(settings, CityClock()).aclose()
    for company in accounts_of(settings):
        authorization = open_authorization(settings, CityClock(), company)
        if authorization is not None:
            await authorization.aclose()


def _at_port(settings: Settings, port: int) -> Settings:
    """The settings with the port that was found, where any would do: Alipay is told where to post results."""
    return settings.model_copy(update={"server": settings.server.model_copy(update={"port": port})})


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket that gateways inherit. Raises ``OSError`` with a text that names the port."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    listening.listen(1024)
    listening.setblocking(False)
    return listening
