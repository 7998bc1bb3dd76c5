"""Commands in progress and recent replies: a repeated command is not decided twice.

Replies that have left this cache are in the journal, for commands whose replies are stored. A retryable refusal (a
stale vehicle, an offer to a busy vehicle) is not cached: the same command may be sent again.
"""

from collections import OrderedDict
from typing import Final

from dispatch.actors.core.protocol import Done, Envelope, Refused, Reply
from dispatch.actors.core.work_items import PendingCommand
from dispatch.domain.errors import ERRORS, ErrorCode
from dispatch.store.journal import StoredReply

REMEMBERED: Final = 20_000


class ReplyCache:
    """The commands of one host, by command id."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[bytes, Reply]] = OrderedDict()
        self._in_progress: dict[str, PendingCommand] = {}

    def __bool__(self) -> bool:
        return bool(self._in_progress)

    def repeated(self, token: int, envelope: Envelope) -> tuple[bool, Reply | None]:
        """Whether the command is known, and its reply; None if ``token`` now waits for the command in progress."""
        known = self._known.get(envelope.command_id)
        if known is not None:
            return True, reply_if_same(known[0], envelope, known[1])
        work = self._in_progress.get(envelope.command_id)
        if work is None:
            return False, None
        if work.envelope.digest != envelope.digest:
            return True, _REUSED
        work.tokens.append(token)
        return True, None

    def begin(self, work: PendingCommand) -> None:
        self._in_progress[work.envelope.command_id] = work

    def end(self, work: PendingCommand, reply: Reply) -> None:
        command_id = work.envelope.command_id
        self._in_progress.pop(command_id, None)
        if isinstance(reply, Done) or (work.envelope.keep and not ERRORS[ErrorCode(reply.code)].retryable):
            self._known[command_id] = (work.envelope.digest, reply)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)


def reply_if_same(digest: bytes, envelope: Envelope, reply: Reply) -> Reply:
    """A known reply, or a refusal if another body was sent under the same command id."""
    return reply if digest == envelope.digest else _REUSED


def stored_reply(work: PendingCommand, encoded: bytes) -> StoredReply | None:
    envelope = work.envelope
    return StoredReply(envelope.command_id, envelope.digest, work.key, encoded) if envelope.keep else None


_REUSED: Final = Refused(ErrorCode.COMMAND_ID_REUSED.value, "id")
