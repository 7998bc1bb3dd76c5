"""The order in which a host decides commands.

Rule 1. Commands to one entity are decided in the order of arrival. Its line is the blocked command, then the waiting
        ones (``CachedEntity.line``).
Rule 2. While commands are retried after a rollback, new commands queue behind the retries.
"""

from collections import deque
from collections.abc import Callable, Sequence

from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.work_items import PendingCommand

Fits = Callable[[PendingCommand], bool]
"""Whether a command may join the open transaction."""


class DecisionQueue:
    """Retries, and the operations on the lines of entities."""

    def __init__(self) -> None:
        self._retries: deque[PendingCommand] = deque()

    def __bool__(self) -> bool:
        return bool(self._retries)

    def queue_last(self, work: PendingCommand) -> None:
        self._retries.append(work)

    def queue_first(self, works: Sequence[PendingCommand]) -> None:
        self._retries.extendleft(reversed(works))

    def next_retry(self, fits: Fits) -> PendingCommand | None:
        """Remove the first retry; None if it does not fit into the open transaction."""
        return self._retries.popleft() if self._retries and fits(self._retries[0]) else None

    @staticmethod
    def line_up(entry: CachedEntity, work: PendingCommand) -> None:
        """Put a command into the entity's line: first if it was blocked, else last."""
        if entry.blocked is work:
            entry.blocked = None
            entry.waiting.insert(0, work)
        else:
            entry.waiting.append(work)

    def next_in_line(self, entry: CachedEntity, fits: Fits) -> PendingCommand | None:
        """Remove the next command that can be decided now. A line that does not fit moves to the retries as a whole."""
        if not entry.waiting or entry.entity is None or entry.blocked is not None:
            return None
        if not fits(entry.waiting[0]):
            waiting, entry.waiting = entry.waiting, []
            self.queue_first(waiting)
            return None
        return entry.waiting.pop(0)

    def clear_line(self, entry: CachedEntity) -> None:
        if entry.blocked is not None and entry.blocked in self._retries:
            self._retries.remove(entry.blocked)
        entry.blocked, entry.waiting = None, []
