"""A request as both gateways read it, and the response that they send.

Query and body count as one set of parameters. The same name twice is accepted only with the same value; the documents
do not say which value counts.
"""

from __future__ import annotations

from typing import Final, Protocol
from urllib.parse import unquote_to_bytes

import msgspec

CODECS: Final = {"utf-8": "utf-8", "gbk": "gbk", "gb2312": "gbk"}
"""Python codec by the charset that a request names, in lower case."""


class ConflictingParametersError(ValueError):
    """A parameter occurs twice with different values."""


class RequestParameters(msgspec.Struct, frozen=True):
    """The parameters of query and body together, and the codec that they were decoded with."""

    params: dict[str, str]
    charset: str

    @property
    def method(self) -> str:
        return self.params.get("method", "")


def merge_parameters(query: bytes, body: bytes) -> dict[bytes, bytes]:
    """Raises :class:`ConflictingParametersError`."""
    raw: dict[bytes, bytes] = {}
    for part in (*query.split(b"&"), *body.split(b"&")):
        name, _, value = (unquote_to_bytes(half) for half in part.replace(b"+", b" ").partition(b"="))
        if name and raw.setdefault(name, value) != value:
            raise ConflictingParametersError(name)
    return raw


class GatewayResponse(msgspec.Struct, frozen=True):
    """A response body and its media type."""

    content: bytes
    media_type: str


class GatewayRequest(Protocol):
    """A request that its gateway admitted, with every response that faults may ask for."""

    @property
    def call_name(self) -> str: ...

    @property
    def order_key(self) -> tuple[str, str]:
        """Merchant and order number; the number is blank if the request names none."""

    def execute(self) -> GatewayResponse:
        """Carry the call out; the only method with side effects."""

    def unknown_outcome(self) -> GatewayResponse:
        """SYSTEM_ERROR, signed: the outcome of the call is unknown."""

    def gateway_failure(self) -> GatewayResponse: ...

    def business_refusal(self, code: str) -> GatewayResponse: ...

    def retry_later(self) -> GatewayResponse:
        """``retry_flag=Y``: a cancel that was not carried out."""


class RequestRejectedError(Exception):
    """A gateway does not admit a request; ``response`` states the reason."""

    def __init__(self, response: GatewayResponse) -> None:
        self.response = response
        super().__init__()
