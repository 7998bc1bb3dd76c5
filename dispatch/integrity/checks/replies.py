"""Stored replies, which answer repeated commands."""

import msgspec

from dispatch.actors.core.protocol import Done, Refused
from dispatch.integrity.checks.findings import Finding
from dispatch.store.journal import StoredReply

_decode = msgspec.msgpack.Decoder(Done | Refused).decode


def check_reply(reply: StoredReply, last: int | None) -> list[Finding]:
    """Compare a reply with its stream, which ends at ``last`` (None: no such stream).

    Only commands of clients have a digest; calls between entities are identified by the name of their timer.
    """
    found = []
    where = str(reply.key)
    if not reply.digest and "/" not in reply.command_id:
        found.append(Finding("reply", where, f"the reply to command {reply.command_id} has no digest"))
    try:
        decoded = _decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        found.append(
            Finding("unreadable", where, f"the reply to command {reply.command_id} cannot be decoded: {error}")
        )
        return found
    if isinstance(decoded, Done) and decoded.seq > (last or 0):
        text = f"command {reply.command_id} was answered with number {decoded.seq}; the stream ends at {last or 0}"
        found.append(Finding("reply", where, text))
    return found
