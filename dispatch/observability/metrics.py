"""Metrics of a process: all are defined in :class:`Metrics`, which is created at start and passed on.

A gateway collects the metrics of all processes and serves them together at ``/metrics`` (:func:`merged`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

FAST_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
LATENCY_S: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 30.0, 60.0)
BATCH: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class MetricInfo(NamedTuple):
    """A metric as its document shows it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


class _Catalogue:
    """Makes metrics in one registry and remembers what it made."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self.infos: list[MetricInfo] = []

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        self.infos.append(MetricInfo(f"taxi_{name}_total", "counter", labels, text))
        return Counter(f"taxi_{name}", text, labels, registry=self._registry)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        self.infos.append(MetricInfo(f"taxi_{name}", "gauge", labels, text))
        return Gauge(f"taxi_{name}", text, labels, registry=self._registry)

    def histogram(self, name: str, text: str, *labels: str, buckets: Sequence[float]) -> Histogram:
        self.infos.append(MetricInfo(f"taxi_{name}", "histogram", labels, text))
        return Histogram(f"taxi_{name}", text, labels, buckets=buckets, registry=self._registry)


class Metrics:
    """All metrics of one process, in a registry of its own. Seconds are wall seconds."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry(auto_describe=True)
        make = _Catalogue(self.registry)
        self.commands = make.counter("commands", "Commands answered.", "kind", "outcome")
        self.command_seconds = make.histogram(
            "command_seconds", "From a command's arrival to its answer.", "kind", buckets=FAST_S
        )
        self.refused = make.counter("refused_messages", "Messages refused, by the error's number.", "code")
        self.offers = make.counter("offers", "Offers ended: accepted, declined, expired, withdrawn.", "outcome")
        self.request_to_offer_seconds = make.histogram(
            "request_to_offer_seconds", "From a request's acknowledgement to its first offer.", buckets=LATENCY_S
        )
        self.open_trips = make.gauge("open_trips", "Trips that have not ended.", "state")
        self.fixes = make.counter("fixes", "GPS fixes: accepted, old, future, jump.", "verdict")
        self.commit_events = make.histogram("commit_events", "Events in one transaction.", buckets=BATCH)
        self.commit_seconds = make.histogram("commit_seconds", "Time of one transaction.", buckets=FAST_S)
        self.journal_conflicts = make.counter(
            "journal_conflicts", "Commits refused because another owner wrote first.", "kind"
        )
        self.outbox_dropped = make.counter("outbox_dropped", "Positions that a newer one replaced before sending.")
        self.slow_closes = make.counter("slow_closes", "Sockets closed because their reader was too slow.")
        self.cut_connections = make.counter(
            "cut_connections", "TCP connections dropped at accept because their address opened too many."
        )
        self.cut_dials = make.counter("cut_dials", "Alias of `taxi_cut_connections_total` for one release.")
        self.shedding = make.gauge("shedding", "What overload leaves out: 0 nothing, 1 the map, 2 positions too.")
        self.shed = make.counter("shed", "Left out because of overload: map_frame, car_position, fix.", "what")
        self.connections = make.gauge("connections", "Open WebSocket connections.", "role")
        self.payments = make.counter("payments", "Payments that reached a state, `unknown` among them.", "state")
        self.payment_seconds = make.histogram(
            "payment_seconds", "From a fare that is due to its payment.", buckets=LATENCY_S
        )
        self.matcher_window_seconds = make.histogram(
            "matcher_window_seconds", "Work of one matching window.", "region", buckets=FAST_S
        )
        self.matcher_waiting = make.gauge("matcher_waiting", "Requests that wait for a car.", "region")
        self.proposals = make.counter("proposals", "Cars proposed to trips.", "region")
        self.born_at = make.gauge("born_at", "When this process was born (Unix seconds); changes when it is replaced.")
        self.alarms = make.counter("alarms", "Alarms raised for people.", "kind")
        self.infos: Final = tuple(make.infos)

    def count_cut_connection(self) -> None:
        """Also counts it under the metric's former name, which stays for one release."""
        self.cut_connections.inc()
        self.cut_dials.inc()

    def expose(self) -> bytes:
        """All values in Prometheus' text format."""
        return generate_latest(self.registry)


class _Merged(Collector):
    """The metrics of several processes as one set; each sample is labelled with its process."""

    def __init__(self, parts: Mapping[str, bytes]) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        """One family for each name, with the samples of all processes."""
        families: dict[str, Metric] = {}
        for process, text in self._parts.items():
            for family in text_string_to_metric_families(text.decode()):
                if family.name.endswith("_created"):
                    continue
                into = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    into.add_sample(sample.name, {**sample.labels, "process": process}, sample.value)
        return iter(families.values())


def merged(parts: Mapping[str, bytes]) -> bytes:
    """The texts of several processes, by the processes' names, as one that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(_Merged(parts))
    return generate_latest(registry)
