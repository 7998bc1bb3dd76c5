"""Callers' phone numbers: who they were stands in the journal, and who may see a number sees it."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.api.fields import TripView
from dispatch.api.server_messages import Snapshot, TripNotice
from dispatch.clock import ManualClock
from dispatch.domain.commands import RequestTrip, decode_command
from dispatch.domain.registry import DispatcherRecord, PassengerRecord
from dispatch.store.journal import JournalUnavailableError
from dispatch.values.ids import DispatcherId, PassengerId
from tests.ws_gateway.conftest import Running
from tests.ws_gateway.fakes import FakeRegistry
from ws_gateway.hub.phone_masking import KEPT_S, PhoneMasker

PHONE = "+14155550123"
HERE = {"lat": 37.78, "lng": -122.41}


class Book(FakeRegistry):
    """A registry that counts questions, and may be away."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.away = False
        self.put(PassengerRecord(id=PassengerId("p1"), phone=PHONE, created=1.0))
        self.put(DispatcherRecord(id=DispatcherId("bert"), name="B", password_hash="x", permissions=("phones",)))

    async def phone_of(self, passenger: str) -> str | None:
        self.asked += 1
        if self.away:
            raise JournalUnavailableError("away")
        return await super().phone_of(passenger)


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(100.0)


@pytest.fixture
def contacts(book: Book, clock: ManualClock) -> PhoneMasker:
    return PhoneMasker(book, clock, lambda: "new")


def _snapshot(contact: str) -> bytes:
    view = TripView(
        trip="T1", state="assigned", origin="phone", vehicle_class="van", requested_at=1.0, passenger=contact
    )
    return msgspec.msgpack.encode(Snapshot(stream="trip:T1", seq=3, recovered=False, trip=view))


async def told(contacts: PhoneMasker, contact: str, role: str) -> Any:
    return msgspec.msgpack.decode(await contacts.mask_message(_snapshot(contact), role), type=Snapshot).trip.passenger  # type: ignore[union-attr]


@pytest.mark.parametrize("contact", ["person:p1", PHONE])
async def test_who_sees_a_number_live(contacts: PhoneMasker, contact: str) -> None:
    """The driver of the trip sees it, others its end; numbers of before are treated alike."""
    assert await told(contacts, contact, "driver") == PHONE
    for role in ("dispatcher", "device", "passenger", "guest"):
        assert await told(contacts, contact, role) == "…123"


@pytest.mark.parametrize("contact", ["person:p1", PHONE])
async def test_who_looks_a_number_up(contacts: PhoneMasker, contact: str) -> None:
    """A dispatcher with the permission sees it, one without its end; ids of passengers stay."""
    answer = TripNotice(
        TripView(trip="T1", state="assigned", origin="phone", vehicle_class="van", requested_at=1.0, passenger=contact)
    )
    assert (await contacts.mask_answer(answer, "dispatcher", "bert"))["trip"]["passenger"] == PHONE
    for nobody in ("anna", "eve"):
        assert (await contacts.mask_answer(answer, "dispatcher", nobody))["trip"]["passenger"] == "…123"
    said = TripNotice(
        TripView(trip="T1", state="assigned", origin="phone", vehicle_class="van", requested_at=1.0, passenger="p17")
    )
    assert await contacts.mask_answer(said, "dispatcher", "anna") is said


async def test_an_erased_number_is_gone(contacts: PhoneMasker, book: Book, clock: ManualClock) -> None:
    """A number is remembered for a minute, and then not told any more; without the journal none is told."""
    assert [await told(contacts, "person:p1", "driver") for _ in range(3)] == [PHONE] * 3
    assert book.asked == 1
    book.put(PassengerRecord(id=PassengerId("p1"), created=1.0))
    clock.advance(KEPT_S)
    assert await told(contacts, "person:p1", "driver") == "…"
    clock.advance(KEPT_S)
    book.away = True
    assert await told(contacts, "person:p1", "dispatcher") == "…"


async def test_other_messages_pass_untouched(contacts: PhoneMasker, book: Book) -> None:
    """What holds no contact is not even read."""
    message = b"\xc1 no message at all"
    assert await contacts.mask_message(message, "driver") is message
    assert book.asked == 0


class OnePhone:
    """Every caller has the same number."""

    async def phone_of(self, _: str) -> str:
        return PHONE


@pytest.mark.parametrize("name", ["passenger", "contact"])
@given(
    contact=st.from_regex(r"\+?[0-9]{5,20}", fullmatch=True)
    | st.text("abcdefghij0123456789-", max_size=60).map(lambda name: f"person:{name}")
)
async def test_every_contact_is_masked(name: str, contact: str) -> None:
    """However long a contact is and wherever it stands, nobody but the driver sees it."""
    contacts = PhoneMasker(cast("Any", OnePhone()), ManualClock(1.0), lambda: "1")
    message = msgspec.msgpack.encode({"t": "update", "trip": [{"a": 1, name: contact}]})
    masked = await contacts.mask_message(message, "dispatcher")
    assert contact not in str(msgspec.msgpack.decode(masked))


@pytest.mark.integration
async def test_a_booking_by_phone_leaves_no_number_behind(gateway: Running) -> None:
    """What reaches the hosts is who it was: the same for the same number, also when the command is repeated."""
    anna = await gateway.client("dispatcher", "anna")
    for command_id in ("b1", "b1", "b2"):
        said = await anna.ask(t="book", id=command_id, phone=PHONE, pickup=HERE)
        assert said["t"] == "accepted"
    commands = [decode_command(each.body) for each in gateway.hosts.envelopes]
    contacts = {each.contact for each in commands if isinstance(each, RequestTrip)}
    (passenger,) = (entry for (kind, _), entry in gateway.registry.entries.items() if kind is PassengerRecord)
    assert contacts == {f"person:{passenger.id}"}
    assert len(commands) == 2
    assert all(PHONE.encode() not in each.body for each in gateway.hosts.envelopes)
