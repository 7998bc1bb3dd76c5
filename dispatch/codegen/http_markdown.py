"""Generates ``docs/http.md`` from the routes and bodies of the HTTP API."""

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import inspect

from dispatch.api import http_bodies
from dispatch.api.http_routes import READ_ROUTES, ReadRoute
from dispatch.codegen.asyncapi import sections

_HEAD: Final = """\
# HTTP reads

Generated from `dispatch/api/http_routes.py` and `dispatch/api/http_bodies.py`; do not edit.

Everything about a ride in progress goes over the WebSocket ([protocol.md](protocol.md)). Lists, details and archives
are read over HTTP on the same port, with `Authorization: Bearer TOKEN` and the same token. The request is the query
of a GET or the JSON body of a POST. The response is JSON, or MessagePack if `Accept: application/msgpack` asks for it
(in JSON, bytes are base64), and is never cached (`Cache-Control: no-store`). Times are city seconds, money is whole
minor units. Clients ignore unknown fields; the server rejects them.

An error is `{"code", "text", "retryable", "field"}` with the numbers of [the error table](protocol.md#errors) and the
status 400, 401 (no valid token), 403 (role not allowed), 404 (unknown, or another user's), 413, 429 (rate limit: 5
requests per second and client, in bursts of up to 60), 500 or 503.

Lists are read from rows that are as recent as the last commit of each trip and vehicle, timelines from the events
themselves. Timelines contain no ride codes, payment codes, tokens or Alipay accounts, and only the last three digits of
phone numbers.
"""


def render_http_markdown() -> str:
    return "\n".join(
        [_HEAD, *_table(), *_parts("Requests", http_bodies.RequestBody), *_parts("Responses", http_bodies.ResponseBody)]
    )


def _table() -> Iterable[str]:
    yield from ("## Addresses", "", "| address | roles | request | response | |", "|---|---|---|---|---|")
    for route in READ_ROUTES:
        request = _link(route.request) if route.request is not None else ""
        cells = (f"`{route.method} {route.path}`", _roles(route), request, _link(route.response), route.summary)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _roles(route: ReadRoute) -> str:
    return ", ".join(sorted(route.roles)) or "public, without a token"


def _link(kind: type[msgspec.Struct]) -> str:
    return f"[{kind.__name__}](#{kind.__name__.lower()})"


def _parts(title: str, base: type[msgspec.Struct]) -> Iterable[str]:
    kinds = [kind for kind in vars(http_bodies).values() if _is_made_here(kind) and issubclass(kind, base)]
    named = [kind for kind in kinds if kind is not base and isinstance(inspect.type_info(kind), inspect.StructType)]
    yield from (f"## {title}", "", *sections(named))


def _is_made_here(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == http_bodies.__name__
