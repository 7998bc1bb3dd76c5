"""Pending commands and staged decisions for tests of the core's parts."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.actors.core.protocol import Done, Envelope
from dispatch.actors.core.work_items import PendingCommand, Staged
from dispatch.domain.commands import StartBreak, encode_command
from dispatch.domain.entity import AppendElsewhere, Decision, EntityKey, Principal
from dispatch.store.journal import StoredCommand


def pending(key: EntityKey, name: str, principal: Principal) -> PendingCommand:
    """A command with this id."""
    command = StartBreak()
    body = encode_command(command)
    return PendingCommand(key, Envelope(str(key), name, principal, body, digest=body), command, [])


def staged(
    work: PendingCommand,
    appends: Sequence[AppendElsewhere] = (),
    scheduled: Sequence[StoredCommand] = (),
    drop: Sequence[str] = (),
) -> Staged:
    """A decision on a command."""
    return Staged(
        work=work,
        decision=Decision(appends_elsewhere=appends, drop=drop),
        reply=Done(1, "break"),
        first_seq=0,
        updates=[],
        listing=None,
        scheduled=list(scheduled),
        stored=None,
    )
