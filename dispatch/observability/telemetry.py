"""What the system tells those who run it: logs and metrics, each defined in one place.

Logs go through structlog, also those of libraries that use the standard library's logging. Ids are bound once, at
the edge of a piece of work, and stand in every line below it::

    with about(trip=trip_id, vehicle=vehicle_id):
        log.info("offer accepted", seconds=1.2)

Every process has one :class:`Metrics`, made by whoever starts it and passed on. A gateway asks the others for
theirs and shows all together at ``/metrics`` (:func:`merged`).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple, TextIO

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from structlog.contextvars import bound_contextvars as about
from structlog.types import EventDict, Processor, WrappedLogger

__all__ = ["Metrics", "about", "configure_logging", "merged", "render_metrics_markdown"]

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["console", "json"]

SECRET_KEYS: Final = frozenset(
    {
        "acquirer_secret", "app_auth_token", "auth_code", "authorization", "content_key", "master_key", "md5_key",
        "password", "pin", "private_key", "ride_code", "secret", "sign", "sms_code", "token", "token_secret",
    }
)  # fmt: skip
"""Values under these keys are masked in every log line."""

PHONE_KEYS: Final = frozenset({"contact", "phone"})
"""Of values under these the last three digits are logged."""

CHATTY: Final = ("httpcore", "httpx", "asyncio", "uvicorn.access", "websockets")
"""Libraries whose everyday lines say nothing to us, or too much (httpx logs whole URLs)."""

FAST_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
LATENCY_S: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 30.0, 60.0)
BATCH: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


# ── logs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Handler(logging.StreamHandler[TextIO]):
    """Ours among the root logger's handlers, so that a second set-up replaces the first."""


def configure_logging(level: Level = "info", fmt: Format = "console", stream: TextIO | None = None) -> None:
    """Send all logs of this process to ``stream`` (standard error). May be called again to change its mind.

    Start uvicorn with ``log_config=None``, or it puts its own handlers beside ours.
    """
    out = stream or sys.stderr
    handler = _Handler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(fmt, out)],
            foreign_pre_chain=_common(),
        )
    )
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each, _Handler)] + [handler]
    root.setLevel(level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _common() -> list[Processor]:
    """What every line gets, whoever logs it."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _mask_secrets,
    ]


def _rendering(fmt: Format, stream: TextIO) -> list[Processor]:
    """How a line looks. Tracebacks show no local variables: those hold tokens and keys."""
    if fmt == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_json)]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)]


def _mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key in SECRET_KEYS.intersection(event):
        event[key] = "***"
    for key in PHONE_KEYS.intersection(event):
        event[key] = f"…{str(event[key])[-3:]}"
    return event


def _json(event: EventDict, **_options: object) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()


# ── metrics ──────────────────────────────────────────────────────────────────────────────────────────────────────


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
        self.cut_dials = make.counter("cut_dials", "TCP connections cut because their address opens too many.")
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


def render_metrics_markdown() -> str:
    """The text of ``docs/metrics.md``."""
    rows = [f"| `{i.name}` | {i.kind} | {', '.join(f'`{x}`' for x in i.labels)} | {i.help} |" for i in Metrics().infos]
    return "\n".join(
        [
            "# Metrics",
            "",
            "Made from `dispatch/observability/telemetry.py` by `render_metrics_markdown()`; do not edit.",
            "",
            "Served at `/metrics` for Prometheus. Seconds are wall seconds. Each sample also has the label `process`.",
            "",
            "| metric | kind | labels | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def log_to_file(name: str, data_dir: Path, level: Level, fmt: Format) -> None:
    """Send this process's logs to ``logs/NAME.log`` under the data folder."""
    folder = data_dir / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    stream = (folder / f"{name.replace('/', '-')}.log").open("a", buffering=1, encoding="utf-8")
    configure_logging(level, fmt, stream)
