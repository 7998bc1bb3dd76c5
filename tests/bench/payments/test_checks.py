"""The check of a ride finds wrong charges, wrong books and open ends."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bench.payments.alipay import BUYER
from bench.payments.checks import check_ride
from bench.payments.matrix import NOTIFY_URL, environment_of
from bench.payments.ride import PaidRide, PaymentCase, Story
from bench.payments.run import WRONGS
from dispatch.payment.core.port import OrderCreated, PaymentOrder
from sim.alipay_sandbox.faults import SandboxFault
from sim.alipay_sandbox.model.merchants import demo_merchant

pytestmark = pytest.mark.integration

KEYS = demo_merchant()


@pytest.mark.parametrize(("story", "wrong"), [("pays", "charged_twice"), ("leaves", "lost")])
async def test_a_charge_beside_the_payment_is_found(story: Story, wrong: str, tmp_path: Path) -> None:
    """Money that the passenger paid and the payment does not record is found, in the accounts and in the books."""
    case = PaymentCase(gateway="openapi RSA2", way="page", story=story)
    async with environment_of(case.gateway, KEYS, tmp_path) as environment:
        ride = PaidRide(case, "T1", environment)
        await ride.play()
        before = await check_ride(ride, environment.journal, environment.kinds["payment"])
        order = PaymentOrder(
            out_trade_no="T1_1_9",
            amount=ride.fare,
            subject="Taxi",
            buyer_id=BUYER,
            notify_url=NOTIFY_URL,
            expires_min=30,
        )
        created = await environment.gateways.for_company("").create(order)
        assert isinstance(created, OrderCreated), created
        assert ride.counterparty.pay(created.trade_no)
        after = await check_ride(ride, environment.journal, environment.kinds["payment"])

    assert before.good
    assert [name for name in WRONGS if getattr(after, name)] == [wrong, "unbalanced"]


async def test_an_open_payment_is_found(tmp_path: Path) -> None:
    """A payment whose calls are never answered is unknown."""
    case = PaymentCase(gateway="mapi MD5", way="page", story="pays", fault="drop-answer", call="create", lasts="hour")
    async with environment_of(case.gateway, KEYS, tmp_path) as environment:
        forever = (SandboxFault(name="outage", seconds=1e9),)
        ride = PaidRide(msgspec.structs.replace(case, lasts="once"), "T1", environment, forever)
        await ride.play()
        result = await check_ride(ride, environment.journal, environment.kinds["payment"])

    assert (result.unknown, result.charged_twice, result.lost) == (True, False, False)
