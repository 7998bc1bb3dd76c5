"""Shared by all HTTP endpoints: request bodies, error responses with a number and a status, response encodings."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.store.journal import JournalUnavailableError
from ws_gateway.session.codec import unreadable

T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]

BODY_MAX: Final = 65_536
JSON: Final = "application/json"
MSGPACK: Final = "application/msgpack"
_BEARER: Final = "bearer "
_CODES: Final = {
    401: (ErrorCode.BAD_TOKEN, ErrorCode.TOKEN_EXPIRED, ErrorCode.TOKEN_REVOKED, ErrorCode.WRONG_CREDENTIALS),
    403: (ErrorCode.NOT_ALLOWED, ErrorCode.NOT_YOURS),
    404: (ErrorCode.UNKNOWN_VEHICLE, ErrorCode.UNKNOWN_TRIP, ErrorCode.UNKNOWN_ALARM),
    413: (ErrorCode.TOO_LARGE,),
    429: (ErrorCode.TOO_MANY_MESSAGES, ErrorCode.TOO_MANY_ATTEMPTS),
    500: (ErrorCode.INTERNAL,),
    503: (ErrorCode.BUSY, ErrorCode.UNAVAILABLE, ErrorCode.SHUTTING_DOWN),
}
STATUS: Final = {code: status for status, codes in _CODES.items() for code in codes}
"""All other errors are a 400."""


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """Every error response."""

    code: int
    text: str
    retryable: bool
    field: str | None = None


def bearer_of(request: Request) -> str:
    """Raises ``DispatchError`` with ``BAD_TOKEN`` without a token."""
    header = request.headers.get("authorization", "")
    if header[: len(_BEARER)].lower() != _BEARER:
        raise DispatchError(ErrorCode.BAD_TOKEN)
    return header[len(_BEARER) :].strip()


async def body_of(request: Request) -> bytes:
    """A body of limited size. Raises ``DispatchError``: ``TOO_LARGE``; ``MALFORMED`` if the client disconnected."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > BODY_MAX:
                raise DispatchError(ErrorCode.TOO_LARGE)
    except ClientDisconnect as error:
        raise DispatchError(ErrorCode.MALFORMED) from error
    return bytes(body)


def read_json(body: bytes, kind: type[T]) -> T:
    """Raises ``DispatchError``: ``MALFORMED``, ``INVALID_FIELD`` with the field."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (ValueError, RecursionError) as error:
        raise unreadable(error) from error


def json_response(content: msgspec.Struct | dict[str, object], status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type=JSON)


def status_of(error: DispatchError) -> int:
    return STATUS.get(error.code, 400)


def error_body(error: DispatchError) -> ErrorBody:
    return ErrorBody(code=error.code, text=error.text, retryable=error.retryable, field=error.field)


def refusal(error: DispatchError) -> Response:
    return json_response(error_body(error), status_of(error))


def with_refusals(endpoint: Endpoint) -> Endpoint:
    """The endpoint; a ``DispatchError`` or an unavailable journal becomes a response with its number."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except DispatchError as error:
            return refusal(error)
        except JournalUnavailableError:
            return refusal(DispatchError(ErrorCode.UNAVAILABLE))

    return answer


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether the header names gzip without refusing it (RFC 9110, 12.5.3)."""
    return dict(map(_weighed, accept_encoding.lower().split(","))).get("gzip", 0.0) > 0.0


def _weighed(part: str) -> tuple[str, float]:
    name, _, weight = part.partition(";")
    try:
        return name.strip(), float(weight.strip().removeprefix("q=") or 1.0)
    except ValueError:
        return name.strip(), 0.0
