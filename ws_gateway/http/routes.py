"""HTTP routes without a token: sign-in, health, metrics, and Alipay's notifications."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import msgspec
import structlog
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dispatch.api.fields import Id, Phone
from dispatch.domain.errors import DispatchError
from ws_gateway.auth.sign_in import Issued, SignIn
from ws_gateway.http.responses import Endpoint, bearer_of, body_of, json_response, read_json, with_refusals
from ws_gateway.limits.address_limits import AddressLimits
from ws_gateway.ports import NotificationReceiver

Secret = Annotated[str, Meta(min_length=1, max_length=200)]
Check = Callable[[], Awaitable[bool]]
R = TypeVar("R", bound=msgspec.Struct)

_CHECK_S: Final = 3.0
_log = structlog.get_logger("gateway")


class DriverSignIn(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /v1/auth/driver``."""

    number: Id
    pin: Secret
    vehicle: Id


class DispatcherSignIn(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /v1/auth/dispatcher``."""

    name: Id
    password: Secret


class DeviceSignIn(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /v1/auth/device``."""

    device: Id
    key: Secret


class CodeRequest(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /v1/auth/passenger/code``."""

    phone: Phone


class PassengerSignIn(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /v1/auth/passenger``."""

    phone: Phone
    code: Annotated[str, Meta(pattern=r"^[0-9]{6}$")]


@dataclass(frozen=True, kw_only=True)
class Routes:
    """``checks`` are the parts of ``/ready``; ``expose`` returns the text of ``/metrics``."""

    sign_in: SignIn
    sign_out: Callable[[str], Awaitable[None]]
    addresses: AddressLimits
    payments: NotificationReceiver
    checks: Mapping[str, Check]
    expose: Callable[[], Awaitable[bytes]]
    draining: Callable[[], bool]

    def all(self) -> list[Route]:
        sign_in = self.sign_in
        return [
            self._sign_in_route("driver", DriverSignIn, lambda it: sign_in.driver(it.number, it.pin, it.vehicle)),
            self._sign_in_route("dispatcher", DispatcherSignIn, lambda it: sign_in.dispatcher(it.name, it.password)),
            self._sign_in_route("device", DeviceSignIn, lambda it: sign_in.device(it.device, it.key)),
            self._sign_in_route("passenger", PassengerSignIn, lambda it: sign_in.passenger(it.phone, it.code)),
            Route("/v1/auth/passenger/code", self._answering(self._code), methods=["POST"]),
            Route("/v1/auth/sign_out", with_refusals(self._signing_out), methods=["POST"]),
            Route("/health", _health, methods=["GET"]),
            Route("/ready", self._ready, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
            Route("/alipay/notify", self._notify, methods=["POST"]),
            Route("/alipay/notify/{company}", self._notify, methods=["POST"]),
        ]

    def _sign_in_route(self, role: str, kind: type[R], issue: Callable[[R], Awaitable[Issued]]) -> Route:
        async def endpoint(body: bytes) -> Response:
            return json_response(await issue(read_json(body, kind)))

        return Route(f"/v1/auth/{role}", self._answering(endpoint), methods=["POST"])

    async def _code(self, body: bytes) -> Response:
        await self.sign_in.send_code(read_json(body, CodeRequest).phone)
        return Response(status_code=202)

    async def _signing_out(self, request: Request) -> Response:
        await self.sign_out(bearer_of(request))
        return Response(status_code=204)

    async def _ready(self, _: Request) -> Response:
        answers = await asyncio.gather(*(_holds(check) for check in self.checks.values()))
        parts = {"gateway": not self.draining(), **dict(zip(self.checks, answers, strict=True))}
        return json_response({"ready": all(parts.values()), "parts": parts}, 200 if all(parts.values()) else 503)

    async def _metrics(self, _: Request) -> Response:
        return Response(await self.expose(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _notify(self, request: Request) -> Response:
        """Alipay expects exactly ``success``; after any other answer it sends the notification again."""
        try:
            body = await body_of(request)
            company = request.path_params.get("company", "")
            committed = await self.payments.receive_notification(body, request.headers.get("content-type", ""), company)
        except DispatchError:
            committed = False
        except Exception:  # noqa: BLE001 - Alipay sends it again after any failure
            _log.exception("notification handling failed")
            committed = False
        return PlainTextResponse("success" if committed else "failure")

    def _answering(self, endpoint: Callable[[bytes], Awaitable[Response]]) -> Endpoint:
        async def answer(request: Request) -> Response:
            self.addresses.check_sign_in(request.scope)
            return await endpoint(await body_of(request))

        return with_refusals(answer)


async def _health(_: Request) -> Response:
    return json_response({"alive": True})


async def _holds(check: Check) -> bool:
    try:
        async with asyncio.timeout(_CHECK_S):
            return await check()
    except Exception:  # noqa: BLE001 - a failed check is not ready
        _log.exception("readiness check failed")
        return False
