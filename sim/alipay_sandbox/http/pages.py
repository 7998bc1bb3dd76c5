"""The pages of the passenger's app: authorization, wallet, cashier, and a merchant's QR code.

The wallet page sets the cookie that identifies the buyer of a browser. Choice where the documents are silent: a
``redirect_uri`` is valid if its host is one of the app's; port and path are free.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import segno
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sim.alipay_sandbox.gateways import openapi_oauth
from sim.alipay_sandbox.gateways.openapi_admission import AlipayApp
from sim.alipay_sandbox.http.control_api import ControlApi, TradePayRequest
from sim.alipay_sandbox.http.page_frame import PageFrame, browser_file, qr_svg, read_form
from sim.alipay_sandbox.model import codes
from sim.alipay_sandbox.model.books import format_amount
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange, is_user_id
from sim.alipay_sandbox.model.trades import SandboxTrade

COOKIE: Final = "alipay_sandbox_buyer"
OWN_PAGES: Final = ("/oauth2/publicAppAuthorize.htm?", "/qr/", "/cashier?", "/wallet")
REFUSED: Final = ("4000", "the user refused to pay")
AUTHORIZE: Final = "/oauth2/publicAppAuthorize.htm"


class Pages:
    """The pages and their routes."""

    def __init__(
        self,
        exchange: Exchange,
        apps: Mapping[str, AlipayApp],
        control_api: ControlApi,
        base_url: Callable[[Request], str],
    ) -> None:
        self._exchange = exchange
        self._apps = apps
        self._control_api = control_api
        self._base_url = base_url
        self._frame = PageFrame(host for app in apps.values() for host in app.callback_hosts)

    def routes(self) -> list[Route]:
        return [
            Route(AUTHORIZE, self.authorize, methods=["GET", "POST"]),
            Route("/wallet", self.wallet, methods=["GET", "POST"]),
            Route("/wallet/code", self.wallet_code, methods=["POST"]),
            Route("/cashier", self.cashier, methods=["GET", "POST"]),
            Route("/qr/{code}.svg", self.qr_picture),
            Route("/qr/{code}", self.qr, methods=["GET", "POST"]),
            Route("/sandbox/{name:str}", browser_file),
        ]

    # --- identity of the buyer ---

    async def authorize(self, request: Request) -> Response:
        """``GET`` redirects at once for ``auth_base`` and shows a consent page for other scopes; ``POST`` consents."""
        asked = request.query_params
        app = self._apps.get(asked.get("app_id", ""))
        if app is None:
            return self._frame.problem("invalid app_id")
        scopes = asked.get("scope", "").split(",")
        if not openapi_oauth.SCOPES.issuperset(scopes):
            return self._frame.problem("invalid scope")
        target = asked.get("redirect_uri", "")
        if not _is_callback(target, app):
            return self._frame.problem("redirect_uri is not a callback address of the app")
        buyer_id = self._buyer(request)
        here = f"{AUTHORIZE}?{request.url.query}"
        if not buyer_id:
            return RedirectResponse(f"/wallet?{urlencode({'next': here})}", status_code=302)
        if scopes != ["auth_base"] and request.method == "GET":
            return self._frame.page(
                "consent.html", app_id=app.app_id, scope=asked["scope"], buyer_id=buyer_id, action=here
            )
        return self._redirect_with_code(app.app_id, buyer_id, asked["scope"], target, asked.get("state", ""))

    def _redirect_with_code(self, app_id: str, buyer_id: str, scope: str, target: str, state: str) -> Response:
        try:
            issued = openapi_oauth.issue_auth_code(self._exchange, app_id, buyer_id, scope)
        except BusinessError as error:
            return self._frame.problem(error.code)
        fields = {"app_id": app_id, "source": "alipay_wallet", "scope": scope, "auth_code": issued.code}
        query = urlencode(fields | ({"state": state} if state else {}))
        return RedirectResponse(f"{target}{'&' if '?' in target else '?'}{query}", status_code=302)

    def _buyer(self, request: Request) -> str:
        chosen = request.cookies.get(COOKIE, "")
        return chosen if is_user_id(chosen) else self._exchange.settings.default_buyer

    async def wallet(self, request: Request) -> Response:
        if request.method == "GET":
            return self._wallet(request, self._buyer(request))
        form = await read_form(request)
        buyer_id, onward = form.get("buyer_id", ""), form.get("next", "")
        if not is_user_id(buyer_id):
            return self._frame.problem("a user id has 16 digits and begins with 2088")
        answer = RedirectResponse(onward if onward.startswith(OWN_PAGES) else "/wallet", status_code=303)
        answer.set_cookie(COOKIE, buyer_id, httponly=True, samesite="lax")
        return answer

    async def wallet_code(self, request: Request) -> Response:
        buyer_id = self._buyer(request)
        try:
            shown = codes.show_bar_code(self._exchange, buyer_id) if buyer_id else None
        except BusinessError as error:
            return self._frame.problem(error.code)
        return self._wallet(request, buyer_id, shown.code if shown else "")

    def _wallet(self, request: Request, buyer_id: str, bar_code: str = "") -> Response:
        exchange, account = self._exchange, f"buyer:{buyer_id}"
        exchange.expire_due()
        held = [f"{format_amount(m, c)} {c}" for owner, c, m in exchange.books.balances() if owner == account]
        waiting = [t for t in exchange.trades() if t.status == "WAIT_BUYER_PAY" and t.payer_id == buyer_id]
        return self._frame.page(
            "wallet.html",
            next=request.query_params.get("next", ""),
            buyer_id=buyer_id,
            buyers=exchange.settings.buyers,
            balances=held,
            waiting=[_trade_view(trade) for trade in waiting],
            bar_code=bar_code,
            picture=qr_svg(bar_code) if bar_code else "",
        )

    # --- paying ---

    async def cashier(self, request: Request) -> Response:
        """``GET`` shows a trade to its buyer, ``POST`` is the buyer's decision: ``pay``, ``refuse`` or ``leave``."""
        form = await read_form(request) if request.method == "POST" else dict(request.query_params)
        self._exchange.expire_due()
        trade_no, embedder = form.get("trade_no", ""), self._frame.embedder(form.get("embedder", ""))
        trade = self._exchange.state.trades.get(trade_no)
        if trade is None:
            return self._frame.problem("TRADE_NOT_EXIST", status=404, trade_no=trade_no, embedder=embedder)
        result_code, memo = "", ""
        if request.method == "POST":
            result_code, memo = self._decide(form)
        return self._frame.page(
            "cashier.html",
            framed=True,
            trade=_trade_view(trade),
            buyer_id=self._buyer(request),
            embedder=embedder,
            result_code=result_code,
            memo=memo,
        )

    def _decide(self, form: Mapping[str, str]) -> tuple[str, str]:
        if form.get("deed") == "refuse":
            return REFUSED
        paid = form.get("deed") == "pay"
        return self._control_api.confirm_payment(
            TradePayRequest(form["trade_no"], form.get("buyer_id", ""), confirm=paid)
        )

    async def qr(self, request: Request) -> Response:
        """``GET`` shows a merchant's QR code, ``POST`` scans it and redirects to the cashier."""
        code = request.path_params["code"]
        made = self._exchange.state.qr_codes.get(code)
        if made is None:
            return self._frame.problem("no such code", status=404)
        if request.method == "GET":
            return self._frame.page(
                "qr.html",
                code=code,
                subject=made.terms.subject,
                total=f"{made.terms.total_text} {made.terms.currency}",
                picture=qr_svg(f"{self._base_url(request)}/qr/{code}"),
                buyer_id=self._buyer(request),
            )
        form = await read_form(request)
        try:
            trade = codes.scan_qr_code(self._exchange, code, form.get("buyer_id", ""))
        except BusinessError as error:
            return self._frame.problem(error.code, status=409)
        return RedirectResponse(f"/cashier?{urlencode({'trade_no': trade.trade_no})}", status_code=303)

    async def qr_picture(self, request: Request) -> Response:
        code = request.path_params["code"]
        if code not in self._exchange.state.qr_codes:
            return Response(status_code=404)
        scale = {"S": 3, "L": 12}.get(request.query_params.get("picSize", "M"), 6)
        picture = segno.make(f"{self._base_url(request)}/qr/{code}", error="m").svg_inline(scale=scale)
        return Response(
            picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1), media_type="image/svg+xml"
        )


def _is_callback(target: str, app: AlipayApp) -> bool:
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    plain = parts.scheme in ("http", "https") and not parts.username and not parts.fragment
    # Browsers treat a backslash as a slash, urlsplit does not.
    return plain and parts.hostname in app.callback_hosts and "\\" not in target


def _trade_view(trade: SandboxTrade) -> dict[str, Any]:
    terms = trade.terms
    return {
        "trade_no": trade.trade_no,
        "out_trade_no": terms.out_trade_no,
        "subject": terms.subject,
        "total": f"{terms.total_text} {terms.currency}",
        "status": trade.status,
        "payer_id": trade.payer_id,
    }
