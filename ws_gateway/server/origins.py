"""Which pages may open a socket (the ``Origin`` of a handshake, RFC 6454).

A browser names the page that opens a socket, and opens it to any server that the page names. Apps send no origin, and
hold no cookies that a foreign page could use.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

ANY: Final = "*"
_PORTS: Final = {"http": 80, "https": 443}


class OriginPolicy:
    """``allowed`` are origins (``https://taxi.example``); pages of the requested host are always allowed."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._any = ANY in (offered := tuple(allowed))
        self._allowed = frozenset(map(normal, offered))

    def allows(self, scope: Scope) -> bool:
        """Whether a handshake comes from an allowed page, or from no page."""
        headers = Headers(scope=scope)
        offered = headers.getlist("origin")
        if self._any or not offered:
            return True
        if len(offered) > 1:
            return False
        origin = normal(offered[0])
        secure = scope["scheme"] in ("https", "wss")
        requested = normal(f"{'https' if secure else 'http'}://{headers.get('host', '')}")
        return bool(origin) and (origin == requested or origin in self._allowed)


def normal(origin: str) -> str:
    """``scheme://host:port`` in lower case; empty if the text is no origin (``null`` included)."""
    try:
        parts = urlsplit(origin.strip())
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname and port else ""
