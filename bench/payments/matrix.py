"""Plays the cases of ``bench payments`` one after another over one journal."""

from __future__ import annotations

import contextlib
import logging
import random
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from bench.payments.alipay import OVERSEAS
from bench.payments.cases import cases, deaths_of, faults_of
from bench.payments.checks import Verdict, judge
from bench.payments.host import SHARDS
from bench.payments.ride import Case, Ride, Town
from dispatch.actors.core.entity_types import EntityKind, entity_kinds
from dispatch.config.tariffs import read_tariff
from dispatch.domain.entity import Kind
from dispatch.domain.fare.gps_meter import MeterRules
from dispatch.domain.rules import Rules
from dispatch.payment.core.rules import Account, PaymentRules
from dispatch.store.journals.sql_journal import SqlJournal, open_journal
from dispatch.store.migrations import upgrade
from sim.alipay_sandbox.model.merchants import DemoMerchant, demo_merchant

NOTIFY_URL: Final = "http://taxi.invalid/alipay/notify"
RIDES_IN_A_TOWN: Final = 50
"""So few that none of their trades ends its year, in which it can be refunded."""
CITY: Final = Rules(tariff=read_tariff("san_francisco"), meter=MeterRules(waiting_kmh=18.0))


def sample(share: float, seed: int) -> list[Case]:
    """A share of all cases, in their order: the same for the same seed."""
    dice = random.Random(seed)
    return [case for case in cases() if share >= 1 or dice.random() < share]


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Without what the product logs of forged messages: most of them are meant to be."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


@contextlib.asynccontextmanager
async def journal_in(folder: Path) -> AsyncIterator[SqlJournal]:
    """A fresh journal on SQLite."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nobody else waits
    url = f"sqlite:///{folder / 'journal.db'}"
    upgrade(url)
    journal = await open_journal(url, shards=SHARDS)
    try:
        yield journal
    finally:
        await journal.close()


def kinds_of(keys: DemoMerchant, gateway: str) -> Mapping[Kind, EntityKind]:
    """The product's entities, collecting by this merchant's account."""
    currency = "USD" if gateway in OVERSEAS else "CNY"
    seller = "cab1" if gateway == "acquirer" else keys.partner
    account = Account(seller_id=seller, seller_email=keys.email, notify_url=NOTIFY_URL, currency=currency)
    return entity_kinds(CITY, PaymentRules(account=account))


async def play(chosen: Sequence[Case], folder: Path) -> AsyncIterator[Verdict]:
    """Each case in its turn, with a host of its own. What one case leaves open cannot meet the next."""
    keys = demo_merchant()
    waiting = list(enumerate(chosen))
    towns = 0
    while waiting:
        towns += 1
        gateway = waiting[0][1].gateway
        async with town_of(gateway, keys, folder / f"town{towns}") as town:
            for number, case in list(waiting[:RIDES_IN_A_TOWN]):
                if case.gateway != gateway:
                    break
                waiting.pop(0)
                ride = Ride(case, f"T{number}", town, faults_of(case), deaths_of(case))
                await ride.play()
                verdict = await judge(ride, town.journal, town.kinds["payment"])
                yield verdict
                if not verdict.good:
                    break
        shutil.rmtree(folder / f"town{towns}")


@contextlib.asynccontextmanager
async def town_of(gateway: str, keys: DemoMerchant, folder: Path) -> AsyncIterator[Town]:
    """A town whose journal is in ``folder``."""
    async with journal_in(folder) as journal:
        town = Town(gateway, keys, kinds_of(keys, gateway), journal)
        try:
            yield town
        finally:
            await town.aclose()
