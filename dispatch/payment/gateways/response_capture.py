"""Captures the raw responses of a gateway, which the ledger stores as received.

with capture_responses() as responses:
    await gateway.query(order)
# responses: the text of each response to the call, in order
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_responses: Final[ContextVar[list[str] | None]] = ContextVar("_responses", default=None)


@contextmanager
def capture_responses() -> Iterator[list[str]]:
    """Collect the responses to this task's calls while the block runs."""
    responses: list[str] = []
    token = _responses.set(responses)
    try:
        yield responses
    finally:
        _responses.reset(token)


def record(body: bytes) -> None:
    """Add a response, signed or not."""
    responses = _responses.get()
    if responses is not None:
        responses.append(_text(body))


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("gb18030", "replace")
