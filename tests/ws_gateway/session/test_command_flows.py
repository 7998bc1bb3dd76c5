"""What each client command means to the entities."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from dispatch.actors.core.protocol import Done, Quote, Refused
from dispatch.domain import commands
from dispatch.domain.commands import VehicleProfile, decode_command
from dispatch.domain.entity import Command
from dispatch.domain.errors import ErrorCode
from dispatch.values.money import Money
from dispatch.values.place import Place
from tests.ws_gateway.session.builders import START, Talk, asked, envelope, said
from ws_gateway.session.command_flows import ride_code_of, trip_id_of
from ws_gateway.session.effects import (
    ContactRequest,
    PlainValues,
    ProfileRequest,
    QuoteRequest,
    Resolve,
    RouteRequest,
    TodayRequest,
)

DRIVER, DEVICE, PASSENGER, DISPATCHER = "driver D1 V1", "device M1 V1", "passenger P1", "dispatcher A1"
PICKUP = {"lat": 37.7, "lng": -122.4}


def command_of(ask: Resolve) -> Command:
    return decode_command(envelope(ask).body)


@pytest.mark.parametrize(
    ("token", "message", "key", "command"),
    [
        (DRIVER, {"t": "offline"}, "vehicle:V1", commands.EndShift()),
        (DRIVER, {"t": "break"}, "vehicle:V1", commands.StartBreak()),
        (DRIVER, {"t": "accept", "offer": "o1"}, "vehicle:V1", commands.AcceptOffer("o1")),
        (DRIVER, {"t": "decline", "offer": "o1", "reason": "far"}, "vehicle:V1", commands.DeclineOffer("o1", "far")),
        (DRIVER, {"t": "arrived", "trip": "t1"}, "vehicle:V1", commands.ArriveAtPickup("t1")),
        (DRIVER, {"t": "start", "trip": "t1", "code": "0123"}, "vehicle:V1", commands.StartRide("t1", "0123")),
        (DRIVER, {"t": "finish", "trip": "t1"}, "vehicle:V1", commands.FinishRide("t1")),
        (
            DRIVER,
            {"t": "give_back", "trip": "t1", "reason": "x", "no_show": True},
            "vehicle:V1",
            commands.ReturnTrip("t1", "x", no_show=True),
        ),
        (
            DEVICE,
            {"t": "meter", "amount": 1250, "currency": "USD"},
            "vehicle:V1",
            commands.ReportMeter(Money(1250, "USD")),
        ),
        (DEVICE, {"t": "vacant"}, "vehicle:V1", commands.FinishRide()),
        (PASSENGER, {"t": "cancel", "trip": "t1", "reason": "late"}, "trip:t1", commands.CancelTrip("late")),
        (DISPATCHER, {"t": "cancel", "trip": "t1", "reason": "late"}, "trip:t1", commands.CancelTrip("late")),
        (
            PASSENGER,
            {"t": "cancel", "trip": "t1", "reason": "late", "fee_up_to": 300},
            "trip:t1",
            commands.CancelTrip("late", 300),
        ),
        (PASSENGER, {"t": "rate", "trip": "t1", "stars": 4}, "trip:t1", commands.RateRide(4)),
        (DISPATCHER, {"t": "take_out", "vehicle": "V9", "reason": "x"}, "vehicle:V9", commands.TakeOutOfService("x")),
        (DISPATCHER, {"t": "put_back", "vehicle": "V9"}, "vehicle:V9", commands.ReturnToService()),
    ],
)
def test_one_step(token: str, message: dict[str, Any], key: str, command: Command) -> None:
    """A simple command goes to its entity, in the domain's words, on behalf of who sent it."""
    [ask] = asked(Talk(token).say(id="c1", **message))
    assert command_of(ask) == command
    assert envelope(ask).key == key
    assert f"{envelope(ask).principal.role}:{envelope(ask).principal.id}:c1" == envelope(ask).command_id


def test_online_takes_the_registrys_profile() -> None:
    """The shift begins with what the registry says; who may not drive the car is refused."""
    talk = Talk(DRIVER)
    [ask] = asked(talk.say(t="online", id="c1"))
    assert ask.request == ProfileRequest("V1", "D1")
    profile = VehicleProfile(plate="PL1", driver="D1", driver_name="Ann")
    [shift] = asked(talk.answer(ask, profile))
    assert command_of(shift) == commands.StartShift(profile)
    [ask] = asked(talk.say(t="online", id="c2"))
    assert said(talk.answer(ask, Refused(ErrorCode.NOT_ALLOWED)))[0]["code"] == ErrorCode.NOT_ALLOWED


def test_a_refused_cancel_tells_what_it_would_cost() -> None:
    """The fee that nobody agreed to travels with the refusal."""
    talk = Talk(PASSENGER)
    [ask] = asked(talk.say(t="cancel", id="c1", trip="t1", reason="late", fee_up_to=0))
    refused = Refused(ErrorCode.FEE_AGREED_TOO_LOW, field="fee_up_to", amount=Money(500, "USD"))
    [answer] = said(talk.answer(ask, refused))
    assert (answer["code"], answer["retryable"]) == (4010, False)
    assert answer["amount"] == {"minor": 500, "currency": "USD"}


def test_a_request_makes_the_same_trip_again() -> None:
    """Trip and ride code come from who asks and the command's id: a repeat reaches the same trip, others another."""
    message: dict[str, Any] = {"t": "request", "pickup": PICKUP, "needs": ["wheelchair", "wheelchair"], "seats": 2}
    [ask] = asked(Talk(PASSENGER).say(id="c1", **message))
    command = command_of(ask)
    assert isinstance(command, commands.RequestTrip)
    assert (command.passenger, command.origin, command.needs) == ("P1", "app", ("wheelchair",))
    assert command.pickup == Place(37.7, -122.4)
    trip = envelope(ask).key.removeprefix("trip:")
    assert trip == trip_id_of("passenger:P1:c1")
    assert command.code == ride_code_of(trip, b"secret") != ride_code_of(trip, b"another")
    assert (len(command.code), command.code.isdigit()) == (4, True)
    assert envelope(asked(Talk(PASSENGER).say(id="c1", **message))[0]) == envelope(ask)
    assert envelope(asked(Talk("passenger P2").say(id="c1", **message))[0]).key != envelope(ask).key


def test_the_answer_to_a_request_names_the_trip() -> None:
    """The client learns its trip from the answer."""
    talk = Talk(PASSENGER)
    [ask] = asked(talk.say(t="request", id="c1", pickup=PICKUP))
    answer = said(talk.answer(ask, Done(seq=1, state="matching", result={"code": "1234"})))[0]
    assert answer["result"] == {"trip": trip_id_of("passenger:P1:c1"), "code": "1234"}


def test_a_place_that_is_not_served() -> None:
    """A pick-up outside the served area is refused before anything is asked."""
    for message in ({"t": "request"}, {"t": "estimate", "dropoff": PICKUP}):
        effects = Talk(PASSENGER).say(id="c1", pickup={"lat": 48.8, "lng": 2.3}, **message)
        assert (said(effects)[0]["code"], said(effects)[0]["field"]) == (ErrorCode.OUT_OF_AREA, "pickup")
        assert asked(effects) == []


def test_the_way_by_road_is_for_places_that_are_served() -> None:
    """Whoever drives, rides or dispatches gets points and figures as they were found; what is far away is refused."""
    facts: dict[str, object] = {"points": [[37.7, -122.4], [37.8, -122.4]], "meters": 9.0, "seconds": 2.0}
    there = {"lat": 37.8, "lng": -122.4}
    for token in (DRIVER, PASSENGER, DISPATCHER):
        talk = Talk(token)
        [ask] = asked(talk.say(t="route", id="c1", start=PICKUP, end=there))
        assert ask.request == RouteRequest((37.7, -122.4), (37.8, -122.4), START)
        assert said(talk.answer(ask, PlainValues(facts)))[0]["result"] == facts
        refused = said(talk.say(t="route", id="c2", start=PICKUP, end={"lat": 48.8, "lng": 2.3}))[0]
        assert (refused["code"], refused["field"]) == (ErrorCode.OUT_OF_AREA, "end")


def test_a_booking_by_phone_has_no_passenger_but_a_contact() -> None:
    """The driver can call who booked; nobody else's account follows the trip."""
    talk = Talk(DISPATCHER)
    [who] = asked(talk.say(t="book", id="c1", phone="+14155550100", pickup=PICKUP))
    assert who.request == ContactRequest("+14155550100")
    [ask] = asked(talk.answer(who, PlainValues({"contact": "person:p1"})))
    command = command_of(ask)
    assert isinstance(command, commands.RequestTrip)
    assert (command.passenger, command.origin, command.contact) == ("", "phone", "person:p1")


@pytest.mark.parametrize(("token", "name"), [(DRIVER, "hail"), (DEVICE, "hired")])
def test_a_street_hail_names_its_trip(token: str, name: str) -> None:
    """The driver's or the taximeter's start of a hail makes a trip whose id the answer tells."""
    talk = Talk(token)
    [ask] = asked(talk.say(t=name, id="c1"))
    command = command_of(ask)
    assert isinstance(command, commands.StartHail)
    assert said(talk.answer(ask, Done(seq=2, state="on_trip")))[0]["result"] == {"trip": command.trip}


def test_an_estimate_is_the_route_priced() -> None:
    """A quote of the matcher becomes a fare with its distance and time."""
    talk = Talk(PASSENGER)
    [ask] = asked(talk.say(t="estimate", id="c1", pickup=PICKUP, dropoff={"lat": 37.8, "lng": -122.4}))
    assert ask.request == QuoteRequest((37.7, -122.4), (37.8, -122.4), START)
    result = said(talk.answer(ask, Quote(seconds=600.0, meters=5_000.0, pickup_s=90.0)))[0]["result"]
    assert result["fare"]["total"] == {"minor": 500, "currency": "USD"}
    assert (result["seconds"], result["meters"], result["pickup_s"]) == (600.0, 5_000.0, 90.0)


def test_assigning_by_hand_takes_two_steps() -> None:
    """The trip says what the offer needs, then the vehicle is offered it, under ids that a repeat has again."""
    talk = Talk(DISPATCHER)
    [ask] = asked(talk.say(t="assign", id="c1", trip="t1", vehicle="V9"))
    assert (envelope(ask).key, command_of(ask)) == ("trip:t1", commands.AssignManually("V9"))
    facts: dict[str, object] = {
        "trip": "t1", "trip_seq": 3, "pickup": msgspec.to_builtins(Place(37.7, -122.4)), "dropoff": None,
        "vehicle_class": "van", "seats": 5, "needs": ["wheelchair"], "note": "",
    }  # fmt: skip
    [offer] = asked(talk.answer(ask, Done(seq=3, state="matching", result=facts)))
    command = command_of(offer)
    assert isinstance(command, commands.MakeOffer)
    assert (command.trip, command.trip_seq, command.by_hand, command.needs) == ("t1", 3, True, ("wheelchair",))
    assert (envelope(offer).key, envelope(offer).command_id) == ("vehicle:V9", "dispatcher:A1:c1:offer")
    assert said(talk.answer(offer, Done(seq=8, state="offered")))[0]["state"] == "offered"


def test_assigning_a_trip_that_does_not_wait() -> None:
    """Where the trip refuses, the vehicle hears nothing."""
    talk = Talk(DISPATCHER)
    [ask] = asked(talk.say(t="assign", id="c1", trip="t1", vehicle="V9"))
    effects = talk.answer(ask, Refused(ErrorCode.TRIP_ILLEGAL_MOVE))
    assert said(effects)[0]["code"] == ErrorCode.TRIP_ILLEGAL_MOVE
    assert asked(effects) == []


def test_paying_a_scanned_car() -> None:
    """A scan of the car's code finds the car's trip, and this trip is paid."""
    talk = Talk(PASSENGER)
    [ask] = asked(talk.say(t="pay", id="c1", vehicle="V9", buyer="2088000000000001"))
    assert (envelope(ask).key, command_of(ask)) == ("vehicle:V9", commands.ResolveScan())
    [pay] = asked(talk.answer(ask, Done(seq=8, state="on_trip", result={"trip": "t7"})))
    assert envelope(pay).key == "trip:t7"
    assert command_of(pay) == commands.PayFare("alipay_page", "2088000000000001", scanned=True)
    assert envelope(ask).command_id != envelope(pay).command_id


def test_paying_the_own_trip() -> None:
    """A passenger's own trip is paid directly; neither or both of trip and car is refused."""
    [ask] = asked(Talk(PASSENGER).say(t="pay", id="c1", trip="t1"))
    assert (envelope(ask).key, command_of(ask)) == ("trip:t1", commands.PayFare("alipay_app"))
    for wrong in ({}, {"trip": "t1", "vehicle": "V1"}):
        assert said(Talk(PASSENGER).say(t="pay", id="c1", **wrong))[0]["code"] == ErrorCode.INVALID_FIELD


def test_todays_books() -> None:
    """A device gets the payments and totals of its own vehicle."""
    talk = Talk(DEVICE)
    [ask] = asked(talk.say(t="today", id="c1"))
    assert ask.request == TodayRequest("V1", START)
    assert said(talk.answer(ask, PlainValues({"totals": []})))[0]["result"] == {"totals": []}
