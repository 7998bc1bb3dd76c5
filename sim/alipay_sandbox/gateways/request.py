"""What both gateways make of a request: something that can be answered, or answered with trouble."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """A body and what it is."""

    content: bytes
    media_type: str


class Question(Protocol):
    """A request that its gateway admitted."""

    @property
    def name(self) -> str:
        """The call, ``alipay.trade.query``."""
        ...

    @property
    def order(self) -> tuple[str, str]:
        """Merchant and order number, as far as the request names them."""
        ...

    def answered(self) -> Answer:
        """Let it take effect."""
        ...

    def unclear(self) -> Answer:
        """SYSTEM_ERROR: Alipay does not tell what happened."""
        ...

    def broken(self) -> Answer:
        """The gateway's own error, which nobody signs."""
        ...

    def refused(self, code: str) -> Answer:
        """A business refusal with that code."""
        ...

    def to_be_retried(self) -> Answer:
        """``retry_flag=Y``: a cancel that was not carried out."""
        ...


class Turned(Exception):  # noqa: N818 - turned away at the gate
    """The gateway does not admit a request; ``answer`` says why."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__()
