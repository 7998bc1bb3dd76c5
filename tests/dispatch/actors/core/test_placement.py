"""Where entities live is the same everywhere, and every entity has one place."""

from __future__ import annotations

from collections import Counter

import pytest

from dispatch.actors.core.placement import CONSOLES, Placement, kind_of
from dispatch.domain.commands import ArriveAtPickup, FinishRide, StartRide
from dispatch.domain.entity import EntityKey, Kind
from dispatch.store.journal import shard_of
from tests.dispatch.actors.core.harness import CODE, City, Host, driver, now_or_never, trip_key, vehicle_key

SHARDED = Placement("sharded", 256, {"vehicle": 3, "trip": 2, "payment": 1})
DEDICATED = Placement("dedicated", 256, {})
RIDES = {"V1": "T1", "V2": "T2"}


def test_shards_are_dealt_to_hosts() -> None:
    """Each shard has one host, which says the same of its entities; shares are about equal."""
    keys = [EntityKey("vehicle", f"V{number}") for number in range(3000)]
    homes = Counter(SHARDED.host_of(key) for key in keys)

    assert set(homes) == {"vehicle-0", "vehicle-1", "vehicle-2"}
    assert max(homes.values()) < 1.3 * min(homes.values())
    for key in keys[:100]:
        assert shard_of(key, 256) in SHARDED.shards_of(SHARDED.host_of(key))


def test_hosts_share_all_shards() -> None:
    """The shards of a kind's standing hosts are all shards, each once."""
    assert SHARDED.standing_hosts() == ["vehicle-0", "vehicle-1", "vehicle-2", "trip-0", "trip-1", "payment-0"]
    for kind in ("vehicle", "trip", "payment"):
        hosts = [host for host in SHARDED.standing_hosts() if kind_of(host) == kind]
        assert sorted(shard for host in hosts for shard in SHARDED.shards_of(host)) == list(range(256))


@pytest.mark.parametrize("placement", [SHARDED, DEDICATED])
def test_consoles_hear_every_host(placement: Placement) -> None:
    """Wherever an entity lives, its host's news goes to a name that consoles listen to."""
    for kind in ("vehicle", "trip", "payment"):
        for number in range(100):
            host = placement.host_of(EntityKey(kind, f"x{number}"))
            assert placement.console_of(host) in placement.consoles()


@pytest.mark.parametrize("name", ["V1", "V/1", "trip-0", "a:b"])
def test_dedicated_hosts_hold_one_entity(name: str) -> None:
    """A dedicated host's name says which entity it is for; none stands before its first use."""
    key = EntityKey("vehicle", name)
    host = DEDICATED.host_of(key)

    assert DEDICATED.dedicated_to(host) == key
    assert kind_of(host) == "vehicle"
    assert DEDICATED.standing_hosts() == []
    assert SHARDED.dedicated_to("vehicle-0") is None


def test_a_ride_with_a_host_for_each_entity() -> None:
    """Two rides at once, each car and each trip in a host of its own that knows only its own dues."""
    city = City()
    pairs = {vehicle: own_hosts(city, vehicle, trip) for vehicle, trip in RIDES.items()}
    for vehicle, trip in RIDES.items():
        city.hosts = pairs[vehicle]
        city.assign(trip, vehicle)
    for vehicle, trip in reversed(RIDES.items()):
        city.hosts = pairs[vehicle]
        for command in (ArriveAtPickup(trip), StartRide(trip, CODE), FinishRide(trip)):
            city.do(vehicle_key(vehicle), command, driver(vehicle))
        assert city.states(vehicle, trip) == ("idle", "fare_due")
        assert list(city.vehicles.core.entries) == [vehicle_key(vehicle)]
        assert list(city.trips.core.entries) == [trip_key(trip)]


def own_hosts(city: City, vehicle: str, trip: str) -> dict[Kind, Host]:
    """A host for a vehicle and one for a trip, born as dedicated hosts are: with the dues of the one entity."""
    hosts: dict[Kind, Host] = {}
    for key in (vehicle_key(vehicle), trip_key(trip)):
        host = hosts[key.kind] = Host(city, key.kind, DEDICATED.host_of(key))
        (history,) = now_or_never(city.journal.load([key]))
        host.core.arm(history.scheduled, city.clock.city())
    return hosts


def test_the_map_is_told_by_vehicle_hosts() -> None:
    """Under the names of those hosts, or those that dedicated ones share: a console listens to no others."""
    sharded = Placement(policy="sharded", shards=256, hosts={"vehicle": 2, "trip": 1, "payment": 1})
    dedicated = Placement(policy="dedicated", shards=256, hosts={"vehicle": 2, "trip": 1, "payment": 1})
    assert sharded.map_names() == ["vehicle-0", "vehicle-1"]
    assert len(dedicated.map_names()) == CONSOLES
    assert dedicated.console_of("vehicle/V17") in dedicated.map_names()
