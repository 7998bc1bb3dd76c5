"""The passenger's page over a real car and a real trip, with Alipay's authorization page played."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import httpx
import msgspec
from starlette.applications import Starlette

from dispatch.actors.core.protocol import Done, Envelope, Refused, Reply
from dispatch.clock import ManualClock
from dispatch.domain.commands import (
    FinishRide,
    ReportOutcome,
    ReportPayment,
    StartHail,
    StartShift,
    VehicleProfile,
    decode_command,
)
from dispatch.domain.entity import EntityKey
from dispatch.domain.errors import DispatchError
from dispatch.domain.registry import VehicleRecord
from dispatch.payment.core.port import Refusal as GatewayRefused
from dispatch.payment.core.port import Unknown
from dispatch.payment.core.rotating_word import VerificationWord
from dispatch.payment.gateways.alipay_oauth import AlipayUser
from dispatch.values.ids import VehicleId
from tests.dispatch.domain.builders import DRIVER, NOON, Stage
from tests.ws_gateway.fakes import FakeHosts
from tests.ws_gateway.limits.builders import limiter
from ws_gateway.pay.fare_commands import FareCommands
from ws_gateway.pay.page_context import PageContext
from ws_gateway.pay.rate_limits import PageLimits
from ws_gateway.pay.responses import PageResponses
from ws_gateway.pay.routes import pay_routes
from ws_gateway.pay.signed_forms import FormSigner

SECRET = b"0123456789abcdef0123456789abcdef"
URL = "https://taxi.example"
BRIDGE = "https://sandbox.example/sandbox/bridge.js"
ALIPAY_APP = "Mozilla/5.0 (iPhone) AliApp(AP/9.5.3.030408) AlipayClient/9.5.3.030408 Language/zh-Hans"
IN_ENGLISH = "Mozilla/5.0 (Linux; Android) alipayclient/10.1 Language/en"
BUYER = "2088102146225135"


class FakeAuthorization:
    """Alipay's application ``app``: names USER for ``code-USER`` and ``code-USER-2``, for each once."""

    def __init__(self) -> None:
        self.spent: set[str] = set()
        self.clear = True

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        return f"https://openauth.example/authorize?app_id=app&redirect_uri={redirect_uri}&state={state}"

    async def exchange_code(self, auth_code: str) -> AlipayUser | GatewayRefused | Unknown:
        if not self.clear:
            return Unknown("no answer")
        if auth_code in self.spent or not auth_code.startswith("code-"):
            return GatewayRefused("isv.code-invalid", "used")
        self.spent.add(auth_code)
        return AlipayUser(auth_code.split("-")[1])


class FakeAuthorizers:
    """The application that all companies share, and one of the company Blue's own."""

    def __init__(self) -> None:
        self.shared: FakeAuthorization | None = FakeAuthorization()

    def account_of(self, company: str) -> str:
        return company if company == "Blue" else ""

    def authorizer_for(self, account: str) -> FakeAuthorization | None:
        return self.shared if not account else None


class Cars:
    """V1 and V2 of the company Yellow, V3 that is out of use, and V4 of Blue."""

    async def get(self, kind: type[VehicleRecord], entry_id: str) -> VehicleRecord | None:
        company = {"V1": "Yellow", "V2": "Yellow", "V3": "Yellow", "V4": "Blue"}.get(entry_id)
        if company is None:
            return None
        return kind(id=VehicleId(entry_id), plate=f"PL{entry_id}", company=company, active=entry_id != "V3")


class Booth:
    """Car V1 on shift, the page served, and browsers that look at it. Clocks stand at noon in San Francisco."""

    def __init__(self, *, bridge_url: str = "", public_url: str = URL, typed_fare: bool = False) -> None:
        self.stage = Stage()
        profile = VehicleProfile("7ABC123", "D1", "Ann", company="Yellow", typed_fare=typed_fare)
        self.stage.send(self.stage.car, StartShift(profile), DRIVER)
        self.stage.fix()
        self.hosts = FakeHosts()
        self.hosts.decide = self._decide
        self.cars = Cars()
        self.authorizers = FakeAuthorizers()
        self.clock = ManualClock(NOON)
        self.allowed: Callable[[str], bool] = lambda _: True
        self.word = VerificationWord("panda", "熊猫", NOON + 60)
        ids = itertools.count(1)
        self.context = PageContext(
            commands=FareCommands(self.hosts, self.cars, lambda: f"q{next(ids)}"),
            signer=FormSigner(SECRET),
            authorizers=self.authorizers,
            responses=PageResponses(public_url, bridge_url),
            limits=PageLimits(limiter(lambda what, *_: self.allowed(what))),
            clock=self.clock,
            zone=ZoneInfo("America/Los_Angeles"),
            public_url=public_url,
            word=lambda: self.word,
            new_id=lambda: f"n{next(ids)}",
        )
        self._public_url = public_url
        self.serve(self.context)

    def serve(self, context: PageContext) -> None:
        """Have browsers from now on served at this counter."""
        self._app = Starlette(routes=[*pay_routes(context)])

    def _decide(self, envelope: Envelope) -> Reply:
        """What a host does with a command: a decision of the real car or trip."""
        entity = self.stage.entity(EntityKey.parse(envelope.key))
        try:
            decision = self.stage.send(entity, decode_command(envelope.body), envelope.principal)
        except DispatchError as error:
            return Refused(error.code.value, error.field, error.detail)
        return Done(entity.seq, entity.state, decision.reply or {})

    def browser(self, user_agent: str = IN_ENGLISH, **headers: str) -> Browser:
        """A browser of its own, which keeps its cookies."""
        return Browser(self._app, self._public_url, {"User-Agent": user_agent, **headers})

    # ── the ride ─────────────────────────────────────────────────────────────────────────────────────────────────

    def hail(self) -> None:
        """Somebody gets in."""
        self.stage.send(self.stage.car, StartHail("t1"), DRIVER)

    def arrive(self) -> None:
        """The ride is over, a kilometre on."""
        self.stage.now += 120
        self.stage.fix(1000)
        self.stage.send(self.stage.car, FinishRide("t1"), DRIVER)

    def fare_due(self) -> Booth:
        self.hail()
        self.arrive()
        return self

    def hear(self, state: str, order: str = "t1_1_1", trade: str = "", reason: str = "") -> None:
        """The payment tells the trip, and the trip the car."""
        data = self.stage.trip.data
        assert data.fare is not None
        told = ReportOutcome(state, order, data.method, data.fare, trade=trade, reason=reason)
        for due in self.stage.send(self.stage.trip, told).put:
            command = decode_command(due.command)
            if isinstance(command, ReportPayment):
                self.stage.send(self.stage.car, command)

    def sent(self, kind: type[Any]) -> list[Any]:
        """The commands of a kind that reached a car or trip."""
        commands = [decode_command(envelope.body) for envelope in self.hosts.envelopes]
        return [command for command in commands if isinstance(command, kind)]


class Browser:
    """Follows nothing by itself, so that tests see every redirect."""

    def __init__(self, app: Starlette, url: str, headers: dict[str, str]) -> None:
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=url, headers=headers)
        self.cookies = self._client.cookies

    async def get(self, path: str) -> httpx.Response:
        return await self._client.get(path)

    async def post(self, path: str, fields: dict[str, str]) -> httpx.Response:
        return await self._client.post(path, data=fields)

    async def sign_in(self, vehicle: str = "V1", user: str = BUYER) -> httpx.Response:
        """Scan the car's code, and go to the authorization page and back."""
        left = await self.get(f"/pay/{vehicle}")
        state = parse_qs(urlsplit(left.headers["location"]).query)["state"][0]
        return await self.get(f"/pay/callback?auth_code=code-{user}&state={state}")

    async def ride(self, vehicle: str = "V1", user: str = BUYER) -> httpx.Response:
        """From the scan to the ride's page."""
        back = await self.sign_in(vehicle, user)
        return await self.get((await self.get(back.headers["location"])).headers["location"])

    async def submit(self, page: httpx.Response, form_id: str, **typed: str) -> httpx.Response:
        """Send a form of a page."""
        found = re.search(rf'<form id="{form_id}" method="post" action="([^"]+)">(.*?)</form>', page.text, re.DOTALL)
        assert found is not None, page.text
        hidden = re.search(r'name="form" value="([^"]+)"', found[2])
        assert hidden is not None
        return await self.post(unescape(found[1]), {"form": hidden[1], **typed})

    async def state(self) -> dict[str, Any]:
        """What the ride's script hears."""
        answer: dict[str, Any] = msgspec.json.decode((await self.get("/pay/V1/t1/state")).content)
        return answer


def step(page: httpx.Response) -> str:
    """The step that a ride's page shows."""
    found = re.search(r'data-step="(\w+)"', page.text)
    assert found is not None, page.text
    return found[1]


def text(page: httpx.Response, element: str) -> str:
    """The text of the element with this id."""
    found = re.search(rf'id="{element}"[^>]*>([^<]*)', page.text)
    assert found is not None, f"no {element}: {page.text}"
    return unescape(found[1]).strip()


def has(page: httpx.Response, element: str) -> bool:
    """Whether there is an element with this id."""
    return re.search(rf'id="{element}"', page.text) is not None
