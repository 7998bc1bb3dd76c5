"""Commands without an answer, and the times of their repetition.

Rule: a command keeps its id until it is answered. It is repeated after silence and after temporary errors (6xxx, and
"too many messages") for as long as they last. A refusal by the domain is the answer, retryable or not: the app may
have other plans by then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dispatch.api.server_messages import Accepted, Rejected
from dispatch.domain.errors import ErrorCode

Answer = Accepted | Rejected
OnAnswer = Callable[[Answer], None]

FIRST_RESEND_S: Final = 2.0
LONGEST_RESEND_S: Final = 15.0
BACKOFF: Final = 2.0
FIRST_REFUSED_S: Final = 0.25
WAITED_OUT: Final = frozenset({*range(ErrorCode.BUSY, 7000), int(ErrorCode.TOO_MANY_MESSAGES)})


@dataclass(slots=True)
class _Waiting:
    body: bytes
    on_answer: OnAnswer
    send_at: float
    pause_s: float = FIRST_RESEND_S
    refused_s: float = FIRST_REFUSED_S


class PendingCommands:
    """Encoded commands by id, in the order of :meth:`add`. Times are wall seconds."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, command_id: str, body: bytes, on_answer: OnAnswer, now: float) -> None:
        self._waiting[command_id] = _Waiting(body, on_answer, now + FIRST_RESEND_S)

    def answer(self, message: Answer, now: float) -> None:
        """Pass an answer to its callback, unless it only asks for a retry. A second answer is ignored."""
        if message.id is None or (waiting := self._waiting.get(message.id)) is None:
            return
        if isinstance(message, Rejected) and message.retryable and message.code in WAITED_OUT:
            waiting.send_at = now + waiting.refused_s
            waiting.refused_s = min(waiting.refused_s * BACKOFF, LONGEST_RESEND_S)
            return
        del self._waiting[message.id]
        waiting.on_answer(message)

    def due(self, now: float) -> list[bytes]:
        """Commands to resend now; each waits longer before the next time."""
        due = [w for w in self._waiting.values() if w.send_at <= now]
        for waiting in due:
            waiting.pause_s = min(waiting.pause_s * BACKOFF, LONGEST_RESEND_S)
            waiting.send_at = now + waiting.pause_s
        return [w.body for w in due]

    def all(self, now: float) -> list[bytes]:
        for waiting in self._waiting.values():
            waiting.pause_s = FIRST_RESEND_S
            waiting.send_at = now + waiting.pause_s
        return [w.body for w in self._waiting.values()]
