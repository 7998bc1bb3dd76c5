"""The audit log: dispatchers' and operators' actions, as rows of an append-only table.

Rule 1. A dispatcher's command is logged by the transaction in which it takes effect: no effect without an entry, and no
        entry without an effect.
Rule 2. Secrets are never logged, and only the last three digits of phone numbers.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dispatch.domain.entity import Principal, Row
from dispatch.domain.redaction import redacted

AUDITED: Final = frozenset({"dispatcher"})
"""Roles whose commands are logged."""


class AuditEntry(msgspec.Struct, frozen=True):
    """One action. ``id`` is the command's id, so a repeat adds no second entry; ``at`` is city time."""

    id: str
    at: float
    role: str
    who: str
    act: str
    target: str
    facts: dict[str, Any]


def command_entry(command_id: str, at: float, principal: Principal, target: str, command: object) -> AuditEntry | None:
    """The entry for an accepted command; None if the principal's role is not audited."""
    if principal.role not in AUDITED:
        return None
    facts = msgspec.to_builtins(command)
    act = str(facts.pop("c"))
    return AuditEntry(command_id, at, principal.role, principal.id, act, target, redacted(facts))


def sign_in_entry(dispatcher: str, session: str, at: float) -> AuditEntry:
    return AuditEntry(f"sign_in:{session}", at, "dispatcher", dispatcher, "sign_in", f"dispatcher:{dispatcher}", {})


def operator_entry(act: str, target: str, at: float, entry_id: str, facts: Mapping[str, Any]) -> AuditEntry:
    """The entry for an action with the ``taxi`` command on the server."""
    return AuditEntry(entry_id, at, "operator", "", act, target, dict(facts))


def audit_row(entry: AuditEntry) -> Row:
    facts = msgspec.json.encode(entry.facts, order="sorted").decode()
    known = {"at": entry.at, "role": entry.role, "who": entry.who, "act": entry.act, "target": entry.target}
    return Row("audit", entry.id, {**known, "facts": facts})
