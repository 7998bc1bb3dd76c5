"""Who follows a stream gets every committed event of it once, in order, and nothing else."""

from __future__ import annotations

import msgspec
import pytest

from dispatch.actors.core.protocol import Subscribed
from dispatch.domain.commands import (
    AcceptOffer,
    ArriveAtPickup,
    EndShift,
    FinishRide,
    StartBreak,
    StartRide,
    StartShift,
)
from dispatch.domain.entity import SYSTEM, Principal
from dispatch.domain.errors import ErrorCode
from tests.dispatch.actors.core.harness import (
    CODE,
    DISPATCHER,
    GATEWAY,
    PASSENGER,
    City,
    Fault,
    Poller,
    code_of,
    driver,
    following,
    profile,
    trip_key,
    vehicle_key,
)

V, T = vehicle_key(), trip_key()


@pytest.fixture
def city() -> City:
    return City()


def updates(attached: Subscribed) -> list[tuple[int, str]]:
    """Numbers and events of what an attachment brought."""
    decoded = [(seq, msgspec.msgpack.decode(body)) for seq, body in attached.updates]
    assert all(seq == body["seq"] for seq, body in decoded)
    return [(seq, body["event"]) for seq, body in decoded]


def test_resume_brings_what_was_missed(city: City) -> None:
    """Who names the last number it saw gets the updates since; who is up to date gets none."""
    city.assign()
    missed = city.trips.subscribe(T, PASSENGER, after=1)
    nothing = city.trips.subscribe(T, PASSENGER, after=3)
    everything = city.trips.subscribe(T, PASSENGER, after=0)

    answers = [following(city.trips.attached[token]) for token in (missed, nothing, everything)]
    assert [answer.recovered for answer in answers] == [True, True, True]
    assert updates(answers[0]) == [(2, "trip_offered"), (3, "trip_assigned")]
    assert updates(answers[1]) == []
    assert [seq for seq, _ in updates(answers[2])] == [1, 2, 3]


@pytest.mark.parametrize("after", [None, 4])
def test_snapshot_where_there_is_nothing_to_go_on_from(city: City, after: int | None) -> None:
    """Without a number, or with one from the future, a snapshot comes instead."""
    city.assign()
    token = city.trips.subscribe(T, PASSENGER, after=after)
    city.settle()

    answer = following(city.trips.attached[token])
    assert not answer.recovered
    assert answer.snapshot is not None
    assert msgspec.msgpack.decode(answer.snapshot)["trip"]["state"] == "assigned"


def test_snapshot_where_memory_does_not_reach_back(city: City) -> None:
    """After more updates than the host remembers, the way back is a snapshot, never a part of the story."""
    city.online()
    for _ in range(40):
        city.do(V, StartBreak(), driver())
        city.do(V, StartShift(profile()), driver())
    old = following(city.vehicles.attached[city.vehicles.subscribe(V, driver(), after=16)])
    recent = following(city.vehicles.attached[city.vehicles.subscribe(V, driver(), after=17)])

    assert (old.recovered, len(old.updates)) == (False, 0)
    assert (recent.recovered, len(recent.updates)) == (True, 64)


def test_resume_after_rebirth(city: City) -> None:
    """A host that was born again knows from the journal what was missed."""
    city.assign()
    city.bear("trip")
    token = city.trips.subscribe(T, PASSENGER, after=1)
    city.settle()

    assert updates(following(city.trips.attached[token])) == [(2, "trip_offered"), (3, "trip_assigned")]


@pytest.mark.parametrize(
    ("key", "principal", "code"),
    [
        (T, Principal("passenger", "P2"), ErrorCode.NOT_YOURS),
        (T, driver("V2"), ErrorCode.NOT_YOURS),
        (T, SYSTEM, ErrorCode.NOT_ALLOWED),
        (trip_key("T9"), PASSENGER, ErrorCode.UNKNOWN_TRIP),
        (V, driver("V2"), ErrorCode.NOT_YOURS),
        (V, PASSENGER, ErrorCode.NOT_YOURS),
        (vehicle_key("V9"), DISPATCHER, ErrorCode.UNKNOWN_VEHICLE),
    ],
)
def test_strangers_do_not_follow(city: City, key: object, principal: Principal, code: ErrorCode) -> None:
    """Somebody else's trip or car is refused, and nothing is ever pushed for it."""
    city.assign()
    host = city.trips if key in (T, trip_key("T9")) else city.vehicles
    token = host.subscribe(key, principal)  # type: ignore[arg-type]
    city.settle()

    assert code_of(host.attached[token]) == code
    assert not host.queues.subscribers


def test_stream_of_another_kind_is_refused(city: City) -> None:
    """A stream that cannot live at this host is no stream."""
    assert code_of(city.vehicles.attached[city.vehicles.subscribe(T, PASSENGER)]) == ErrorCode.MALFORMED


def test_attach_waits_for_what_is_staged(city: City) -> None:
    """Who comes between decision and commit is answered after the commit, and not shown what may not come about."""
    city.online()
    city.send(V, StartBreak(), driver())
    host = city.vehicles
    batch = host.core.take_batch()
    assert batch is not None
    token = host.subscribe(V, driver(), after=1)
    assert token not in host.attached

    host.core.committed(None, city.clock.city())
    host.collect()
    assert token not in host.attached
    host.serve()

    assert updates(following(host.attached[token])) == []
    poller = Poller(host)
    city.settle()
    assert poller.numbers(V, "driver") == [2]


def test_each_audience_sees_its_part(city: City) -> None:
    """One event, one push for each audience: the ride code is the passenger's alone."""
    city.online()
    city.request()
    city.trips.subscribe(T, PASSENGER, after=1)
    city.trips.subscribe(T, DISPATCHER, after=1)
    city.trips.subscribe(T, PASSENGER, after=1)
    poller = Poller(city.trips)
    city.do(V, AcceptOffer(city.offer()), driver())
    city.trips.subscribe(T, driver(), after=3)

    assert poller.numbers(T, "passenger") == [2, 3]
    assert poller.numbers(T, "dispatcher") == [2, 3]
    assert {p.audience for p in poller.pushes if b"4711" in p.message} == {"passenger", "dispatcher"}
    seen = following(city.trips.attached[city.trips.subscribe(T, driver())])
    assert seen.snapshot is not None
    assert b"4711" not in seen.snapshot


@pytest.mark.parametrize("fault", ["down", "lost"])
def test_followers_have_no_gap_over_a_failed_commit(city: City, fault: Fault) -> None:
    """Whether the failed commit was written or not, its event is told once, and only if it is in the journal."""
    city.vehicles.subscribe(V, driver())
    city.settle()
    poller = Poller(city.vehicles)
    city.vehicles.faults.append(fault)
    city.online()
    city.vehicles.faults.append(fault)
    city.do(V, StartBreak(), driver())
    city.do(V, StartShift(profile()), driver())

    assert poller.numbers(V, "driver") == [1, 2, 3]


def test_followers_hear_what_another_owner_wrote(city: City) -> None:
    """A paused host that wakes up and reloads tells its own followers the events it had missed, and no others."""
    city.online()
    paused = city.vehicles
    paused.subscribe(V, driver(), after=1)
    poller = Poller(paused)
    city.bear("vehicle")
    city.do(V, StartBreak(), driver())
    city.do(V, StartShift(profile()), driver())
    paused.submit(city.envelope(V, EndShift(), driver()))
    paused.pump()

    assert poller.numbers(V, "driver") == [1 + n for n in range(1, 4)]
    assert city.events(V) == ["shift_started", "break_started", "shift_started", "shift_ended"]


def test_detached_audience_hears_nothing(city: City) -> None:
    """After its last session has gone, a gateway gets no more of the stream."""
    city.online()
    city.vehicles.subscribe(V, driver(), after=1)
    city.vehicles.subscribe(V, DISPATCHER, after=1)
    poller = Poller(city.vehicles)
    city.vehicles.core.queues.unsubscribe(V, GATEWAY, "driver")
    city.do(V, StartBreak(), driver())

    assert poller.numbers(V, "driver") == []
    assert poller.numbers(V, "dispatcher") == [2]


def test_passenger_sees_the_car_of_its_trip_until_drop_off(city: City) -> None:
    """The car's position goes to those who follow it for the trip it has, and to nobody before or after."""
    city.assign()
    other = city.vehicles.subscribe(V, PASSENGER, trip="T2")
    mine = city.vehicles.subscribe(V, PASSENGER, trip="T1")
    assert code_of(city.vehicles.attached[other]) == ErrorCode.NOT_YOURS
    assert following(city.vehicles.attached[mine]).recovered
    poller = Poller(city.vehicles)

    city.clock.advance(5)
    city.fix(north_m=40)
    (seen,) = poller.said("car", "passenger")
    assert seen["trip"] == "T1"
    assert seen["eta_at"] > city.clock.city()

    ride(city)
    during = len(poller.said("car", "passenger"))
    city.do(V, FinishRide("T1"), driver())
    city.clock.advance(5)
    city.fix(north_m=80)

    assert during == 2
    assert len(poller.said("car", "passenger")) == 2
    assert V not in city.vehicles.queues.subscribers
    assert code_of(city.vehicles.attached[city.vehicles.subscribe(V, PASSENGER, trip="T1")]) == ErrorCode.NOT_YOURS
    assert poller.numbers(V, "passenger") == []


def test_a_guest_sees_the_car_of_its_trip_alone(city: City) -> None:
    """As the passenger whose link it has; for another trip's guest, and of the car itself, there is nothing."""
    city.assign()
    guest, other = Principal("guest", "T1"), Principal("guest", "T2")
    subscribe = city.vehicles.subscribe
    for refused in (subscribe(V, other, trip="T1"), subscribe(V, guest, trip="T2"), subscribe(V, guest, after=0)):
        assert code_of(city.vehicles.attached[refused]) == ErrorCode.NOT_YOURS
    assert following(city.vehicles.attached[subscribe(V, guest, trip="T1")]).recovered
    poller = Poller(city.vehicles)

    city.clock.advance(5)
    city.fix(north_m=40)
    (seen,) = poller.said("car", "guest")
    assert seen["trip"] == "T1"
    assert poller.numbers(V, "guest") == []


def ride(city: City) -> None:
    """From assignment into the ride, with one fix in it."""
    city.do(V, ArriveAtPickup("T1"), driver())
    city.do(V, StartRide("T1", CODE), driver())
    city.clock.advance(5)
    city.fix(north_m=60)
