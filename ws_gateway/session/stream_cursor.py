"""The position of one session in one stream: no update twice, none out of order, none left out.

Theory of operation. The host answers a subscription with the updates after the cursor, or with a snapshot; pushes for
the gateway may overtake that answer. Pushes are held until the answer arrives. Then updates at or below the cursor are
dropped, the next number is passed on, and a gap makes the session subscribe again from its cursor. The client
therefore sees each number at most once and in order, whatever happens between host and gateway.

    asking ──answer──▶ live ──gap, or the host restarted──▶ asking
"""

from dispatch.actors.core.protocol import Subscribed


class StreamCursor:
    """``cursor`` is None until the first update or snapshot: then a snapshot is requested."""

    __slots__ = ("_ask_again", "_held", "asking", "cursor", "held_max")

    def __init__(self, cursor: int | None, *, held_max: int = 1000) -> None:
        self.cursor = cursor
        self.asking = True
        self.held_max = held_max
        self._held: dict[int, bytes] = {}
        self._ask_again = False

    def subscribed(self, reply: Subscribed) -> list[bytes]:
        """Take the host's answer; returns the messages for the client. If ``asking`` is still set afterwards, the
        session must subscribe again."""
        self.asking = False
        messages: list[bytes] = []
        if reply.recovered:
            self.cursor = self.cursor or 0
            for seq, message in reply.updates:
                messages.extend(self._pass(seq, message))
        else:
            self.cursor = reply.seq
            if reply.snapshot is not None:
                messages.append(reply.snapshot)
        messages.extend(self._release())
        if self._ask_again:
            self._ask_again, self.asking = False, True
        return messages

    def pushed(self, seq: int, message: bytes) -> list[bytes]:
        """Take a live update; returns the messages for the client. A gap sets ``asking``: subscribe again from
        ``cursor``."""
        if self.asking:
            self._hold(seq, message)
            return []
        messages = self._pass(seq, message)
        if not messages and self.cursor is not None and seq > self.cursor:
            self._hold(seq, message)
            self.asking = True
        return messages

    def host_lost(self) -> bool:
        """The host restarted. True: subscribe again now. False: a subscription is under way, and its answer will set
        ``asking`` again."""
        if self.asking:
            self._ask_again = True
            return False
        self.asking = True
        return True

    def _pass(self, seq: int, message: bytes) -> list[bytes]:
        if self.cursor is None or seq != self.cursor + 1:
            return []
        self.cursor = seq
        return [message]

    def _hold(self, seq: int, message: bytes) -> None:
        """Hold an update until the answer. One over ``held_max`` is dropped; the gap it leaves is fetched again."""
        if len(self._held) < self.held_max:
            self._held[seq] = message

    def _release(self) -> list[bytes]:
        messages: list[bytes] = []
        for seq in sorted(self._held):
            messages.extend(self._pass(seq, self._held[seq]))
        cursor = self.cursor or 0
        self._held = {seq: message for seq, message in self._held.items() if seq > cursor}
        self.asking = bool(self._held)
        return messages
