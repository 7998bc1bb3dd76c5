"""The URLs of the payment pages.

GET  /pay                              enter the car number
GET  /pay/callback                     return from Alipay's authorization page
GET  /pay/bill/{trip}                  the bill, for the payer
GET  /pay/{vehicle}                    the URL of the QR code in the car
GET  /pay/{vehicle}/{trip}             the ride's page
GET  /pay/{vehicle}/{trip}/state       the same as JSON for its script: step, seq, word
POST /pay/{vehicle}/{trip}/order       pay
POST /pay/{vehicle}/{trip}/fare        enter the fare
POST /pay/{vehicle}/{trip}/stop        cancel the open order

A GET of a form's URL redirects to the ride's page.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.domain.errors import DispatchError, ErrorCode
from ws_gateway.pay.alipay_sign_in import RIDE
from ws_gateway.pay.browser import LANGUAGES, language_of
from ws_gateway.pay.i18n import translator
from ws_gateway.pay.page_context import PageContext
from ws_gateway.pay.qr_landing import QrLanding
from ws_gateway.pay.responses import HOME_COOKIE, LANGUAGE_COOKIE, SESSION_COOKIE, Visit
from ws_gateway.pay.ride_page import RidePage
from ws_gateway.pay.signed_forms import PageSession

_PASSES = (ErrorCode.UNAVAILABLE, ErrorCode.INTERNAL, ErrorCode.TOO_MANY_ATTEMPTS)
_HOMES: Final = {"ride": RIDE}
"""Values of ``?back=``."""
_Endpoint = Callable[[Visit, Request], Awaitable[Response]]
_log = structlog.get_logger("pay")


def pay_routes(context: PageContext) -> list[Route]:
    arrival, ride = QrLanding(context), RidePage(context)
    on_ride = "/pay/{vehicle}/{trip}"
    seen: dict[str, _Endpoint] = {
        "/pay": arrival.number,
        "/pay/callback": arrival.callback,
        "/pay/bill/{trip}": ride.bill,
        "/pay/{vehicle}": arrival.car,
        on_ride: ride.page,
        f"{on_ride}/state": ride.state,
    }
    done: dict[str, _Endpoint] = {
        f"{on_ride}/order": ride.order,
        f"{on_ride}/fare": ride.fare,
        f"{on_ride}/stop": ride.stop,
    }
    endpoints = _PageEndpoints(context)
    return [
        *(Route(path, endpoints.wrap(endpoint), methods=["GET"]) for path, endpoint in seen.items()),
        *(Route(path, endpoints.wrap(endpoint), methods=["POST"]) for path, endpoint in done.items()),
        *(Route(path, endpoints.wrap(ride.again), methods=["GET"]) for path in done),
    ]


class _PageEndpoints:
    """Shared by all endpoints: session, language and limits of the visit; every failure becomes a page."""

    def __init__(self, context: PageContext) -> None:
        self._context = context

    def wrap(self, endpoint: _Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            visit = self._visit(request)
            try:
                await self._context.limits.check_page(request, visit.session)
                response = await endpoint(visit, request)
            except DispatchError as error:
                _log.info("payment page refused", path=request.url.path, code=error.code.value)
                response = self._context.problem(visit, error.code, again=_again(request, error.code))
            except Exception:  # noqa: BLE001 - the passenger gets an error number in every case
                _log.exception("payment page failed", path=request.url.path)
                response = self._context.problem(visit, ErrorCode.INTERNAL, again=_again(request, ErrorCode.INTERNAL))
            if _HOMES.get(request.query_params.get("back", "")):
                self._context.responses.set_cookie(response, HOME_COOKIE, visit.home)
            if request.query_params.get("lang") in LANGUAGES:
                self._context.responses.set_cookie(response, LANGUAGE_COOKIE, visit.texts.language)
            return self._context.responses.with_security_headers(response, visit.nonce)

        return answer

    def _visit(self, request: Request) -> Visit:
        chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "")
        texts = translator(language_of(chosen, request.headers))
        return Visit(texts, self._session(request), secrets.token_urlsafe(16), _home(request))

    def _session(self, request: Request) -> PageSession | None:
        sealed = request.cookies.get(SESSION_COOKIE)
        try:
            return self._context.signer.read(PageSession, sealed, self._context.clock.wall()) if sealed else None
        except DispatchError:
            return None


def _home(request: Request) -> str:
    named = _HOMES.get(request.query_params.get("back", ""), request.cookies.get(HOME_COOKIE, ""))
    return named if named in _HOMES.values() else ""


def _again(request: Request, code: ErrorCode) -> str:
    if code not in _PASSES:
        return ""
    return request.url.path.rpartition("/")[0] if request.method == "POST" else request.url.path
