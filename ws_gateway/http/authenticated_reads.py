"""Reads over HTTP with a token: authorization, limits, and the answer in JSON or MessagePack.

Rule 1. A request without a valid token of a role that the route names learns nothing, not even whether a thing exists.
Rule 2. A subject may read as often as :data:`PER_SUBJECT` allows, at all gateways together.
Rule 3. No answer may be cached on its way (``Cache-Control: no-store``).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple, TypeVar

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.actors.core.protocol import HostsUnavailableError
from dispatch.api.fields import Id
from dispatch.api.http_bodies import RequestBody, ResponseBody
from dispatch.api.http_routes import ReadRoute
from dispatch.clock import Clock
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.store.journal import JournalUnavailableError
from ws_gateway.http.responses import JSON, MSGPACK, bearer_of, body_of, error_body, read_json, status_of
from ws_gateway.hub.phone_masking import PhoneMasker
from ws_gateway.limits.shared_limits import SharedRateLimiter
from ws_gateway.limits.token_bucket import RateLimit
from ws_gateway.session.codec import unreadable
from ws_gateway.session.identity import Identity, Verify

Q = TypeVar("Q", bound=RequestBody)

PER_SUBJECT: Final = RateLimit(5.0, 60)
"""A console that opens reads a few lists at once, then one entity per click."""
_NO_STORE: Final = {"Cache-Control": "no-store"}
_log = structlog.get_logger("gateway")
_to_json = msgspec.json.Encoder().encode
_to_msgpack = msgspec.msgpack.Encoder().encode


class Reader(NamedTuple):
    """The identity that reads, and the ids of the path, each checked."""

    identity: Identity
    path: Mapping[str, str]


class AuthenticatedReads:
    """Makes the routes. ``phones`` masks callers' numbers; None: no answer contains any."""

    def __init__(
        self, *, verify: Verify, clock: Clock, limiter: SharedRateLimiter, phones: PhoneMasker | None = None
    ) -> None:
        self._phones = phones
        self._verify = verify
        self._clock = clock
        self._limiter = limiter

    def get_route(self, read: ReadRoute, answer: Callable[[Reader], Awaitable[ResponseBody]]) -> Route:
        async def endpoint(request: Request) -> object:
            reader = await self._reader(request, read)
            return await self._masked(reader, await answer(reader))

        return _route(read, endpoint)

    def query_route(
        self, read: ReadRoute, kind: type[Q], answer: Callable[[Reader, Q], Awaitable[ResponseBody]]
    ) -> Route:
        """The route of a read with parameters: a ``kind`` in the query of a GET, in the body of a POST."""

        async def endpoint(request: Request) -> object:
            reader = await self._reader(request, read)
            return await self._masked(reader, await answer(reader, await _question(request, kind)))

        return _route(read, endpoint)

    async def _masked(self, reader: Reader, answer: ResponseBody) -> object:
        if self._phones is None or reader.identity.role != "dispatcher":
            return answer
        return await self._phones.mask_answer(answer, reader.identity.role, reader.identity.subject)

    async def _reader(self, request: Request, read: ReadRoute) -> Reader:
        """Raises ``DispatchError``: as ``Verify``, ``NOT_ALLOWED``, ``TOO_MANY_ATTEMPTS``."""
        identity = self._verify(bearer_of(request), self._clock.wall())
        if identity.role not in read.roles:
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        await self._limiter.check(f"read:{identity.role}:{identity.subject}", PER_SUBJECT)
        return Reader(identity, {name: _id(name, value) for name, value in request.path_params.items()})


def _route(read: ReadRoute, endpoint: Callable[[Request], Awaitable[object]]) -> Route:
    async def respond(request: Request) -> Response:
        try:
            return _response(request, await endpoint(request))
        except DispatchError as error:
            return _refusal(request, error)
        except (JournalUnavailableError, HostsUnavailableError):
            return _refusal(request, DispatchError(ErrorCode.UNAVAILABLE))
        except Exception:  # noqa: BLE001 - the client gets an error number in every case
            _log.exception("read failed", path=read.path)
            return _refusal(request, DispatchError(ErrorCode.INTERNAL))

    return Route(read.path, respond, methods=[read.method])


async def _question(request: Request, kind: type[Q]) -> Q:
    """Raises ``DispatchError``: ``MALFORMED``, ``INVALID_FIELD``, ``TOO_LARGE``."""
    if request.method == "POST":
        return read_json(await body_of(request), kind)
    try:
        return msgspec.convert(dict(request.query_params), kind, strict=False)
    except msgspec.ValidationError as error:
        raise unreadable(error) from error


def _id(name: str, value: str) -> str:
    try:
        return msgspec.convert(value, Id)
    except msgspec.ValidationError as error:
        raise DispatchError(ErrorCode.INVALID_FIELD, field=name) from error


def _response(request: Request, content: object, status: int = 200) -> Response:
    packed = MSGPACK in request.headers.get("accept", "")
    body = _to_msgpack(content) if packed else _to_json(content)
    return Response(body, status, headers=_NO_STORE, media_type=MSGPACK if packed else JSON)


def _refusal(request: Request, error: DispatchError) -> Response:
    response = _response(request, error_body(error), status_of(error))
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
