"""What a gateway answered, as it came over the line: for the books, which keep every answer as received.

with listening() as pages:
    answer = await gateway.query(order)
# pages: the text of each answer that the call needed, in order; none where nothing came
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_pages: Final[ContextVar[list[str] | None]] = ContextVar("_pages", default=None)


@contextmanager
def capture_responses() -> Iterator[list[str]]:
    """The answers that come to this task's calls while the block runs."""
    pages: list[str] = []
    token = _pages.set(pages)
    try:
        yield pages
    finally:
        _pages.reset(token)


def record(body: bytes) -> None:
    """An answer has come, signed or not."""
    pages = _pages.get()
    if pages is not None:
        pages.append(_text(body))


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("gb18030", "replace")
