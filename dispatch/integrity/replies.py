"""Stored replies: what a repeated command will be told."""

from __future__ import annotations

import msgspec

from dispatch.actors.core.protocol import Done, Refused
from dispatch.integrity.findings import Finding
from dispatch.store.journal import StoredReply

_decode = msgspec.msgpack.Decoder(Done | Refused).decode


def check_reply(reply: StoredReply, last: int | None) -> list[Finding]:
    """Hold a reply against its stream, which ends at ``last`` (None: there is no such stream).

    Calls between entities are known by the name of their due, which says all that they ask; only what clients send has
    a digest.
    """
    found = []
    where = str(reply.key)
    if not reply.digest and "/" not in reply.command_id:
        found.append(Finding("reply", where, f"the reply to command {reply.command_id} has no digest"))
    try:
        told = _decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        found.append(Finding("unreadable", where, f"the reply to command {reply.command_id} cannot be read: {error}"))
        return found
    if isinstance(told, Done) and told.seq > (last or 0):
        text = f"command {reply.command_id} was told number {told.seq}; the stream ends at {last or 0}"
        found.append(Finding("reply", where, text))
    return found
