"""``docs/http.md``: what is looked up over HTTP, made from ``dispatch.api.http_routes`` and its bodies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import inspect

from dispatch.api import http_bodies as reads
from dispatch.api.http_routes import READ_ROUTES, ReadRoute
from dispatch.codegen.asyncapi import sections

_HEAD: Final = """\
# Looking things up over HTTP

Made from `dispatch/api/http_routes.py` and `dispatch/api/http_bodies.py` by `render_http_markdown()`; do not edit.

What concerns a ride under way goes over the socket ([protocol.md](protocol.md)); what is looked up is read over HTTP
on the same port, with `Authorization: Bearer TOKEN` and the token of the same sign-in. The query of a GET and the body
of a POST (JSON) are the question. The answer is JSON, or MessagePack where `Accept: application/msgpack` asks for it
(bytes are base64 in JSON), and is kept by nobody on its way (`Cache-Control: no-store`). Times are city seconds, money
is whole minor units. Clients ignore fields that they do not know; the server refuses them.

A refusal is `{"code", "text", "retryable", "field"}` with the numbers of [the error table](protocol.md#errors) and the
status 400, 401 (no valid token), 403 (another role's), 404 (unknown, or not one's own), 413, 429 (too often: each
signed-in client may ask 5 times a second and 60 times at once), 500 or 503.

Lists are made from rows that are as new as the last commit of each trip and car; stories from the events themselves.
No story's timeline tells ride codes, codes that pay, tokens or accounts at Alipay; of a phone number it tells the last
three digits.
"""


def render_http_markdown() -> str:
    """The text of the document."""
    return "\n".join(
        [_HEAD, *_table(), *_parts("Questions", reads.RequestBody), *_parts("Answers", reads.ResponseBody)]
    )


def _table() -> Iterable[str]:
    yield from ("## Addresses", "", "| address | who | question | answer | |", "|---|---|---|---|---|")
    for route in READ_ROUTES:
        question = _link(route.question) if route.question is not None else ""
        yield f"| `{route.method} {route.path}` | {_who(route)} | {question} | {_link(route.answer)} | {route.says} |"
    yield ""


def _who(route: ReadRoute) -> str:
    return ", ".join(sorted(route.roles)) or "everybody, without a token"


def _link(kind: type[msgspec.Struct]) -> str:
    return f"[{kind.__name__}](#{kind.__name__.lower()})"


def _parts(title: str, base: type[msgspec.Struct]) -> Iterable[str]:
    kinds = [kind for kind in vars(reads).values() if _is_made_here(kind) and issubclass(kind, base)]
    named = [kind for kind in kinds if kind is not base and isinstance(inspect.type_info(kind), inspect.StructType)]
    yield from (f"## {title}", "", *sections(named))


def _is_made_here(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == reads.__name__
