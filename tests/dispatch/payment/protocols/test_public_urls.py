"""What is wrong with an address is known before anybody asks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.payment.protocols.public_urls import moves_money, url_problem

FINE = "https://taxi.example.com/alipay/notify"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        (FINE, ""),
        ("https://taxi.example.com:8443/x", ""),
        ("https://93.184.216.34/x", ""),
        ("http://taxi.example.com", "https in production"),
        ("https://10.0.0.7", "not reachable from outside"),
        ("https://127.0.0.1", "not reachable from outside"),
        ("https://[::1]:80", "not reachable from outside"),
        ("https://localhost", "not reachable from outside"),
        ("https://taxi", "not reachable from outside"),
        ("https://taxi.lan", "not reachable from outside"),
        ("https://taxi.example.com?x=1", "must not have a query"),
        ("https://taxi.example.com#x", "must not have a query"),
        ("https://a:b@taxi.example.com", "must not have a query"),
        ("taxi.example.com/x", "must begin with https://"),
        ("ftp://taxi.example.com", "must begin with https://"),
        ("https:///x", "must begin with https://"),
        ("https://taxi.example.com:port", "not a valid address"),
        ("https://[::1", "not a valid address"),
    ],
)
def test_in_production(url: str, named: str) -> None:
    """Well formed, https, and in nobody's own network."""
    wrong = url_problem(url, production=True)

    assert named in wrong
    assert bool(wrong) == bool(named)


def test_beside_a_sandbox() -> None:
    """There, this machine's own address is good enough."""
    assert url_problem("http://127.0.0.1:8080/alipay/notify", production=False) == ""


@given(st.text(max_size=60), st.booleans())
def test_anything_may_be_asked(url: str, production: bool) -> None:
    """Whatever stands in the settings, the answer is a sentence."""
    assert isinstance(url_problem(url, production=production), str)
    assert moves_money(url, is_acquirer=False) in (True, False)


@pytest.mark.parametrize(
    ("url", "is_acquirer", "real"),
    [
        ("https://globalmapi.alipay.com/gateway.do", False, True),
        ("https://openapi.alipay.com/gateway.do", False, True),
        ("https://openapi-sandbox.dl.alipaydev.com/gateway.do", False, False),
        ("https://openapi.alipaydev.com/gateway.do", False, False),
        ("https://notalipay.com/gateway.do", False, False),
        ("http://127.0.0.1:9000/gateway.do", False, False),
        ("https://acquirer.example.com", True, True),
        ("http://127.0.0.1:9000", True, False),
        ("", False, False),
    ],
)
def test_where_money_moves(url: str, is_acquirer: bool, real: bool) -> None:
    """Alipay's own gateways, but not those for trying; and an acquirer's."""
    assert moves_money(url, is_acquirer=is_acquirer) is real
