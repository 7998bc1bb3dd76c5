"""Alipay's notifications on their way to the payment."""

from __future__ import annotations

import pytest

from dispatch.actors.core.protocol import Done, Refused
from dispatch.domain.commands import RecordNotification, decode_command
from dispatch.domain.entity import SYSTEM
from dispatch.domain.errors import ErrorCode
from dispatch.payment.core.gateway_calls import decode_notification
from dispatch.payment.core.port import Notification, RejectedNotification, TradeStatus
from tests.ws_gateway.fakes import FakeHosts
from ws_gateway.http.alipay_webhook import AlipayWebhook

FORM = "application/x-www-form-urlencoded"


class Believer:
    """Takes the body for the order number; an empty one for a forgery."""

    def __init__(self) -> None:
        self.sent = True
        self.companies: list[str] = []

    async def verify_notification(
        self, company: str, body: bytes, content_type: str
    ) -> Notification | RejectedNotification:
        self.companies.append(company)
        if not (body and self.sent):
            return RejectedNotification(f"no signature in {content_type}")
        return Notification(
            notify_id="n1",
            out_trade_no=body.decode(),
            trade_no="2026",
            status=next(iter(TradeStatus)),
            total="12.30",
            fields={},
        )


@pytest.fixture
def hosts() -> FakeHosts:
    return FakeHosts()


async def test_a_genuine_one_reaches_its_payment(hosts: FakeHosts) -> None:
    """The payment of the order's trip hears it, as the system, and Alipay is told after that; a repeat acts once."""
    notices = AlipayWebhook(Believer(), hosts)
    assert await notices.receive_notification(b"t5_1_1", FORM)
    assert await notices.receive_notification(b"t5_1_1", FORM)
    [envelope] = hosts.envelopes
    assert (envelope.key, envelope.principal) == ("payment:t5", SYSTEM)
    command = decode_command(envelope.body)
    assert isinstance(command, RecordNotification)
    assert command.order == "t5_1_1"
    assert decode_notification(command.notification).trade_no == "2026"


async def test_what_is_not_believed(hosts: FakeHosts) -> None:
    """A forgery, a strange order, what Alipay does not confirm; a payment's refusal and an outage are no success."""
    believer = Believer()
    notices = AlipayWebhook(believer, hosts)
    assert not await notices.receive_notification(b"", FORM)
    assert not await notices.receive_notification(b"not-ours", FORM)
    assert hosts.envelopes == []
    believer.sent = False
    assert not await notices.receive_notification(b"t5_1_1", FORM)
    assert hosts.envelopes == []
    believer.sent = True
    hosts.decide = lambda _: Refused(ErrorCode.PAYMENT_REFUSED)
    assert not await notices.receive_notification(b"t5_1_1", FORM)
    hosts.down = True
    assert not await notices.receive_notification(b"t5_1_2", FORM)
    hosts.down = False
    hosts.decide = lambda _: Done(seq=1, state="paid")
    assert await notices.receive_notification(b"t5_1_2", FORM)


async def test_a_companys_own_address(hosts: FakeHosts) -> None:
    """What came to a company's address is checked against the company's account."""
    believer = Believer()
    notices = AlipayWebhook(believer, hosts)
    assert await notices.receive_notification(b"t5_1_1", FORM, "blue")
    assert await notices.receive_notification(b"t5_1_2", FORM)
    assert believer.companies == ["blue", ""]
