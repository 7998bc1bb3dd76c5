"""Every payment gateway under every fault and every death of its host; and how many rides one host collects.

Method: the product's payment entity behind its real host core and a real SQLite journal, with the real gateways,
against the Alipay sandbox in the same process (and the acquirer's against ``docs/examples/acquirer_server.py``, with
faults on the wire), over ASGI, all on one clock that is set by hand. Each case is one ride:
a gateway, a way to pay, a story (``bench.payments.ride``), a call of the port or a notification, a fault of the sandbox
at it (once, or all of an hour by noon or about midnight), and a death of the host: before the call, after it with the
answer lost, after the answer's commit with all else lost. Then time goes on for three days, through all timers and all
of Alipay's repeated notifications.

``charged_twice``: the passenger is out of more than the fare, by the sandbox's accounts and the driver's cash.
``lost``: the passenger is out of something else than what the payment says it kept. ``unknown``: an attempt, a refund
or a timer is still open. ``unbalanced``: an account of the books (fares, alipay, owed) is not what the sandbox's
accounts say, or the accounts do not add up to nothing. ``struck`` and ``died`` count where that really happened;
``off_the_bill`` where the accounts agree, but not the moves in them, so that the daily bill will differ.

``--share 0.1 --seed 7`` plays a part of the cases, ``--processes N`` at once.

The rate: a host with its shell, over real sockets, and the sandbox in a process of its own; ``--rides N`` (150)
on their pages, 16 at any moment, each paid by its passenger as soon as the order is there, told by notification.
``rides_per_s`` is with RSA2 on the journal's own disk, ``signing_share`` the part of the host's processor time that
goes into making and checking signatures; ``ratio`` is that rate over the rate with MD5, which is next to no signing.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from bench.payments.checks import Verdict
from bench.payments.matrix import play, quietly, sample
from bench.payments.rate import Rate, measure
from bench.payments.ride import Case
from sim.demo.sandbox_process import SandboxProcess

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of our own is made there
SHOWN_AT_MOST: Final = 50
ROUNDS: Final = 3
"""Of the rate, with each sign type in turn; medians count."""
WRONGS: Final = ("charged_twice", "lost", "unknown", "unbalanced")


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options."""

    share: float = 1.0
    seed: int = 1
    processes: int = 2
    rides: int = 150
    at_once: int = 16


def run(**options: object) -> dict[str, object]:
    """Play the cases and measure the rate; the options are the fields of :class:`Plan`."""
    plan = msgspec.convert(options, Plan)
    verdicts = tried(sample(plan.share, plan.seed), plan.processes)
    for verdict in [verdict for verdict in verdicts if not verdict.good or verdict.off_the_bill][:SHOWN_AT_MOST]:
        sys.stderr.write(f"{verdict.case}: {verdict.state}: {verdict.why or 'off the bill'}\n")
    return {**counted(verdicts), **(asyncio.run(_rates(plan)) if plan.rides else {})}


def tried(chosen: Sequence[Case], processes: int) -> list[Verdict]:
    """How the cases ended, in their order."""
    if processes <= 1:
        return _play(chosen)
    size = 200
    parts = [chosen[at : at + size] for at in range(0, len(chosen), size)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return [verdict for part in pool.map(_play, parts) for verdict in part]


def counted(verdicts: Sequence[Verdict]) -> dict[str, object]:
    """The matrix in numbers."""
    wrong: Counter[str] = Counter()
    for verdict in verdicts:
        wrong.update(name for name in WRONGS if getattr(verdict, name))
    return {
        "cases": len(verdicts),
        **{name: wrong[name] for name in WRONGS},
        "otherwise_wrong": sum(not each.good and not any(getattr(each, name) for name in WRONGS) for each in verdicts),
        "off_the_bill": sum(each.off_the_bill for each in verdicts),
        "struck": sum(each.struck for each in verdicts),
        "died": sum(each.died for each in verdicts),
        "collected": sum(each.paid for each in verdicts),
        "alarms": sum(each.alarms for each in verdicts),
    }


def _play(chosen: Sequence[Case]) -> list[Verdict]:
    # Deaths are of processes here, not of disks: the journal may stand in memory.
    memory = MEMORY if MEMORY.is_dir() else None
    with quietly(), tempfile.TemporaryDirectory(prefix="taxi-payments-", dir=memory) as folder:
        return asyncio.run(_played(chosen, Path(folder)))


async def _played(chosen: Sequence[Case], folder: Path) -> list[Verdict]:
    return [verdict async for verdict in play(chosen, folder)]


async def _rates(plan: Plan) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="taxi-payments-") as made, quietly():
        folder = Path(made)
        sandbox = SandboxProcess(folder / "sandbox")
        await sandbox.start()
        try:
            rates: dict[str, list[Rate]] = {"MD5": [], "RSA2": []}
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


def _median(rates: Sequence[Rate]) -> Rate:
    return Rate(median(rate.rides_per_s for rate in rates), median(rate.signing_share for rate in rates))
