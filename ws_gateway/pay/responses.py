"""Responses of the payment pages: security headers, cookies, redirects."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

import msgspec
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ws_gateway.pay.i18n import Translator
from ws_gateway.pay.signed_forms import AuthorizationRequest, PageSession, SignInTicket

SESSION_COOKIE: Final = "taxi_pay"
JOURNEY_COOKIE: Final = "taxi_pay_journey"
RIDE_COOKIE: Final = "taxi_pay_ride"
LANGUAGE_COOKIE: Final = "taxi_pay_language"
TICKET_COOKIE: Final = "taxi_alipay_ticket"
HOME_COOKIE: Final = "taxi_pay_home"
PATH: Final = "/pay"
_PATHS: Final = {TICKET_COOKIE: "/v1/auth/passenger/alipay"}
_LIVES_S: Final = {
    SESSION_COOKIE: PageSession.LIFE_S,
    JOURNEY_COOKIE: AuthorizationRequest.LIFE_S,
    RIDE_COOKIE: 86_400.0,
    LANGUAGE_COOKIE: 31_536_000.0,
    TICKET_COOKIE: SignInTicket.LIFE_S,
    HOME_COOKIE: 86_400.0,
}


class Visit(msgspec.Struct, frozen=True):
    """One request: its language, its session, and the nonce of its page's scripts."""

    texts: Translator
    session: PageSession | None
    nonce: str
    home: str = ""
    """The app that the browser came from, as a path; empty: it came from the code in a car."""


class PageResponses:
    """Pages and redirects for one public URL. ``bridge_url``: a script that simulates the app's bridge, or empty."""

    def __init__(self, public_url: str, bridge_url: str) -> None:
        self.bridge_url = bridge_url
        self._secure = public_url.startswith("https://")
        bridge = urlsplit(bridge_url)
        self._bridge = f"{bridge.scheme}://{bridge.netloc}" if bridge_url else ""

    def page(
        self, visit: Visit, template: str, shown: Mapping[str, object] = MappingProxyType({}), *, status: int = 200
    ) -> Response:
        known = {"nonce": visit.nonce, "refresh_s": 0, "bridge_url": self.bridge_url, "home": visit.home}
        return HTMLResponse(visit.texts.render(template, {**known, **shown}), status)

    def json(self, facts: dict[str, object], status: int = 200) -> Response:
        return Response(msgspec.json.encode(facts), status, media_type="application/json")

    def redirect(self, url: str, *, posted: bool = False) -> Response:
        """``posted``: after a form, so that the browser uses GET."""
        return RedirectResponse(url, 303 if posted else 302)

    def with_security_headers(self, response: Response, nonce: str) -> Response:
        """The page may run its own scripts, connect to us, and not be framed."""
        bridge = f" {self._bridge}" if self._bridge else ""
        policy = [
            "default-src 'none'",
            f"script-src 'nonce-{nonce}'{bridge}",
            f"style-src 'nonce-{nonce}'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
        if self._bridge:
            policy.append(f"frame-src {self._bridge}")
        response.headers["Content-Security-Policy"] = "; ".join(policy)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Vary"] = "Accept-Language, User-Agent, Cookie"
        return response

    def set_cookie(self, response: Response, cookie: str, text: str) -> None:
        """A cookie that scripts cannot read and forms of other sites do not send."""
        life_s, path = int(_LIVES_S[cookie]), _PATHS.get(cookie, PATH)
        response.set_cookie(cookie, text, max_age=life_s, path=path, secure=self._secure, httponly=True, samesite="lax")

    def clear_cookie(self, response: Response, cookie: str) -> None:
        path = _PATHS.get(cookie, PATH)
        response.delete_cookie(cookie, path=path, secure=self._secure, httponly=True, samesite="lax")
