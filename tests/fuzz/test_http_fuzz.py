"""The HTTP routes under whatever may be sent: as our OpenAPI document allows, as it forbids, and without sense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, get_args

import httpx
import jsonschema
import msgspec
import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS

from dispatch.values.roles import Role
from tests.fuzz.budget import tried
from tests.fuzz.frames import JSON, values
from tests.fuzz.served import Served
from ws_gateway.http.responses import ErrorBody
from ws_gateway.openapi_document import openapi

pytestmark = pytest.mark.integration

DOCUMENT: Final = openapi()
_FOUND: Final = [found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]  # type: ignore[union-attr]
OPERATIONS: Final = {operation.label: operation for operation in _FOUND}
_CHECKS: Final = CHECKS.get_by_names(["not_a_server_error", "status_code_conformance", "content_type_conformance"])
_THERE: Final = {"trip": "t1", "vehicle": "V1", "company": "Yellow"}
"""What the parts of an address may name."""
_NOT_IN_THIS_CITY: Final = {"GET /v1/city/streets"}
_ids = st.sampled_from(("V1", "t1", "D1", "P1", "nobody", "V9", "%00", "..", "%2e%2e%2f", "a" * 65, "ä", "t1?x=1#y"))
_roles: st.SearchStrategy[Role | None] = st.sampled_from((None, *get_args(Role)))
_header = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The routes, for all tests of this file."""
    with Served(tmp_path_factory.mktemp("fuzz")) as served:
        yield served


def _send(served: Served, case: Case[Any], role: Role | None) -> httpx.Response:
    asked = case.as_transport_kwargs(base_url="http://taxi")
    asked.pop("cookies", None)
    if isinstance(asked.get("data"), bytes | str):
        asked["content"] = asked.pop("data")
    if role is not None:
        asked["headers"]["Authorization"] = f"Bearer {served.token(case.method, case.operation.path, role)}"
    return served.ask(asked.pop("method"), asked.pop("url"), **asked)


def _check_shape(case: Case[Any], answer: httpx.Response) -> None:
    """By jsonschema: Schemathesis cannot read ``prefixItems`` below ``anyOf`` in an answer."""
    answers = case.operation.definition.raw["responses"][str(answer.status_code)].get("content", {})
    schema = answers.get("application/json", {}).get("schema")
    if schema is not None:
        whole = {**schema, "components": DOCUMENT["components"]}
        jsonschema.Draft202012Validator(whole).validate(answer.json())


def test_the_document_is_openapi(served: Served) -> None:
    """Every route that is no page is in the document, and nothing else; its schemas are schemas."""
    pages = ("/pay", "/ride", "/drive", "/console")
    there = {
        f"{method} {route.path}"
        for route in served.routes
        if not route.path.startswith(pages)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert set(OPERATIONS) - there == _NOT_IN_THIS_CITY
    assert there - set(OPERATIONS) == set()
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("label", sorted(OPERATIONS.keys() - _NOT_IN_THIS_CITY))
@tried(25)
@given(data=st.data(), role=_roles)
def test_every_answer_is_documented(served: Served, label: str, data: st.DataObject, role: Role | None) -> None:
    """Good and bad questions, by everybody: the status, the type and the shape are those of the document."""
    mode = data.draw(st.sampled_from(GenerationMode))
    operation = OPERATIONS[label]
    case = data.draw(operation.as_strategy(generation_mode=mode))
    if case.path_parameters and data.draw(st.booleans()):
        case.path_parameters = {name: _THERE[name] for name in case.path_parameters}
    answer = _send(served, case, role)
    case.validate_response(answer, checks=_CHECKS)
    _check_shape(case, answer)


@st.composite
def _requests(draw: st.DrawFn, served: Served) -> dict[str, Any]:
    route = draw(st.sampled_from(served.routes))
    path = route.path
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", draw(st.one_of(_ids, st.text(max_size=10))))
    method = draw(st.sampled_from(sorted(route.methods or ["GET"])))
    fields = st.sampled_from(
        ("since", "until", "vehicle", "lang", "back", "state", "code", "auth_code", "amount", "form")
    )
    texts = st.one_of(_ids, st.text(max_size=10), st.floats().map(str))
    query = draw(st.dictionaries(st.one_of(fields, st.text(max_size=4)), texts, max_size=3))
    form = st.dictionaries(fields, texts, max_size=4)
    kind, body = draw(
        st.one_of(
            st.tuples(st.just("application/json"), JSON),
            st.tuples(st.just("application/json"), values.map(lambda value: msgspec.json.encode(value, enc_hook=repr))),
            st.tuples(st.just("application/x-www-form-urlencoded"), form.map(lambda it: str(httpx.QueryParams(it)))),
            st.tuples(st.just("multipart/form-data; boundary=x"), st.binary(max_size=40)),
            st.tuples(_header, st.one_of(st.binary(max_size=40), st.just(b"1" * 70_000))),
        )
    )
    headers = {"Content-Type": kind}
    role: Role | None = draw(_roles)
    if role is not None:
        headers["Authorization"] = f"Bearer {served.token(method, route.path, role)}"
    names = ("Accept", "Accept-Language", "Accept-Encoding", "Cookie", "User-Agent", "If-None-Match", "Authorization")
    headers |= draw(st.dictionaries(st.sampled_from(names), _header, max_size=2))
    content = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    return {"method": method, "path": path, "params": query, "headers": headers, "content": content}


@tried(400)
@given(data=st.data())
def test_nothing_breaks_a_route(served: Served, data: st.DataObject) -> None:
    """Whatever is sent wherever: no route breaks, and what is no page refuses by a number."""
    asked = data.draw(_requests(served))
    try:
        url = httpx.URL(f"http://taxi{asked['path']}")
    except httpx.InvalidURL:
        return
    answer = served.ask(asked["method"], url, **{name: asked[name] for name in ("params", "headers", "content")})
    assert answer.status_code < 500, (asked, answer.text)
    if answer.status_code >= 400 and asked["path"].startswith("/v1/") and answer.content[:1] == b"{":
        msgspec.json.decode(answer.content, type=ErrorBody)
