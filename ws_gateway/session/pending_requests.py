"""Questions under way: which continuation gets which answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ws_gateway.session.effects import Answer, Effect, Request, Resolve

Then = Callable[[Answer], Sequence[Effect]]


class PendingRequests:
    """Numbers questions from 1 and keeps what is to be done with each answer, until it is there."""

    def __init__(self) -> None:
        self._then: dict[int, Then] = {}
        self._last = 0

    def register(self, request: Request, then: Then) -> Resolve:
        """A question whose answer goes to ``then``."""
        self._last += 1
        self._then[self._last] = then
        return Resolve(self._last, request)

    def answer(self, number: int, answer: Answer) -> Sequence[Effect]:
        """Hand over an answer. One that nobody waits for any more is dropped."""
        then = self._then.pop(number, None)
        return () if then is None else then(answer)

    def forget(self) -> None:
        """The session is over: no answer matters any more."""
        self._then.clear()

    def __len__(self) -> int:
        return len(self._then)
