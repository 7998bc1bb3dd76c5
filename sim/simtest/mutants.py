"""Deliberate bugs, planted in the production code one at a time. The invariants are as good as they find these.

Each mutant is a context manager that replaces a piece of production code. If two layers guard against the same fault,
the mutant removes both. ``ALONE`` removes one layer at a time: then no invariant may fail, because the other layer
holds.
"""

# ruff: noqa: SLF001, ANN401, ARG001 - bugs are planted inside the product, in functions of every shape

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Final
from unittest.mock import patch

import msgspec

from dispatch.actors.core import staging, transaction
from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.decider import Decider
from dispatch.actors.core.effect_buffer import EffectBuffer
from dispatch.actors.core.entity_types import StreamUpdate
from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.protocol import Done
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.core.reply_cache import ReplyCache
from dispatch.actors.core.subscribers import Subscribers
from dispatch.actors.core.work_items import PendingCommand
from dispatch.actors.rpc import client as line
from dispatch.domain.commands import AcceptOffer, CancelTrip, ExpireOffer, MakeOffer
from dispatch.domain.entity import Decision
from dispatch.domain.events import OfferAccepted
from dispatch.domain.trip import booking
from dispatch.domain.trip.trip import TRIP_HANDLERS, Trip
from dispatch.domain.vehicle import offers
from dispatch.domain.vehicle.vehicle import VEHICLE_HANDLERS, Vehicle
from dispatch.matching.free_vehicles import FreeVehicles
from dispatch.payment.core import collection, collection_steps, refunds
from dispatch.payment.core.notification_checks import Check, failed_checks
from dispatch.store.journal import Committed, Conflict
from dispatch.store.journals.memory_journal import MemoryJournal
from ws_gateway.session.stream_cursor import StreamCursor

Mutant = Callable[[], AbstractContextManager[object]]


@contextmanager
def _all(*mutants: AbstractContextManager[object]) -> Iterator[None]:
    with ExitStack() as stack:
        for each in mutants:
            stack.enter_context(each)
        yield


def acknowledges_before_commit() -> AbstractContextManager[object]:
    """The reply is sent when the command is decided."""
    apply = Decider._stage

    def early(self: Decider, entry: CachedEntity, entity: Any, work: PendingCommand, decision: Decision) -> None:
        apply(self, entry, entity, work, decision)
        for token in work.tokens:
            self._effects.reply(token, Done(entity.seq, entity.state, decision.reply or {}))

    return patch.object(Decider, "_stage", early)


def pushes_before_commit() -> AbstractContextManager[object]:
    """Events are pushed when they are decided."""
    apply = Decider._stage

    def early(self: Decider, entry: CachedEntity, entity: Any, work: PendingCommand, decision: Decision) -> None:
        before = len(self.open.staged)
        apply(self, entry, entity, work, decision)
        for staged in self.open.staged[before:]:
            for update in staged.updates:
                self._effects.publish(entry, update)

    return patch.object(Decider, "_stage", early)


def forgets_command_ids() -> AbstractContextManager[object]:
    """Neither the cache nor the journal has replies."""
    return _all(
        patch.object(ReplyCache, "repeated", lambda *_: (False, None)),
        patch.object(staging, "stored_reply", lambda *_: None),
    )


def arms_no_timers_again() -> AbstractContextManager[object]:
    """A host that starts or loads an entity does not arm its timers and calls."""
    return _all(
        patch.object(HostCore, "arm", lambda *_: None), patch.object(EffectBuffer, "arm_again", lambda *_: None)
    )


def ignores_expected_numbers() -> AbstractContextManager[object]:
    """The journal ignores expected numbers and assignments."""

    def careless(self: MemoryJournal, plan: Any) -> Any:
        conflict = _conflict(self, plan)
        return conflict._replace(streams={}, assignments=[])

    _conflict = MemoryJournal._conflict
    return patch.object(MemoryJournal, "_conflict", careless)


def takes_conflicts_for_commits() -> AbstractContextManager[object]:
    """A host treats a conflict as a commit and continues with its stale copy."""
    committed = HostCore.committed

    def blind(self: HostCore, result: Any, now: Any) -> None:
        committed(self, Committed() if isinstance(result, Conflict) else result, now)

    return patch.object(HostCore, "committed", blind)


def sends_calls_once() -> AbstractContextManager[object]:
    """A call to another entity is sent once and counts as done, answered or not."""
    return _all(_gives_up_at_once(), _takes_silence_for_an_answer())


def _gives_up_at_once() -> AbstractContextManager[object]:
    return patch.object(line, "GIVE_UP_AFTER_S", 0.0)


def _takes_silence_for_an_answer() -> AbstractContextManager[object]:
    done = HostCore.call_done

    def hasty(self: HostCore, due: Any, *, answered: bool, retry_at: float) -> None:
        done(self, due, answered=True, retry_at=retry_at)

    return patch.object(HostCore, "call_done", hasty)


def lets_stale_owners_write() -> AbstractContextManager[object]:
    """A stale owner's timers are not fenced, there is no sweep for them, and its refusals stand."""
    return _all(_fences_no_timers(), _sweeps_nothing(), patch.object(HostCore, "reply_looked_up", _unmoved))


def _fences_no_timers() -> AbstractContextManager[object]:
    return patch.object(transaction, "_needs_fencing", lambda _: False)


def _sweeps_nothing() -> AbstractContextManager[object]:
    return patch.object(HostCore, "sweep", lambda *_: None)


_looked_up = HostCore.reply_looked_up


def _unmoved(self: HostCore, look_up: Any, known: Any, now: Any, *, moved: bool = False) -> None:
    _looked_up(self, look_up, known, now)


def accepts_without_the_trip() -> AbstractContextManager[object]:
    """An accepted offer is written to the vehicle's stream only."""

    def alone(vehicle: Vehicle, command: Any, context: Any) -> Decision:
        decision = offers.accept_offer(vehicle, command, context)
        if any(isinstance(event, OfferAccepted) for event in decision.events):
            decision.appends_elsewhere = ()
        return decision

    return patch.dict(VEHICLE_HANDLERS, {AcceptOffer: alone})


def offers_to_stale_vehicles() -> AbstractContextManager[object]:
    """Neither matcher nor vehicle checks the age of the last fix."""
    return _all(_matcher_forgives_silence(), _vehicle_forgives_silence())


def _matcher_forgives_silence() -> AbstractContextManager[object]:
    fresh = FreeVehicles.fresh
    return patch.object(FreeVehicles, "fresh", lambda self, since: fresh(self, float("-inf") if since else since))


def _vehicle_forgives_silence() -> AbstractContextManager[object]:
    suits = offers.require_suitable

    def lenient(vehicle: Vehicle, command: MakeOffer, now: float) -> None:
        suits(vehicle, command, now if command.by_hand else float("-inf"))  # manual offers bypass the matcher

    return patch.object(offers, "require_suitable", lenient)


def keeps_refusing_vehicles() -> AbstractContextManager[object]:
    """A trip does not exclude vehicles that declined it."""
    listing = Trip.match_entry

    def everybody(self: Trip) -> Any:
        listed = listing(self)
        return None if listed is None else msgspec.structs.replace(listed, excluded=())

    return patch.object(Trip, "match_entry", everybody)


def expires_no_offer() -> AbstractContextManager[object]:
    """Offers do not expire."""
    return patch.dict(VEHICLE_HANDLERS, {ExpireOffer: lambda *_: Decision()})


def _cancels_in_silence() -> AbstractContextManager[object]:
    """A cancelled trip does not notify its vehicle."""

    def silent(trip: Trip, command: Any, context: Any) -> Decision:
        decision = booking.cancel_trip(trip, command, context)
        decision.put = ()
        return decision

    return patch.dict(TRIP_HANDLERS, {CancelTrip: silent})


def accepts_any_amount() -> AbstractContextManager[object]:
    """The amount of a notification is not checked."""
    checks = failed_checks

    def lenient(notification: Any, expected: Any) -> list[Check]:
        return [check for check in checks(notification, expected) if check is not Check.AMOUNT]

    return patch.object(collection, "failed_checks", lenient)


def accepts_unsigned_notifications() -> AbstractContextManager[object]:
    """A gateway accepts a notification without a signature."""
    from sim.simtest.alipay import client as alipay_line  # noqa: PLC0415

    read = alipay_line.NotificationReader.verify_notification

    def credulous(self: Any, company: str, body: bytes, content_type: str) -> Any:
        return read(self, company, body.replace(b'"signed":false', b'"signed":true'), content_type)

    return patch.object(alipay_line.NotificationReader, "verify_notification", credulous)


def refunds_under_new_numbers() -> AbstractContextManager[object]:
    """An unanswered refund is repeated under a new number."""
    work = refunds._work

    def anew(case: Any, call: str, refund: Any, attempt: Any) -> bytes:
        if call == "refund" and refund.calls:
            refund = msgspec.structs.replace(refund, refund=f"{refund.refund}_{refund.calls}")
        return work(case, call, refund, attempt)

    return patch.object(refunds, "_work", anew)


def takes_silence_for_failure() -> AbstractContextManager[object]:
    """An order without a clear response counts as failed, and another may be placed."""

    def failed(payment: Any, attempt: Any, reason: str, now: float) -> Decision:
        return collection_steps.fail_attempt(payment, attempt, reason, now)

    deaf = ("failed|checking", "*", "*", "*", lambda *_: Decision())
    return _all(patch.object(collection_steps, "retry_unclear", failed),
                patch.object(collection, "TABLE", (deaf, *collection.TABLE)), _ignores_late_news())  # fmt: skip


def _ignores_late_news() -> AbstractContextManager[object]:
    return patch.object(collection_steps, "check_late_payment", lambda *_: Decision())


def resumes_one_too_far() -> AbstractContextManager[object]:
    """A host resumes one number too late, and the session does not detect gaps."""
    return _all(_host_skips_one(), _session_minds_no_gap())


def _host_skips_one() -> AbstractContextManager[object]:
    missed = CachedEntity.missed

    def short(self: CachedEntity, after: int | None, seq: int) -> list[StreamUpdate] | None:
        found = missed(self, after, seq)
        return found[1:] if found and after else found

    return patch.object(CachedEntity, "missed", short)


def _session_minds_no_gap() -> AbstractContextManager[object]:
    def any_number(self: StreamCursor, seq: int, message: bytes) -> list[bytes]:
        if self.cursor is None or seq <= self.cursor:
            return []
        self.cursor = seq
        return [message]

    return patch.object(StreamCursor, "_pass", any_number)


def pushes_twice() -> AbstractContextManager[object]:
    """A host pushes events twice, and the session does not check numbers."""
    return _all(_host_repeats(), _session_passes_all())


def _host_repeats() -> AbstractContextManager[object]:
    publish = Subscribers.publish

    def again(self: Subscribers, entry: CachedEntity, update: StreamUpdate) -> bool:
        pushed = publish(self, entry, update)
        entry.last_pushed_seq -= 1
        publish(self, entry, update)
        return pushed

    return patch.object(Subscribers, "publish", again)


def _session_passes_all() -> AbstractContextManager[object]:
    def every(self: StreamCursor, seq: int, message: bytes) -> list[bytes]:
        if self.cursor is None:
            return []
        self.cursor = max(seq, self.cursor)
        return [message]

    return patch.object(StreamCursor, "_pass", every)


def loses_pushes_of_a_host() -> AbstractContextManager[object]:
    """A gateway acknowledges pushes that it lost, and the session does not detect gaps."""
    fetch = PushQueues.fetch

    def greedy(self: PushQueues, gateway: str, incarnation: str, cursor: int, now: float) -> Any:
        inbox = fetch(self, gateway, incarnation, cursor, now)
        return msgspec.structs.replace(inbox, pushes=[push for push in inbox.pushes if push.seq % 11])

    return _all(patch.object(PushQueues, "fetch", greedy), _session_minds_no_gap())


MUTANTS: Final[tuple[Mutant, ...]] = (
    acknowledges_before_commit,
    pushes_before_commit,
    forgets_command_ids,
    arms_no_timers_again,
    ignores_expected_numbers,
    takes_conflicts_for_commits,
    sends_calls_once,
    lets_stale_owners_write,
    accepts_without_the_trip,
    offers_to_stale_vehicles,
    keeps_refusing_vehicles,
    expires_no_offer,
    accepts_any_amount,
    accepts_unsigned_notifications,
    refunds_under_new_numbers,
    takes_silence_for_failure,
    resumes_one_too_far,
    pushes_twice,
    loses_pushes_of_a_host,
)

ALONE: Final[tuple[tuple[str, Mutant], ...]] = (
    ("the matcher forgives silence, the vehicle does not", _matcher_forgives_silence),
    ("the vehicle forgives silence, the matcher does not", _vehicle_forgives_silence),
    ("a call is given up at once, its due is sent again", _gives_up_at_once),
    ("no sweep for a stale owner's timers, they are fenced", _sweeps_nothing),
    ("a cancel does not tell the vehicle, which finds out by itself", _cancels_in_silence),
    ("the host tells again, the session drops it", _host_repeats),
    ("the session minds no gap, the host leaves none", _session_minds_no_gap),
)
"""One of two layers removed: the other one holds."""
