"""What a backup costs those who write meanwhile: commits at a fixed rate, with and without ``taxi backup`` beside them.

Method: a SQLite journal of ``--streams`` streams (20,000) with five events each. Then ``--rate`` commits a second
(20), each of ten events with their streams, are begun at fixed times for ``--seconds`` (10), first alone, then while
``taxi backup`` runs in processes of its own, one after another, until at least one is done; both by turns, ``--rounds``
times (3). A commit counts from the moment at which it should have begun, so that waiting in line is not left out.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from pathlib import Path

import msgspec

from dispatch.domain.entity import EntityKey
from dispatch.store.journal import Append, Batch, Committed
from dispatch.store.journals.sql_journal import SqlJournal, open_journal
from dispatch.store.migrations import upgrade

SHARDS = 256
EACH = 10
BEFORE = 5
BODY = 60


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options."""

    streams: int = 20_000
    rate: float = 20.0
    seconds: float = 10.0
    rounds: int = 3


def run(**options: object) -> dict[str, object]:
    """Measure; the options are the fields of :class:`Plan`."""
    plan = msgspec.convert(options, Plan)
    with tempfile.TemporaryDirectory(prefix="taxi-backup-") as folder:
        return asyncio.run(_measure(plan, Path(folder)))


async def _measure(plan: Plan, folder: Path) -> dict[str, object]:
    url = f"sqlite:///{folder / 'journal.sqlite'}"
    upgrade(url)
    journal = await open_journal(url, shards=SHARDS)
    for start in range(0, plan.streams, 500):
        await _commit(journal, range(start, min(start + 500, plan.streams)), 0, BEFORE)
    writer = _Writer(journal, plan)
    alone: list[float] = []
    beside: list[float] = []
    took: list[float] = []
    for _ in range(plan.rounds):
        alone += await writer.run()
        backups = asyncio.create_task(_back_up_again_and_again(folder, took))
        before = len(took)
        while len(took) == before:
            beside += await writer.run()
        backups.cancel()
        await asyncio.gather(backups, return_exceptions=True)
    await journal.close()
    sizes = _sizes(folder)
    return {
        **_told(plan),
        **_figures("alone", alone),
        **_figures("beside_backups", beside),
        "backups": len(took),
        "backup_seconds_p50": round(statistics.median(took), 2) if took else None,
        "archive_mb": round(max(sizes) / 1e6, 1) if sizes else None,
    }


def _sizes(folder: Path) -> list[int]:
    return [path.stat().st_size for path in folder.glob("*.taxi")]


def _told(plan: Plan) -> dict[str, object]:
    """The options as figures."""
    return {"streams": plan.streams, "rate": plan.rate}


def _figures(name: str, seconds: list[float]) -> dict[str, object]:
    ordered = sorted(seconds)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    last = len(ordered) - 1
    return {f"{name}_{word}_ms": round(1000 * ordered[int(share * last)], 2) for word, share in at.items()}


async def _commit(journal: SqlJournal, streams: range, expected: int, count: int) -> None:
    appends = [
        Append(EntityKey("trip", f"T{n}"), expected, [(0.0, os.urandom(BODY)) for _ in range(count)]) for n in streams
    ]
    if await journal.commit(Batch(appends=appends)) != Committed():
        raise RuntimeError("a commit met a conflict")


class _Writer:
    """Commits at a fixed rate, each to the next streams."""

    def __init__(self, journal: SqlJournal, plan: Plan) -> None:
        self._journal = journal
        self._plan = plan
        self._turn = 0

    async def run(self) -> list[float]:
        """The times of all commits, from when each should have begun."""
        begin = time.perf_counter() + 0.1
        count = int(self._plan.seconds * self._plan.rate)
        return list(await asyncio.gather(*(self._one(begin + n / self._plan.rate) for n in range(count))))

    async def _one(self, due: float) -> float:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        groups = self._plan.streams // EACH
        group, round_of = self._turn % groups, self._turn // groups
        self._turn += 1
        await _commit(self._journal, range(group * EACH, group * EACH + EACH), BEFORE + round_of, 1)
        return time.perf_counter() - due


async def _back_up_again_and_again(folder: Path, took: list[float]) -> None:
    while True:
        words = ("-m", "taxi_cli", "backup", str(folder / f"{len(took)}.taxi"), "--data-dir", str(folder))
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=DEVNULL, stderr=DEVNULL)
        try:
            if await process.wait():
                raise RuntimeError("a backup failed")
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        took.append(time.perf_counter() - began)
