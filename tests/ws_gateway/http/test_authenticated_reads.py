"""Who may look things up over HTTP, and how it is answered."""

from __future__ import annotations

import json
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from dispatch.api.http_bodies import PlaceList, PlaceQuery, ResponseBody, TripsSince
from dispatch.api.http_routes import ReadRoute
from dispatch.clock import ManualClock
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.store.journal import JournalUnavailableError
from dispatch.values.place import Place
from dispatch.values.roles import Role
from dispatch.values.units import WallTime
from ws_gateway.auth.tokens import Tokens
from ws_gateway.http.authenticated_reads import AuthenticatedReads, Reader
from ws_gateway.limits.shared_limits import SharedRateLimiter

NOW = 1_700_000_000.0
TOKENS = Tokens(b"0123456789abcdef0123456789abcdef", 3_600.0)
DISPATCHER = frozenset[Role]({"dispatcher"})
LIST = ReadRoute("GET", "/list/{trip}", DISPATCHER, PlaceList, "A list.")
SINCE = ReadRoute("GET", "/since", DISPATCHER, PlaceList, "A list since.", TripsSince)
ASKED = ReadRoute("POST", "/asked", DISPATCHER, PlaceList, "A question.", PlaceQuery)


class Desk:
    """Answers with what was asked, or breaks."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.allowed: list[str] = []
        self.full = False

    async def allow(self, what: str, per_s: float, burst: int) -> bool:
        assert per_s > 0
        assert burst > 0
        self.allowed.append(what)
        return not self.full

    async def get_route(self, reader: Reader) -> ResponseBody:
        if self.error is not None:
            raise self.error
        return PlaceList([Place(1.0, 2.0, reader.path["trip"])])

    async def since(self, reader: Reader, question: TripsSince) -> ResponseBody:
        return PlaceList([Place(0.0, 0.0, f"{reader.identity.subject} {question.since}")])

    async def asked(self, _: Reader, question: PlaceQuery) -> ResponseBody:
        return PlaceList([Place(0.0, 0.0, question.text)])


@pytest.fixture
def desk() -> Desk:
    """A desk that answers."""
    return Desk()


@pytest.fixture
def client(desk: Desk) -> httpx.AsyncClient:
    """Speaks to the three routes."""
    clock = ManualClock(NOW)
    reading = AuthenticatedReads(verify=TOKENS.verify, clock=clock, limiter=SharedRateLimiter(desk, clock))
    app = Starlette(
        routes=[
            reading.get_route(LIST, desk.get_route),
            reading.query_route(SINCE, TripsSince, desk.since),
            reading.query_route(ASKED, PlaceQuery, desk.asked),
        ]
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://taxi")


def _bearer(role: Role = "dispatcher", at: float = NOW) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS.issue(role, 'anna', session='s', wall=WallTime(at), vehicle='V1')}"}


async def test_answers_in_json_or_messagepack(client: httpx.AsyncClient) -> None:
    """``Accept`` chooses, and nobody on the way keeps it."""
    plain = await client.get("/list/t1", headers=_bearer())
    packed = await client.get("/list/t1", headers={**_bearer(), "Accept": "application/msgpack"})
    assert (
        plain.json() == msgspec.msgpack.decode(packed.content) == {"places": [{"lat": 1.0, "lng": 2.0, "text": "t1"}]}
    )
    assert plain.headers["cache-control"] == packed.headers["cache-control"] == "no-store"
    assert packed.headers["content-type"] == "application/msgpack"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, ErrorCode.BAD_TOKEN),
        ({"Authorization": "Basic YTpi"}, 401, ErrorCode.BAD_TOKEN),
        ({"Authorization": "Bearer nonsense"}, 401, ErrorCode.BAD_TOKEN),
        (_bearer(at=NOW - 4_000), 401, ErrorCode.TOKEN_EXPIRED),
        (_bearer("driver"), 403, ErrorCode.NOT_ALLOWED),
        (_bearer("guest"), 403, ErrorCode.NOT_ALLOWED),
    ],
)
async def test_who_may_not_ask_learns_nothing(
    client: httpx.AsyncClient, desk: Desk, headers: dict[str, str], status: int, code: ErrorCode
) -> None:
    """Each refusal has its number; nothing was looked up, nor counted."""
    answer = await client.get("/list/t1", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert desk.allowed == []


async def test_too_often(client: httpx.AsyncClient, desk: Desk) -> None:
    """Counted for each who has signed in."""
    desk.full = True
    answer = await client.get("/list/t1", headers=_bearer())
    assert (answer.status_code, answer.json()["retryable"]) == (429, True)
    assert desk.allowed == ["read:dispatcher:anna"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (DispatchError(ErrorCode.UNKNOWN_TRIP), 404, ErrorCode.UNKNOWN_TRIP),
        (JournalUnavailableError("away"), 503, ErrorCode.UNAVAILABLE),
        (ZeroDivisionError(), 500, ErrorCode.INTERNAL),
    ],
)
async def test_what_breaks_has_a_number(
    client: httpx.AsyncClient, desk: Desk, error: Exception, status: int, code: ErrorCode
) -> None:
    """Whatever broke, the body says which error it is."""
    desk.error = error
    answer = await client.get("/list/t1", headers=_bearer())
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_questions(client: httpx.AsyncClient) -> None:
    """A query and a body are read into what the route asks."""
    since = await client.get("/since?since=5.5", headers=_bearer())
    asked = await client.post("/asked", headers=_bearer(), content=json.dumps({"text": "Ferry"}))
    assert since.json()["places"][0]["text"] == "anna 5.5"
    assert asked.json()["places"][0]["text"] == "Ferry"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/since?since=now", None),
        ("GET", "/since?until=5", None),
        ("GET", "/list/%00", None),
        ("GET", f"/list/{'t' * 65}", None),
        ("POST", "/asked", {"text": ""}),
        ("POST", "/asked", {"text": "a", "near": [91, 0]}),
        ("POST", "/asked", ["text"]),
    ],
)
async def test_bad_questions(client: httpx.AsyncClient, method: str, path: str, body: Any) -> None:
    """Refused with a number before anything is looked up."""
    answer = await client.request(method, path, headers=_bearer(), content=None if body is None else json.dumps(body))
    assert answer.status_code == 400
    assert answer.json()["code"] in (ErrorCode.INVALID_FIELD, ErrorCode.MALFORMED)


async def test_a_large_body(client: httpx.AsyncClient) -> None:
    """Refused as too large."""
    answer = await client.post("/asked", headers=_bearer(), content=b" " * 70_000)
    assert (answer.status_code, answer.json()["code"]) == (413, ErrorCode.TOO_LARGE)
