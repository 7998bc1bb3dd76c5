"""What becomes of a work whose own transaction the journal did not take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from dispatch.actors.core.protocol import Done, Refused, Reply
from dispatch.actors.core.reply_cache import same
from dispatch.actors.core.work_items import Staged
from dispatch.domain.entity import EntityKey
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.store.journal import Conflict

MAX_TRIES: Final = 6

_decode_reply = msgspec.msgpack.Decoder(Done | Refused).decode


class Resolution(NamedTuple):
    """One of these, or with none of them: decide again on the entity as the journal has it.

    ``answer`` the journal has already; ``refusal`` is final; ``other_entities`` have to be known first; ``give_up``
    is said to those who wait, who may ask again.
    """

    answer: Reply | None = None
    refusal: DispatchError | None = None
    other_entities: Sequence[EntityKey] = ()
    give_up: ErrorCode | None = None


def is_implicated(staged: Staged, result: Conflict | None) -> bool:
    """Whether a batch may have failed with ``result`` for the sake of this decision of it."""
    if result is None or not (result.streams or result.replies or result.assignments):
        return True
    decision = staged.decision
    streams = [staged.work.key, *(append.key for append in decision.appends_elsewhere)]
    return (
        any(key in result.streams for key in streams)
        or staged.work.envelope.command_id in result.replies
        or any(claim in result.assignments for claim in decision.assignments)
    )


def resolve(staged: Staged, result: Conflict | None) -> Resolution:
    """Judge a batch of one decision that failed with ``result`` (None: the journal could not tell)."""
    work = staged.work
    if result is not None:
        known = result.replies.get(work.envelope.command_id)
        if known is not None:
            return Resolution(answer=same(known.digest, work.envelope, _decode_reply(known.body)))
    if work.tries >= MAX_TRIES:
        return Resolution(give_up=ErrorCode.UNAVAILABLE if result is None else ErrorCode.BUSY)
    if result is None or work.key in result.streams:
        return Resolution()
    foreign = [append.key for append in staged.decision.appends_elsewhere if append.key in result.streams]
    if foreign:
        return Resolution(other_entities=foreign)
    if result.assignments:
        return Resolution(refusal=DispatchError(ErrorCode.VEHICLE_NOT_FREE, detail=result.assignments[0].vehicle))
    return Resolution()
