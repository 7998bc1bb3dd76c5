"""Stages a decision: applies it to the entity in memory and prepares everything that its transaction writes."""

import msgspec

from dispatch.actors.core.entity_types import EntityKind, StreamUpdate
from dispatch.actors.core.protocol import Done, Refused, Reply
from dispatch.actors.core.reply_cache import stored_reply
from dispatch.actors.core.stream_replay import updates_of
from dispatch.actors.core.timer_queue import scheduled_by
from dispatch.actors.core.work_items import PendingCommand, Staged
from dispatch.domain.audit import audit_row, command_entry
from dispatch.domain.entity import Decision, Entity, Event, Row
from dispatch.domain.errors import DispatchError
from dispatch.domain.events import encode_event

_encode_reply = msgspec.msgpack.Encoder().encode


def stage_decision(
    kind: EntityKind, entity: Entity, work: PendingCommand, decision: Decision, now: float
) -> tuple[Staged, list[tuple[float, bytes]]]:
    """Apply a decision; the staged decision and its encoded events.

    Raises ``DispatchError`` if the first event is not allowed: nothing has changed then. Raises ``RuntimeError`` if a
    later event is not allowed: the entity in memory is then invalid.
    """
    first_seq = entity.seq
    encoded: list[tuple[float, bytes]] = []
    updates: list[StreamUpdate] = []
    for event in decision.events:
        _apply(entity, event, first_seq)
        encoded.append((event.at, encode_event(event)))
        updates.extend(updates_of(kind, entity, event))
    reply = _reply(entity, decision)
    writes = bool(decision.events or decision.put or decision.drop)
    if writes:
        decision.records = [*decision.records, *_audit_rows(work, now)]
    staged = Staged(
        work=work,
        decision=decision,
        reply=reply,
        first_seq=first_seq,
        updates=updates,
        listing=entity.match_entry(),
        scheduled=scheduled_by(work.key, decision, now),
        stored=stored_reply(work, _encode_reply(reply)) if writes or isinstance(reply, Done) else None,
    )
    return staged, encoded


def _audit_rows(work: PendingCommand, now: float) -> list[Row]:
    envelope = work.envelope
    entry = command_entry(envelope.command_id, now, envelope.principal, envelope.key, work.command)
    return [] if entry is None else [audit_row(entry)]


def _apply(entity: Entity, event: Event, first_seq: int) -> None:
    try:
        entity.apply(event)
    except DispatchError as error:
        if entity.seq == first_seq:
            raise
        raise RuntimeError(f"{entity.kind} {entity.id}: decision contains an event that is not allowed") from error


def _reply(entity: Entity, decision: Decision) -> Reply:
    if decision.refusal is not None:
        error = decision.refusal
        return Refused(error.code.value, error.field, error.detail, error.amount)
    return Done(entity.seq, entity.state, decision.reply or {})
