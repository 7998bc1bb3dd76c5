"""The process that holds Ray: ``python -m dispatch.server.cluster_main --data-dir DIR``, as the supervisor starts it.

It starts the head (or joins the cluster that the settings name), makes all hosts and matchers, replaces whoever falls
silent, and holds each day's books against Alipay's bill. Its end is the end of its head with all actors, and the
end of the raylet or of the GCS ends it: the supervisor then starts another one.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import structlog
import uvloop

from dispatch.actors.ray.cluster import Cluster, HeadNotStartedError, start_head, stop_head
from dispatch.actors.ray.session import join_cluster, leave_cluster
from dispatch.actors.rpc.client import RpcUnavailableError
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.config.loader import Settings, SettingsError, load_settings
from dispatch.domain.entity import KINDS, EntityKey, Signal
from dispatch.observability.logging import configure_logging
from dispatch.processes.monitored_process import heartbeat, send
from dispatch.processes.shutdown import run_until, stop_on_signals
from dispatch.server.daily_reconciliation import DailyReconciliation, alipay_bills
from dispatch.server.retention import Retention
from dispatch.store.journal import JournalUnavailableError, StoredCommand
from dispatch.store.journals.sql_journal import JournalMismatchError, SqlJournal, open_journal
from dispatch.store.queries.ledger import SqlLedger
from dispatch.store.queries.retention import SqlRetention

log = structlog.get_logger()

UP: Final = "up"
"""What it says once every actor answers. Else it says why not, in one line."""
ALARM_WITHIN_S: Final = 30.0
ALARMS_OF: Final = EntityKey("payment", "daily-bill")
"""Its host raises the alarms of no payment in particular. There is no such payment."""
WHY_NOT_UP: Final = (
    OSError,
    HeadNotStartedError,
    SettingsError,
    JournalMismatchError,
    JournalUnavailableError,
    RpcUnavailableError,
    ConnectionError,
)


async def hold(system: ClusterConfig, settings: Settings, pipe: int) -> None:
    """Make the actors and keep them alive until a signal. Raises what :data:`WHY_NOT_UP` names."""
    stop = stop_on_signals()
    beating = asyncio.ensure_future(heartbeat(pipe))
    journal = await open_journal(system.journal_url, shards=system.placement.shards)
    try:
        await run_until(stop, _hold(system, settings, journal, stop, pipe))
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        await journal.close()


async def _hold(system: ClusterConfig, settings: Settings, journal: SqlJournal, stop: asyncio.Event, pipe: int) -> None:
    system = await asyncio.to_thread(_joined, system, settings)
    stop_on_signals(stop)
    cluster = Cluster(settings, system)
    await cluster.start(await _dues(journal, system))
    send(pipe, f"{UP}\n".encode())
    alarms = partial(raise_alarm, system, cluster)
    try:
        old = Retention(SqlRetention(journal.database), system.clock(), settings.journal)
        bills = _daily_bill(settings, system, journal, alarms)
        await asyncio.gather(cluster.watch(), bills.run(), old.run())
    finally:
        await cluster.drain()


def _joined(system: ClusterConfig, settings: Settings) -> ClusterConfig:
    """The system with Ray's address, written where the gateways look for it."""
    address = settings.ray.address or start_head()
    system = msgspec.structs.replace(system, ray_address=address)
    if settings.ray.address:
        join_cluster(system)
    system.write(Path(system.data_dir))
    return system


async def _dues(journal: SqlJournal, system: ClusterConfig) -> list[StoredCommand]:
    shards = range(system.placement.shards)
    return [due for kind in KINDS for due in await journal.scheduled_commands(kind, shards)]


def _daily_bill(
    settings: Settings, system: ClusterConfig, journal: SqlJournal, alarms: Callable[[Signal], Awaitable[None]]
) -> DailyReconciliation:
    clock = system.clock()
    return DailyReconciliation(
        settings, SqlLedger(journal.database), clock, alarms, partial(alipay_bills, settings, clock)
    )


async def raise_alarm(system: ClusterConfig, cluster: Cluster, signal: Signal) -> None:
    """As a payment's own alarm: logged, counted and told to consoles by a payment host.

    Raises ``RpcUnavailableError`` where it does not answer.
    """
    line = cluster.hosts.line(system.placement.host_of(ALARMS_OF))
    await line.call("ping", within_s=ALARM_WITHIN_S)
    await line.call("alarms_told", msgspec.msgpack.encode([signal]))


def main() -> None:
    """Read the arguments, then hold Ray."""
    parser = argparse.ArgumentParser(prog="cluster_process", description="Ray and all actors of one system.")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--alive-fd", type=int, required=True, help="where to say that we are alive, inherited")
    given = parser.parse_args()
    system = ClusterConfig.read(given.data_dir)
    settings = load_settings(system.config_file, dict(system.overrides))
    configure_logging(settings.log.level, settings.log.format)
    try:
        uvloop.run(hold(system, settings, given.alive_fd))
    except WHY_NOT_UP as error:
        send(given.alive_fd, f"{' '.join(str(error).split())}\n".encode())
        sys.exit(1)
    finally:
        if settings.ray.address:
            leave_cluster()
        else:
            stop_head()


if __name__ == "__main__":
    main()
