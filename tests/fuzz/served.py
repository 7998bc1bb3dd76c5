"""All HTTP routes of a gateway in this process: lists and stories over a real journal, the rest in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from dispatch.api.http_routes import READ_ROUTES
from dispatch.clock import CityClock
from dispatch.values.roles import Role
from dispatch.values.units import WallTime
from tests.dispatch.store.buses.memory_bus import MemoryBus
from tests.ws_gateway.conftest import Running
from tests.ws_gateway.fakes import FakeHosts
from tests.ws_gateway.http.reads.fixtures import Library
from tests.ws_gateway.pay.page_client import Booth
from ws_gateway.limits.shared_limits import SharedRateLimiter
from ws_gateway.pay.alipay_sign_in import AlipaySignInRoutes
from ws_gateway.pay.routes import pay_routes
from ws_gateway.settings import GatewaySettings

T = TypeVar("T")
_SUBJECTS: dict[Role, str] = {"driver": "D1", "passenger": "P1", "dispatcher": "B1", "device": "M1", "guest": "t1"}
_READ = {(route.method, route.path) for route in READ_ROUTES}


class Served:
    """The routes and a client, on an event loop of their own, for tests that are no coroutines."""

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner()
        self._folder = folder
        self._stack = AsyncExitStack()

    def __enter__(self) -> Self:
        self._run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._stack.aclose())
        self.running.listening.close()
        self._runner.close()

    def _run(self, job: Awaitable[T]) -> T:
        async def work() -> T:
            return await job

        return self._runner.run(work())

    async def _open(self) -> None:
        self.library = await self._stack.enter_async_context(Library(self._folder))
        self.library.stage.assigned()
        await self.library.write()
        self.running = Running(self._folder, MemoryBus(CityClock()), FakeHosts(), GatewaySettings())
        await self._stack.enter_async_context(self.running.app.router.lifespan_context(self.running.app))
        booth = Booth().fare_due()
        bus = MemoryBus(CityClock())
        ride = AlipaySignInRoutes(booth.context, self.running.sign_in, SharedRateLimiter(bus, CityClock()))
        routes: Sequence[BaseRoute] = [
            *self.running.app.routes,
            *self.library.routes,
            *ride.routes(),
            *pay_routes(booth.context),
        ]
        self.routes = [route for route in routes if isinstance(route, Route)]
        transport = httpx.ASGITransport(Starlette(routes=routes), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://taxi")
        self._http = await self._stack.enter_async_context(client)

    def token(self, method: str, path: str, role: Role) -> str:
        """A token of a role, good at this address."""
        by = self.library if (method, path) in _READ else self.running
        wall = WallTime(by.clock.wall())
        return by.tokens.issue(role, _SUBJECTS[role], session=f"fuzz-{role}", wall=wall, vehicle="V1")

    def ask(self, method: str, path: str | httpx.URL, **options: Any) -> httpx.Response:
        """The response to a request."""
        self._http.cookies.clear()
        return self._run(self._http.request(method, path, **options))
