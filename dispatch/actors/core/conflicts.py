"""How commands are handled after the journal has rejected their transaction, or has not answered.

Rule 1. A conflict rolls back the whole batch and everything decided since (:func:`plan_rollback`). Commands that may
        have caused it are decided again in transactions of their own, all others together.
Rule 2. The fate of a command that failed in a transaction of its own is decided by :func:`resolve`.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.protocol import Done, Refused, Reply
from dispatch.actors.core.reply_cache import reply_if_same
from dispatch.actors.core.transaction import Transaction
from dispatch.actors.core.work_items import PendingCommand, Staged
from dispatch.domain.commands import AppendedElsewhere
from dispatch.domain.entity import EntityKey
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.store.journal import Conflict

MAX_TRIES: Final = 6

_decode_reply = msgspec.msgpack.Decoder(Done | Refused).decode


class RollbackPlan(NamedTuple):
    """The rollback of a failed batch.

    ``again`` are the commands to be decided again, in this order; ``isolated`` those of them that go alone.
    ``forget`` are entities whose state in memory is invalid. ``alone`` is the only decision of the failed batch.
    """

    again: list[PendingCommand]
    isolated: list[PendingCommand]
    forget: list[EntityKey]
    alone: Staged | None


def plan_rollback(
    flight: Transaction, opened: Transaction, entries: Mapping[EntityKey, CachedEntity], result: Conflict | None
) -> RollbackPlan:
    """Plan the rollback of the batch in flight and of the decisions made since (``opened``).

    Commands are repeated in the order of their decisions; commands that wait for the same entities come after them.
    """
    staged = [*flight.staged, *opened.staged]
    forget = list(dict.fromkeys(each.work.key for each in staged))
    decided = [each.work for each in staged if each.work.envelope.command_id]
    waiting = [work for key in forget if key in entries for work in entries[key].line]
    isolated = [each.work for each in staged if each.work.rolled_back or is_implicated(each, result)]
    alone = flight.staged[0] if len(flight.staged) == 1 else None
    if alone is not None and not alone.work.envelope.command_id:
        alone = None
    return RollbackPlan([*decided, *waiting], isolated, forget, alone)


def is_implicated(staged: Staged, result: Conflict | None) -> bool:
    """Whether this decision may be the cause of the conflict; always true if the journal named no cause."""
    if result is None or not (result.streams or result.replies or result.assignments):
        return True
    decision = staged.decision
    streams = [staged.work.key, *(append.key for append in decision.appends_elsewhere)]
    return (
        any(key in result.streams for key in streams)
        or staged.work.envelope.command_id in result.replies
        or any(assignment in result.assignments for assignment in decision.assignments)
    )


class Resolution(NamedTuple):
    """One of these, or none of them: decide again on the entity as the journal has it.

    ``answer`` is already in the journal; ``refusal`` is final; ``other_entities`` are to be loaded first; ``give_up``
    is sent to the callers, which may retry.
    """

    answer: Reply | None = None
    refusal: DispatchError | None = None
    other_entities: Sequence[EntityKey] = ()
    give_up: ErrorCode | None = None


def resolve(staged: Staged, result: Conflict | None) -> Resolution:
    """How to proceed with the only decision of a failed batch. ``result`` is None if the journal did not answer."""
    work = staged.work
    if result is not None:
        known = result.replies.get(work.envelope.command_id)
        if known is not None:
            return Resolution(answer=reply_if_same(known.digest, work.envelope, _decode_reply(known.body)))
    if work.tries >= MAX_TRIES:
        return Resolution(give_up=ErrorCode.UNAVAILABLE if result is None else ErrorCode.BUSY)
    if result is None or work.key in result.streams:
        return Resolution()
    others = [append.key for append in staged.decision.appends_elsewhere if append.key in result.streams]
    if others:
        return Resolution(other_entities=others)
    if result.assignments:
        return Resolution(refusal=DispatchError(ErrorCode.VEHICLE_NOT_FREE, detail=result.assignments[0].vehicle))
    return Resolution()


def append_relation(notice: AppendedElsewhere, seq: int) -> Literal["behind", "next", "overlapping", "applied"]:
    """Where the entity in memory, at number ``seq``, stands relative to events that were appended elsewhere.

    ``behind``: earlier events are missing. ``next``: the events follow directly. ``overlapping``: memory has some of
    them. ``applied``: memory has all of them.
    """
    if seq < notice.after:
        return "behind"
    if seq == notice.after:
        return "next"
    return "overlapping" if seq < notice.after + len(notice.events) else "applied"
