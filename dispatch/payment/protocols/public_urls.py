"""Checks of addresses that Alipay and passengers' phones must reach, without any network access."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

_PRODUCTION: Final = ".alipay.com"
_TRIAL: Final = ("alipaydev.com", "sandbox", "alipay.net")
"""Parts of the host names of Alipay's test environments."""


def moves_money(gateway_url: str, *, is_acquirer: bool) -> bool:
    """Whether a gateway is a production one. An acquirer's counts as such unless it is in a private network."""
    host = _host(gateway_url)
    if is_acquirer:
        return not is_private(host)
    return host.endswith(_PRODUCTION) and not any(part in host for part in _TRIAL)


def url_problem(url: str, *, production: bool) -> str:
    """The problem with an address of ours, as the end of a sentence; blank if there is none."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "it is not a valid address"
    if parts.scheme not in ("http", "https") or not host:
        return "it must begin with https:// and name a host"
    if parts.query or parts.fragment or parts.username is not None:
        return "it must not have a query, a fragment or a user"
    if production and parts.scheme != "https":
        return "it must be https in production"
    if production and is_private(host):
        return "this host is not reachable from outside, set server.public_url"
    return ""


def is_private(host: str) -> bool:
    """Whether a host name or address is valid in a private network only."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost", ".lan"))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
