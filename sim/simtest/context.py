"""The context shared by all parts of a simulation: randomness, virtual time, network, journal tables and the trace.

This is the lowest module of the simulation's own parts: apps and processes take a :class:`SimContext`, and only
``simulation`` knows them all.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from hashlib import blake2b
from random import Random
from typing import Any, Final, Protocol

import msgspec

from dispatch.actors.core.entity_types import entity_kinds
from dispatch.actors.core.placement import Placement
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.config.tariffs import read_tariff
from dispatch.domain.fare.gps_meter import MeterRules
from dispatch.domain.rules import Rules
from dispatch.domain.trip.trip_state import ENDED, SEEKING
from dispatch.geo.straight_line import StraightLine
from dispatch.payment.core.rules import Account, PaymentRules
from dispatch.store.journals.memory_journal import MemoryJournal, MemoryTables
from sim.simtest.fault_model import FaultModel, Rates
from sim.simtest.network import NOBODY, Network, SimSocket
from sim.simtest.virtual_loop import Timeline, WorldClock

START: Final = 1_700_000_000.0
SPEED: Final = 10.0
CENTRE: Final = (37.78, -122.41)
SHARDS: Final = 16
MATCHER: Final = "matcher-0"
PLACEMENT: Final = Placement("sharded", SHARDS, {"vehicle": 2, "trip": 1, "payment": 1})
SELLER: Final = "2088000000000001"
TARIFF: Final = read_tariff("san_francisco")

Checkpoint = Callable[[str], Awaitable[None]]
"""A labelled point in a process at which it may crash."""


class SimClusterConfig(ClusterConfig, frozen=True):
    """The cluster's configuration with the virtual clock."""

    virtual_clock: Any = None

    def clock(self) -> Any:  # noqa: ANN401 - a clock, which no struct can hold
        return self.virtual_clock


class SimulationPlan(msgspec.Struct, frozen=True):
    """The size of a simulation. Seconds are wall seconds, ``begins_within_s`` city seconds."""

    rides: int = 50
    """Minimum number of completed rides: the dispatcher books the missing ones at the end."""
    passengers: int = 43
    drivers: int = 15
    fault_phase_s: float = 90.0
    begins_within_s: float = 720.0
    quiet_within_s: float = 420.0
    rates: Rates = Rates()


class SocketEnd(Protocol):
    """The app's end of a socket."""

    def on_frame(self, frame: bytes) -> None:
        """A frame has arrived."""

    def lost(self, socket: SimSocket) -> None:
        """The socket is closed."""


class SimContext:
    """See the module. ``simulation`` sets ``connect`` and ``has_rider``."""

    connect: Callable[[SocketEnd], SimSocket | None]
    """A socket to a running gateway; None if none runs."""
    has_rider: Callable[[str], bool]
    """Whether a passenger's app takes part in a trip."""

    def __init__(self, seed: int, plan: SimulationPlan, *, trace: bool = False) -> None:
        self.plan = plan
        self.trace: list[str] | None = [] if trace else None
        self._digest = blake2b(digest_size=16)
        self.people = Random(f"people {seed}")
        self.timeline = Timeline()  # type: ignore[abstract]
        self.clock = WorldClock(self.timeline, speed=SPEED, start=START)
        self.faults = FaultModel(Random(f"weather {seed}"), plan.rates)
        self.network = Network(self.timeline, self.faults, self.note)
        self.rules = Rules(
            tariff=TARIFF,
            meter=MeterRules(waiting_kmh=18.0),
            offer_countdown_s=30.0,
            stale_after_s=45.0,
            give_up_s=400.0,
            reservation_lead_s=300.0,
            no_show_after_s=60.0,
        )
        account = Account(seller_id=SELLER, notify_url="http://taxi.example/alipay/notify")
        self.kinds = entity_kinds(
            self.rules,
            PaymentRules(
                account=account, expires_min=1, speed=SPEED, query_every_s=2.0, query_for_s=12.0,
                growing_s=(10.0, 20.0), answer_within_s=6.0,
            ),
        )  # fmt: skip
        self.travel_time = StraightLine(kmh=25.0, detour=1.3)
        self.tables = MemoryTables()
        self.journal = MemoryJournal(shards=SHARDS, tables=self.tables)
        self.system = SimClusterConfig(
            "", "", "", PLACEMENT, (MATCHER,), SPEED, START, START, "", virtual_clock=self.clock
        )
        self.pickups: dict[str, tuple[float, float]] = {}
        self.codes: dict[str, str] = {}
        """Ride codes by trip, as passengers and callers say them to the driver."""
        self.requests = self._ids = 0

    def note(self, text: str) -> None:
        line = f"{self.timeline.time():.6f} {text}\n"
        self._digest.update(line.encode())
        if self.trace is not None:
            self.trace.append(line)

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.timeline.create_task(work, context=NOBODY.copy())

    def new_id(self) -> str:
        self._ids += 1
        return f"s{self._ids}"

    def place(self) -> tuple[float, float]:
        return CENTRE[0] + self.people.uniform(-0.012, 0.012), CENTRE[1] + self.people.uniform(-0.012, 0.012)

    def clock_offset(self) -> float:
        """Error of a phone's clock in seconds."""
        if self.people.random() < 0.5:
            return 0.0
        self.faults.count("phone: clock is off")
        return self.people.uniform(-600.0, 600.0)

    def rows(self, table: str) -> Mapping[str, Mapping[str, Any]]:
        return self.tables.rows.get(table, {})

    def wants_rides(self) -> bool:
        rows = self.rows("trip").values()
        return sum(row["finished_at"] is not None or row["state"] not in ENDED for row in rows) < self.plan.rides

    def a_trip_waits(self) -> bool:
        return any(row["state"] in SEEKING for row in self.rows("trip").values())

    def overdue(self, slack_s: float = 60.0) -> Iterator[str]:
        """Scheduled commands whose time came ``slack_s`` city seconds ago or more."""
        for owner, scheduled in self.tables.dues.items():
            for name, command in scheduled.items():
                if command.at < self.clock.city() - slack_s:
                    yield f"{owner} {name}"
