"""Our HTTP routes as an OpenAPI 3.1 document, made from the structs that they read and answer with.

What is looked up comes from ``api.http_routes``; ``OTHERS`` names the rest, and a test holds it to what the
application serves. Pages for people (``/pay``, the apps) are no part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from dispatch.api.fields import Id
from dispatch.api.http_routes import READ_ROUTES, ReadRoute
from dispatch.api.permissions import WITHOUT_TOKEN
from dispatch.codegen.asyncapi import plain_value
from ws_gateway.auth.sign_in import Issued
from ws_gateway.http.responses import JSON, MSGPACK, ErrorBody
from ws_gateway.http.routes import CodeRequest, DeviceSignIn, DispatcherSignIn, DriverSignIn, PassengerSignIn
from ws_gateway.pay.alipay_sign_in import AlipaySignIn

FORM: Final = "application/x-www-form-urlencoded"
_TEMPLATE: Final = "#/components/schemas/{name}"
_NAMED: Final = re.compile(r"\{([a-z_]+)\}")
_BEARER: Final = {"bearer": {"type": "http", "scheme": "bearer", "description": "The token of a sign-in."}}
_REFUSALS: Final[Mapping[int, str]] = {
    400: "What was asked cannot be read, or is not possible.",
    401: "No valid token, or a wrong secret.",
    403: "Another role's.",
    404: "Unknown, or not one's own.",
    413: "The body is too large.",
    429: "Too often.",
    503: "A part of the system does not answer. Ask again.",
}
_WITH_TOKEN: Final = (400, 401, 403, 404, 413, 429, 503)
_SIGNING_IN: Final = (400, 401, 403, 404, 413, 429, 503)
Kind = type[msgspec.Struct]


class Operation(NamedTuple):
    """One address. ``body`` is a struct (JSON), ``form``: it is a form; ``answers`` say by status a struct, a media
    type, or None: nothing."""

    method: str
    path: str
    says: str
    answers: Mapping[int, Kind | str | None]
    body: Kind | None = None
    form: bool = False
    refusals: tuple[int, ...] = ()
    token: bool = False


def _sign_in(path: str, body: Kind, who: str) -> Operation:
    says = f"Sign in as a {who}."
    return Operation("POST", f"/v1/auth/{path}", says, {200: Issued}, body, refusals=_SIGNING_IN)


_LAYER: Final = {200: "application/geo+json", 304: None}
_NOTIFIED: Final = "A notification of Alipay. The answer is `success`, or `failure`: send it again."
OTHERS: Final = (
    _sign_in("driver", DriverSignIn, "driver, for the car of the shift"),
    _sign_in("dispatcher", DispatcherSignIn, "dispatcher"),
    _sign_in("device", DeviceSignIn, "taximeter"),
    _sign_in("passenger", PassengerSignIn, "passenger, by the code sent to the phone"),
    _sign_in("passenger/alipay", AlipaySignIn, "passenger, by the code with which Alipay sent the browser back"),
    Operation("POST", "/v1/auth/passenger/code", "Send a code.", {202: None}, CodeRequest, refusals=_SIGNING_IN),
    Operation("POST", "/v1/auth/sign_out", "End the token.", {204: None}, refusals=(401, 503), token=True),
    Operation("GET", "/v1/auth/alipay", "To Alipay's authorization page, or back with a number.", {302: None}),
    Operation("GET", "/v1/city/land", "The land, to draw a map of.", _LAYER),
    Operation("GET", "/v1/city/streets", "The streets, to draw a map of.", _LAYER),
    Operation("GET", "/health", "Whether this process runs.", {200: JSON}),
    Operation("GET", "/ready", "Whether all that is needed answers.", {200: JSON, 503: JSON}),
    Operation("GET", "/metrics", "For Prometheus.", {200: "text/plain"}),
    Operation("POST", "/alipay/notify", _NOTIFIED, {200: "text/plain"}, form=True),
    Operation("POST", "/alipay/notify/{company}", _NOTIFIED, {200: "text/plain"}, form=True),
)


def openapi() -> dict[str, Any]:
    """The document."""
    operations = [*map(_read, READ_ROUTES), *OTHERS]
    questions = {route.path: route.question for route in READ_ROUTES if route.method == "GET"}
    schemas = _schemas([ErrorBody, *(kind for each in operations for kind in _kinds(each))])
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        asked = _query(questions.get(each.path))
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, asked)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Taxi dispatch",
            "version": "1",
            "description": "Sign-in and what is looked up. A ride under way goes over the WebSocket: `taxi schema`.",
        },
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _BEARER},
    }


def _read(route: ReadRoute) -> Operation:
    """A line of the table of what is looked up."""
    open_to_all = f"{route.method} {route.path}" in WITHOUT_TOKEN
    who = "Everybody." if open_to_all else f"Who may: {', '.join(sorted(route.roles))}."
    return Operation(
        route.method,
        route.path,
        f"{route.says} {who}",
        {200: route.answer},
        route.question if route.method == "POST" else None,
        refusals=() if open_to_all else _WITH_TOKEN,
        token=not open_to_all,
    )


def _kinds(operation: Operation) -> Iterable[Kind]:
    yield from (answer for answer in operation.answers.values() if isinstance(answer, type))
    if operation.body is not None:
        yield operation.body


def _schemas(kinds: Iterable[Kind]) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(list(kinds), schema_hook=plain_value, ref_template=_TEMPLATE)
    return schemas


def _operation(operation: Operation, query: list[dict[str, Any]]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.says,
        "parameters": [*_named(operation.path), *query],
        "responses": {
            **{str(status): _answer(answer) for status, answer in operation.answers.items()},
            **{str(status): _refusal(status) for status in operation.refusals if status not in operation.answers},
        },
    }
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": _ref(operation.body)}}}
    if operation.form:
        fields = {"type": "object", "additionalProperties": {"type": "string"}}
        described["requestBody"] = {"required": True, "content": {FORM: {"schema": fields}}}
    if operation.token:
        described["security"] = [{"bearer": []}]
    return described


def _named(path: str) -> list[dict[str, Any]]:
    """The parts of an address that are ids."""
    schema = msgspec.json.schema(Id)
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in _NAMED.findall(path)]


def _query(question: Kind | None) -> list[dict[str, Any]]:
    """The fields of a question, each as a parameter of the query."""
    if question is None:
        return []
    (schema,) = _schemas([question]).values()
    wanted = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in wanted, "schema": field}
        for name, field in schema["properties"].items()
    ]


def _answer(answer: Kind | str | None) -> dict[str, Any]:
    if answer is None:
        return {"description": "Nothing."}
    if isinstance(answer, str):
        return {"description": "See above.", "content": {answer: {}}}
    kinds = (JSON,) if answer is Issued else (JSON, MSGPACK)
    about = " ".join((answer.__doc__ or "").replace("``", "`").split())
    return {"description": about, "content": {kind: {"schema": _ref(answer)} for kind in kinds}}


def _refusal(status: int) -> dict[str, Any]:
    return {"description": _REFUSALS[status], "content": {JSON: {"schema": _ref(ErrorBody)}}}


def _ref(kind: Kind) -> dict[str, str]:
    return {"$ref": _TEMPLATE.format(name=kind.__name__)}
