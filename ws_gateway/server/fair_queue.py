"""Work that waits its turn: one piece in each turn of the event loop.

Whatever else is ready in a turn comes between two pieces, so that a crowd that arrives at once, or one client that
says thousands of things in a breath, delays everybody else by one piece and not by all of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class FairQueue:
    """A queue of pieces of work, first come, first served."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, piece: Callable[[], None]) -> None:
        """Do this in a turn to come."""
        self._waiting.append(piece)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        try:
            self._waiting[0]()
        finally:
            self._waiting.popleft()
            if self._waiting:
                asyncio.get_running_loop().call_soon(self._next)
