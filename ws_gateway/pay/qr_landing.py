"""From the code in the car to the ride's page: which car, who is at the browser, which ride.

Rule 1: who comes back from the authorization page is believed only with the ``state`` that this browser left with:
it is made from a sealed cookie of the browser, which is gone after one use and after ten minutes.
"""

from __future__ import annotations

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
        self._at = context

    async def number(self, visit: Visit, request: Request) -> Response:
        """``GET /pay``: type the car's number.

        Sent on by the page itself: a form's redirect may not leave for the authorization page (CSP ``form-action``).
        """
        typed = request.query_params.get("vehicle", "").strip()
        if not typed:
            return self._at.responses.page(visit, "number.html")
        car = await self._typed_car(known_name(typed, ErrorCode.UNKNOWN_VEHICLE))
        return self._at.responses.page(visit, "onward.html", {"onward": f"/pay/{quote(car.id, safe='')}"})

    async def _typed_car(self, typed: str) -> VehicleRecord:
        """Phones begin a word in small letters or large ones as they like."""
        try:
            return await self._at.commands.car(typed)
        except DispatchError as error:
            if error.code is not ErrorCode.UNKNOWN_VEHICLE or typed == typed.upper():
                raise
            return await self._at.commands.car(typed.upper())

    async def car(self, visit: Visit, request: Request) -> Response:
        """``GET /pay/{vehicle}``: what the code in the car says."""
        car = await self._at.commands.car(known_name(request.path_params["vehicle"], ErrorCode.UNKNOWN_VEHICLE))
        again = request.query_params.get("ride", "")
        ride = known_name(again, ErrorCode.UNKNOWN_TRIP) if again else ""
        if visit.session is not None and visit.session.account == self._at.authorizers.account_of(car.company):
            return await self._to_ride(visit, request, car, ride)
        sandbox = bool(self._at.responses.bridge_url)
        if is_alipay(request.headers.get("user-agent", "")) or (sandbox and request.query_params.get("sandbox") == "1"):
            return await self._depart(request, car, ride)
        shown = {
            "vehicle": car.id,
            "code": Markup(inline_code(pay_url(self._at.public_url, car.id))),  # noqa: S704 - our own SVG
            "sandbox": "?sandbox=1" + (f"&ride={ride}" if ride else "") if sandbox else "",
        }
        return self._at.responses.page(visit, "browser.html", shown)

    async def _to_ride(self, visit: Visit, request: Request, car: VehicleRecord, ride: str) -> Response:
        trip = ride or await self._at.commands.ride_in(car.id)
        if trip is not None:
            return self._at.responses.redirect(ride_path(car.id, trip))
        again = f"/pay/{quote(car.id, safe='')}"
        last = request.cookies.get(RIDE_COOKIE, "")
        before = last if last.startswith(f"{again}/") else ""
        shown = {"vehicle": car.id, "again": again, "before": before, "refresh_s": LOOK_AGAIN_S}
        return self._at.responses.page(visit, "nothing.html", shown)

    async def _depart(self, request: Request, car: VehicleRecord, ride: str) -> Response:
        """To the authorization page."""
        await self._at.limits.check_sign_in(request)
        account = self._at.authorizers.account_of(car.company)
        authorizer = self._at.authorizers.authorizer_for(account)
        if authorizer is None:
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        journey = self._at.sign(
            AuthorizationRequest(vehicle=car.id, account=account, nonce=self._at.new_id(), trip=ride)
        )
        url = authorizer.authorize_url(self._at.signer.state_for(journey), f"{self._at.public_url}/pay/callback")
        response = self._at.responses.redirect(url)
        self._at.responses.set_cookie(response, JOURNEY_COOKIE, journey)
        return response

    async def callback(self, visit: Visit, request: Request) -> Response:
        """``GET /pay/callback``: back from the authorization page. Whatever comes of it, the journey is over."""
        try:
            response = await self._arrive(visit, request)
        except DispatchError as error:
            response = self._at.problem(visit, error.code, again="/pay")
        self._at.responses.clear_cookie(response, JOURNEY_COOKIE)
        return response

    async def _arrive(self, visit: Visit, request: Request) -> Response:
        await self._at.limits.check_sign_in(request)
        sealed = request.cookies.get(JOURNEY_COOKIE, "")
        if not hmac.compare_digest(self._at.signer.state_for(sealed), _ascii(request.query_params.get("state", ""))):
            raise DispatchError(ErrorCode.BAD_TOKEN)
        journey = self._at.signer.read(AuthorizationRequest, sealed, self._at.clock.wall())
        if not journey.vehicle:
            return await self._arrive_in_app(journey, request.query_params.get("auth_code", ""))
        back = f"/pay/{quote(journey.vehicle, safe='')}" + (f"?ride={journey.trip}" if journey.trip else "")
        authorizer = self._at.authorizers.authorizer_for(journey.account)
        code = request.query_params.get("auth_code", "")
        if authorizer is None or not code:
            return self._at.problem(visit, ErrorCode.WRONG_CREDENTIALS, again=back)
        answer = await authorizer.exchange_code(code)
        if not isinstance(answer, AlipayUser):
            return self._not_told(visit, answer, back)
        response = self._at.responses.redirect(back)
        session = PageSession(user_id=answer.user_id, account=journey.account, sid=self._at.new_id())
        self._at.responses.set_cookie(response, SESSION_COOKIE, self._at.sign(session))
        return response

    async def _arrive_in_app(self, journey: AuthorizationRequest, code: str) -> Response:
        """Back from a journey that began in the passenger's app."""
        authorizer = self._at.authorizers.authorizer_for(journey.account)
        if authorizer is None or not code:
            return refused_in_app(ErrorCode.WRONG_CREDENTIALS)
        answer = await authorizer.exchange_code(code)
        if isinstance(answer, AlipayUser):
            session = PageSession(user_id=answer.user_id, account=journey.account, sid=self._at.new_id())
            return arrived_in_app(self._at, session)
        _log.warning("Alipay did not identify passenger", answer=answer)
        unclear = isinstance(answer, Unknown)
        return refused_in_app(ErrorCode.UNAVAILABLE if unclear else ErrorCode.WRONG_CREDENTIALS)

    def _not_told(self, visit: Visit, answer: Refusal | Unknown, back: str) -> Response:
        """Alipay refused the code, or nobody knows."""
        _log.warning("Alipay did not identify passenger", answer=answer)
        if isinstance(answer, Unknown):
            said = visit.texts.phrase(UNCLEAR)
            return self._at.problem(visit, ErrorCode.UNAVAILABLE, again=back, said=said[0])
        said = visit.texts.phrase(error_text(answer.code))
        return self._at.problem(visit, ErrorCode.WRONG_CREDENTIALS, again=back, said=said[0])


def _ascii(text: str) -> str:
    return text if text.isascii() else ""
