"""Every cell of the table of permissions over a real socket, and ownership against the real core of the hosts."""

from __future__ import annotations

from typing import Any, Final, get_args

import pytest

from dispatch.actors.core.protocol import Envelope, Reply, Subscribed, SubscribeReply, SubscribeRequest
from dispatch.api.client_messages import ClientCommand, FromClient, GpsFix
from dispatch.api.http_routes import READ_ROUTES, ReadRoute
from dispatch.api.permissions import MESSAGES, ROLES, readers_of, senders_of
from dispatch.domain.commands import AcceptOffer, CancelTrip
from dispatch.domain.entity import EntityKey, Kind, Principal
from dispatch.domain.errors import ErrorCode
from dispatch.domain.stream_access import STREAMS, Reach
from dispatch.values.roles import Role
from tests.dispatch.actors.core.harness import City, driver, trip_key, vehicle_key
from tests.ws_gateway.conftest import Client, Running, Start
from tests.ws_gateway.fakes import FakeHosts
from tests.ws_gateway.http.reads.fixtures import Library

pytestmark = pytest.mark.integration

HERE: Final = {"lat": 37.78, "lng": -122.41}
SAID: Final[dict[str, dict[str, Any]]] = {
    "attach": {"stream": "trip:T1"},
    "detach": {"stream": "trip:T1"},
    "fix": {"fix": [1, 0.0, 37.7, -122.4]},
    "fixes": {"fixes": [[1, 0.0, 37.7, -122.4]]},
    "accept": {"offer": "o1"},
    "decline": {"offer": "o1"},
    "arrived": {"trip": "T1"},
    "start": {"trip": "T1", "code": "0000"},
    "meter": {"amount": 1, "currency": "USD"},
    "finish": {"trip": "T1"},
    "give_back": {"trip": "T1", "reason": "x"},
    "collect": {"trip": "T1", "by": "cash"},
    "agree_fare": {"trip": "T1", "amount": 1, "currency": "USD"},
    "estimate": {"pickup": HERE, "dropoff": HERE},
    "route": {"start": HERE, "end": HERE},
    "request": {"pickup": HERE},
    "cancel": {"trip": "T1", "reason": "x"},
    "pay": {"trip": "T1"},
    "stop_pay": {"trip": "T1"},
    "rate": {"trip": "T1", "stars": 5},
    "watch": {"cells": []},
    "book": {"phone": "+14155550100", "pickup": HERE},
    "assign": {"trip": "T1", "vehicle": "V1"},
    "take_out": {"vehicle": "V1", "reason": "x"},
    "put_back": {"vehicle": "V1"},
    "broadcast": {"text": "x"},
    "settle_alarm": {"alarm": "a1"},
    "refund": {"trip": "T1", "reason": "x"},
    "settle": {"trip": "T1", "reason": "x"},
}
"""A body for every message that needs one."""
SUBJECTS: Final[dict[Role, tuple[str, str | None]]] = {
    "driver": ("D1", "V1"),
    "device": ("M1", "V1"),
    "passenger": ("P1", None),
    "dispatcher": ("anna", None),
    "guest": ("T1", None),
}


class CityHosts(FakeHosts):
    """Behind the socket are the real cores of a vehicle host and a trip host: what they decide is what counts."""

    def __init__(self) -> None:
        super().__init__()
        self.city = City()

    async def command(self, envelope: Envelope) -> Reply:
        self.envelopes.append(envelope)
        key = EntityKey.parse(envelope.key)
        host = self.city.hosts[key.kind]
        token = host.submit(envelope)
        self.city.settle()
        return host.replies[token]

    async def subscribe(self, request: SubscribeRequest) -> SubscribeReply:
        key = EntityKey.parse(request.key)
        host = self.city.hosts[key.kind]
        token = host.subscribe(key, request.principal, request.after, request.trip)
        self.city.settle()
        return host.attached[token]


@pytest.mark.parametrize("role", ROLES)
async def test_every_role_with_every_message(gateway: Running, role: Role) -> None:
    """A message of another role is 2002 and reaches no host; one of the role's own is never refused for its role."""
    client = await gateway.client(role, *SUBJECTS[role])
    gateway.hosts.envelopes.clear()
    kinds = [kind for kind in get_args(FromClient) if kind.__struct_config__.tag != "hello"]
    for kind in kinds:
        tag = str(kind.__struct_config__.tag)
        if not issubclass(kind, ClientCommand):
            code = await _uncommanded(client, tag)
        else:
            said = await client.ask(t=tag, id=f"c-{tag}", **SAID.get(tag, {}))
            code = said["code"] if said["t"] == "rejected" and said.get("field") == "t" else 0
        if role in senders_of(kind):
            assert code == 0, (role, tag)
        else:
            assert code == ErrorCode.NOT_ALLOWED, (role, tag)
            assert all(f"c-{tag}" not in each.command_id for each in gateway.hosts.envelopes), (role, tag)
    assert not gateway.hosts.rows or role in senders_of(GpsFix)


async def _uncommanded(client: Client, tag: str) -> int:
    """What is not answered: the number of its refusal, 0 where nothing came before the answer to a ping."""
    await client.send(t=tag, **SAID[tag])
    await client.send(t="ping", id=f"after-{tag}")
    code = 0
    while True:
        said = await client.receive()
        if said.get("id") == f"after-{tag}":
            return code
        if said["t"] == "rejected":
            code = said["code"]


@pytest.fixture
async def town(start: Start) -> Running:
    """T1 is P1's trip and V1, driven by D1, is on its way to it; T2 is P2's and V2's."""
    hosts = CityHosts()
    gateway = await start(hosts=hosts)
    for number in ("1", "2"):
        hosts.city.online(f"V{number}")
        hosts.city.request(f"T{number}", f"P{number}")
        offer = hosts.city.offer(f"T{number}", f"V{number}")
        hosts.city.do(vehicle_key(f"V{number}"), AcceptOffer(offer), driver(f"V{number}"))
    return gateway


@pytest.mark.parametrize("role", ROLES)
async def test_every_role_with_every_stream(town: Running, role: Role) -> None:
    """One's own stream is followed and a foreign one is not, for every role and kind of stream."""
    client = await town.client(role, *_own(role))
    kinds: tuple[Kind, ...] = ("vehicle", "trip")
    for kind in kinds:
        for number in ("1", "2"):
            name = f"{kind}:{'V' if kind == 'vehicle' else 'T'}{number}"
            said = await client.ask(t="attach", id=f"a-{name}", stream=name)
            reach = STREAMS[kind].get(role)
            may = reach is Reach.ANY or (reach is not None and number == "1")
            assert (said["t"] == "accepted") == may, (role, name, said)
            if not may:
                assert said["code"] in (ErrorCode.NOT_ALLOWED, ErrorCode.NOT_YOURS)


def _own(role: Role) -> tuple[str, str | None]:
    """As the harness names its drivers."""
    return ("driver of V1", "V1") if role == "driver" else SUBJECTS[role]


OWNED: Final = {Reach.OWN_CAR, Reach.TRIP_OF_CAR, Reach.OWN_TRIP, Reach.OWN_OR_SCANNED}
NAMES_A_TRIP: Final = [
    (kind, role)
    for kind, cells in MESSAGES.items()
    for role, reach in cells.items()
    if reach in OWNED and "trip" in SAID.get(str(kind.__struct_config__.tag), {})
]


@pytest.mark.parametrize(("kind", "role"), NAMES_A_TRIP, ids=lambda it: getattr(it, "__name__", it))
async def test_nobody_acts_on_a_foreign_trip(town: Running, kind: Any, role: Role) -> None:
    """What a driver, device or passenger says of somebody else's trip is 2003 and writes nothing."""
    hosts = town.hosts
    assert isinstance(hosts, CityHosts)
    client = await town.client(role, *_own(role))
    before = {key: len(events) for key, events in hosts.city.tables.events.items()}
    body = {**SAID[str(kind.__struct_config__.tag)], "trip": "T2"}
    said = await client.ask(t=kind.__struct_config__.tag, id="c1", **body)
    assert (said["t"], said.get("code")) == ("rejected", ErrorCode.NOT_YOURS), said
    assert {key: len(events) for key, events in hosts.city.tables.events.items()} == before


async def test_a_foreign_car_is_out_of_reach(town: Running) -> None:
    """A driver's commands go to the car of the token, whatever they name: an offer to another car is not taken."""
    hosts = town.hosts
    assert isinstance(hosts, CityHosts)
    hosts.city.online("V3")
    hosts.city.request("T3", "P3")
    offer = hosts.city.offer("T3", "V3")
    client = await town.client("driver", "driver of V1", "V1")
    for tag in ("accept", "decline"):
        assert (await client.ask(t=tag, id=f"c-{tag}", offer=offer))["t"] == "rejected"
    assert {envelope.key for envelope in hosts.envelopes} == {"vehicle:V1"}
    assert hosts.city.states("V3", "T3")[0] == "offered"
    another = await town.client("driver", "driver of V2", "V1")
    assert (await another.ask(t="break", id="c"))["code"] == ErrorCode.OTHER_DRIVER


async def test_refunds_need_their_permission(town: Running) -> None:
    """A dispatcher without the permission settles and refunds nothing; the question does not reach the hosts."""
    anna = await town.client("dispatcher", "anna")
    for kind, cells in MESSAGES.items():
        if cells.get("dispatcher") is Reach.WITH_REFUND:
            tag = str(kind.__struct_config__.tag)
            said = await anna.ask(t=tag, id=f"c-{tag}", trip="T1", reason="x")
            assert said["code"] == ErrorCode.NOT_ALLOWED
    assert town.hosts.envelopes == []


async def test_the_position_of_a_car_from_offer_to_drop_off(town: Running) -> None:
    """A passenger hears of the car of its own trip, from the accepted offer on, and of no other; after the trip no
    more. A guest likewise."""
    hosts = town.hosts
    assert isinstance(hosts, CityHosts)
    city = hosts.city

    def may(who: Principal, car: str, trip: str) -> bool:
        token = city.vehicles.subscribe(vehicle_key(car), who, None, trip)
        city.settle()
        return isinstance(city.vehicles.attached[token], Subscribed)

    for who in (Principal("passenger", "P1"), Principal("guest", "T1")):
        assert may(who, "V1", "T1")
        assert not may(who, "V2", "T1")
    others: tuple[Role, ...] = ("driver", "device", "dispatcher")
    for role in others:
        assert not may(Principal(role, "x", "V9"), "V1", "T1")
    passenger = Principal("passenger", "P1")
    city.do(trip_key("T1"), CancelTrip("changed my mind"), passenger)
    assert not may(passenger, "V1", "T1")


@pytest.mark.parametrize(
    "route", [it for it in READ_ROUTES if it.roles], ids=lambda route: f"{route.method} {route.path}"
)
async def test_every_role_with_every_address(tmp_path: Any, route: ReadRoute) -> None:
    """With a token of another role, or none, an address tells nothing; with one of its own it answers."""
    async with Library(tmp_path) as library:
        path = route.path.replace("{trip}", "T9").replace("{vehicle}", "V9")
        for role in ROLES:
            answer = await library.raw(route.method, path, role, "nobody")
            if role in readers_of(f"{route.method} {route.path}"):
                assert answer.status_code not in (401, 403), (role, answer.text)
            else:
                assert answer.status_code == 403, (role, answer.text)
                assert answer.json()["code"] == ErrorCode.NOT_ALLOWED
        assert (await library.raw(route.method, path, None, "")).status_code == 401
