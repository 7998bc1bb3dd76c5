"""The HTTP routes as an OpenAPI 3.1 document, made from the structs of their requests and responses.

Reads come from ``api.http_routes``; ``OTHERS`` lists all other routes, and a test compares it with the application.
Pages for people (``/pay``, the apps) are not part of it.
"""

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
    400: "The request is malformed or cannot be fulfilled.",
    401: "Missing or invalid token, or wrong secret.",
    403: "Not allowed for this role.",
    404: "Not found, or owned by another user.",
    413: "The body is too large.",
    429: "Rate limit exceeded.",
    503: "A part of the system is unavailable. Retry.",
}
_ALL_CODES: Final = tuple(_REFUSALS)
Kind = type[msgspec.Struct]


class Operation(NamedTuple):
    """One route. ``body`` is a struct (JSON); ``form``: the body is a form; ``answers`` maps a status to a struct, a
    media type, or None for no content."""

    method: str
    path: str
    summary: str
    responses: Mapping[int, Kind | str | None]
    body: Kind | None = None
    form: bool = False
    refusals: tuple[int, ...] = ()
    token: bool = False


def _sign_in(path: str, body: Kind, role: str) -> Operation:
    summary = f"Sign in as a {role}."
    return Operation("POST", f"/v1/auth/{path}", summary, {200: Issued}, body, refusals=_ALL_CODES)


_LAYER: Final = {200: "application/geo+json", 304: None}
_AUTHORIZATION: Final = "Redirect to Alipay's authorization page, or back to the app with an error number."
_NOTIFIED: Final = "A notification of Alipay. The response is `success`, or `failure` to request a repeat."
OTHERS: Final = (
    _sign_in("driver", DriverSignIn, "driver, for the vehicle of the shift"),
    _sign_in("dispatcher", DispatcherSignIn, "dispatcher"),
    _sign_in("device", DeviceSignIn, "taximeter"),
    _sign_in("passenger", PassengerSignIn, "passenger, by the code sent to the phone"),
    _sign_in("passenger/alipay", AlipaySignIn, "passenger, by the code of the redirect from Alipay"),
    Operation("POST", "/v1/auth/passenger/code", "Send a code by SMS.", {202: None}, CodeRequest, refusals=_ALL_CODES),
    Operation("POST", "/v1/auth/sign_out", "Revoke the token.", {204: None}, refusals=(401, 503), token=True),
    Operation("GET", "/v1/auth/alipay", _AUTHORIZATION, {302: None}),
    Operation("GET", "/v1/city/land", "The land, for drawing a map.", _LAYER),
    Operation("GET", "/v1/city/streets", "The streets, for drawing a map.", _LAYER),
    Operation("GET", "/health", "Liveness of this process.", {200: JSON}),
    Operation("GET", "/ready", "Readiness of this gateway and the parts that it needs.", {200: JSON, 503: JSON}),
    Operation("GET", "/metrics", "Metrics in Prometheus' text format.", {200: "text/plain"}),
    Operation("POST", "/alipay/notify", _NOTIFIED, {200: "text/plain"}, form=True),
    Operation("POST", "/alipay/notify/{company}", _NOTIFIED, {200: "text/plain"}, form=True),
)


def openapi() -> dict[str, Any]:
    operations = [*map(_read, READ_ROUTES), *OTHERS]
    questions = {route.path: route.request for route in READ_ROUTES if route.method == "GET"}
    schemas = _schemas([ErrorBody, *(kind for each in operations for kind in _kinds(each))])
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        query = _query(questions.get(each.path))
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, query)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Taxi dispatch",
            "version": "1",
            "description": "Sign-in and reads. Rides use the WebSocket: `taxi schema`.",
        },
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _BEARER},
    }


def _read(route: ReadRoute) -> Operation:
    open_to_all = f"{route.method} {route.path}" in WITHOUT_TOKEN
    access = "Public." if open_to_all else f"Roles: {', '.join(sorted(route.roles))}."
    return Operation(
        route.method,
        route.path,
        f"{route.summary} {access}",
        {200: route.response},
        route.request if route.method == "POST" else None,
        refusals=() if open_to_all else _ALL_CODES,
        token=not open_to_all,
    )


def _kinds(operation: Operation) -> Iterable[Kind]:
    yield from (answer for answer in operation.responses.values() if isinstance(answer, type))
    if operation.body is not None:
        yield operation.body


def _schemas(kinds: Iterable[Kind]) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(list(kinds), schema_hook=plain_value, ref_template=_TEMPLATE)
    return schemas


def _operation(operation: Operation, query: list[dict[str, Any]]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": [*_named(operation.path), *query],
        "responses": {
            **{str(status): _answer(answer) for status, answer in operation.responses.items()},
            **{str(status): _refusal(status) for status in operation.refusals if status not in operation.responses},
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
    schema = msgspec.json.schema(Id)
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in _NAMED.findall(path)]


def _query(question: Kind | None) -> list[dict[str, Any]]:
    if question is None:
        return []
    (schema,) = _schemas([question]).values()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": field}
        for name, field in schema["properties"].items()
    ]


def _answer(answer: Kind | str | None) -> dict[str, Any]:
    if answer is None:
        return {"description": "No content."}
    if isinstance(answer, str):
        return {"description": "See the summary.", "content": {answer: {}}}
    kinds = (JSON,) if answer is Issued else (JSON, MSGPACK)
    about = " ".join((answer.__doc__ or "").replace("``", "`").split())
    return {"description": about, "content": {kind: {"schema": _ref(answer)} for kind in kinds}}


def _refusal(status: int) -> dict[str, Any]:
    return {"description": _REFUSALS[status], "content": {JSON: {"schema": _ref(ErrorBody)}}}


def _ref(kind: Kind) -> dict[str, str]:
    return {"$ref": _TEMPLATE.format(name=kind.__name__)}
