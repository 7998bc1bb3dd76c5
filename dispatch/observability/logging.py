"""Logs of a process: structlog for our own code, and the standard ``logging`` module of libraries routed through it."""

import logging
import sys
from pathlib import Path
from typing import Final, Literal, TextIO

import msgspec
import structlog
from structlog.types import EventDict, Processor, WrappedLogger

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
"""Only the last three digits of values under these keys are logged."""
CHATTY: Final = ("httpcore", "httpx", "asyncio", "uvicorn.access", "websockets")
"""Libraries logged from ``warning`` up: their other lines are noise, or expose secrets (httpx logs whole URLs)."""


class _Handler(logging.StreamHandler[TextIO]):
    """Our handler on the root logger, so that a second call replaces the first one's."""


def configure_logging(level: Level = "info", fmt: Format = "console", stream: TextIO | None = None) -> None:
    """Send all logs of this process to ``stream`` (standard error by default). Can be called again.

    uvicorn must be started with ``log_config=None``, or it installs its own handlers.
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
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _mask_secrets,
    ]


def _rendering(fmt: Format, stream: TextIO) -> list[Processor]:
    """Tracebacks show no local variables, which could contain tokens and keys."""
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


def log_to_file(name: str, data_dir: Path, level: Level, fmt: Format) -> None:
    folder = data_dir / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    stream = (folder / f"{name.replace('/', '-')}.log").open("a", buffering=1, encoding="utf-8")
    configure_logging(level, fmt, stream)
