"""Timelines for dispatchers: events with their facts as plain values, and offers with their outcomes.

Facts are redacted by :mod:`dispatch.domain.redaction`.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from dispatch.api.http_bodies import Facts, OfferDetail, TimelineEvent
from dispatch.domain.entity import Event
from dispatch.domain.events import OfferAccepted, OfferDeclined, OfferExpired, OfferMade, OfferWithdrawn, event_name
from dispatch.domain.redaction import masked_accounts, redacted

NOISE: Final = frozenset({"meter_checkpointed"})
"""Events that a vehicle's timeline omits, because there is one every 200 m."""
SHOWN_FIELDS: Final = frozenset(
    {
        "action", "amount", "call", "code", "detail_error_code", "detail_error_des", "error", "fund_change",
        "gmt_payment", "gmt_refund_pay", "is_success", "method", "msg", "notify_time", "notify_type", "order",
        "out_request_no", "out_trade_no", "reason", "receipt_amount", "refund_amount", "refund_fee",
        "refund_reason", "refund_status", "result_code", "retry_flag", "rmb_fee", "send_pay_date", "sub_code",
        "sub_msg", "total_amount", "total_fee", "trade_no", "trade_status", "trans_currency",
    }
)  # fmt: skip
"""The fields of Alipay's messages that dispatchers may see. Payers, accounts and signatures are not among them."""
_XML: Final = re.compile(r"<(\w+)>([^<>]{0,400})</\1>")
_LONGEST: Final = 200
_ENDS: Final[dict[type[Event], str]] = {
    OfferAccepted: "accepted",
    OfferDeclined: "declined",
    OfferExpired: "expired",
    OfferWithdrawn: "withdrawn",
}


class NumberedEvent(NamedTuple):
    """An event and its number in its stream."""

    seq: int
    event: Event


def timeline(events: Iterable[NumberedEvent]) -> list[TimelineEvent]:
    named = ((seq, event, event_name(event)) for seq, event in events)
    return [TimelineEvent(seq, event.at, name, event_facts(event)) for seq, event, name in named if name not in NOISE]


def event_facts(event: Event) -> Facts:
    """The facts of an event without its name and time, redacted."""
    facts = msgspec.to_builtins(event)
    return {name: value for name, value in redacted(facts).items() if name not in ("e", "at")}


def offer_details(events: Iterable[NumberedEvent]) -> list[OfferDetail]:
    """The offers among these events of a vehicle, newest first, each with its one outcome."""
    details: dict[str, OfferDetail] = {}
    for _, event in events:
        if isinstance(event, OfferMade):
            details[event.offer] = OfferDetail(event.offer, event.trip, event.at, event.pickup_s)
        outcome = _ENDS.get(type(event))
        made = details.get(getattr(event, "offer", ""))
        if outcome is not None and made is not None:
            reason = str(getattr(event, "reason", ""))
            details[made.offer] = msgspec.structs.replace(made, outcome=outcome, ended_at=event.at, reason=reason)
    return sorted(details.values(), key=lambda offer: (-offer.made_at, offer.offer))


def gateway_facts(body: str) -> Facts:
    """The facts of a raw response or notification (JSON or XML) that a dispatcher may see."""
    try:
        found = dict(_leaves(msgspec.json.decode(body)))
    except (msgspec.DecodeError, RecursionError):
        found = dict(_XML.findall(body))
    shown = {name: value for name, value in sorted(found.items()) if name in SHOWN_FIELDS}
    return {name: _masked(value) for name, value in shown.items() if value not in ("", None)}


def _masked(value: object) -> object:
    return masked_accounts(value)[:_LONGEST] if isinstance(value, str) else value


def _leaves(facts: object) -> Iterable[tuple[str, object]]:
    """Names and plain values at any depth. An amount is given in minor units."""
    if not isinstance(facts, dict):
        return
    for name, value in facts.items():
        if isinstance(value, dict) and set(value) == {"minor", "currency"}:
            yield name, f"{value['minor']} {value['currency']}"
        elif isinstance(value, dict):
            yield from _leaves(value)
        elif isinstance(value, str | int | float | bool):
            yield name, value
