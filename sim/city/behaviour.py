"""Parameters of simulated people: shares from 0 to 1, and spans with a uniform distribution (city seconds)."""

from __future__ import annotations

from dataclasses import dataclass, replace

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class DriverBehaviour:
    """Parameters of drivers. Fixed ``pickup_s`` and ``ride_s`` replace driving along streets (for benches)."""

    think_s: Span = (2.0, 8.0)
    decline_share: float = 0.05
    ignore_share: float = 0.02
    give_back_share: float = 0.01
    give_back_s: Span = (20.0, 120.0)
    break_share: float = 0.01
    break_s: Span = (600.0, 1200.0)
    cruise_share: float = 0.5
    idle_s: Span = (120.0, 600.0)
    """Time at one place before a driver considers another."""
    no_show_s: float = 300.0
    """Waiting time at the pick-up."""
    settle_s: float = 120.0
    """Time after a ride in which the driver waits for its payment."""
    pickup_s: float | None = None
    ride_s: float | None = None


@dataclass(frozen=True, slots=True)
class PassengerBehaviour:
    """Parameters of passengers. ``stay_connected`` keeps the app open after a ride; without ``pays`` it ends unpaid."""

    estimate_share: float = 0.3
    hail_share: float = 0.1
    """Share of requests that become a street hail, if a free vehicle is near."""
    reserve_share: float = 0.03
    reserve_lead_s: Span = (1200.0, 3600.0)
    impatient_share: float = 0.06
    patience_s: Span = (30.0, 240.0)
    walk_s: Span = (5.0, 40.0)
    """From the vehicle's arrival to boarding."""
    reach_for_phone_s: Span = (3.0, 15.0)
    """From the end of the ride to paying."""
    rate_share: float = 0.4
    pays: bool = True
    stay_connected: bool = False


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Parameters of drivers and passengers."""

    driver: DriverBehaviour = DriverBehaviour()
    passenger: PassengerBehaviour = PassengerBehaviour()

    @classmethod
    def for_bench(cls, *, think_s: float, ride_s: float, pickup_s: float | None = None) -> Behaviour:
        """Uniform behaviour: no random choices, no payment, a fixed time to think and to ride."""
        driver = DriverBehaviour(
            think_s=(think_s, think_s),
            decline_share=0,
            ignore_share=0,
            give_back_share=0,
            break_share=0,
            cruise_share=0,
            settle_s=0,
            pickup_s=pickup_s,
            ride_s=ride_s,
        )
        passenger = PassengerBehaviour(
            estimate_share=0, hail_share=0, reserve_share=0, impatient_share=0, walk_s=(0, 0), rate_share=0
        )
        return cls(driver, replace(passenger, pays=False, stay_connected=True))
