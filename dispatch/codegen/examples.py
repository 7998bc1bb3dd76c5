"""Example dialogues of the protocol's documentation, built from the message structs so that they stay valid."""

from typing import Final

from dispatch.api.client_messages import (
    AcceptOffer,
    ClientMessage,
    GpsFix,
    GpsFixes,
    Hello,
    RequestRide,
    StartRide,
    Watch,
)
from dispatch.api.fields import CarView, CellFrame, Cursor, Fix, OfferView, TripView, VehicleView
from dispatch.api.server_messages import (
    Accepted,
    CarPosition,
    Heard,
    MapFrames,
    Rejected,
    ServerMessage,
    Snapshot,
    Update,
    Welcome,
)
from dispatch.domain.errors import ERRORS, ErrorCode
from dispatch.values.place import Place

_AT: Final = 1_212_188_400.0
_PICKUP: Final = Place(lat=37.7793, lng=-122.4193, text="City Hall")
_CAR: Final = bytes.fromhex("0700 4f73 5a85 f8 03 14")
"""Vehicle 7: x 29,519, y 34,138, heading 350 degrees, on the way to the pick-up, with a fix one second old."""
_OFFER: Final = OfferView(offer="o7", trip="t5", pickup=_PICKUP, pickup_s=140.0, expires_at=_AT + 15)


def _rejected(code: ErrorCode, command: str | None, field: str) -> Rejected:
    spec = ERRORS[code]
    return Rejected(code=code, text=spec.text, retryable=spec.retryable, id=command, field=field)


EXAMPLES: Final[dict[str, tuple[ClientMessage | ServerMessage, ...]]] = {
    "A driver's app reconnects, sends unacknowledged fixes, and accepts an offer": (
        Hello(token="eyJhbGciOi…", clock=_AT, resume=[Cursor("vehicle:V123", 41)]),  # noqa: S106 - shortened
        Welcome(role="driver", subject="D17", session="5f2c", city_time=_AT, speed=1.0, vehicle="V123"),
        Update(
            stream="vehicle:V123",
            seq=42,
            event="offer_made",
            at=_AT - 3,
            vehicle=VehicleView(vehicle="V123", state="offered", driver="D17", offer=_OFFER),
        ),
        GpsFixes(fixes=[Fix(88, _AT - 2, 37.7761, -122.4170, 6.1, 350.0), Fix(89, _AT - 1, 37.7762, -122.4170)]),
        Heard(n=89),
        AcceptOffer(id="c1", offer="o7"),
        Accepted(id="c1", stream="vehicle:V123", seq=43, state="to_pickup"),
        GpsFix(fix=Fix(90, _AT, 37.7763, -122.4171, 6.0, 350.0)),
        StartRide(id="c2", trip="t5", code="0000"),
        _rejected(ErrorCode.WRONG_RIDE_CODE, "c2", "code"),
    ),
    "A passenger requests a ride": (
        Hello(token="eyJhbGciOi…"),  # noqa: S106 - shortened
        Welcome(role="passenger", subject="p3", session="5f2d", city_time=_AT, speed=1.0),
        RequestRide(id="c1", pickup=_PICKUP, dropoff=Place(lat=37.7955, lng=-122.3937)),
        Accepted(id="c1", stream="trip:t5", seq=1, state="matching", result={"trip": "t5", "code": "4711"}),
        Snapshot(
            stream="trip:t5",
            seq=1,
            recovered=False,
            trip=TripView("t5", "matching", "app", "standard", _AT, pickup=_PICKUP, code="4711"),
        ),
        Update(
            stream="trip:t5",
            seq=3,
            event="assigned",
            at=_AT + 4,
            trip=TripView(
                "t5", "assigned", "app", "standard", _AT, code="4711", car=CarView("V123", "8ABC123", "Ann"),
                eta_at=_AT + 144,
            ),
        ),
        CarPosition(trip="t5", n=91, at=_AT + 5, lat=37.7764, lng=-122.4171, heading=350.0, eta_at=_AT + 143),
    ),
    "A dispatcher watches the live map": (
        Watch(id="c1", cells=["872830828ffffff"]),
        Accepted(id="c1"),
        MapFrames([CellFrame("872830828ffffff", "vehicle-0", _AT, True, _CAR, {7: "V123"})]),
    ),
    "A message with an invalid value": (
        _rejected(ErrorCode.INVALID_FIELD, None, "fix.lat"),
    ),
}  # fmt: skip
