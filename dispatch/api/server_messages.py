"""Messages from the server to clients over the WebSocket."""

import msgspec

from dispatch.api.fields import CellCount, CellFrame, MoneyView, TripView, VehicleView
from dispatch.values.roles import Role


class ServerMessage(msgspec.Struct, frozen=True, tag_field="t", omit_defaults=True):
    """A message from the server. Clients ignore unknown fields."""


class Welcome(ServerMessage, frozen=True, tag="welcome"):
    """The answer to ``hello``. ``session`` identifies this connection in logs; ``heard`` is the number of the last
    stored fix."""

    role: Role
    subject: str
    session: str
    city_time: float
    speed: float
    vehicle: str | None = None
    heard: int = 0


class Accepted(ServerMessage, frozen=True, tag="accepted"):
    """The command is committed, with the stream's number and state after it. ``result`` holds the answer to a query."""

    id: str
    stream: str | None = None
    seq: int | None = None
    state: str | None = None
    result: dict[str, object] = {}


class Rejected(ServerMessage, frozen=True, tag="rejected"):
    """The command (or, without ``id``, the message) was rejected and changed nothing. ``amount`` is the price, if that
    is the reason."""

    code: int
    text: str
    retryable: bool
    id: str | None = None
    field: str | None = None
    amount: MoneyView | None = None


class Update(ServerMessage, frozen=True, tag="update"):
    """Event number ``seq`` of a stream, and the trip or vehicle after it."""

    stream: str
    seq: int
    event: str
    at: float
    trip: TripView | None = None
    vehicle: VehicleView | None = None


class Snapshot(ServerMessage, frozen=True, tag="snapshot"):
    """The state of a stream at ``seq``. ``recovered`` is true if the missed updates were sent before it."""

    stream: str
    seq: int
    recovered: bool
    trip: TripView | None = None
    vehicle: VehicleView | None = None


class Heard(ServerMessage, frozen=True, tag="heard"):
    """Fixes up to number ``n`` are stored; the app may discard them."""

    n: int


class CarPosition(ServerMessage, frozen=True, tag="car"):
    """The position of a trip's vehicle and its ETA at the pick-up. Only the latest counts; older ones may be
    skipped."""

    trip: str
    n: int
    at: float
    lat: float
    lng: float
    heading: float | None = None
    eta_at: float | None = None


class MapFrames(ServerMessage, frozen=True, tag="map"):
    """Vehicles that moved or changed, by cell. A message may be skipped: the next whole frame of the cell repairs the
    gap."""

    frames: list[CellFrame]


class MapCounts(ServerMessage, frozen=True, tag="map_counts"):
    """The number of vehicles of one ``host`` in every cell; replaces this host's previous counts."""

    host: str
    at: float
    cells: list[CellCount]


class MapStale(ServerMessage, frozen=True, tag="map_stale"):
    """The live map receives no positions (``stale``), or receives them again. Trips, offers and payments are not
    affected."""

    stale: bool


class TripNotice(ServerMessage, frozen=True, tag="trip"):
    """A trip's new state, for dispatchers. It may be skipped, unlike the updates of the trip's stream."""

    trip: TripView


class Alarm(ServerMessage, frozen=True, tag="alarm"):
    """A problem that needs a dispatcher's attention; ``settled_by`` is set once somebody has settled it."""

    alarm: str
    name: str
    at: float
    fields: dict[str, str | float | int | None]
    settled_by: str | None = None
    settled_at: float | None = None
    note: str = ""


class Notice(ServerMessage, frozen=True, tag="notice"):
    """A dispatcher's message to drivers. An app shows each ``notice`` once."""

    notice: str
    at: float
    by: str
    text: str


class Replaced(ServerMessage, frozen=True, tag="replaced"):
    """Another connection of the same driver or device has taken over; this connection is about to be closed."""


FromServer = (
    Welcome | Accepted | Rejected | Update | Snapshot | Heard | CarPosition | MapFrames | MapCounts | MapStale
    | TripNotice | Alarm | Notice | Replaced
)  # fmt: skip
