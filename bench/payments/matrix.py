"""Plays the cases of ``bench payments`` one after another over one journal."""

import contextlib
import logging
import random
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Final

import structlog

from bench.harness.local_hosts import SHARDS, san_francisco
from bench.payments.alipay import ACQUIRER_MERCHANT, OVERSEAS
from bench.payments.cases import cases, crashes_of, faults_of
from bench.payments.checks import CaseResult, check_ride
from bench.payments.ride import CaseEnvironment, PaidRide, PaymentCase
from dispatch.payment.core.rules import Account, PaymentRules
from dispatch.store.journals.sql_journal import open_journal
from dispatch.store.migrations import upgrade
from sim.alipay_sandbox.model.merchants import DemoMerchant, demo_merchant

NOTIFY_URL: Final = "http://taxi.invalid/alipay/notify"
RIDES_PER_ENVIRONMENT: Final = 50
"""Few enough that no trade passes the year within which it can be refunded."""


def sample(share: float, seed: int) -> list[PaymentCase]:
    """A random share of all cases, in their order."""
    dice = random.Random(seed)
    return [case for case in cases() if share >= 1 or dice.random() < share]


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Suppress the product's log: most of its errors are provoked."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


def new_journal(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{folder / 'journal.db'}"
    upgrade(url)
    return url


async def play(chosen: Sequence[PaymentCase], folder: Path) -> AsyncIterator[CaseResult]:
    """Play the cases in turn, each with a host of its own. After a failed case the environment is replaced."""
    keys = demo_merchant()
    waiting = list(enumerate(chosen))
    environments = 0
    while waiting:
        environments += 1
        gateway = waiting[0][1].gateway
        async with environment_of(gateway, keys, folder / f"environment{environments}") as environment:
            for number, case in list(waiting[:RIDES_PER_ENVIRONMENT]):
                if case.gateway != gateway:
                    break
                waiting.pop(0)
                ride = PaidRide(case, f"T{number}", environment, faults_of(case), crashes_of(case))
                await ride.play()
                result = await check_ride(ride, environment.journal, environment.kinds["payment"])
                yield result
                if not result.good:
                    break
        shutil.rmtree(folder / f"environment{environments}")


@contextlib.asynccontextmanager
async def environment_of(gateway: str, keys: DemoMerchant, folder: Path) -> AsyncIterator[CaseEnvironment]:
    currency = "USD" if gateway in OVERSEAS else "CNY"
    seller = ACQUIRER_MERCHANT if gateway == "acquirer" else keys.partner
    account = Account(seller_id=seller, seller_email=keys.email, notify_url=NOTIFY_URL, currency=currency)
    journal = await open_journal(new_journal(folder), shards=SHARDS)
    environment = CaseEnvironment(gateway, keys, san_francisco(PaymentRules(account=account)), journal, folder)
    try:
        yield environment
    finally:
        await environment.aclose()
