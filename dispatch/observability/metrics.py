"""Metrics of a process: all are defined in :class:`Metrics`, which is created at start and passed on.

A gateway collects the metrics of all processes and serves them together at ``/metrics`` (:func:`merged`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

FAST_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
LATENCY_S: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 30.0, 60.0)
BATCH: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class MetricInfo(NamedTuple):
    """One row of ``docs/metrics.md``."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


class _Catalogue:
    """Creates metrics in one registry and records their descriptions."""

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

    def old_name(self, old: str, collector: Collector, new: str) -> None:
        """Export the metric ``new`` of ``collector`` under ``old`` too, until the next release."""
        renamed = _Renamed(collector, new, old)
        (family,) = renamed.collect()
        suffix = "_total" if family.type == "counter" else ""
        self.infos.append(MetricInfo(f"{old}{suffix}", family.type, (), family.documentation))
        self._registry.register(renamed)


class _Renamed(Collector):
    """One metric family of another collector under its old name."""

    def __init__(self, collector: Collector, new: str, old: str) -> None:
        self._collector = collector
        self._new = new
        self._old = old

    def collect(self) -> Iterator[Metric]:
        for family in self._collector.collect():
            if family.name == self._new:
                renamed = Metric(self._old, f"Old name of {self._new}, removed with the next release.", family.type)
                for sample in family.samples:
                    renamed.add_sample(sample.name.replace(self._new, self._old, 1), sample.labels, sample.value)
                yield renamed


class Metrics:
    """All metrics of one process, in their own registry. Seconds are wall seconds."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry(auto_describe=True)
        make = _Catalogue(self.registry)
        self.commands = make.counter("commands", "Commands answered.", "kind", "outcome")
        self.command_seconds = make.histogram(
            "command_seconds", "Time from the arrival of a command to its reply.", "kind", buckets=FAST_S
        )
        self.refused = make.counter("refused_messages", "Messages refused, by error number.", "code")
        self.offers = make.counter("offers", "Offers ended: accepted, declined, expired, withdrawn.", "outcome")
        self.request_to_offer_seconds = make.histogram(
            "request_to_offer_seconds", "Time from a request's acknowledgement to its first offer.", buckets=LATENCY_S
        )
        self.open_trips = make.gauge("open_trips", "Trips that have not ended.", "state")
        self.fixes = make.counter("fixes", "GPS fixes received, by verdict: accepted, old, future, jump.", "verdict")
        self.commit_events = make.histogram("commit_events", "Events in one journal transaction.", buckets=BATCH)
        self.commit_seconds = make.histogram("commit_seconds", "Time of one journal transaction.", buckets=FAST_S)
        self.journal_conflicts = make.counter(
            "journal_conflicts", "Transactions rejected because another owner wrote to the stream first.", "kind"
        )
        self.outbox_dropped = make.counter("outbox_dropped", "Unsent positions replaced by a newer one.")
        self.slow_closes = make.counter("slow_closes", "Slow consumers disconnected.")
        self.cut_connections = make.counter("cut_connections", "TCP connections closed by the limit of their address.")
        make.old_name("taxi_cut_dials", self.cut_connections, "taxi_cut_connections")
        self.shedding = make.gauge("shedding", "Load shedding level: 0 none, 1 live map, 2 live map and positions.")
        self.shed = make.counter("shed", "Messages dropped by load shedding: map_frame, car_position, fix.", "what")
        self.connections = make.gauge("connections", "Open WebSocket connections.", "role")
        self.payments = make.counter("payments", "Payments that entered a state, `unknown` among them.", "state")
        self.payment_seconds = make.histogram(
            "payment_seconds", "Time from the end of a ride to its payment.", buckets=LATENCY_S
        )
        self.matcher_window_seconds = make.histogram(
            "matcher_window_seconds", "Computing time of one matching window.", "region", buckets=FAST_S
        )
        self.matcher_waiting = make.gauge("matcher_waiting", "Open requests without a vehicle.", "region")
        self.proposals = make.counter("proposals", "Vehicles proposed to trips.", "region")
        self.alarms = make.counter("alarms", "Alarms raised for dispatchers.", "kind")
        process = ProcessCollector(registry=self.registry)
        make.old_name("taxi_born_at", process, "process_start_time_seconds")
        self.infos: Final = tuple(make.infos)

    def expose(self) -> bytes:
        return generate_latest(self.registry)


class _Merged(Collector):
    """The metrics of several processes as one set; each sample gets the label ``process``."""

    def __init__(self, parts: Mapping[str, bytes]) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
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
    """Merge the expositions of several processes, by process name, into one exposition."""
    registry = CollectorRegistry()
    registry.register(_Merged(parts))
    return generate_latest(registry)
