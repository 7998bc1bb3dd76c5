"""Where GPS fixes come in at a vehicle host: judged, metered, told to the matcher, the map and the passenger.

Fixes are soft: they are not journaled one by one. What must not be lost of them is the meter's checkpoint, and the
app is told ``heard`` only up to that, so that it sends the rest again after a host's death.
"""

from __future__ import annotations

from typing import Final

import msgspec

from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.entity_types import Shown
from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.protocol import FixRow, MatcherPosition, Push
from dispatch.api.live_map.cell_index import MapPosition
from dispatch.api.messages import CarPosition, Heard
from dispatch.domain.entity import Entity, EntityKey
from dispatch.domain.vehicle.track_recorder import TrackRecorder
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.domain.vehicle.vehicle_state import TO_PICKUP, WITH_TRIP
from dispatch.geo.distance import STRAIGHT_MPS, haversine_m
from dispatch.geo.gps_filter import FixVerdict
from dispatch.values.roles import Audience
from dispatch.values.units import CityTime, LatLng

HEARD_EVERY_S: Final = 8.0
"""City seconds between two ``heard`` to one source of a car without a ride."""
KEPT_WHILE_LOADING: Final = 600
AUDIENCES: Final[dict[int, Audience]] = {0: "driver", 1: "device"}
"""Who is told about the fixes of each source."""

_encode = msgspec.msgpack.Encoder().encode
_ACCEPTED: Final = FixVerdict.ACCEPTED
_FUTURE: Final = FixVerdict.FUTURE
_NEVER: Final = float("-inf")


class PositionIngest:
    """The desk of one vehicle host. ``recorder`` keeps the cars' ways, if they are kept."""

    def __init__(self, core: HostCore, recorder: TrackRecorder | None = None) -> None:
        self._recorder = recorder
        self._core = core
        self._waiting: dict[EntityKey, list[FixRow]] = {}
        self._free_moved: dict[str, Vehicle] = {}
        self._moved: dict[str, Vehicle] = {}
        self._told_at: tuple[dict[str, float], ...] = tuple({} for _ in AUDIENCES)
        self._keys: dict[str, EntityKey] = {}
        self._accepted = 0
        self._verdicts = dict.fromkeys(FixVerdict, 0)
        core.subscribers.acked_by = acked_by

    def hear(self, rows: list[FixRow], now: CityTime) -> None:
        """A batch of fixes of this host's vehicles."""
        self._core.now = now
        keys, entries = self._keys, self._core.entries
        for row in rows:
            key = keys.get(row.vehicle)
            if key is None:
                key = keys[row.vehicle] = EntityKey("vehicle", row.vehicle)
            entry = entries.get(key) or self._core.get_or_load(key)
            vehicle = entry.entity
            if isinstance(vehicle, Vehicle):
                self._hear(entry, vehicle, row, now)
            else:
                self._keep(key, row)

    def _keep(self, key: EntityKey, row: FixRow) -> None:
        """Until the vehicle is loaded. What is too much is dropped from the end: the app will send it again."""
        rows = self._waiting.setdefault(key, [])
        if len(rows) < KEPT_WHILE_LOADING:
            rows.append(row)

    def woken(self, now: CityTime) -> None:
        """Hear what came while vehicles were loaded; what came for one that cannot be loaded is dropped."""
        for key in list(self._waiting):
            entry = self._core.entries.get(key)
            if entry is None:
                del self._waiting[key]
            elif entry.entity is not None:
                self.hear(self._waiting.pop(key), now)

    def _hear(self, entry: CachedEntity, vehicle: Vehicle, row: FixRow, now: CityTime) -> None:
        tracker = vehicle.tracker
        verdict = tracker.observe(row, now)
        if verdict is not _ACCEPTED:
            self._verdicts[verdict] += 1
            if verdict is _FUTURE:
                return
        entry.touched_at = now
        if row.source != tracker.source or (tracker.meter is None and not tracker.unacked):
            told_at = self._told_at[row.source]
            if now - told_at.get(row.vehicle, _NEVER) >= HEARD_EVERY_S:
                told_at[row.vehicle] = now
                self._push_heard(entry.key, row.source, row.n)
        elif tracker.checkpoint_due:
            self._core.stage(entry.key, vehicle.checkpoint)
        if verdict is _ACCEPTED:
            self._believed(entry, vehicle, row.vehicle)

    def _believed(self, entry: CachedEntity, vehicle: Vehicle, name: str) -> None:
        self._accepted += 1
        self._moved[name] = vehicle
        state = vehicle.data.state
        if self._recorder is not None:
            gps = vehicle.tracker.gps
            self._recorder.record(name, state, gps.at, gps.lat, gps.lng)
        if entry.listed is not None:
            self._free_moved[name] = vehicle
        if state in WITH_TRIP:
            self._tell_passenger(entry.key, vehicle)

    def _push_heard(self, key: EntityKey, source: int, n: int) -> None:
        """Tell the app that sends these fixes up to which number they are safe."""
        audience = AUDIENCES[source]
        for subscriber in self._core.queues.subscribers_of(key):
            if subscriber.audience == audience:
                push = Push(str(key), audience, 0, _encode(Heard(n)))
                self._core.queues.push_latest(subscriber.gateway, push, "heard")

    def checkpointed(self, key: EntityKey, shown: Shown) -> None:
        """A committed event of a vehicle: after a checkpoint, and after the end of a ride, its fixes are safe."""
        entry = self._core.entries.get(key)
        vehicle = entry.entity if entry is not None else None
        if not isinstance(vehicle, Vehicle):
            return
        self._moved[vehicle.id] = vehicle
        self._core.queues.end_tracking(key, vehicle.data.trip)
        tracker = vehicle.tracker
        n = -1
        if shown.event == "meter_checkpointed":
            n = tracker.ack_until(shown.at)
        elif shown.event == "ride_finished":
            n = tracker.ack_all() if tracker.meter is None else tracker.ack_until(shown.at)
        if n >= 0:
            self._push_heard(key, tracker.source, n)

    def _tell_passenger(self, key: EntityKey, vehicle: Vehicle) -> None:
        body = None
        for subscriber in self._core.queues.subscribers_of(key):
            if subscriber.trip is not None and subscriber.trip == vehicle.data.trip:
                body = body or _encode(_car_position(vehicle))
                push = Push(str(key), subscriber.audience, 0, body)
                self._core.queues.push_latest(subscriber.gateway, push, "car")

    def take_verdicts(self) -> dict[FixVerdict, int]:
        """How many fixes were judged so since the last call."""
        taken = {**self._verdicts, FixVerdict.ACCEPTED: self._accepted}
        self._accepted, self._verdicts = 0, dict.fromkeys(FixVerdict, 0)
        return taken

    def take_free_moved(self) -> list[MatcherPosition]:
        """Free cars that have moved since the last call: for the matcher."""
        moved = [car_at(v) for v in self._free_moved.values()]
        self._free_moved.clear()
        return moved

    def take_moved(self) -> list[MapPosition]:
        """All cars that have moved or changed since the last call: for the map."""
        moved = [_position_of(v) for v in self._moved.values() if v.tracker.gps.anchored]
        self._moved.clear()
        return moved


def car_at(vehicle: Vehicle) -> MatcherPosition:
    """Where a vehicle is, for the matcher."""
    gps = vehicle.tracker.gps
    return MatcherPosition(vehicle.id, gps.lat, gps.lng, gps.at)


def _position_of(vehicle: Vehicle) -> MapPosition:
    """Where a vehicle is, for the map."""
    gps = vehicle.tracker.gps
    return MapPosition(vehicle.id, vehicle.state, gps.lat, gps.lng, vehicle.tracker.heading, gps.at)


def acked_by(entity: Entity, audience: Audience) -> int:
    """Up to which number the fixes of the app that this audience is are safe: on a ride, its last checkpoint's."""
    if not isinstance(entity, Vehicle) or audience != AUDIENCES.get(entity.tracker.source):
        return 0
    meter = entity.tracker.meter
    return max(0, entity.tracker.gps.n if meter is None else meter.last.fix_n)


def adopt(before: Entity, after: Entity, now: float) -> None:
    """A vehicle that was loaded anew goes on with what the forgotten copy had heard."""
    if isinstance(before, Vehicle) and isinstance(after, Vehicle):
        after.tracker.take_over(before.tracker, now)


def _car_position(vehicle: Vehicle) -> CarPosition:
    gps = vehicle.tracker.gps
    return CarPosition(
        trip=vehicle.data.trip or "",
        n=gps.n,
        at=gps.at,
        lat=gps.lat,
        lng=gps.lng,
        heading=vehicle.tracker.heading,
        eta_at=_eta_at(vehicle),
    )


def _eta_at(vehicle: Vehicle) -> float | None:
    """When the car will be at the pick-up: the straight way that is left, at the pace the road route promised."""
    data = vehicle.data
    if data.state != TO_PICKUP or data.pickup is None:
        return None
    gps = vehicle.tracker.gps
    left = haversine_m(LatLng(gps.lat, gps.lng), LatLng(data.pickup.lat, data.pickup.lng))
    gone_s = max(0.0, gps.at - data.accepted_at)
    pace = max(data.pickup_s - gone_s, 0.0)
    by_distance = left / STRAIGHT_MPS
    return float(gps.at + (pace + by_distance) / 2 if pace > 0 else gps.at + by_distance)
