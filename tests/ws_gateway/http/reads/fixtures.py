"""The routes of what is looked up, over a journal in a file in which real entities have lived."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Self

import httpx
from starlette.applications import Starlette

from dispatch.actors.core.protocol import HostsUnavailableError
from dispatch.clock import ManualClock
from dispatch.config.loader import load_settings
from dispatch.domain.commands import ArriveAtPickup, FinishRide, PayFare, ReportOutcome, StartRide
from dispatch.domain.entity import SYSTEM, Command, Decision, EntityKey, Principal
from dispatch.domain.events import encode_event
from dispatch.domain.registry import DriverRecord, VehicleRecord
from dispatch.domain.trip.trip import Trip
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.geo.places.geocoder import read_places
from dispatch.payment.core.rules import CASH
from dispatch.payment.gateways.factory import payment_rules_of
from dispatch.store.journal import Append, Batch, Committed
from dispatch.store.journals.sql_journal import SqlJournal, open_journal
from dispatch.store.migrations import upgrade
from dispatch.store.queries.registry import SqlRegistry
from dispatch.store.queries.replay import SqlReplay
from dispatch.store.queries.tracks import SqlTracks
from dispatch.values.ids import DriverId, VehicleId
from dispatch.values.roles import Role
from dispatch.values.units import WallTime
from tests.dispatch.domain.builders import CODE, DRIVER, NOON, PROFILE, RULES, Stage
from tests.dispatch.domain.key_fixtures import persons
from tests.ws_gateway.limits.builders import limiter
from ws_gateway.auth.tokens import Tokens
from ws_gateway.http.authenticated_reads import AuthenticatedReads
from ws_gateway.http.place_routes import PlaceRoutes
from ws_gateway.http.reads.routes import make_read_routes
from ws_gateway.http.replay_routes import ReplayRoutes

SHARE_TTL_S = 7_200.0


class WrittenStage(Stage):
    """A stage whose events are noted, for the journal."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[Append] = []

    def send(self, entity: Vehicle | Trip, command: Command, principal: Principal = SYSTEM) -> Decision:
        key = EntityKey("trip" if isinstance(entity, Trip) else "vehicle", entity.id)
        before = entity.seq
        decision = super().send(entity, command, principal)
        if decision.events:
            self.noted.append(Append(key, before, [(it.at, encode_event(it)) for it in decision.events]))
        self.noted.extend(
            Append(it.key, it.expected, [(event.at, encode_event(event)) for event in it.events])
            for it in decision.appends_elsewhere
        )
        return decision


class Library:
    """What was written, and who reads it. ``answers`` are the matchers' words; None: nobody answers."""

    def __init__(self, folder: Path) -> None:
        self._url = f"sqlite:///{folder / 'journal.db'}"
        self.stage = WrittenStage()
        self.clock = ManualClock(NOON)
        self.tokens = Tokens(b"0123456789abcdef0123456789abcdef", 3_600.0)
        self.answers: dict[str, object] | None = {}

    async def __aenter__(self) -> Self:
        upgrade(self._url)
        self.journal: SqlJournal = await open_journal(self._url, shards=4)
        registry = SqlRegistry(self.journal.database)
        for number in ("V1", "V2"):
            await registry.add(VehicleRecord(id=VehicleId(number), plate=f"PL-{number}", company="Yellow"))
        await registry.add(DriverRecord(id=DriverId("D1"), name=PROFILE.driver_name, phone="1", pin_hash="x"))
        reading = AuthenticatedReads(verify=self.tokens.verify, clock=self.clock, limiter=limiter())
        places = PlaceRoutes(lambda: read_places(b'{"features": []}', (), "Test City"))
        ways = ReplayRoutes(
            SqlTracks(self.journal.database),
            SqlReplay(self.journal.database),
            rules=RULES,
            clock=self.clock,
            chunk_s=120.0,
        )
        look_ups = make_read_routes(
            reading,
            self.journal.database,
            self,
            clock=self.clock,
            rules=RULES,
            payment_rules=payment_rules_of(load_settings()),
            numbers=persons(self.journal.database),
            tokens=self.tokens,
            share_ttl_s=SHARE_TTL_S,
        )
        self.routes = [*look_ups, *places.routes(reading), *ways.routes(reading)]
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(Starlette(routes=self.routes)), base_url="http://taxi"
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()
        await self.journal.close()

    async def why(self, key: EntityKey) -> dict[str, object]:
        """As the matchers say."""
        if self.answers is None:
            raise HostsUnavailableError(str(key))
        return self.answers

    async def write(self) -> None:
        """Everything that has happened on the stage, and how it stands."""
        self.clock.advance(self.stage.now - self.clock.city())
        noted, self.stage.noted = self.stage.noted, []
        for append in noted:
            assert await self.journal.commit(Batch(appends=[append])) == Committed()
        rows = [self.stage.car.row(), *(trip.row() for trip in self.stage.trips.values() if trip.seq)]
        assert await self.journal.commit(Batch(rows=rows)) == Committed()

    async def ask(self, method: str, path: str, role: Role, subject: str, status: int = 200) -> Any:
        """The answer to somebody's question."""
        answer = await self.raw(method, path, role, subject)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def raw(self, method: str, path: str, role: Role | None, subject: str) -> httpx.Response:
        """The response to somebody's question; no role: to nobody's."""
        if role is None:
            return await self._http.request(method, path)
        wall = WallTime(self.clock.wall())
        token = self.tokens.issue(role, subject, session=next(_sessions), wall=wall, vehicle="V1")
        return await self._http.request(method, path, headers={"Authorization": f"Bearer {token}"})

    async def get(self, path: str, role: Role = "dispatcher", subject: str = "B1", status: int = 200) -> Any:
        """The answer to a GET."""
        return await self.ask("GET", path, role, subject, status)


_sessions = (f"s{n}" for n in itertools.count())


async def _always(what: str, per_s: float, burst: int) -> bool:
    del what, per_s, burst
    return True


async def ride(library: Library) -> None:
    """From the request to the fare that is paid in cash."""
    stage = library.stage.assigned()
    for command in (ArriveAtPickup("t1"), StartRide("t1", CODE)):
        stage.now += 60
        stage.send(stage.car, command, DRIVER)
    stage.now += 300
    stage.fix(600)
    stage.send(stage.car, FinishRide("t1"), DRIVER)
    stage.send(stage.trip, PayFare(CASH), DRIVER)
    assert stage.trip.data.fare is not None
    stage.send(stage.trip, ReportOutcome("paid", "t1_1_1", CASH, stage.trip.data.fare))
    await library.write()


async def ride_on(library: Library) -> None:
    """From the assignment to the fare that is paid."""
    stage = library.stage
    for command in (ArriveAtPickup("t1"), StartRide("t1", CODE), FinishRide("t1")):
        stage.now += 60
        stage.fix(300)
        stage.send(stage.car, command, DRIVER)
    stage.send(stage.trip, PayFare(CASH), DRIVER)
    assert stage.trip.data.fare is not None
    stage.send(stage.trip, ReportOutcome("paid", "t1_1_1", CASH, stage.trip.data.fare))
