"""Field types and views that messages are built from."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from dispatch.values.place import Lat, Lng, Place

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:\-]+$")]
Stream = Annotated[str, Meta(min_length=3, max_length=80, pattern=r"^(trip|vehicle):[A-Za-z0-9_.\-]+$")]
Time = Annotated[float, Meta(ge=0, le=1e11)]
Phone = Annotated[str, Meta(min_length=5, max_length=20, pattern=r"^\+?[0-9]+$")]
Minor = Annotated[int, Meta(ge=0, le=10_000_000_00)]
VehicleClass = Literal["standard", "comfort", "van"]
Need = Literal["wheelchair", "child_seat"]
CancelReason = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Fix(msgspec.Struct, frozen=True, array_like=True):
    """A GPS fix: ``n`` counts up per phone, ``at`` is the phone's time, then degrees, m/s, and degrees from north."""

    n: Annotated[int, Meta(ge=0, le=2**53)]
    at: Time
    lat: Lat
    lng: Lng
    speed: Annotated[float, Meta(ge=0, le=150)] | None = None
    heading: Annotated[float, Meta(ge=0, le=360)] | None = None


class Cursor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last number that a client saw of a stream."""

    stream: Stream
    seq: Annotated[int, Meta(ge=0)]


class MoneyView(msgspec.Struct, frozen=True):
    """An amount in whole minor units."""

    minor: int
    currency: str


class FareLineView(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a fare: its kind, text, quantity and amount."""

    kind: str
    text: str
    quantity: float
    unit: str
    minor: int


class FareView(msgspec.Struct, frozen=True):
    """A fare and its lines."""

    total: MoneyView
    lines: list[FareLineView]


class CarView(msgspec.Struct, frozen=True, omit_defaults=True):
    """The assigned vehicle, as the passenger needs to identify it."""

    vehicle: str
    plate: str
    driver: str
    vehicle_class: str = "standard"


class PhraseView(msgspec.Struct, frozen=True):
    """An explanation of a payment's state and the advice for it, for drivers, cashiers and passengers."""

    en: str
    zh: str
    do_en: str
    do_zh: str


class PaymentView(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state of a trip's payment. ``trade`` is Alipay's number, with which the app opens Alipay's cashier; ``code``
    is the text of the code that the passenger scans from the driver's screen; ``typed`` is the fare that the passenger
    of a vehicle without a meter typed, for the driver to confirm."""

    state: str
    method: str = ""
    amount: MoneyView | None = None
    order: str = ""
    trade: str = ""
    reason: str = ""
    code: str = ""
    phrase: PhraseView | None = None
    typed: MoneyView | None = None
    refunded: MoneyView | None = None


class OfferView(msgspec.Struct, frozen=True, omit_defaults=True):
    """An offer to a driver. It expires at ``expires_at``; the app shows the countdown."""

    offer: str
    trip: str
    pickup: Place
    pickup_s: float
    expires_at: float
    dropoff: Place | None = None
    passengers: int = 1
    needs: list[str] = []
    note: str = ""


class MeterView(msgspec.Struct, frozen=True):
    """The meter of the current ride."""

    meters: float
    waiting_s: float
    fare: MoneyView


class CellFrame(msgspec.Struct, frozen=True, array_like=True):
    """Vehicles of one ``host`` in one H3 cell of resolution 7, at a city time. A ``whole`` frame replaces everything
    known of this host's vehicles in the cell.

    ``cars`` holds nine bytes per vehicle, little-endian: ``u16`` the vehicle's number at this host, ``u16`` x and
    ``u16`` y, ``u8`` heading (0-254 for 0-360 degrees, 255 unknown), ``u8`` its index in ``MAP_STATES`` (255: it left
    the cell), ``u8`` the fix's age in twentieths of a second when the frame was made (255: that or more). x and y count
    from the south-west corner of a box around the cell's centre: ``MAP_HALF_BOX_DEG`` of latitude in either direction,
    and the same divided by the cosine of the centre's latitude in longitude, in 65,536 steps. ``names`` maps numbers to
    vehicle ids: of vehicles that are new here, or of all vehicles in a ``whole`` frame. If a host has sent no whole
    frame of a cell for 20 wall seconds, the cell contains none of its vehicles any more.
    """

    cell: str
    host: str
    at: float
    whole: bool
    cars: bytes
    names: dict[int, str] = {}


class CellCount(msgspec.Struct, frozen=True, array_like=True):
    """The number of vehicles of each state in a cell, in the order of ``MAP_STATES``."""

    cell: str
    cars: list[int]


MAP_HALF_BOX_DEG: Final = 0.03


class TripView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A trip, as its reader may see it."""

    trip: str
    state: str
    origin: str
    vehicle_class: str
    requested_at: float
    pickup: Place | None = None
    dropoff: Place | None = None
    pickup_at: float | None = None
    seats: int = 1
    needs: list[str] = []
    note: str = ""
    car: CarView | None = None
    code: str | None = None
    eta_at: float | None = None
    assigned_at: float | None = None
    arrived_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    fare: FareView | None = None
    payment: PaymentView | None = None
    cancelled_by: str | None = None
    cancel_reason: str | None = None
    stars: int | None = None
    passenger: str | None = None


class VehicleView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A vehicle, as its driver, its taximeter or a dispatcher may see it."""

    vehicle: str
    state: str
    driver: str | None = None
    offer: OfferView | None = None
    trip: str | None = None
    meter: MeterView | None = None
    paid: PaymentView | None = None
    reason: str = ""
