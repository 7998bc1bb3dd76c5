"""Requests under way: maps the number of a request to the continuation that takes its answer."""

from collections.abc import Callable, Sequence

from ws_gateway.session.effects import Answer, Effect, Request, Resolve

Continuation = Callable[[Answer], Sequence[Effect]]


class PendingRequests:
    """Numbers requests from 1 and holds the continuation of each until its answer arrives."""

    def __init__(self) -> None:
        self._continuations: dict[int, Continuation] = {}
        self._last = 0

    def register(self, request: Request, continuation: Continuation) -> Resolve:
        """The effect that has ``request`` resolved; its answer goes to ``continuation``."""
        self._last += 1
        self._continuations[self._last] = continuation
        return Resolve(self._last, request)

    def resolve(self, number: int, answer: Answer) -> Sequence[Effect]:
        """Hand over an answer. Answers to unknown numbers are dropped."""
        continuation = self._continuations.pop(number, None)
        return () if continuation is None else continuation(answer)

    def clear(self) -> None:
        self._continuations.clear()

    def __len__(self) -> int:
        return len(self._continuations)
