"""Whoever writes down what apps are told forgets nothing and makes nothing up."""

from __future__ import annotations

from sim.metrics.delivery_log import Witness


def test_every_update_by_its_number() -> None:
    """Told to several apps, it is one event; told otherwise, it is a difference."""
    witness = Witness([])
    witness.update("trip:t1", 1, "trip_requested")
    witness.update("trip:t1", 1, "trip_requested")
    witness.update("trip:t1", 1, "trip_cancelled")
    witness.stand("trip:t1", 4)
    witness.stand("trip:t1", 3)

    assert witness.told == {"trip:t1": {1: "trip_requested"}}
    assert witness.differences == ["trip:t1 1: trip_requested, then trip_cancelled"]
    assert witness.stands_at == {"trip:t1": 4}


def test_the_longest_silence() -> None:
    """Of drivers only, while they are connected, and also before a connection ends."""
    witness = Witness(["V1", "V2"])
    for app, at in (("V1", 10.0), ("P1", 10.0), ("V1", 11.5), ("P1", 90.0)):
        witness.message(app, at)
    assert witness.longest_silence_s == 1.5
    witness.gone("V1", 14.0)
    assert witness.longest_silence_s == 2.5
    witness.message("V1", 60.0)
    witness.message("V1", 61.0)
    witness.gone("V2", 99.0)

    assert witness.longest_silence_s == 2.5
    assert witness.connected == ["V1"]
