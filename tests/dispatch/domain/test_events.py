"""Events as the journal keeps them; ``tests/recorded`` holds every form that was ever written."""

from __future__ import annotations

import msgspec
import pytest

from dispatch.domain.events import (
    OfferExpired,
    TripUnserved,
    decode_trip_event,
    decode_vehicle_event,
    encode_event,
    event_name,
)


def test_an_event_is_read_as_it_was_written() -> None:
    """Encoding and decoding lose nothing; the name is the tag in the journal."""
    event = OfferExpired(5.0, "o1")

    assert decode_vehicle_event(encode_event(event)) == event
    assert event_name(event) == "offer_expired"


def test_a_stream_holds_events_of_its_own_kind_only() -> None:
    """A trip's event does not decode as a vehicle's, nor the reverse."""
    with pytest.raises(msgspec.ValidationError):
        decode_vehicle_event(encode_event(TripUnserved(5.0)))
    with pytest.raises(msgspec.ValidationError):
        decode_trip_event(encode_event(OfferExpired(5.0, "o1")))
