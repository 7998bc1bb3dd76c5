"""Logs carry their ids and no secrets."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from dispatch.observability.logging import Format, configure_logging

DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Leave logging as it was found."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    """The JSON lines that were logged."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_line_has_event_level_time_and_ids() -> None:
    """A line says what happened, when, how grave, and to which trip and vehicle."""
    configure_logging("info", "json", out := io.StringIO())

    with bound_contextvars(trip="T1", vehicle="V7"):
        structlog.get_logger("dispatch.domain.trip.trip").info("offer accepted", seconds=1.5)

    (line,) = lines(out)
    assert line.pop("timestamp")
    assert line == {
        "event": "offer accepted", "level": "info", "logger": "dispatch.domain.trip.trip", "seconds": 1.5,
        "trip": "T1", "vehicle": "V7",
    }  # fmt: skip


def test_library_logs_look_the_same() -> None:
    """The standard library's logging is routed through, with the ids that are bound."""
    configure_logging("info", "json", out := io.StringIO())

    with bound_contextvars(trip="T1"):
        logging.getLogger("some.library").warning("lost %s", "it")

    (line,) = lines(out)
    assert (line["event"], line["level"], line["trip"]) == ("lost it", "warning", "T1")


def test_ids_end_with_their_block() -> None:
    """What was bound does not leak into the next piece of work."""
    configure_logging("info", "json", out := io.StringIO())

    with bound_contextvars(trip="T1"):
        pass
    structlog.get_logger("x").info("later")

    assert "trip" not in lines(out)[0]


def test_level_holds_for_both() -> None:
    """Below the level nothing is written; chatty libraries are heard from warning on."""
    configure_logging("info", "json", out := io.StringIO())

    structlog.get_logger("x").debug("small talk")
    logging.getLogger("x").debug("small talk")
    logging.getLogger("httpx").info("GET https://alipay/?sign=abc")

    assert not lines(out)


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_secrets_are_masked(fmt: Format) -> None:
    """A token that is logged by mistake is not readable, nor are local variables in a traceback."""
    configure_logging("info", fmt, out := io.StringIO())

    secret = "s3-cret"

    def fails(token: str) -> None:
        raise RuntimeError("no")

    structlog.get_logger("x").info("signed in", token=secret, pin=secret)
    try:
        fails(secret)
    except RuntimeError:
        structlog.get_logger("x").exception("broken")

    assert "***" in out.getvalue()
    assert "RuntimeError: no" in out.getvalue()
    assert secret not in out.getvalue()


def test_console_is_for_people() -> None:
    """The console shows one readable line, without colours where it is no terminal."""
    configure_logging("info", "console", out := io.StringIO())

    structlog.get_logger("x").info("ready", port=8080)

    assert "ready" in out.getvalue()
    assert "port=8080" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_second_set_up_replaces_the_first() -> None:
    """Nothing is logged twice."""
    configure_logging("info", "json", first := io.StringIO())
    configure_logging("info", "json", second := io.StringIO())

    structlog.get_logger("x").info("once")

    assert not first.getvalue()
    assert len(lines(second)) == 1


def test_values_that_json_does_not_know_are_shown() -> None:
    """An odd value never costs the line."""
    configure_logging("info", "json", out := io.StringIO())

    structlog.get_logger("x").info("odd", value=object)

    assert "class" in str(lines(out)[0]["value"])
