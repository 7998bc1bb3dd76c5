"""What is told of the past, and what never is."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from dispatch.api.timeline import NumberedEvent, event_facts, gateway_facts, offer_details, timeline
from dispatch.domain.events import (
    MeterCheckpointed,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    PaymentOrdered,
    PaymentStarted,
    TripRequested,
)
from dispatch.domain.fare.gps_meter import MeterCheckpoint
from dispatch.payment.core.events import AttemptOpened
from dispatch.values.money import Money
from dispatch.values.units import CityTime
from tests.dispatch.domain.builders import HERE

BUYER = "2088102146225135"


def made(offer: str, at: float) -> OfferMade:
    return OfferMade(at, offer, f"t-{offer}", 2, HERE, 90.0, at + 15)


def test_no_code_no_account_and_the_end_of_a_phone() -> None:
    """A dispatcher reads who asked for what, without what opens a ride or names an account."""
    asked = TripRequested(5.0, "p1", "phone", HERE, "4711", "dispatcher:anna", contact="+14155550123", seats=2)
    assert event_facts(asked) == {
        "passenger": "p1",
        "origin": "phone",
        "pickup": {"lat": HERE.lat, "lng": HERE.lng, "text": HERE.text},
        "by": "dispatcher:anna",
        "seats": 2,
        "contact": "…123",
    }
    began = PaymentStarted(5.0, "alipay_app", Money(405, "USD"), buyer=BUYER, payer=f"alipay:{BUYER}")
    assert event_facts(began) == {"method": "alipay_app", "amount": {"minor": 405, "currency": "USD"}}
    assert "qr" not in json.dumps(event_facts(PaymentOrdered(5.0, "o1", "T1", code="https://qr.example/1")))


@given(st.text("0123456789", min_size=16, max_size=24))
def test_what_a_driver_scanned_is_not_told(code: str) -> None:
    """A code that pays, and the account that it is of, are in no timeline."""
    opened = AttemptOpened(
        5.0, "order", "alipay_scan", Money(405, "USD"), "V1", BUYER, f"Taxi for {BUYER}", "cmd", auth_code=code
    )
    told = json.dumps([story.facts for story in timeline([NumberedEvent(1, opened)])])
    assert code not in told
    assert BUYER not in told


def test_a_timeline_has_no_meter_checkpoints() -> None:
    """One each 200 m would bury the rest; numbers and times stay what they were."""
    point = MeterCheckpointed(6.0, "t1", MeterCheckpoint(0.0, 0.0, CityTime(6.0), 1, HERE.lat, HERE.lng))
    told = timeline(
        [NumberedEvent(1, made("o1", 5.0)), NumberedEvent(2, point), NumberedEvent(3, OfferExpired(20.0, "o1"))]
    )
    assert [(each.seq, each.at, each.event) for each in told] == [(1, 5.0, "offer_made"), (3, 20.0, "offer_expired")]


def test_offers_have_one_outcome() -> None:
    """The newest first; one without an end is open; ends of offers from before are left out."""
    events = [
        OfferExpired(1.0, "o0"),
        made("o1", 5.0),
        OfferDeclined(9.0, "o1", "too far"),
        made("o2", 20.0),
        OfferAccepted(25.0, "o2", "t-o2", 3),
        made("o3", 50.0),
    ]
    told = offer_details(NumberedEvent(seq, event) for seq, event in enumerate(events, 1))
    assert [(it.offer, it.outcome, it.ended_at, it.reason) for it in told] == [
        ("o3", "", None, ""),
        ("o2", "accepted", 25.0, ""),
        ("o1", "declined", 9.0, "too far"),
    ]


def test_alipays_words() -> None:
    """Codes, states and amounts are told, from JSON and XML; who paid, signatures and what is unknown are not."""
    answer = {
        "alipay_trade_query_response": {
            "code": "10000", "trade_status": "TRADE_SUCCESS", "total_amount": "4.05", "buyer_logon_id": "138****1234",
            "buyer_user_id": BUYER, "fund_bill_list": [{"amount": "4.05"}],
        },
        "sign": "c2lnbg==",
    }  # fmt: skip
    assert gateway_facts(json.dumps(answer)) == {
        "code": "10000",
        "trade_status": "TRADE_SUCCESS",
        "total_amount": "4.05",
    }
    page = (
        f"<alipay><is_success>T</is_success><response><alipay><result_code>SUCCESS</result_code><buyer_user_id>{BUYER}"
        "</buyer_user_id></alipay></response><sign>abc</sign></alipay>"
    )
    assert gateway_facts(page) == {"is_success": "T", "result_code": "SUCCESS"}
    ours = {"e": "attempt_opened", "order": "o1", "amount": {"minor": 405, "currency": "USD"}, "buyer": BUYER}
    assert gateway_facts(json.dumps(ours)) == {"order": "o1", "amount": "405 USD"}


@given(st.text())
def test_whatever_was_received_can_be_told(body: str) -> None:
    """What is neither JSON nor XML, or was cut off, is no error."""
    assert isinstance(gateway_facts(body), dict)
