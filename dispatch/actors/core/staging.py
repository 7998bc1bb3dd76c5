"""A decision on its way into a transaction: applied to the entity in memory, encoded, and with all that follows it."""

from __future__ import annotations

import msgspec

from dispatch.actors.core.entity_types import EntityKind, Shown
from dispatch.actors.core.protocol import Done, Refused, Reply
from dispatch.actors.core.reply_cache import stored
from dispatch.actors.core.timer_queue import scheduled_by
from dispatch.actors.core.work_items import PendingCommand, Staged
from dispatch.domain.audit import audit_row, command_entry
from dispatch.domain.entity import Decision, Entity, Event, Row
from dispatch.domain.errors import DispatchError
from dispatch.domain.events import encode_event, event_name

_encode_reply = msgspec.msgpack.Encoder().encode


def applied(
    own: EntityKind, entity: Entity, work: PendingCommand, decision: Decision, now: float
) -> tuple[Staged, list[tuple[float, bytes]]]:
    """Apply a decision; what is staged of it, and its encoded events.

    Raises ``DispatchError`` where the first event is not allowed and nothing has changed, ``RuntimeError`` where a
    later one is not: then the entity is no longer true.
    """
    first_seq = entity.seq
    encoded: list[tuple[float, bytes]] = []
    shown: list[Shown] = []
    for event in decision.events:
        _apply(entity, event, first_seq)
        encoded.append((event.at, encode_event(event)))
        shown.extend(seen(own, entity, event))
    reply = _reply(entity, decision)
    writes = bool(decision.events or decision.put or decision.drop)
    if writes:
        decision.records = [*decision.records, *_audited(work, now)]
    staged = Staged(
        work=work,
        decision=decision,
        reply=reply,
        first_seq=first_seq,
        shown=shown,
        listing=entity.match_entry(),
        dues=scheduled_by(work.key, decision, now),
        stored=stored(work, _encode_reply(reply)) if writes or isinstance(reply, Done) else None,
    )
    return staged, encoded


def _audited(work: PendingCommand, now: float) -> list[Row]:
    """The audit log's row, in the same transaction."""
    envelope = work.envelope
    entry = command_entry(envelope.command_id, now, envelope.principal, envelope.key, work.command)
    return [] if entry is None else [audit_row(entry)]


def seen(own: EntityKind, entity: Entity, event: Event) -> list[Shown]:
    """The event that was just applied, as followers see it; nothing for a kind that nobody follows."""
    if own.view is None:
        return []
    return [Shown(entity.seq, event_name(event), event.at, own.view(entity))]


def _apply(entity: Entity, event: Event, first_seq: int) -> None:
    try:
        entity.apply(event)
    except DispatchError as error:
        if entity.seq == first_seq:
            raise
        raise RuntimeError(f"{entity.kind} {entity.id} decided what it may not do") from error


def _reply(entity: Entity, decision: Decision) -> Reply:
    if decision.refusal is not None:
        error = decision.refusal
        return Refused(error.code.value, error.field, error.detail, error.amount)
    return Done(entity.seq, entity.state, decision.reply or {})
