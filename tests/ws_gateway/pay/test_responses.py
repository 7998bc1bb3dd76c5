"""How pages leave: headers, cookies, redirects."""

from __future__ import annotations

import pytest

from ws_gateway.pay.responses import JOURNEY_COOKIE, TICKET_COOKIE, PageResponses


@pytest.mark.parametrize(("url", "secure"), [("https://taxi.example", True), ("http://127.0.0.1:8080", False)])
def test_cookies_belong_to_the_pages_alone(url: str, *, secure: bool) -> None:
    """No script reads them, no foreign form sends them, and over HTTPS they never leave in the clear."""
    responses = PageResponses(url, "")
    response = responses.redirect("/pay")
    responses.set_cookie(response, JOURNEY_COOKIE, "signed")
    responses.set_cookie(response, TICKET_COOKIE, "half")
    responses.clear_cookie(response, JOURNEY_COOKIE)
    journey, ticket, cleared = response.headers.getlist("set-cookie")
    for cookie in (journey, ticket, cleared):
        assert ("Secure" in cookie) is secure
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
    assert "Max-Age=600; Path=/pay;" in journey
    assert "Path=/v1/auth/passenger/alipay" in ticket
    assert "Max-Age=0; Path=/pay;" in cleared


@pytest.mark.parametrize("bridge_url", ["", "http://127.0.0.1:9000/bridge.js"])
def test_a_page_runs_its_own_scripts_only(bridge_url: str) -> None:
    """By nonce, and the sandbox's bridge where there is one; no frame shows it and nothing stores it."""
    responses = PageResponses("https://taxi.example", bridge_url)
    headers = responses.with_security_headers(responses.json({"a": 1}), "n1").headers
    policy = headers["content-security-policy"]
    assert ("http://127.0.0.1:9000" in policy) is bool(bridge_url)
    assert "script-src 'nonce-n1'" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["cache-control"] == "no-store"


def test_a_form_is_answered_by_get() -> None:
    """303 after a form, 302 otherwise."""
    responses = PageResponses("https://taxi.example", "")
    assert [responses.redirect("/pay", posted=posted).status_code for posted in (True, False)] == [303, 302]
