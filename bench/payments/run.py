"""Every payment gateway under every fault and every crash of its host; and the rides one host collects per second.

Method: the product's payment entity in its real host core, over a real SQLite journal and with the real gateways,
against the Alipay sandbox in the same process (and the acquirer's against ``docs/examples/acquirer_server.py``, with
faults in the transport), over ASGI, all on one manual clock. Each case is one ride: a gateway, a way to pay, a story
(``bench.payments.ride``), a call of the port or a notification, a fault of the sandbox at it (once, or for an hour at
noon or around midnight), and a crash of the host: before the call, after it with the answer lost, after the answer's
commit with all else lost. Then three days pass, with all timers and all of Alipay's repeated notifications.

``charged_twice``: the passenger has paid more than the fare, by the sandbox's accounts and the driver's cash.
``lost``: the passenger has paid another amount than the payment states. ``unknown``: an attempt, a refund or a timer is
still open. ``unbalanced``: an account of the ledger (fares, alipay, owed) differs from the sandbox's accounts, or the
accounts do not add up to zero. ``struck`` and ``died`` count the cases whose fault and crash really happened;
``off_the_bill`` those in which the accounts agree, but not the moves in them, so that the daily bill will differ.

``--share 0.1 --seed 7`` plays a part of the cases, ``--processes N`` at once.

The rate: a host with its runtime, over real sockets, and the sandbox in a process of its own; ``--rides`` (150) on
their pages, ``--at-once`` (16) at a time, each paid by its passenger as soon as the order exists, with a
notification. ``rides_per_s`` is with RSA2 on the journal's own disk, ``signing_share`` the share of the host's CPU
time that signatures take; ``ratio`` is that rate over the rate with MD5, whose signatures cost next to nothing.
"""

import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Annotated, Final

from typer import Option

from bench.harness.figures import Figures
from bench.harness.plan import BenchPlan, Processes, Seed
from bench.payments.checks import CaseResult
from bench.payments.matrix import play, quietly, sample
from bench.payments.rate import CollectionRate, measure
from bench.payments.ride import PaymentCase
from sim.demo.sandbox_process import SandboxProcess

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a temporary folder is created there
SHOWN_AT_MOST: Final = 50
ROUNDS: Final = 3
"""Rate measurements with each sign type in turn; the result is their median."""
WRONGS: Final = ("charged_twice", "lost", "unknown", "unbalanced")


@dataclass(frozen=True, kw_only=True)
class PaymentsPlan(BenchPlan):
    """The options."""

    share: Annotated[float, Option(min=0, max=1, help="Share of the cases to play.")] = 1.0
    seed: Seed = 1
    processes: Processes = 2
    rides: Annotated[int, Option(min=0, help="Rides of each rate measurement; 0 leaves it out.")] = 150
    at_once: Annotated[int, Option(min=1, help="Rides paid at the same time.")] = 16


def run(plan: PaymentsPlan) -> Figures:
    results = play_all(sample(plan.share, plan.seed), plan.processes)
    for result in [result for result in results if not result.good or result.off_the_bill][:SHOWN_AT_MOST]:
        sys.stderr.write(f"{result.case}: {result.state}: {result.why or 'off the bill'}\n")
    return {**counted(results), **(asyncio.run(_rates(plan)) if plan.rides else {})}


def play_all(chosen: Sequence[PaymentCase], processes: int) -> list[CaseResult]:
    if processes <= 1:
        return _play(chosen)
    size = 200
    parts = [chosen[at : at + size] for at in range(0, len(chosen), size)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return [result for part in pool.map(_play, parts) for result in part]


def counted(results: Sequence[CaseResult]) -> Figures:
    wrong: Counter[str] = Counter()
    for result in results:
        wrong.update(name for name in WRONGS if getattr(result, name))
    return {
        "cases": len(results),
        **{name: wrong[name] for name in WRONGS},
        "otherwise_wrong": sum(not each.good and not any(getattr(each, name) for name in WRONGS) for each in results),
        **{name: sum(getattr(each, name) for each in results) for name in ("off_the_bill", "struck", "died")},
        "collected": sum(each.paid for each in results),
        "alarms": sum(each.alarms for each in results),
    }


def _play(chosen: Sequence[PaymentCase]) -> list[CaseResult]:
    # Only processes crash, not disks: the journal may be in memory.
    memory = MEMORY if MEMORY.is_dir() else None
    with quietly(), tempfile.TemporaryDirectory(prefix="taxi-payments-", dir=memory) as folder:
        return asyncio.run(_played(chosen, Path(folder)))


async def _played(chosen: Sequence[PaymentCase], folder: Path) -> list[CaseResult]:
    return [result async for result in play(chosen, folder)]


async def _rates(plan: PaymentsPlan) -> Figures:
    with tempfile.TemporaryDirectory(prefix="taxi-payments-") as made, quietly():
        folder = Path(made)
        sandbox = SandboxProcess(folder / "sandbox")
        await sandbox.start()
        try:
            rates: dict[str, list[CollectionRate]] = {"MD5": [], "RSA2": []}
            for number in range(2 * ROUNDS):
                sign_type = ("MD5", "RSA2")[number % 2]
                name = f"{sign_type}{number}"
                rate = await measure(sandbox, folder / name, name, sign_type, rides=plan.rides, at_once=plan.at_once)
                rates[sign_type].append(rate)
        finally:
            await sandbox.stop()
    signed, bare = _median(rates["RSA2"]), _median(rates["MD5"])
    return {
        "rides": plan.rides,
        "rides_per_s": round(signed.rides_per_s, 1),
        "rides_per_s_md5": round(bare.rides_per_s, 1),
        "signing_share": round(signed.signing_share, 3),
        "signing_share_md5": round(bare.signing_share, 3),
        "ratio": round(signed.rides_per_s / bare.rides_per_s, 3),
    }


def _median(rates: Sequence[CollectionRate]) -> CollectionRate:
    return CollectionRate(median(rate.rides_per_s for rate in rates), median(rate.signing_share for rate in rates))
