"""The client in the documents for app developers runs: against a gateway on a real port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from dispatch.actors.core.protocol import Push
from dispatch.api.fields import OfferView, VehicleView
from dispatch.api.server_messages import Heard
from dispatch.domain.commands import AcceptOffer, StartShift, decode_command
from dispatch.values.place import Place
from tests.ws_gateway.conftest import Running, eventually

pytestmark = pytest.mark.integration
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "driver_app.py"
OFFER = OfferView(offer="o7", trip="t5", pickup=Place(37.78, -122.41), pickup_s=60.0, expires_at=2e9)
OFFERED = VehicleView("V1", "offered", offer=OFFER)


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The documented file as a module."""
    spec = spec_from_file_location("driver_app", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
async def app(example: ModuleType, gateway: Running) -> AsyncIterator[Any]:
    """The app of driver D1, running."""
    client = example.DriverApp(f"http://127.0.0.1:{gateway.port}", "D1", "1234", "V1")
    running = asyncio.create_task(client.run())
    yield client
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def _said(gateway: Running, kind: type[object]) -> int:
    return sum(isinstance(decode_command(each.body), kind) for each in gateway.hosts.envelopes)


async def test_it_works_a_shift(gateway: Running, app: Any) -> None:
    """It signs in, goes online, sends positions until they are heard, and accepts what it is offered."""
    await eventually(lambda: _said(gateway, StartShift) == 1 and not app.unanswered)
    await gateway.hosts.got_rows.wait()
    heard = gateway.hosts.rows[-1].n
    gateway.hosts.push(Push("vehicle:V1", "driver", 0, msgspec.msgpack.encode(Heard(heard))))
    await eventually(lambda: heard not in app.unacked)
    gateway.hosts.happen("vehicle:V1", "driver", "offer_made", vehicle=OFFERED)

    await eventually(lambda: _said(gateway, AcceptOffer) == 1)


async def test_it_resumes_where_it_was(gateway: Running, app: Any) -> None:
    """After a lost socket it names the last number it saw, and takes the offer that came meanwhile."""
    await eventually(lambda: ("vehicle:V1", "driver") in gateway.hosts.followed)
    gateway.hosts.happen("vehicle:V1", "driver", "shift_started", vehicle=VehicleView("V1", "idle"))
    await eventually(lambda: app.seen == 1 and not app.unanswered)
    app.socket.transport.abort()
    await eventually(lambda: app.socket is None)
    gateway.hosts.happen("vehicle:V1", "driver", "offer_made", vehicle=OFFERED)

    await eventually(lambda: _said(gateway, AcceptOffer) == 1)
    assert gateway.hosts.attachments[-1].after == 1
