"""Decisions are merged in order, and a message without a time of receipt counts as received now."""

from dispatch.domain.entity import SYSTEM, Context, Decision
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.payment.core.context import PaymentContext, merge, received_at
from dispatch.payment.core.state import PaymentState
from dispatch.values.ids import CommandId
from dispatch.values.units import CityTime
from tests.dispatch.payment.core.payment_host import RULES

PAYMENT = PaymentContext("t1", 7, PaymentState(), RULES)


def test_merged_decisions_keep_their_order() -> None:
    """Events, timers and notices follow each other; the first reply and refusal count."""
    refusal = DispatchError(ErrorCode.ALREADY_PAID)
    alarm = PAYMENT.alarm("o1", "cause")
    merged = merge(
        Decision(drop=["a"], reply={"order": "o1"}), Decision(drop=["b"], notices=[alarm], refusal=refusal), Decision()
    )

    assert (merged.drop, merged.reply, merged.refusal) == (["a", "b"], {"order": "o1"}, refusal)
    assert merged.notices == [alarm]


def test_time_of_receipt() -> None:
    """The message's own time, or the city's clock."""
    context = Context(CityTime(5.0), SYSTEM, CommandId("c"), {})

    assert (received_at(context, 3.0), received_at(context, 0.0)) == (3.0, 5.0)
