"""Which commands are at work in a host, and what the last ones were answered: a repeat is not decided twice.

What is forgotten here is in the journal, for commands whose replies are kept. A refusal that may pass (a car that is
stale just now, an offer to a car that is busy) is not remembered: the same command may be sent again.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from dispatch.actors.core.protocol import Done, Envelope, Refused, Reply
from dispatch.actors.core.work_items import PendingCommand
from dispatch.domain.errors import ERRORS, ErrorCode
from dispatch.store.journal import StoredReply

REMEMBERED: Final = 20_000


class ReplyCache:
    """The commands of one host."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[bytes, Reply]] = OrderedDict()
        self._at_work: dict[str, PendingCommand] = {}

    def __bool__(self) -> bool:
        """Whether any command is at work."""
        return bool(self._at_work)

    def repeated(self, token: int, envelope: Envelope) -> tuple[bool, Reply | None]:
        """Whether the command is known here, and its answer; None where ``token`` now waits with the first sender."""
        known = self._known.get(envelope.command_id)
        if known is not None:
            return True, same(known[0], envelope, known[1])
        work = self._at_work.get(envelope.command_id)
        if work is None:
            return False, None
        if work.envelope.digest != envelope.digest:
            return True, _REUSED
        work.tokens.append(token)
        return True, None

    def begin(self, work: PendingCommand) -> None:
        """A command is at work from now on."""
        self._at_work[work.envelope.command_id] = work

    def end(self, work: PendingCommand, reply: Reply) -> None:
        """A command is answered."""
        command_id = work.envelope.command_id
        self._at_work.pop(command_id, None)
        if isinstance(reply, Done) or (work.envelope.keep and not ERRORS[ErrorCode(reply.code)].retryable):
            self._known[command_id] = (work.envelope.digest, reply)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)


def same(digest: bytes, envelope: Envelope, reply: Reply) -> Reply:
    """A known reply, unless another body came under the same id."""
    return reply if digest == envelope.digest else _REUSED


def stored(work: PendingCommand, encoded: bytes) -> StoredReply | None:
    """What the journal keeps of an encoded reply; None where it need not."""
    envelope = work.envelope
    return StoredReply(envelope.command_id, envelope.digest, work.key, encoded) if envelope.keep else None


_REUSED: Final = Refused(ErrorCode.COMMAND_ID_REUSED.value, "id")
