"""``taxi serve``: starts all parts of a system on one machine in order, keeps them running, and stops them in order.

Order: listening socket (so that a taken port is reported at once), Valkey, journal tables, Ray with hosts and matchers,
gateways. If one part fails to start, all started parts are stopped. A part that ends or stops sending heartbeats is
restarted: a gateway on the same listening socket, Valkey at the same address, and Ray together with new gateways, since
a process that has joined a dead cluster cannot join another one.
"""

import asyncio
import socket
import time
from pathlib import Path
from typing import Final

import structlog

from dispatch.actors.ray.cluster import matcher_names, placement_of
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.clock import CityClock
from dispatch.config.loader import Settings, SettingsError
from dispatch.config.secrets import token_secret, vault_of
from dispatch.payment.gateways.factory import accounts_of, open_authorization, open_gateways
from dispatch.processes.monitored_process import SILENT_AFTER_S, MonitoredProcess
from dispatch.server.ray_process import RayNotStartedError, RayProcess
from dispatch.store.buses.embedded_valkey import EmbeddedValkey, ValkeyNotStartedError
from dispatch.store.journal import JournalUnavailableError
from dispatch.store.journals.sql_journal import JournalMismatchError, SqlJournal, open_journal
from dispatch.store.migrations import upgrade
from dispatch.store.queries.personal_data import SqlPersonalData

log = structlog.get_logger()

START_ERRORS: Final = (
    OSError,
    RayNotStartedError,
    SettingsError,
    ValkeyNotStartedError,
    JournalMismatchError,
    JournalUnavailableError,
)
CHECK_EVERY_S: Final = 0.2
PING_VALKEY_EVERY_S: Final = 1.0
RETRY_S: Final = 1.0
GATEWAY_STOP_S: Final = 8.0


class StartError(Exception):
    """The system cannot start; the text gives the reason in one line."""


class Supervisor:
    """One running system. ``start`` either succeeds or leaves nothing running."""

    def __init__(
        self,
        settings: Settings,
        *,
        config: Path | None = None,
        overrides: dict[str, str | float | int | bool] | None = None,
        city_anchor: float | None = None,
    ) -> None:
        self.settings = settings
        self._config = config
        self._overrides = overrides or {}
        self._city_anchor = city_anchor
        self._socket: socket.socket | None = None
        self._valkey: EmbeddedValkey | None = None
        self._ray: RayProcess | None = None
        self._gateways: dict[int, MonitoredProcess] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._clock = CityClock()
        self.system: ClusterConfig | None = None

    @property
    def port(self) -> int:
        if self._socket is None:
            raise StartError("not started")
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        host = self.settings.server.host
        scheme = "http" if self.settings.server.tls_cert is None else "https"
        return f"{scheme}://{'127.0.0.1' if host == '0.0.0.0' else host}:{self.port}"  # noqa: S104 - shown, not bound

    async def start(self) -> None:
        """Raises :class:`StartError` after stopping all started parts."""
        try:
            await self._start()
        except START_ERRORS as error:
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
        journal = await open_journal(settings.journal_url, shards=settings.journal.shards)
        try:
            await SqlPersonalData(journal.database, vault).encrypt_plain_numbers()
            wall_anchor, city_anchor = await self._anchors(journal)
        finally:
            await journal.close()
        system = ClusterConfig(
            ray_address="",
            journal_url=settings.journal_url,
            redis_url=redis_url,
            placement=placement_of(settings),
            matchers=matcher_names(settings),
            speed=settings.clock.speed,
            wall_anchor=wall_anchor,
            city_anchor=city_anchor,
            data_dir=str(data_dir),
            config=str(self._config.resolve()) if self._config is not None else "",
            overrides={**self._overrides, "server.port": self.port},
        )
        system.write(data_dir)
        self._ray = RayProcess(data_dir, self._clock)
        await self._ray.start()
        self.system = ClusterConfig.read(data_dir)
        self._start_gateways()
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(work) for work in (self._watch_processes(), self._watch_valkey())]
        log.info("server started", url=self.url)

    async def _anchors(self, journal: SqlJournal) -> tuple[float, float]:
        """Wall time and city time at one moment, as the journal stores them: city time continues after a restart."""
        wall = time.time()
        if self.settings.clock.speed == 1.0 and self._city_anchor is None:
            return 0.0, 0.0
        city = wall if self._city_anchor is None else self._city_anchor
        stored = await journal.meta("clock anchors", f"{wall!r} {city!r} {self.settings.clock.speed!r}")
        wall_text, city_text, speed_text = stored.split()
        if float(speed_text) != self.settings.clock.speed:
            raise StartError(f"clock.speed must be {speed_text}, as when this journal was created")
        return float(wall_text), float(city_text)

    def _start_valkey(self, data_dir: Path) -> str:
        self._valkey = EmbeddedValkey(data_dir / "valkey")
        self._valkey.start()
        return self._valkey.url

    async def _watch_valkey(self) -> None:
        valkey, silent_since = self._valkey, None
        while valkey is not None:
            await asyncio.sleep(PING_VALKEY_EVERY_S)
            if valkey.running and await asyncio.to_thread(valkey.answers):
                silent_since = None
                continue
            silent_since = silent_since or self._clock.wall()
            if valkey.running and self._clock.wall() - silent_since < SILENT_AFTER_S:
                continue
            log.warning("restarting Valkey")
            silent_since = None
            try:
                valkey.restart()
                await asyncio.to_thread(valkey.wait)
            except (ValkeyNotStartedError, OSError) as error:
                log.warning("Valkey restart failed", error=str(error))

    def _start_gateways(self) -> None:
        for number in range(self.settings.server.gateways):
            self._start_gateway(number)

    def _start_gateway(self, number: int) -> None:
        assert self._socket is not None  # noqa: S101 - set at start
        assert self.system is not None  # noqa: S101 - set after the cluster has started
        data_dir, listening = self.system.data_dir, self._socket.fileno()
        arguments = ["-m", "ws_gateway", "--data-dir", data_dir, "--fd", str(listening), "--number", str(number)]
        log_file = Path(data_dir) / "logs" / f"gateway-{number}.log"
        self._gateways[number] = MonitoredProcess(arguments, log_file, self._clock, fds=[listening])

    async def _watch_processes(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            if self._ray is not None and (failure := self._ray.failure()):
                log.warning("restarting Ray", reason=failure)
                await self._restart_ray(self._ray)
                continue
            for number, child in list(self._gateways.items()):
                if failure := child.failure():
                    log.warning("restarting gateway", number=number, reason=failure)
                    await asyncio.to_thread(child.kill)
                    self._start_gateway(number)

    async def _restart_ray(self, ray: RayProcess) -> None:
        """Clients that connect meanwhile wait at the listening socket."""
        for child in self._gateways.values():
            await asyncio.to_thread(child.kill)
        self._gateways.clear()
        await asyncio.to_thread(ray.kill)
        while True:
            try:
                await ray.start()
                break
            except (RayNotStartedError, OSError) as error:
                log.warning("Ray restart failed", error=str(error))
                await asyncio.sleep(RETRY_S)
        assert self.system is not None  # noqa: S101 - set at start
        self.system = ClusterConfig.read(Path(self.system.data_dir))
        self._start_gateways()

    async def stop(self) -> None:
        """Stop all started parts in reverse order. Can be called twice."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await asyncio.gather(*(child.stop(within_s=GATEWAY_STOP_S) for child in self._gateways.values()))
        self._gateways.clear()
        if self._ray is not None:
            await self._ray.stop()
            self._ray = None
        if self._valkey is not None:
            await asyncio.to_thread(self._valkey.stop)
            self._valkey = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        log.info("server stopped")


async def _check_keys(settings: Settings) -> None:
    """Open and close every payment gateway. Raises ``SettingsError`` for invalid keys."""
    await open_gateways(settings, CityClock()).aclose()
    for company in accounts_of(settings):
        authorization = open_authorization(settings, CityClock(), company)
        if authorization is not None:
            await authorization.aclose()


def _at_port(settings: Settings, port: int) -> Settings:
    return settings.model_copy(update={"server": settings.server.model_copy(update={"port": port})})


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket for the gateways to inherit. Raises ``OSError`` with a text that names the port."""
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
