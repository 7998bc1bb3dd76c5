"""Shared parts of the pages: templates, headers, forms and static files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import jinja2
import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

FOLDER: Final = Path(__file__).parent
FILES: Final = {
    "bridge.js": "text/javascript;charset=utf-8",
    "cashier.js": "text/javascript;charset=utf-8",
    "sandbox.css": "text/css;charset=utf-8",
}
_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
)


class PageFrame:
    """Renders pages with a content security policy: only hosts of the apps may be redirect targets or embed pages."""

    def __init__(self, hosts: Iterable[str]) -> None:
        self._hosts: Final = frozenset(hosts)
        sources = " ".join(f"{scheme}://{host}:*" for host in sorted(self._hosts) for scheme in ("http", "https"))
        self._policy = (
            f"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "
            f"form-action 'self' {sources}; frame-ancestors "
        )
        self._ancestors = sources or "'none'"

    def page(self, template: str, *, status: int = 200, framed: bool = False, **shown: object) -> Response:
        """``framed``: pages of the apps may embed the page in a frame."""
        headers = {
            "Content-Security-Policy": self._policy + (self._ancestors if framed else "'none'"),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return HTMLResponse(_TEMPLATES.get_template(template).render(shown), status_code=status, headers=headers)

    def problem(self, text: str, status: int = 400, *, trade_no: str = "", embedder: str = "") -> Response:
        """An error page; an embedding page receives it as a failed payment."""
        shown = {"text": text, "trade_no": trade_no, "embedder": embedder}
        return self.page("problem.html", status=status, framed=bool(embedder), **shown)

    def embedder(self, text: str) -> str:
        """The origin in ``text`` if it belongs to an app and may receive payment results; otherwise blank."""
        try:
            parts = urlsplit(text)
            known = parts.scheme in ("http", "https") and parts.hostname in self._hosts and not parts.username
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            return ""
        return f"{parts.scheme}://{parts.hostname}{port}" if known else ""


async def read_form(request: Request) -> dict[str, str]:
    body = await request.body()
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=32))


def qr_svg(text: str) -> Markup:
    return Markup(segno.make(text, error="m").svg_inline(scale=4))  # noqa: S704 - generated here


async def browser_file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in FILES:
        return Response(status_code=404)
    content = (FOLDER / "browser" / name).read_bytes()
    return Response(content, headers={"Content-Type": FILES[name], "Cache-Control": "no-cache"})
