"""Whoever writes down what apps are told forgets nothing and makes nothing up."""

from __future__ import annotations

from sim.metrics.delivery_log import DeliveryLog


def test_every_update_by_its_number() -> None:
    """Told to several apps, it is one event; told otherwise, it is a difference."""
    delivery_log = DeliveryLog([])
    delivery_log.update("trip:t1", 1, "trip_requested")
    delivery_log.update("trip:t1", 1, "trip_requested")
    delivery_log.update("trip:t1", 1, "trip_cancelled")
    delivery_log.snapshot("trip:t1", 4)
    delivery_log.snapshot("trip:t1", 3)

    assert delivery_log.delivered == {"trip:t1": {1: "trip_requested"}}
    assert delivery_log.differences == ["trip:t1 1: trip_requested, then trip_cancelled"]
    assert delivery_log.last_seen == {"trip:t1": 4}


def test_the_longest_silence() -> None:
    """Of drivers only, while they are connected, and also before a connection ends."""
    delivery_log = DeliveryLog(["V1", "V2"])
    for app, at in (("V1", 10.0), ("P1", 10.0), ("V1", 11.5), ("P1", 90.0)):
        delivery_log.message(app, at)
    assert delivery_log.longest_silence_s == 1.5
    delivery_log.disconnected("V1", 14.0)
    assert delivery_log.longest_silence_s == 2.5
    delivery_log.message("V1", 60.0)
    delivery_log.message("V1", 61.0)
    delivery_log.disconnected("V2", 99.0)

    assert delivery_log.longest_silence_s == 2.5
    assert delivery_log.connected == ["V1"]
