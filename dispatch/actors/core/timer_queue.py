"""The due commands of a host's entities, in the order of their times."""

from __future__ import annotations

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
    """Which due, by owner and name."""

    owner: EntityKey
    name: str


def ref_of(due: StoredCommand) -> CommandRef:
    """The name that a due goes by."""
    return CommandRef(due.owner, due.name)


class TimerQueue:
    """Armed dues. Arming a due again under its name replaces it. Equal times go by the order of arming."""

    def __init__(self) -> None:
        self._armed: dict[CommandRef, tuple[int, StoredCommand]] = {}
        self._heap: list[tuple[float, int, CommandRef]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._armed)

    def arm(self, due: StoredCommand, at: float | None = None) -> None:
        """Wait for a due; ``at`` puts off when it is sent, for a call that found nobody."""
        ref = ref_of(due)
        self._count += 1
        self._armed[ref] = (self._count, due)
        heapq.heappush(self._heap, (due.at if at is None else at, self._count, ref))

    def disarm(self, ref: CommandRef) -> None:
        """No longer wait for it; unknown ones are none."""
        self._armed.pop(ref, None)

    def armed(self, ref: CommandRef) -> StoredCommand | None:
        """The due that is waited for under this name."""
        armed = self._armed.get(ref)
        return armed[1] if armed is not None else None

    def pop(self, now: float) -> Iterator[StoredCommand]:
        """Take out all whose time has come."""
        while self._heap and self._heap[0][0] <= now:
            _, count, ref = heapq.heappop(self._heap)
            armed = self._armed.get(ref)
            if armed is not None and armed[0] == count:
                del self._armed[ref]
                yield armed[1]

    def next_at(self) -> float | None:
        """When the next one is due."""
        while self._heap:
            at, count, ref = self._heap[0]
            armed = self._armed.get(ref)
            if armed is not None and armed[0] == count:
                return at
            heapq.heappop(self._heap)
        return None


def scheduled_by(owner: EntityKey, decision: Decision, now: float) -> list[StoredCommand]:
    """The dues of a decision, and a call for each foreign append that tells its host what was written there."""
    dues = [StoredCommand(owner, due.name, due.at, due.target, due.command) for due in decision.put]
    for append in decision.appends_elsewhere:
        moved = AppendedElsewhere(append.expected, tuple((event.at, encode_event(event)) for event in append.events))
        name = f"moved:{append.key}:{append.expected + 1}"
        dues.append(StoredCommand(owner, name, now, str(append.key), encode_command(moved)))
    return dues


def is_timer(due: StoredCommand) -> bool:
    """Whether the due is for its owner."""
    return due.target == str(due.owner)


def timer_work(due: StoredCommand) -> PendingCommand:
    """The work of a timer whose time has come."""
    command_id = f"{due.owner}/{due.name}/{due.at:.3f}"
    envelope = Envelope(due.target, command_id, SYSTEM, due.command, keep=False)
    return PendingCommand(due.owner, envelope, decode_command(due.command), [], due=due)


def outgoing(due: StoredCommand) -> OutgoingCall:
    """The call of a due that is for somebody else; what moved a stream is known by its number, without a reply."""
    if due.target.startswith("alipay:"):
        return OutgoingCall(due, None)
    kept = not due.name.startswith("moved:")
    return OutgoingCall(due, Envelope(due.target, f"{due.owner}/{due.name}", SYSTEM, due.command, keep=kept))
