"""A driver's phone and car as one thing: what both the driver and the ride under way act through."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from dispatch.api.client_messages import ClientCommand
from dispatch.api.server_messages import Accepted
from dispatch.values.ids import VehicleId
from dispatch.values.units import LatLng
from sim.city.behaviour import DriverBehaviour
from sim.city.city import ClientPort, SimCity
from sim.city.vehicle_motion import Car
from sim.client.pending_commands import Answer

OnAccepted = Callable[[Accepted], None]
OnRefused = Callable[[int], None]


class DriverContext:
    """Car, connection, and the number up to which the system's views of the vehicle are known.

    ``line`` has to be set before anything is asked.
    """

    line: ClientPort

    def __init__(self, vehicle: VehicleId, city: SimCity, start: LatLng, rng: Random) -> None:
        self.vehicle = vehicle
        self.city = city
        self.rng = rng
        self.car = Car(city, start, rng)
        self.stream = f"vehicle:{vehicle}"
        self.seq = 0

    @property
    def habits(self) -> DriverBehaviour:
        """What drivers do here."""
        return self.city.habits.driver

    def ask(self, message: ClientCommand, accepted: OnAccepted, refused: OnRefused) -> None:
        """Send a command. An answer tells the vehicle's number: views before it are out of date."""

        def answered(answer: Answer) -> None:
            if isinstance(answer, Accepted):
                if answer.stream == self.stream and answer.seq is not None:
                    self.seq = max(self.seq, answer.seq)
                accepted(answer)
            else:
                refused(answer.code)

        self.line.command(message, answered)
