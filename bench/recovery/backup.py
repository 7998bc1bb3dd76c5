"""Effect of a backup on concurrent writers: commits at a fixed rate, with and without ``taxi backup`` running.

Method: a SQLite journal of ``--streams`` streams (20,000) with five events each. Then ``--rate`` commits a second
(20), each of ten events to ten streams, are begun at fixed times for ``--seconds`` (10), first alone, then while
``taxi backup`` runs in separate processes, one after another, until at least one is done; both in turn, ``--rounds``
times (3). A commit's time counts from the moment it was due, so that queueing is included. ``ratio`` is p99 beside
backups / p99 alone.
"""

import asyncio
import os
import statistics
import sys
import time
from asyncio.subprocess import DEVNULL
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from typer import Option

from bench.harness.figures import Figures, percentiles_ms, prefixed, ratio
from bench.harness.local_hosts import SHARDS
from bench.harness.plan import BenchPlan, Rounds, Seconds
from bench.harness.whole_system import in_temporary_folder
from dispatch.domain.entity import EntityKey
from dispatch.store.journal import Append, Batch, Committed
from dispatch.store.journals.sql_journal import SqlJournal, open_journal
from dispatch.store.migrations import upgrade

STREAMS_PER_COMMIT: Final = 10
EVENTS_BEFORE: Final = 5
BODY_BYTES: Final = 60


@dataclass(frozen=True, kw_only=True)
class BackupPlan(BenchPlan):
    """The options."""

    streams: Annotated[int, Option(min=10, help="Streams in the journal.")] = 20_000
    rate: Annotated[float, Option(help="Commits per second.")] = 20.0
    seconds: Seconds = 10.0
    rounds: Rounds = 3


def run(plan: BackupPlan) -> Figures:
    return in_temporary_folder("backup", lambda folder: _measure(plan, folder))


def _archive_mb(folder: Path) -> float:
    return round(max(path.stat().st_size for path in folder.glob("*.taxi")) / 1e6, 1)


async def _measure(plan: BackupPlan, folder: Path) -> Figures:
    url = f"sqlite:///{folder / 'journal.sqlite'}"
    upgrade(url)
    journal = await open_journal(url, shards=SHARDS)
    await write_streams(journal, plan)
    load = CommitLoad(journal, plan)
    alone: list[float] = []
    beside: list[float] = []
    backup_s: list[float] = []
    for _ in range(plan.rounds):
        alone += await load.run()
        backups = asyncio.create_task(_repeat_backup(folder, backup_s))
        before = len(backup_s)
        while len(backup_s) == before:
            beside += await load.run()
            if backups.done():
                backups.result()
        backups.cancel()
        await asyncio.gather(backups, return_exceptions=True)
    await journal.close()
    without, with_backups = percentiles_ms(alone), percentiles_ms(beside)
    return {
        "streams": plan.streams,
        "rate": plan.rate,
        **prefixed("alone_", without),
        **prefixed("beside_backups_", with_backups),
        "backups": len(backup_s),
        "backup_seconds_p50": round(statistics.median(backup_s), 2),
        "archive_mb": _archive_mb(folder),
        "ratio": ratio(with_backups["p99_ms"], without["p99_ms"]),
    }


async def write_streams(journal: SqlJournal, plan: BackupPlan) -> None:
    for start in range(0, plan.streams, 500):
        await _commit(journal, range(start, min(start + 500, plan.streams)), 0, EVENTS_BEFORE)


async def _commit(journal: SqlJournal, streams: range, expected: int, count: int) -> None:
    appends = [
        Append(EntityKey("trip", f"T{n}"), expected, [(0.0, os.urandom(BODY_BYTES)) for _ in range(count)])
        for n in streams
    ]
    if await journal.commit(Batch(appends=appends)) != Committed():
        raise RuntimeError("commit conflict")


class CommitLoad:
    """Commits at a fixed rate, each to the next streams."""

    def __init__(self, journal: SqlJournal, plan: BackupPlan) -> None:
        self._journal = journal
        self._plan = plan
        self._turn = 0

    async def run(self) -> list[float]:
        """Seconds of each commit, from the time it was due."""
        begin = time.perf_counter() + 0.1
        count = int(self._plan.seconds * self._plan.rate)
        return list(await asyncio.gather(*(self._one(begin + n / self._plan.rate) for n in range(count))))

    async def _one(self, due: float) -> float:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        round_of, group = divmod(self._turn, self._plan.streams // STREAMS_PER_COMMIT)
        self._turn += 1
        first = group * STREAMS_PER_COMMIT
        await _commit(self._journal, range(first, first + STREAMS_PER_COMMIT), EVENTS_BEFORE + round_of, 1)
        return time.perf_counter() - due


async def _repeat_backup(folder: Path, backup_s: list[float]) -> None:
    while True:
        words = ("-m", "taxi_cli", "backup", str(folder / f"{len(backup_s)}.taxi"), "--data-dir", str(folder))
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=DEVNULL, stderr=DEVNULL)
        try:
            if await process.wait():
                raise RuntimeError("taxi backup failed")
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        backup_s.append(time.perf_counter() - began)
