"""``taxi token`` and ``taxi schema``."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from dispatch.values.units import WallTime
from tests.taxi_cli.conftest import Taxi
from ws_gateway.auth.tokens import Tokens
from ws_gateway.session.identity import Identity

DATA = ("--data-dir", "data")


@pytest.fixture
def company(taxi: Taxi) -> Taxi:
    """A car that Ben alone was given, another that only Ana may drive, who may drive all; a dispatcher, a meter."""
    for words in (
        ("vehicle", "V1", "--plate", "1", "--company", "C"),
        ("vehicle", "V2", "--plate", "2", "--company", "C"),
        ("driver", "1001", "--name", "Ana", "--phone", "1", "--pin", "4711", "--may-drive", "*"),
        ("driver", "1002", "--name", "Ben", "--phone", "1", "--pin", "4711", "--may-drive", "V1"),
        ("dispatcher", "dora", "--password", "correct horse"),
        ("device", "M1", "--vehicle", "V2", "--key", "0123456789"),
    ):
        assert taxi("add", *words, *DATA).exit_code == 0
    return taxi


def identity(token: str) -> Identity:
    """Who a gateway on this data folder takes the holder for."""
    secret = Path("data/token_secret").read_text(encoding="ascii").encode()
    return Tokens(secret, 60.0).verify(token.strip(), WallTime(time.time()))


def test_a_drivers_token_is_of_one_who_may_drive(company: Taxi) -> None:
    """Who was given just this car comes first, then who may drive all; nobody is made."""
    assert identity(company("token", "driver", "V1", *DATA).stdout).subject == "1002"
    found = identity(company("token", "driver", "V2", *DATA).stdout)
    assert (found.role, found.subject, found.vehicle) == ("driver", "1001", "V2")
    assert identity(company("token", "driver", "V1", "--driver", "1001", *DATA).stdout).subject == "1001"


def test_the_other_roles(company: Taxi) -> None:
    """A passenger by the phone, twice the same; a dispatcher; a device with its vehicle."""
    first = identity(company("token", "passenger", "+14155550001", *DATA).stdout)
    again = identity(company("token", "passenger", "+14155550001", *DATA).stdout)
    assert (first.role, first.subject) == ("passenger", again.subject)
    assert identity(company("token", "dispatcher", "dora", *DATA).stdout).subject == "dora"
    meter = identity(company("token", "device", "M1", *DATA).stdout)
    assert (meter.role, meter.subject, meter.vehicle) == ("device", "M1", "V2")


@pytest.mark.parametrize(
    "words",
    [
        ("driver", "V9"),
        ("driver", "V2", "--driver", "1002"),
        ("passenger", "call me"),
        ("dispatcher", "nobody"),
        ("device", "M9"),
    ],
)
def test_no_token_for_whom_the_registry_does_not_know(company: Taxi, words: tuple[str, ...]) -> None:
    """One line, exit code 1, no token."""
    done = company("token", *words, *DATA)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


def test_a_car_that_nobody_may_drive(taxi: Taxi) -> None:
    """The error says what would help."""
    assert taxi("add", "vehicle", "V1", "--plate", "1", "--company", "C", *DATA).exit_code == 0
    done = taxi("token", "driver", "V1", *DATA)
    assert done.exit_code == 1
    assert "taxi add driver" in done.stderr


def test_the_schema_in_its_forms(taxi: Taxi) -> None:
    """AsyncAPI by default; JSON Schema, Markdown and OpenAPI by option; not two at once."""
    assert msgspec.json.decode(taxi("schema").stdout)["asyncapi"].startswith("3.")
    assert "$defs" in msgspec.json.decode(taxi("schema", "--json-schema").stdout)
    assert taxi("schema", "--markdown").stdout.startswith("#")
    assert "/v1/trips" in msgspec.json.decode(taxi("schema", "--openapi").stdout)["paths"]
    assert taxi("schema", "--markdown", "--json-schema").exit_code == 1
