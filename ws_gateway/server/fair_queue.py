"""Work in turns: one piece per iteration of the event loop.

All other ready work runs between two pieces, so a burst of connections, or one client that sends thousands of messages
at once, delays others by one piece only.
"""

import asyncio
from collections import deque
from collections.abc import Callable


class FairQueue:
    """First in, first out."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, piece: Callable[[], None]) -> None:
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
