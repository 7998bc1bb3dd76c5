"""What holds when commits fail, hosts die or wake up late, and calls are lost or repeated."""

from __future__ import annotations

import pytest

from dispatch.actors.core.protocol import Done, Envelope, Refused, Reply
from dispatch.actors.core.work_items import Effects
from dispatch.domain.commands import (
    AcceptOffer,
    ArriveAtPickup,
    CancelTrip,
    DeclineOffer,
    EndShift,
    FinishRide,
    PayFare,
    ReleaseFromTrip,
    RequestTrip,
    ReturnTrip,
    StartBreak,
    StartRide,
    StartShift,
    encode_command,
)
from dispatch.domain.entity import SYSTEM, Command, EntityKey, Principal
from dispatch.domain.errors import ErrorCode
from dispatch.store.journal import StoredCommand
from tests.dispatch.actors.core.harness import (
    CODE,
    DISPATCHER,
    PASSENGER,
    PICKUP,
    City,
    Fault,
    Host,
    code_of,
    driver,
    profile,
    trip_key,
    vehicle_key,
)

V, T = vehicle_key(), trip_key()
WISH = RequestTrip("P1", "app", PICKUP, CODE)


@pytest.fixture
def city() -> City:
    return City()


def take_break_elsewhere(city: City) -> Host:
    """Another owner of V1 (a host that took over) sends the driver into the break."""
    paused = city.vehicles
    city.bear("vehicle")
    city.do(V, StartBreak(), driver())
    return paused


# ── nothing leaves before the commit ─────────────────────────────────────────────────────────────────────────────


def test_nothing_leaves_before_the_commit(city: City) -> None:
    """Between decision and commit no reply, push, call or listing is let out; after it, all of them are."""
    city.online()
    city.request()
    token = city.send(V, city.offer_of(), keep=False)
    host = city.vehicles
    host.effects.listings.clear()
    host.effects.updates.clear()
    batch = host.core.take_batch()
    assert batch is not None
    before = host.collect()
    assert token not in host.replies
    assert before == Effects()
    assert not host.calls

    host.core.committed(host.result(batch), city.clock.city())
    host.collect()

    assert isinstance(host.replies[token], Done)
    assert [shown.event for _, shown in host.effects.updates] == ["offer_made"]
    assert [call.scheduled.target for call in host.calls] == ["trip:T1"]
    assert [change.listing for change in host.effects.listings] == [None]


@pytest.mark.parametrize("fault", ["down", "lost"])
def test_unclear_commit_is_settled_by_the_journal(city: City, fault: Fault) -> None:
    """Whether or not an unanswered commit was written, its command acts once and gets its answer."""
    city.vehicles.faults.append(fault)
    reply = city.ask(V, StartShift(profile()), driver())

    assert reply == Done(1, "idle")
    assert city.events(V) == ["shift_started"]


def test_journal_away_for_a_while(city: City) -> None:
    """While the journal is away a command gets no answer; when it is back, the command is answered once."""
    city.online()
    city.vehicles.faults.extend(["down"] * 3)
    city.vehicles.reads = False
    token = city.send(V, EndShift(), driver())
    city.settle()
    assert token not in city.vehicles.replies

    city.vehicles.reads = True
    city.settle()

    assert isinstance(city.vehicles.replies[token], Done)
    assert city.events(V) == ["shift_started", "shift_ended"]


def test_journal_that_only_refuses_commits_is_told_as_unavailable(city: City) -> None:
    """After several tries the sender is told to ask again, and the same id acts when the journal is back."""
    city.online()
    city.vehicles.faults.extend(["down"] * 6)
    first = city.ask(V, EndShift(), driver(), name="end")
    assert code_of(first) == ErrorCode.UNAVAILABLE
    assert city.vehicle().state == "idle"

    assert isinstance(city.ask(V, EndShift(), driver(), name="end"), Done)
    assert city.events(V) == ["shift_started", "shift_ended"]


def test_timer_that_could_not_be_written_is_tried_again(city: City) -> None:
    """An offer's expiry that meets a journal out of order takes effect a little later."""
    city.online()
    city.request()
    city.offer()
    city.clock.advance(15)
    city.vehicles.faults.extend(["down"] * 6)
    city.settle()
    assert city.vehicle().state == "offered"

    city.pass_time(6)

    assert city.states() == ("idle", "matching")


# ── the same command twice ───────────────────────────────────────────────────────────────────────────────────────


def test_repeat_while_at_work_waits_with_the_first(city: City) -> None:
    """Two senders of one command get the same answer, and it acts once."""
    tokens = [city.send(T, WISH, PASSENGER, name="wish") for _ in range(2)]
    city.settle()

    replies = [city.trips.replies[token] for token in tokens]
    assert replies == [Done(1, "matching", {"trip": "T1", "code": CODE})] * 2
    assert city.events(T) == ["trip_requested"]


def test_repeat_after_the_commit_and_after_rebirth(city: City) -> None:
    """The answer is the same from memory and, after the host's death, from the journal."""
    first = city.ask(T, WISH, PASSENGER, name="wish")
    again = city.ask(T, WISH, PASSENGER, name="wish")
    city.bear("trip")
    reborn = city.ask(T, WISH, PASSENGER, name="wish")

    assert first == again == reborn
    assert city.events(T) == ["trip_requested"]


def test_repeat_that_would_be_legal_again_acts_once(city: City) -> None:
    """A command whose effect was undone since is not carried out again by its late repeat, even after a rebirth."""
    first = city.ask(V, StartShift(profile()), driver(), name="on")
    city.do(V, EndShift(), driver())
    city.bear("vehicle")
    repeat = city.ask(V, StartShift(profile()), driver(), name="on")

    assert repeat == first
    assert city.vehicle().state == "offline"


def test_repeat_that_finds_it_done_gets_the_first_answer(city: City) -> None:
    """Asked anew, the trip would only say that it is being paid: the answer of before its host's death stands."""
    city.assign()
    for step in (ArriveAtPickup("T1"), StartRide("T1", CODE), FinishRide("T1")):
        city.do(V, step, driver())
    first = city.ask(T, PayFare("alipay_app", "buyer"), PASSENGER, name="pay")
    city.bear("trip")
    repeat = city.ask(T, PayFare("alipay_app", "buyer"), PASSENGER, name="pay")

    assert isinstance(first, Done)
    assert repeat == first


@pytest.mark.parametrize("moment", ["at work", "after the commit", "after rebirth"])
def test_same_id_with_another_body_is_refused(city: City, moment: str) -> None:
    """A command id stands for one body."""
    other = RequestTrip("P1", "app", PICKUP, CODE, note="another")
    city.send(T, WISH, PASSENGER, name="wish")
    if moment != "at work":
        city.settle()
    if moment == "after rebirth":
        city.bear("trip")
    token = city.send(T, other, PASSENGER, name="wish")
    city.settle()

    assert city.trips.replies[token] == Refused(ErrorCode.COMMAND_ID_REUSED, "id")
    assert city.trip().data.note == ""


def test_refusal_that_may_pass_is_decided_again(city: City) -> None:
    """A car that was stale when asked may be asked again under the same id."""
    city.do(V, StartShift(profile()), driver())
    city.request()
    offer = city.offer_of()
    refused = city.ask(V, offer, DISPATCHER, name="by hand")
    city.fix()

    assert code_of(refused) == ErrorCode.VEHICLE_STALE
    assert isinstance(city.ask(V, offer, DISPATCHER, name="by hand"), Done)


@pytest.mark.parametrize(
    "envelope",
    [
        Envelope("vehicle:V1", "c1", SYSTEM, b"\xc1"),
        Envelope("vehicle:V1", "c1", SYSTEM, b"\x80"),
        Envelope("vehicle", "c1", SYSTEM, encode_command(EndShift())),
        Envelope("trip:T1", "c1", SYSTEM, encode_command(EndShift())),
        Envelope("vehicle:V1", "", SYSTEM, encode_command(EndShift())),
    ],
)
def test_what_is_no_command_is_refused(city: City, envelope: Envelope) -> None:
    """Bytes, addresses and ids that cannot be are refused at once, and nothing is loaded for them."""
    token = city.vehicles.submit(envelope)

    assert code_of(city.vehicles.replies[token]) == ErrorCode.MALFORMED
    assert not city.vehicles.core.busy


# ── rollback ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("late", "written_in"), [(False, 3), (True, 2)])
def test_one_conflict_spoils_no_other_command(city: City, late: bool, written_in: int) -> None:
    """A batch of several entities, one of them changed elsewhere: each gets its right answer, and only what concerns
    the one goes alone."""
    for name in ("V1", "V2", "V3"):
        city.online(name)
    paused = take_break_elsewhere(city)
    batches = len(paused.batches)
    commands: list[tuple[EntityKey, Command, Principal]] = [
        (vehicle_key("V2"), StartBreak(), driver("V2")),
        (V, EndShift(), driver()),
        (vehicle_key("V2"), StartShift(profile("V2")), driver("V2")),
        (vehicle_key("V3"), EndShift(), driver("V3")),
        (vehicle_key("V2"), EndShift(), driver("V2")),
    ]
    tokens = [paused.submit(city.envelope(*command)) for command in commands]
    paused.reads = not late  # the next batch is asked for before the entities are there again
    paused.pump()
    paused.reads = True
    paused.pump()

    replies = [paused.replies[token] for token in tokens]
    assert replies == [
        Done(2, "break"), Done(3, "offline"), Done(3, "idle"), Done(2, "offline"), Done(4, "offline"),
    ]  # fmt: skip
    assert city.events(V) == ["shift_started", "break_started", "shift_ended"]
    assert city.events(vehicle_key("V2")) == ["shift_started", "break_started", "shift_started", "shift_ended"]
    assert len(paused.batches) - batches == 1 + written_in


def test_stale_owner_is_fenced(city: City) -> None:
    """A paused host that wakes up decides again on what the journal says, not on what it remembers."""
    city.online()
    paused = take_break_elsewhere(city)
    refused = paused.submit(city.envelope(V, StartBreak(), driver()))
    paused.pump()

    assert code_of(paused.replies[refused]) == ErrorCode.VEHICLE_ILLEGAL_MOVE
    assert city.events(V) == ["shift_started", "break_started"]


def test_stale_owner_does_not_take_an_offer_twice(city: City) -> None:
    """The new owner accepted; the paused one repeats the same command and gives the same answer."""
    city.online()
    city.request()
    offer = city.offer()
    paused = city.vehicles
    paused.pump()
    city.bear("vehicle")
    first = city.ask(V, AcceptOffer(offer), driver(), name="take")
    late = paused.submit(city.envelope(V, AcceptOffer(offer), driver(), name="take"))
    paused.pump()

    assert paused.replies[late] == first
    assert city.events(V).count("offer_accepted") == 1
    assert city.states() == ("to_pickup", "assigned")


def test_a_writer_who_is_always_first_ends_in_busy(city: City) -> None:
    """Against a stream that moves at every try, the sender is told to try again: no livelock."""
    city.online()

    def elsewhere() -> None:
        other = Host(city, "vehicle", "other")
        state = city.vehicle().state
        command: Command = StartBreak() if state == "idle" else StartShift(profile())
        other.submit(city.envelope(V, command, driver()))
        other.pump()

    city.vehicles.faults.extend([elsewhere] * 6)
    reply = city.ask(V, EndShift(), driver())

    assert code_of(reply) == ErrorCode.BUSY
    assert city.vehicle().state == "idle"


def test_order_is_kept_behind_a_command_that_waits(city: City) -> None:
    """A command that has to look at the trip first holds back what the driver sent after it."""
    city.assign()
    city.do(V, ArriveAtPickup("T1"), driver())
    start = city.send(V, StartRide("T1", CODE), driver())
    give_back = city.send(V, ReturnTrip("T1", "tapped by mistake"), driver())
    city.settle()

    assert isinstance(city.vehicles.replies[start], Done)
    assert code_of(city.vehicles.replies[give_back]) == ErrorCode.VEHICLE_ILLEGAL_MOVE
    assert city.states() == ("on_trip", "in_progress")


def test_order_is_kept_when_what_was_before_is_rolled_back(city: City) -> None:
    """Decided, held and waiting commands of one car come again in their order when the first one's commit fails."""
    city.assign()
    commands: list[Command] = [ArriveAtPickup("T1"), StartRide("T1", CODE), ReturnTrip("T1", "mistake")]
    tokens = [city.send(V, command, driver()) for command in commands]
    city.vehicles.faults.append("down")
    city.settle()

    replies = [city.vehicles.replies[token] for token in tokens]
    assert [code_of(reply) for reply in replies] == [0, 0, ErrorCode.VEHICLE_ILLEGAL_MOVE]
    assert city.events(V)[-2:] == ["pickup_reached", "ride_started"]


def test_claims_stand_behind_the_numbers(city: City) -> None:
    """Where the journal knows another assignment of the car, accepting is refused though the numbers fit."""
    city.online()
    city.request()
    offer = city.offer()
    city.tables.trip_of["V1"], city.tables.vehicle_of["T0"] = "T0", "V1"
    reply = city.ask(V, AcceptOffer(offer), driver())

    assert code_of(reply) == ErrorCode.VEHICLE_NOT_FREE
    assert city.vehicle().state == "offered"


def test_broken_history_stops_only_its_own_entity(city: City) -> None:
    """An event that cannot be read is reported and its commands refused; other entities go on."""
    city.online("V2")
    city.online()
    stored = city.tables.events[V]
    stored[0] = stored[0]._replace(body=b"\xc1")
    city.bear("vehicle")
    broken = city.ask(V, EndShift(), driver(), name="end")
    sound = city.ask(vehicle_key("V2"), EndShift(), driver("V2"))

    assert code_of(broken) == ErrorCode.INTERNAL
    assert isinstance(sound, Done)
    assert [failure.where for failure in city.vehicles.effects.failures] == ["vehicle:V1"]


def test_entity_that_breaks_down_is_loaded_again(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in a decision is reported; nothing of it is written, and the entity serves the next command."""
    city.online()
    with monkeypatch.context() as patch:
        patch.setattr(type(city.vehicle()), "row", lambda _: 1 / 0)
        patch.setattr(type(city.vehicle()), "match_entry", lambda _: 1 / 0)
        city.vehicles.submit(city.envelope(V, StartBreak(), driver(), name="pause"))
    city.settle()

    assert [type(failure.error) for failure in city.vehicles.effects.failures] == [ZeroDivisionError]
    assert city.events(V) == ["shift_started"]
    assert isinstance(city.ask(V, StartBreak(), driver(), name="pause"), Done)


# ── death ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("written", [False, True])
def test_death_between_decision_and_answer(city: City, written: bool) -> None:
    """A host dies with a batch on its way: the repeat of the command acts once, whether it was written or not."""
    city.online()
    city.request()
    offer = city.offer()
    envelope = city.envelope(V, AcceptOffer(offer), driver(), name="take")
    dying = city.vehicles
    dying.submit(envelope)
    batch = dying.core.take_batch()
    assert batch is not None
    if written:
        dying.result(batch)
    city.bear("vehicle")
    token = city.vehicles.submit(envelope)
    city.settle()

    assert isinstance(city.vehicles.replies[token], Done)
    assert city.events(V).count("offer_accepted") == 1
    assert city.states() == ("to_pickup", "assigned")


def test_timers_survive_death(city: City) -> None:
    """An offer's expiry and a trip's patience run on in the hosts that are born after."""
    city.online()
    city.request()
    city.offer()
    city.bear("vehicle")
    city.bear("trip")
    city.pass_time(16)
    assert city.states() == ("idle", "matching")

    city.bear("trip")
    city.pass_time(600, step=10)
    assert city.trip().state == "unserved"
    assert city.tables.dues[T] == {}


def test_reborn_hosts_list_open_trips_anew(city: City) -> None:
    """A waiting trip has a timer, so that its new host loads and lists it without being asked."""
    city.request()
    city.bear("trip")
    city.settle()

    assert set(city.trips.listed()) == {T}


def test_call_is_sent_until_it_is_answered(city: City) -> None:
    """A cancel reaches the vehicle though calls are cut, and though the trip's host dies meanwhile."""
    city.assign()
    city.cut = True
    city.do(T, CancelTrip("no longer needed"), PASSENGER)
    city.pass_time(5)
    assert city.vehicle().state == "to_pickup"
    city.bear("trip")
    city.settle()
    city.cut = False
    city.pass_time(2)

    assert city.states() == ("idle", "cancelled")
    assert city.tables.dues[T] == {}


def test_repeated_calls_act_once(city: City) -> None:
    """Every call arrives three times, and the story is the same."""
    city.repeats = 3
    city.assign()
    city.do(T, CancelTrip("no longer needed"), PASSENGER)

    assert city.states() == ("idle", "cancelled")
    assert city.events(V) == ["shift_started", "offer_made", "offer_accepted", "trip_released"]
    assert city.tables.dues == {V: {}, T: {}}


def test_call_to_a_host_that_cannot_decide_now_is_sent_again(city: City) -> None:
    """A call that was answered "unavailable" is not done."""
    city.assign()
    city.do(T, CancelTrip("no longer needed"), PASSENGER)
    city.vehicles.faults.extend(["down"] * 12)
    city.pass_time(30)

    assert city.states() == ("idle", "cancelled")


def test_timer_that_was_replaced_does_nothing(city: City) -> None:
    """A firing that comes behind the decision that set the timer anew neither acts nor removes the new timer."""
    city.online()
    city.request("T1")
    city.request("T2")
    first = city.offer("T1")
    city.clock.advance(15)
    city.send(V, DeclineOffer(first), driver())
    city.send(V, city.offer_of("T2"), keep=False)
    city.vehicles.core.tick(city.clock.city())
    city.settle()
    assert city.states("V1", "T2") == ("offered", "offered")

    city.pass_time(16)

    assert city.states("V1", "T2") == ("idle", "matching")
    assert city.events(V)[-4:] == ["offer_made", "offer_declined", "offer_made", "offer_expired"]


def test_call_that_was_replaced_is_not_taken_for_done(city: City) -> None:
    """The answer to an old call leaves a newer due of the same name where it is, in memory and in the journal."""
    city.online()
    old = StoredCommand(V, "work", 0.0, "alipay:old", b"")
    new = old._replace(target="alipay:new")
    city.tables.dues[V] = {"work": new}
    host = city.bear("vehicle")
    city.vehicles.core.call_done(old, answered=True, retry_at=0.0)
    host.pump()

    assert city.tables.dues[V] == {"work": new}
    host.core.tick(city.clock.city())
    host.collect()
    assert [call.scheduled for call in host.calls] == [new]


# ── what another host wrote ──────────────────────────────────────────────────────────────────────────────────────


def test_lost_news_are_found_in_the_journal(city: City) -> None:
    """A trip's host that missed an offer and hears of the acceptance loads the stream again."""
    city.online()
    city.request()
    city.settle()
    city.cut = True
    offer = city.offer()
    city.do(V, AcceptOffer(offer), driver())
    assert city.trips.entity(T).state == "matching"
    stray = [call for call in city.vehicles.calls if "moved" in call.scheduled.name]
    assert not stray
    calls = sorted(
        (due for due in city.tables.dues[V].values() if due.name.startswith("moved")), key=lambda due: due.name
    )
    late = Envelope(str(T), "late news", SYSTEM, calls[-1].command, keep=False)
    city.trips.submit(late)
    city.trips.pump()

    assert city.trips.entity(T).state == "assigned"
    assert city.trips.entity(T).seq == 3

    city.trips.submit(Envelope(str(T), "old news", SYSTEM, calls[0].command, keep=False))
    city.trips.pump()
    assert city.trips.entity(T).seq == 3


def test_news_wait_for_what_is_staged(city: City) -> None:
    """News that come while a decision is on its way are heard after its conflict is settled."""
    city.online()
    city.request()
    offer = city.offer()
    cancel = city.send(T, CancelTrip("changed my mind"), PASSENGER)
    batch = city.trips.core.take_batch()
    assert batch is not None
    city.vehicles.submit(city.envelope(V, AcceptOffer(offer), driver()))
    city.vehicles.pump()
    city.deliver(city.vehicles)
    city.trips.core.committed(city.trips.result(batch), city.clock.city())
    city.trips.collect()
    city.settle()

    assert isinstance(city.trips.replies[cancel], Done)
    assert city.states() == ("idle", "cancelled")


# ── sleep and snapshots ──────────────────────────────────────────────────────────────────────────────────────────


def test_idle_entities_sleep_and_wake(city: City) -> None:
    """An entity that nobody asks for leaves the memory, and is the same when it is asked for again."""
    city.online()
    city.do(V, EndShift(), driver())
    city.pass_time(700, step=100)
    asleep = city.vehicles.core.passivate(lambda entity: entity.state == "offline")

    assert asleep == 1
    assert V not in city.vehicles.core.entries
    assert city.do(V, StartShift(profile()), driver()) == Done(3, "idle")


def test_sleepers_are_woken_by_their_timers(city: City) -> None:
    """A reserved trip may sleep until its lead time."""
    city.request(pickup_at=city.clock.city() + 3600)
    city.clock.advance(700)
    city.settle()
    assert city.trips.core.passivate(lambda _: True) == 1

    city.pass_time(1700, step=100)

    assert city.trip().state == "matching"


def test_who_is_followed_or_at_work_does_not_sleep(city: City) -> None:
    """Subscribers and open decisions keep an entity awake."""
    city.online()
    city.vehicles.subscribe(V, driver())
    city.online("V2")
    city.clock.advance(700)
    city.settle()
    city.send(vehicle_key("V2"), EndShift(), driver("V2"))

    assert city.vehicles.core.passivate(lambda _: True) == 0


def test_snapshots_fold_to_the_same_state(city: City) -> None:
    """After 128 events a snapshot is written, and restoring from it gives what the whole stream gives."""
    city.online()
    for _ in range(70):
        city.do(V, StartBreak(), driver())
        city.do(V, StartShift(profile()), driver())

    assert city.tables.snapshots[V].seq == 128
    city.bear("vehicle")
    city.do(V, StartBreak(), driver())
    whole = city.refolded(V, snapshots=False)
    assert city.refolded(V).snapshot() == whole.snapshot() == city.vehicles.entity(V).snapshot()
    assert city.vehicles.entity(V).seq == whole.seq == 142


def test_release_of_another_trip_changes_nothing(city: City) -> None:
    """A late release for a trip that the car no longer has is answered and forgotten."""
    city.assign()
    reply: Reply = city.ask(V, ReleaseFromTrip("T0", "late"))

    assert isinstance(reply, Done)
    assert city.states() == ("to_pickup", "assigned")
