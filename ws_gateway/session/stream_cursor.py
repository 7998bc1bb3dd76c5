"""One stream as one session follows it: nothing twice, nothing out of order, nothing left out.

Theory of operation. The host answers an attachment with what came after the cursor, or with a snapshot; pushes for
the gateway may overtake that answer. Until it is there, pushes are held. Then whatever is at or below the cursor is
dropped, the next number is passed on, and a gap makes the session ask again from its cursor. So the client sees each
number at most once and in order, whatever the way between host and gateway does.

    asking ──answer──▶ live ──gap, or the host was born again──▶ asking
"""

from __future__ import annotations

from dispatch.actors.core.protocol import Subscribed


class StreamCursor:
    """The cursor of one session on one stream. ``cursor`` is None until something was seen: a snapshot is wanted."""

    __slots__ = ("_again", "_held", "asking", "cursor", "held_max")

    def __init__(self, cursor: int | None, *, held_max: int = 1000) -> None:
        self.cursor = cursor
        self.asking = True
        self.held_max = held_max
        self._held: dict[int, bytes] = {}
        self._again = False

    def attached(self, reply: Subscribed) -> list[bytes]:
        """The answer is there: what the client gets now. Ask again if ``asking`` is still set afterwards."""
        self.asking = False
        told: list[bytes] = []
        if reply.recovered:
            self.cursor = self.cursor or 0
            for seq, message in reply.updates:
                told.extend(self._pass(seq, message))
        else:
            self.cursor = reply.seq
            if reply.snapshot is not None:
                told.append(reply.snapshot)
        told.extend(self._release())
        if self._again:
            self._again, self.asking = False, True
        return told

    def pushed(self, seq: int, message: bytes) -> list[bytes]:
        """A live update: what the client gets now. A gap sets ``asking``: ask again from ``cursor``."""
        if self.asking:
            self._hold(seq, message)
            return []
        told = self._pass(seq, message)
        if not told and self.cursor is not None and seq > self.cursor:
            self._hold(seq, message)
            self.asking = True
        return told

    def lost(self) -> bool:
        """The host was born again. True: ask anew now; False: the answer under way will make the session ask again."""
        if self.asking:
            self._again = True
            return False
        self.asking = True
        return True

    def _pass(self, seq: int, message: bytes) -> list[bytes]:
        if self.cursor is None or seq != self.cursor + 1:
            return []
        self.cursor = seq
        return [message]

    def _hold(self, seq: int, message: bytes) -> None:
        """Keep it until the answer; what does not fit is asked for again, because it then leaves a gap."""
        if len(self._held) < self.held_max:
            self._held[seq] = message

    def _release(self) -> list[bytes]:
        told: list[bytes] = []
        for seq in sorted(self._held):
            told.extend(self._pass(seq, self._held[seq]))
        cursor = self.cursor or 0
        self._held = {seq: message for seq, message in self._held.items() if seq > cursor}
        self.asking = bool(self._held)
        return told
