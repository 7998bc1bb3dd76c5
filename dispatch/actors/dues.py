"""Dues on their way: as a decision asks for them, as timers of this host's entities, as calls to others."""

from __future__ import annotations

from dispatch.actors.protocol import Envelope
from dispatch.actors.work import OutgoingCall, Work
from dispatch.commands import Moved, decode_command, encode_command
from dispatch.entity import SYSTEM, Decision, EntityKey
from dispatch.events import encode_event
from dispatch.store.journal import StoredDue


def dues_of(owner: EntityKey, decision: Decision, now: float) -> list[StoredDue]:
    """The dues of a decision, and a call for each foreign append that tells its host what was written there."""
    dues = [StoredDue(owner, due.name, due.at, due.target, due.command) for due in decision.put]
    for append in decision.foreign:
        moved = Moved(append.expected, tuple((event.at, encode_event(event)) for event in append.events))
        name = f"moved:{append.key}:{append.expected + 1}"
        dues.append(StoredDue(owner, name, now, str(append.key), encode_command(moved)))
    return dues


def is_timer(due: StoredDue) -> bool:
    """Whether the due is for its owner."""
    return due.target == str(due.owner)


def timer_work(due: StoredDue) -> Work:
    """The work of a timer whose time has come."""
    command_id = f"{due.owner}/{due.name}/{due.at:.3f}"
    envelope = Envelope(due.target, command_id, SYSTEM, due.command, keep=False)
    return Work(due.owner, envelope, decode_command(due.command), [], due=due)


def outgoing(due: StoredDue) -> OutgoingCall:
    """The call of a due that is for somebody else; what moved a stream is known by its number, without a reply."""
    if due.target.startswith("alipay:"):
        return OutgoingCall(due, None)
    kept = not due.name.startswith("moved:")
    return OutgoingCall(due, Envelope(due.target, f"{due.owner}/{due.name}", SYSTEM, due.command, keep=kept))
