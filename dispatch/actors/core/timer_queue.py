"""Timers and outgoing calls of a host's entities, ordered by time.

A scheduled command whose target is its owner is a timer. Any other is a call to another entity or to a payment
gateway: it is a row of the transactional outbox and is sent until it is answered.
"""

import heapq
from collections.abc import Iterator
from typing import NamedTuple

from dispatch.actors.core.protocol import Envelope
from dispatch.actors.core.work_items import OutgoingCall, PendingCommand
from dispatch.domain.commands import AppendedElsewhere, decode_command, encode_command
from dispatch.domain.entity import SYSTEM, Decision, EntityKey
from dispatch.domain.events import encode_event
from dispatch.store.journal import StoredCommand


class CommandRef(NamedTuple):
    """Identifies a scheduled command by owner and name."""

    owner: EntityKey
    name: str


def ref_of(scheduled: StoredCommand) -> CommandRef:
    return CommandRef(scheduled.owner, scheduled.name)


class TimerQueue:
    """Armed commands. Arming one again under its name replaces it. Equal times keep the order of arming."""

    def __init__(self) -> None:
        self._armed: dict[CommandRef, tuple[int, StoredCommand]] = {}
        self._heap: list[tuple[float, int, CommandRef]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._armed)

    def arm(self, scheduled: StoredCommand, at: float | None = None) -> None:
        ref = ref_of(scheduled)
        self._count += 1
        self._armed[ref] = (self._count, scheduled)
        heapq.heappush(self._heap, (scheduled.at if at is None else at, self._count, ref))

    def disarm(self, ref: CommandRef) -> None:
        self._armed.pop(ref, None)

    def armed(self, ref: CommandRef) -> StoredCommand | None:
        armed = self._armed.get(ref)
        return armed[1] if armed is not None else None

    def pop(self, now: float) -> Iterator[StoredCommand]:
        while self._heap and self._heap[0][0] <= now:
            _, count, ref = heapq.heappop(self._heap)
            armed = self._armed.get(ref)
            if armed is not None and armed[0] == count:
                del self._armed[ref]
                yield armed[1]

    def next_at(self) -> float | None:
        while self._heap:
            at, count, ref = self._heap[0]
            armed = self._armed.get(ref)
            if armed is not None and armed[0] == count:
                return at
            heapq.heappop(self._heap)
        return None


def scheduled_by(owner: EntityKey, decision: Decision, now: float) -> list[StoredCommand]:
    """The scheduled commands of a decision, and one append notice for the owner of each other stream it appends to."""
    scheduled = [StoredCommand(owner, put.name, put.at, put.target, put.command) for put in decision.put]
    for append in decision.appends_elsewhere:
        events = tuple((event.at, encode_event(event)) for event in append.events)
        name = f"moved:{append.key}:{append.expected + 1}"
        notice = encode_command(AppendedElsewhere(append.expected, events))
        scheduled.append(StoredCommand(owner, name, now, str(append.key), notice))
    return scheduled


def is_timer(scheduled: StoredCommand) -> bool:
    return scheduled.target == str(scheduled.owner)


def timer_work(timer: StoredCommand) -> PendingCommand:
    command_id = f"{timer.owner}/{timer.name}/{timer.at:.3f}"
    envelope = Envelope(timer.target, command_id, SYSTEM, timer.command, keep=False)
    return PendingCommand(timer.owner, envelope, decode_command(timer.command), [], timer=timer)


def outgoing(scheduled: StoredCommand) -> OutgoingCall:
    """The call of a scheduled command. Append notices store no reply: their stream's number makes them idempotent."""
    if scheduled.target.startswith("alipay:"):
        return OutgoingCall(scheduled, None)
    keep = not scheduled.name.startswith("moved:")
    command_id = f"{scheduled.owner}/{scheduled.name}"
    return OutgoingCall(scheduled, Envelope(scheduled.target, command_id, SYSTEM, scheduled.command, keep=keep))
