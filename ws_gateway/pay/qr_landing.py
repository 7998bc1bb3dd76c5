"""From the QR code in the car to the ride's page: identifies the car, the passenger and the ride.

Rule 1: a return from the authorization page is accepted only with the ``state`` that this browser left with: it derives
from a signed cookie of the browser, which is deleted after one use and expires after ten minutes.
"""

import hmac
from typing import Final
from urllib.parse import quote

import structlog
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.registry import VehicleRecord
from dispatch.payment.core.error_texts import UNCLEAR, error_text
from dispatch.payment.core.port import Refusal, Unknown
from dispatch.payment.gateways.alipay_oauth import AlipayUser
from ws_gateway.pay.alipay_sign_in import arrived_in_app, refused_in_app
from ws_gateway.pay.browser import is_alipay
from ws_gateway.pay.page_context import PageContext, known_name, ride_path
from ws_gateway.pay.qr_code import inline_code, pay_url
from ws_gateway.pay.responses import JOURNEY_COOKIE, RIDE_COOKIE, SESSION_COOKIE, Visit
from ws_gateway.pay.signed_forms import AuthorizationRequest, PageSession

LOOK_AGAIN_S: Final = 5
_log = structlog.get_logger("pay")


class QrLanding:
    """The endpoints that lead to a ride's page."""

    def __init__(self, context: PageContext) -> None:
        self._context = context

    async def number(self, visit: Visit, request: Request) -> Response:
        """``GET /pay``: enter the car number.

        The page itself redirects: a form's redirect must not leave for the authorization page (CSP ``form-action``).
        """
        typed = request.query_params.get("vehicle", "").strip()
        if not typed:
            return self._context.responses.page(visit, "number.html")
        car = await self._typed_car(known_name(typed, ErrorCode.UNKNOWN_VEHICLE))
        return self._context.responses.page(visit, "onward.html", {"onward": f"/pay/{quote(car.id, safe='')}"})

    async def _typed_car(self, typed: str) -> VehicleRecord:
        """Phones capitalise at will: also try upper case."""
        try:
            return await self._context.commands.car(typed)
        except DispatchError as error:
            if error.code is not ErrorCode.UNKNOWN_VEHICLE or typed == typed.upper():
                raise
            return await self._context.commands.car(typed.upper())

    async def car(self, visit: Visit, request: Request) -> Response:
        """``GET /pay/{vehicle}``: the URL in the QR code."""
        car = await self._context.commands.car(known_name(request.path_params["vehicle"], ErrorCode.UNKNOWN_VEHICLE))
        again = request.query_params.get("ride", "")
        ride = known_name(again, ErrorCode.UNKNOWN_TRIP) if again else ""
        if visit.session is not None and visit.session.account == self._context.authorizers.account_of(car.company):
            return await self._to_ride(visit, request, car, ride)
        sandbox = bool(self._context.responses.bridge_url)
        if is_alipay(request.headers.get("user-agent", "")) or (sandbox and request.query_params.get("sandbox") == "1"):
            return await self._depart(request, car, ride)
        shown = {
            "vehicle": car.id,
            "code": Markup(inline_code(pay_url(self._context.public_url, car.id))),  # noqa: S704 - our own SVG
            "sandbox": "?sandbox=1" + (f"&ride={ride}" if ride else "") if sandbox else "",
        }
        return self._context.responses.page(visit, "browser.html", shown)

    async def _to_ride(self, visit: Visit, request: Request, car: VehicleRecord, ride: str) -> Response:
        trip = ride or await self._context.commands.ride_in(car.id)
        if trip is not None:
            return self._context.responses.redirect(ride_path(car.id, trip))
        again = f"/pay/{quote(car.id, safe='')}"
        last = request.cookies.get(RIDE_COOKIE, "")
        before = last if last.startswith(f"{again}/") else ""
        shown = {"vehicle": car.id, "again": again, "before": before, "refresh_s": LOOK_AGAIN_S}
        return self._context.responses.page(visit, "nothing.html", shown)

    async def _depart(self, request: Request, car: VehicleRecord, ride: str) -> Response:
        await self._context.limits.check_sign_in(request)
        account = self._context.authorizers.account_of(car.company)
        authorizer = self._context.authorizers.authorizer_for(account)
        if authorizer is None:
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        journey = self._context.sign(
            AuthorizationRequest(vehicle=car.id, account=account, nonce=self._context.new_id(), trip=ride)
        )
        url = authorizer.authorize_url(
            self._context.signer.state_for(journey), f"{self._context.public_url}/pay/callback"
        )
        response = self._context.responses.redirect(url)
        self._context.responses.set_cookie(response, JOURNEY_COOKIE, journey)
        return response

    async def callback(self, visit: Visit, request: Request) -> Response:
        """``GET /pay/callback``: back from the authorization page; the request's cookie is deleted in every case."""
        try:
            response = await self._arrive(visit, request)
        except DispatchError as error:
            response = self._context.problem(visit, error.code, again="/pay")
        self._context.responses.clear_cookie(response, JOURNEY_COOKIE)
        return response

    async def _arrive(self, visit: Visit, request: Request) -> Response:
        await self._context.limits.check_sign_in(request)
        sealed = request.cookies.get(JOURNEY_COOKIE, "")
        if not hmac.compare_digest(
            self._context.signer.state_for(sealed), _ascii(request.query_params.get("state", ""))
        ):
            raise DispatchError(ErrorCode.BAD_TOKEN)
        journey = self._context.signer.read(AuthorizationRequest, sealed, self._context.clock.wall())
        authorizer = self._context.authorizers.authorizer_for(journey.account)
        code = request.query_params.get("auth_code", "")
        answer = await authorizer.exchange_code(code) if authorizer is not None and code else None
        if not isinstance(answer, AlipayUser):
            return self._not_identified(visit, answer, journey)
        session = PageSession(user_id=answer.user_id, account=journey.account, sid=self._context.new_id())
        if not journey.vehicle:
            return arrived_in_app(self._context, session)
        response = self._context.responses.redirect(_way_back(journey))
        self._context.responses.set_cookie(response, SESSION_COOKIE, self._context.sign(session))
        return response

    def _not_identified(
        self, visit: Visit, answer: Refusal | Unknown | None, journey: AuthorizationRequest
    ) -> Response:
        if answer is not None:
            _log.warning("Alipay did not identify passenger", answer=answer)
        code = ErrorCode.UNAVAILABLE if isinstance(answer, Unknown) else ErrorCode.WRONG_CREDENTIALS
        if not journey.vehicle:
            return refused_in_app(code)
        text = UNCLEAR if isinstance(answer, Unknown) else error_text(answer.code) if answer is not None else None
        detail = "" if text is None else visit.texts.phrase(text)[0]
        return self._context.problem(visit, code, again=_way_back(journey), detail=detail)


def _way_back(journey: AuthorizationRequest) -> str:
    return f"/pay/{quote(journey.vehicle, safe='')}" + (f"?ride={journey.trip}" if journey.trip else "")


def _ascii(text: str) -> str:
    return text if text.isascii() else ""
