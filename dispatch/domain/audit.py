"""The audit log: what dispatchers did, as rows of a table that can only grow.

Rule 1. What a dispatcher commands is written by the transaction in which it takes effect: nothing is done unwritten,
        and nothing is written that was not done.
Rule 2. No secret and no phone number is written: of a number the last three digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dispatch.domain.entity import Principal, Row
from dispatch.domain.redaction import redacted

AUDITED: Final = frozenset({"dispatcher"})
"""Roles whose every command is written."""


class AuditEntry(msgspec.Struct, frozen=True):
    """One act. ``id`` is the command's, so that a repeat is no second act; ``at`` is city time."""

    id: str
    at: float
    role: str
    who: str
    act: str
    target: str
    facts: dict[str, Any]


def command_entry(command_id: str, at: float, principal: Principal, target: str, command: object) -> AuditEntry | None:
    """The entry for a command that an entity has accepted; None where nobody asks who did it."""
    if principal.role not in AUDITED:
        return None
    said = msgspec.to_builtins(command)
    act = str(said.pop("c"))
    return AuditEntry(command_id, at, principal.role, principal.id, act, target, redacted(said))


def sign_in_entry(dispatcher: str, session: str, at: float) -> AuditEntry:
    """A dispatcher came in."""
    return AuditEntry(f"sign_in:{session}", at, "dispatcher", dispatcher, "sign_in", f"dispatcher:{dispatcher}", {})


def operator_entry(act: str, target: str, at: float, entry_id: str, facts: Mapping[str, Any]) -> AuditEntry:
    """Somebody with the ``taxi`` command on the server did it."""
    return AuditEntry(entry_id, at, "operator", "", act, target, dict(facts))


def audit_row(entry: AuditEntry) -> Row:
    """The entry for the journal."""
    facts = msgspec.json.encode(entry.facts, order="sorted").decode()
    known = {"at": entry.at, "role": entry.role, "who": entry.who, "act": entry.act, "target": entry.target}
    return Row("audit", entry.id, {**known, "facts": facts})
