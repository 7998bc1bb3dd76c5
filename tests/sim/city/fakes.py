"""A connection that only remembers, and a city around it on a clock that is set by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import TypeVar

from dispatch.api.client_messages import ClientCommand, ClientMessage
from dispatch.api.server_messages import Accepted, Rejected
from dispatch.clock import ManualClock
from dispatch.geo.straight_line import StraightLine
from dispatch.values.units import CityTime, LatLng
from sim.city.behaviour import Behaviour, DriverBehaviour, PassengerBehaviour
from sim.city.city import SimCity
from sim.city.kerbside import Kerbside
from sim.client.app_client import AppClient
from sim.client.pending_commands import OnAnswer
from sim.demand.ride_request import RideRequest
from sim.metrics.run_metrics import RunMetrics
from sim.time.scheduler import Scheduler
from sim.time.server_clock import ServerClock

HOME = LatLng(37.78, -122.41)
AWAY = LatLng(37.77, -122.42)
C = TypeVar("C", bound=ClientMessage)


class FakeClient(AppClient):
    connected = True

    def __init__(self) -> None:
        self.said: list[ClientMessage] = []
        self.streams: list[str] = []
        self._answers: dict[str, OnAnswer] = {}
        self.closed = False

    def next_id(self) -> str:
        return f"c{len(self.said)}"

    def command(self, command: ClientCommand, on_answer: OnAnswer) -> None:
        self.said.append(command)
        self._answers[command.id] = on_answer

    def send(self, message: ClientMessage) -> bool:
        if self.connected:
            self.said.append(message)
        return self.connected

    def expect(self, stream: str) -> None:
        self.streams.append(stream)

    def follow(self, stream: str) -> None:
        self.streams.append(stream)

    def leave(self, stream: str) -> None:
        self.streams.remove(stream)

    def close(self) -> None:
        self.closed = True

    def last(self, kind: type[C]) -> C:
        return next(m for m in reversed(self.said) if isinstance(m, kind))

    def count(self, kind: type[ClientMessage]) -> int:
        return sum(isinstance(m, kind) for m in self.said)

    def accept(
        self, kind: type[ClientCommand], stream: str | None = None, seq: int | None = None, **how: object
    ) -> None:
        command = self.last(kind)
        accepted = Accepted(id=command.id, stream=stream, seq=seq, **how)  # type: ignore[arg-type]
        self._answers.pop(command.id)(accepted)

    def refuse(self, kind: type[ClientCommand], code: int) -> None:
        command = self.last(kind)
        self._answers.pop(command.id)(Rejected(code=code, text="", retryable=False, id=command.id))


class FixedPlaces:
    def requests(self, start: CityTime) -> Iterator[RideRequest]:
        yield RideRequest(start, HOME, AWAY)

    def places(self, at: CityTime, many: int) -> list[LatLng]:  # noqa: ARG002
        return [HOME] * many


class FakeWallet:
    def __init__(self, outcome: str = "9000") -> None:
        self.outcome = outcome
        self.confirmed: list[tuple[str, str]] = []

    async def confirm(self, trade: str, buyer: str) -> str:
        self.confirmed.append((trade, buyer))
        return self.outcome


class FakeCity:
    """``city`` with time in ``pass_``; all pool_rng are off unless given."""

    def __init__(self, driver: DriverBehaviour | None = None, passenger: PassengerBehaviour | None = None) -> None:
        calm_driver = DriverBehaviour(
            decline_share=0, ignore_share=0, give_back_share=0, break_share=0, cruise_share=0, think_s=(2, 2)
        )
        calm_passenger = PassengerBehaviour(estimate_share=0, reserve_share=0, impatient_share=0, rate_share=0)
        self.machine = ManualClock(1000.0)
        clock = ServerClock(self.machine)
        self.scheduler = Scheduler(clock)
        self.wallet = FakeWallet()
        self.metrics = RunMetrics(clock)
        self.kerbside = Kerbside()
        behaviour = Behaviour(driver or calm_driver, passenger or calm_passenger)
        self.city = SimCity(
            clock,
            self.scheduler,
            StraightLine(),
            FixedPlaces(),
            self.kerbside,
            behaviour,
            self.metrics,
            self.wallet.confirm,
            _run_now,
        )

    def pass_(self, seconds: float) -> None:
        """Let time go by, second by second."""
        for _ in range(int(seconds)):
            self.machine.advance(1.0)
            self.scheduler.run_due()


def _run_now(work: Coroutine[None, None, None]) -> None:
    asyncio.run(work)
