"""The matrix of payments: a part of it here, all of it by ``taxi bench payments``; and its judge."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from bench.payments.alipay import BUYER
from bench.payments.cases import STEPS, cases, faults_of
from bench.payments.checks import Verdict, judge
from bench.payments.matrix import NOTIFY_URL, play, quietly, sample, town_of
from bench.payments.ride import Case, Ride, Story
from bench.payments.run import WRONGS
from dispatch.payment.core.port import Order, OrderCreated
from sim.alipay_sandbox.faults import SandboxFault
from sim.alipay_sandbox.model.merchants import demo_merchant

pytestmark = pytest.mark.integration

SHARE = 0.012
SEED = 11
KEYS = demo_merchant()


async def played(chosen: list[Case], folder: Path) -> list[Verdict]:
    with quietly():
        return [verdict async for verdict in play(chosen, folder)]


@pytest.mark.timeout(300)
async def test_a_part_of_the_matrix(tmp_path: Path) -> None:
    """Whatever goes wrong and whenever the host dies: paid once or not at all, books right, nothing left open."""
    verdicts = await played(sample(SHARE, SEED), tmp_path)

    assert [f"{verdict.case}: {verdict.why}" for verdict in verdicts if not verdict.good] == []
    assert [each.case for each in verdicts if each.off_the_bill] == []
    assert sum(verdict.struck for verdict in verdicts) > len(verdicts) / 2
    assert sum(verdict.died for verdict in verdicts) > len(verdicts) / 3
    assert sum(verdict.paid for verdict in verdicts) > len(verdicts) / 3


def test_the_matrix_is_whole() -> None:
    """Every case once, every fault understood, every call and death in it."""
    every = list(cases())

    assert len(set(map(msgspec.json.encode, every))) == len(every)
    assert all(faults_of(case) or not case.fault for case in every)
    assert {case.step for case in every} == set(STEPS)
    calls = Counter((case.way, case.call) for case in every if not case.seed)
    assert {call for way, call in calls if way == "scan"} == {"scan", "query", "cancel", "refund", "notice"}
    assert {call for way, call in calls if way == "page"} == {"create", "query", "close", "cancel", "refund", "notice"}


@pytest.mark.parametrize(("story", "wrong"), [("pays", "charged_twice"), ("leaves", "lost")])
async def test_the_judge_sees_a_charge_beside_the_payment(story: Story, wrong: str, tmp_path: Path) -> None:
    """Money that the passenger paid and the payment does not know of is found, in the accounts and in the books."""
    case = Case(gateway="openapi RSA2", way="page", story=story)
    async with town_of(case.gateway, KEYS, tmp_path) as town:
        ride = Ride(case, "T1", town)
        await ride.play()
        before = await judge(ride, town.journal, town.kinds["payment"])
        order = Order(
            out_trade_no="T1_1_9",
            amount=ride.fare,
            subject="Taxi",
            buyer_id=BUYER,
            notify_url=NOTIFY_URL,
            expires_min=30,
        )
        created = await town.gateways.of("").create(order)
        assert isinstance(created, OrderCreated), created
        assert ride.alipay.pay(created.trade_no)
        after = await judge(ride, town.journal, town.kinds["payment"])

    assert before.good
    assert [name for name in WRONGS if getattr(after, name)] == [wrong, "unbalanced"]


async def test_the_judge_sees_what_stays_open(tmp_path: Path) -> None:
    """A payment that nobody ever answers is unknown."""
    case = Case(gateway="mapi MD5", way="page", story="pays", fault="drop-answer", call="create", lasts="hour")
    async with town_of(case.gateway, KEYS, tmp_path) as town:
        for_ever = (SandboxFault(name="outage", seconds=1e9),)
        ride = Ride(msgspec.structs.replace(case, lasts="once"), "T1", town, for_ever)
        await ride.play()
        verdict = await judge(ride, town.journal, town.kinds["payment"])

    assert (verdict.unknown, verdict.charged_twice, verdict.lost) == (True, False, False)
