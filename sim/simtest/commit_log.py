"""The log of all commits in order, which the journal's tables do not preserve."""

import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, NamedTuple

import structlog

from dispatch.domain.entity import EntityKey, Event
from dispatch.domain.events import OfferMade, decode_trip_event, decode_vehicle_event, event_name
from dispatch.payment.core.events import OrderPaid, SurplusPaid, decode_payment_event
from dispatch.payment.core.rules import CASH
from dispatch.store.journal import Batch
from sim.simtest.alipay.model import AlipayModel
from sim.simtest.context import SimContext

SLACK_S = 5.0
"""City seconds by which a phone's time may be wrong, because it is measured over a network."""
DECODERS = {"vehicle": decode_vehicle_event, "trip": decode_trip_event, "payment": decode_payment_event}


class CommittedEvent(NamedTuple):
    """One committed event: the writing process, the stream, and the city time of the commit."""

    by: str
    key: EntityKey
    seq: int
    event: Event
    committed_at: float


class CommitLog:
    """Committed events, contradictions to the state of Alipay at that moment, and logged errors."""

    def __init__(self, context: SimContext, alipay: AlipayModel, last_fix_at: Callable[[str], float]) -> None:
        """``last_fix_at``: city time of the newest fix that a vehicle's app has sent."""
        self._context = context
        self._alipay = alipay
        self._last_fix_at = last_fix_at
        self.events: list[CommittedEvent] = []
        self.replies: list[str] = []
        self.broken: list[str] = []
        self.unpaid: list[str] = []
        """Payments that were committed as paid while Alipay had no such payment."""
        self.stale: list[str] = []
        """Offers to vehicles whose fixes were stale."""
        self.unfenced: list[str] = []
        """Scheduled commands that were written without the expected number of their entity."""
        self._config = structlog.get_config()
        structlog.configure(processors=[self._logged], wrapper_class=structlog.make_filtering_bound_logger(40))

    def close(self) -> None:
        structlog.configure(**self._config)

    def _logged(self, _: object, __: str, entry: MutableMapping[str, Any]) -> Mapping[str, Any]:
        error = entry.get("exc_info")
        result = f"{entry.get('event')} {entry.get('where', '')} {error if error is not True else ''}"
        if error is True:
            result += repr(sys.exc_info()[1])
        self.broken.append(result)
        raise structlog.DropEvent

    def committed(self, by: str, batch: Batch) -> None:
        now = self._context.clock.city()
        for append in batch.appends:
            decode = DECODERS[append.key.kind]
            for n, (_, body) in enumerate(append.events, append.expected + 1):
                event = decode(body)
                self.events.append(CommittedEvent(by, append.key, n, event, now))
                self._context.note(f"{by} committed {append.key} {n} {event_name(event)}")
                self._look_at(append.key, event)
        named = {append.key for append in batch.appends}
        self.unfenced += [f"{by} put {due.name} of {due.owner}" for due in batch.commands_put if due.owner not in named]
        self.replies.extend(reply.command_id for reply in batch.replies)

    def _look_at(self, key: EntityKey, event: Event) -> None:
        if isinstance(event, OrderPaid | SurplusPaid) and getattr(event, "method", "") != CASH:
            trade = self._alipay.trades.get(event.order)
            if trade is None or trade.paid != event.amount.minor:
                self.unpaid.append(f"{key} says {event.order} is paid: {event.amount}, Alipay has {trade}")
        elif isinstance(event, OfferMade):
            silent_s = event.at - self._last_fix_at(key.id)
            if silent_s > self._context.rules.stale_after_s + SLACK_S:
                self.stale.append(f"{key} was silent for {silent_s:.1f} s when it was offered {event.trip}")
