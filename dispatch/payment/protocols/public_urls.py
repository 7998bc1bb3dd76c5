"""Addresses that Alipay and passengers' phones must reach: what can be said of them without asking."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

_PRODUCTION: Final = ".alipay.com"
_TRIAL: Final = ("alipaydev.com", "sandbox", "alipay.net")
"""Parts of the hosts of Alipay's own places to try things."""


def moves_money(gateway_url: str, *, is_acquirer: bool) -> bool:
    """Whether a gateway is a real one. An acquirer's is taken for that, unless it is in our own network."""
    host = _host(gateway_url)
    if is_acquirer:
        return not is_private(host)
    return host.endswith(_PRODUCTION) and not any(part in host for part in _TRIAL)


def url_problem(url: str, *, production: bool) -> str:
    """What is wrong with an address of ours, as the end of a sentence; blank where nothing is."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "it is no address"
    if parts.scheme not in ("http", "https") or not host:
        return "it must begin with https:// and name a host"
    if parts.query or parts.fragment or parts.username is not None:
        return "it must not have a query, a fragment or a user"
    if production and parts.scheme != "https":
        return "it must be https in production"
    if production and is_private(host):
        return "nobody outside reaches this host, set server.public_url"
    return ""


def is_private(host: str) -> bool:
    """Whether a host is known in one network alone, by its name or number."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost", ".lan"))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
