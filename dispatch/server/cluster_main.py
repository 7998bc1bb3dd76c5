"""The cluster process: ``python -m dispatch.server.cluster_main --data-dir DIR``, started by the supervisor.

It starts a Ray head (or joins the configured cluster), creates all hosts and matchers, replaces unresponsive actors,
deletes expired rows, and reconciles each day with Alipay's bill. When this process ends, its head ends with all actors;
when the raylet or the GCS ends, this process ends. The supervisor then starts another one.
"""

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
from dispatch.actors.ray.discovery import join_cluster, leave_cluster
from dispatch.actors.rpc.client import RpcUnavailableError
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.config.loader import Settings, SettingsError, load_settings
from dispatch.domain.entity import KINDS, DomainNotice, EntityKey
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
"""Sent to the supervisor once every actor answers; otherwise one line with the reason is sent."""
ALARM_WITHIN_S: Final = 30.0
GENERAL_ALARMS: Final = EntityKey("payment", "daily-bill")
"""No such payment exists; its host raises alarms that concern no single payment."""
START_ERRORS: Final = (
    OSError,
    HeadNotStartedError,
    SettingsError,
    JournalMismatchError,
    JournalUnavailableError,
    RpcUnavailableError,
    ConnectionError,
)


async def run_cluster(system: ClusterConfig, settings: Settings, pipe: int) -> None:
    """Create the actors and keep them running until a signal. Raises the errors in :data:`START_ERRORS`."""
    stop = stop_on_signals()
    heartbeats = asyncio.ensure_future(heartbeat(pipe))
    journal = await open_journal(system.journal_url, shards=system.placement.shards)
    try:
        await run_until(stop, _run_cluster(system, settings, journal, stop, pipe))
    finally:
        heartbeats.cancel()
        await asyncio.gather(heartbeats, return_exceptions=True)
        await journal.close()


async def _run_cluster(
    system: ClusterConfig, settings: Settings, journal: SqlJournal, stop: asyncio.Event, pipe: int
) -> None:
    system = await asyncio.to_thread(_joined, system, settings)
    stop_on_signals(stop)
    cluster = Cluster(settings, system)
    await cluster.start(await _scheduled_commands(journal, system))
    send(pipe, f"{UP}\n".encode())
    alarms = partial(raise_alarm, system, cluster)
    try:
        retention = Retention(SqlRetention(journal.database), system.clock(), settings.journal)
        reconciliation = _daily_reconciliation(settings, system, journal, alarms)
        await asyncio.gather(cluster.watch(), reconciliation.run(), retention.run())
    finally:
        await cluster.drain()


def _joined(system: ClusterConfig, settings: Settings) -> ClusterConfig:
    address = settings.ray.address or start_head()
    system = msgspec.structs.replace(system, ray_address=address)
    if settings.ray.address:
        join_cluster(system)
    system.write(Path(system.data_dir))
    return system


async def _scheduled_commands(journal: SqlJournal, system: ClusterConfig) -> list[StoredCommand]:
    shards = range(system.placement.shards)
    return [command for kind in KINDS for command in await journal.scheduled_commands(kind, shards)]


def _daily_reconciliation(
    settings: Settings, system: ClusterConfig, journal: SqlJournal, alarms: Callable[[DomainNotice], Awaitable[None]]
) -> DailyReconciliation:
    clock = system.clock()
    return DailyReconciliation(
        settings, SqlLedger(journal.database), clock, alarms, partial(alipay_bills, settings, clock)
    )


async def raise_alarm(system: ClusterConfig, cluster: Cluster, signal: DomainNotice) -> None:
    """Raise an alarm through a payment host, like the alarm of a payment: logged, counted and sent to consoles.

    Raises ``RpcUnavailableError`` if the host does not answer.
    """
    actor = cluster.hosts.actor(system.placement.host_of(GENERAL_ALARMS))
    await actor.call("ping", within_s=ALARM_WITHIN_S)
    await actor.call("report_notices", msgspec.msgpack.encode([signal]))


def main() -> None:
    parser = argparse.ArgumentParser(prog="cluster_main", description="Ray and all actors of one system.")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--alive-fd", type=int, required=True, help="inherited pipe for heartbeats")
    arguments = parser.parse_args()
    system = ClusterConfig.read(arguments.data_dir)
    settings = load_settings(system.config_file, dict(system.overrides))
    configure_logging(settings.log.level, settings.log.format)
    try:
        uvloop.run(run_cluster(system, settings, arguments.alive_fd))
    except START_ERRORS as error:
        send(arguments.alive_fd, f"{' '.join(str(error).split())}\n".encode())
        sys.exit(1)
    finally:
        if settings.ray.address:
            leave_cluster()
        else:
            stop_head()


if __name__ == "__main__":
    main()
