"""Sign-in to the passenger's app by Alipay: to its authorization page, back, and a code exchanged for a token.

    GET /v1/auth/alipay ──▶ Alipay's page ──▶ /pay/callback ──▶ /ride/#alipay=CODE ──▶ POST /v1/auth/passenger/alipay

Rule 1: the code is valid once, for two minutes, in the browser that started: the other half is a cookie that scripts
cannot read. The code is in the fragment of the URL, which reaches no server and no log.
Rule 2: the passenger is also signed in to the pages under ``/pay``, so paying a fare needs no second authorization.
"""

import hmac
from typing import Annotated, Final

import msgspec
import structlog
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dispatch.domain.errors import DispatchError, ErrorCode
from ws_gateway.auth.sign_in import Issued, SignIn
from ws_gateway.http.responses import Endpoint, body_of, json_response, read_json, with_refusals
from ws_gateway.limits.shared_limits import SharedRateLimiter
from ws_gateway.limits.token_bucket import RateLimit
from ws_gateway.pay.page_context import PageContext
from ws_gateway.pay.responses import HOME_COOKIE, JOURNEY_COOKIE, SESSION_COOKIE, TICKET_COOKIE
from ws_gateway.pay.signed_forms import AuthorizationRequest, PageSession, SignInTicket

RIDE: Final = "/ride/"
SHARED_ACCOUNT: Final = ""
"""The application shared by all companies without their own."""
_ONCE: Final = RateLimit(1 / 3600.0, 1)
_log = structlog.get_logger("pay")


class AlipaySignIn(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /v1/auth/passenger/alipay``."""

    code: Annotated[str, Meta(min_length=1, max_length=2000)]


class AlipaySignInRoutes:
    """``limiter`` counts for all gateways, so a code is valid once."""

    def __init__(self, context: PageContext, passengers: SignIn, limiter: SharedRateLimiter) -> None:
        self._context = context
        self._passengers = passengers
        self._limiter = limiter

    def routes(self) -> list[Route]:
        return [
            Route("/v1/auth/alipay", self._answering(self._depart), methods=["GET"]),
            Route("/v1/auth/passenger/alipay", with_refusals(self._issuing), methods=["POST"]),
        ]

    def _answering(self, endpoint: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except DispatchError as error:
                return refused_in_app(error.code)

        return answer

    async def _depart(self, request: Request) -> Response:
        await self._context.limits.check_sign_in(request)
        authorizer = self._context.authorizers.authorizer_for(SHARED_ACCOUNT)
        if authorizer is None:
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        journey = self._context.sign(
            AuthorizationRequest(vehicle="", account=SHARED_ACCOUNT, nonce=self._context.new_id())
        )
        state = self._context.signer.state_for(journey)
        response = _leave(authorizer.authorize_url(state, f"{self._context.public_url}/pay/callback"))
        self._context.responses.set_cookie(response, JOURNEY_COOKIE, journey)
        return response

    async def _issuing(self, request: Request) -> Response:
        await self._context.limits.check_sign_in(request)
        code = read_json(await body_of(request), AlipaySignIn).code
        response = json_response(await self._issue(code, request.cookies.get(TICKET_COOKIE, "")))
        response.headers["Cache-Control"] = "no-store"
        self._context.responses.clear_cookie(response, TICKET_COOKIE)
        return response

    async def _issue(self, code: str, half: str) -> Issued:
        """A wrong, expired or used code, and a code of another browser, get the same answer."""
        try:
            ticket = self._context.signer.read(SignInTicket, code, self._context.clock.wall())
        except DispatchError as error:
            raise DispatchError(ErrorCode.WRONG_CREDENTIALS, field="code") from error
        if not half or not hmac.compare_digest(self._context.signer.state_for(half), ticket.other_half):
            raise DispatchError(ErrorCode.WRONG_CREDENTIALS, field="code")
        try:
            await self._limiter.check(f"alipay:code:{ticket.other_half}", _ONCE)
        except DispatchError as error:
            raise DispatchError(ErrorCode.WRONG_CREDENTIALS, field="code") from error
        return await self._passengers.passenger_by_alipay(ticket.user_id)


def arrived_in_app(context: PageContext, session: PageSession) -> Response:
    """Back to the app with a code for this browser; also signs in to the payment pages."""
    half = context.new_id()
    ticket = SignInTicket(user_id=session.user_id, other_half=context.signer.state_for(half))
    response = _leave(f"{RIDE}#alipay={context.sign(ticket)}")
    context.responses.set_cookie(response, TICKET_COOKIE, half)
    context.responses.set_cookie(response, SESSION_COOKIE, context.sign(session))
    context.responses.set_cookie(response, HOME_COOKIE, RIDE)
    return response


def refused_in_app(code: ErrorCode) -> Response:
    _log.info("Alipay sign-in refused", code=code.value)
    return _leave(f"{RIDE}#alipay_error={code.value}")


def _leave(url: str) -> Response:
    return RedirectResponse(url, 302, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
