"""The web apps as built into ``ws_gateway/web``: the home page, the console, the passenger's and the driver's app.

Rule 1: a page runs only our own files and connects only to us, and to the tile server if one is set.
Rule 2: files under ``/assets/`` have a digest in their name and are cached without limit; all others are revalidated.
Rule 3: on one machine there is one address. A page opened as ``localhost`` is redirected to the public address if that
is ``127.0.0.1`` (or vice versa): Alipay redirects browsers there, and the two do not share cookies.
"""

import os
import re
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from ws_gateway.http.responses import accepts_gzip

FOLDER: Final = Path(__file__).parents[1] / "web"
APPS: Final = ("console", "ride", "drive")
_BESIDE_PAGES: Final = ("assets", "icons")
_AT_THE_ROOT: Final = ("icon.svg", "favicon.ico", "favicon.svg", "robots.txt")
_LOCATES: Final = ("/ride/", "/drive/")
"""Apps that may use geolocation."""
_SCANS: Final = ("/drive/",)
"""Apps that may use the camera, for passengers' payment codes."""
_NOT_BUILT: Final = "The web apps are not built. `make web` builds them.\n"
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mp3": "audio/mpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}


def web_routes(folder: Path = FOLDER, *, tiles: str = "", public_url: str = "") -> list[Route]:
    """``tiles``: the address of a tile server for the apps, or empty."""
    files = WebApps(folder, tiles, public_url)
    return [
        Route("/", files.home),
        *(Route(f"/{app}", _with_slash) for app in APPS),
        *(Route(f"/{place}/{{path:path}}", files.serve_file) for place in (*APPS, *_BESIDE_PAGES)),
        *(Route(f"/{name}", files.serve_file) for name in _AT_THE_ROOT),
    ]


async def _with_slash(request: Request) -> Response:
    return RedirectResponse(f"{request.url.path}/", 308)


class WebApps(StaticFiles):
    """The files of a folder, compressed if the browser accepts it, with security headers."""

    def __init__(self, folder: Path, tiles: str = "", public_url: str = "") -> None:
        super().__init__(directory=folder, html=True, check_dir=False)
        self._folder = folder
        self._tiles = origin_of(tiles)
        self._public_url = public_url

    async def home(self, request: Request) -> Response:
        """``/``: the home page, or a plain text if the apps are not built."""
        if await anyio.to_thread.run_sync((self._folder / "index.html").is_file):
            return await self.serve_file(request)
        return PlainTextResponse(_NOT_BUILT, headers={"Cache-Control": "no-cache"})

    async def serve_file(self, request: Request) -> Response:
        """A file, or the redirect to a page's canonical address. Raises starlette's ``HTTPException``."""
        path = request.url.path
        if path.endswith("/") and is_alias(request.headers.get("host", ""), self._public_url):
            return RedirectResponse(f"{self._public_url}{path}", 307, headers={"Cache-Control": "no-store"})
        return await self.get_response(self.get_path(request.scope), request.scope)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        requested = Headers(scope=scope)
        file = PurePosixPath(full_path)
        packed, encoding = _packed(file, stat_result, requested.get("accept-encoding", ""))
        media_type = _TYPES.get(file.suffix, "application/octet-stream")
        response = FileResponse(packed[0], status_code, stat_result=packed[1], media_type=media_type)
        response.headers.update(self._headers(scope["path"], file, requested.get("host", "")))
        response.headers["Vary"] = "Accept-Encoding"
        if encoding:
            response.headers["Content-Encoding"] = encoding
        return NotModifiedResponse(response.headers) if self.is_not_modified(response.headers, requested) else response

    def _headers(self, path: str, file: PurePosixPath, host: str) -> dict[str, str]:
        lasts = path.startswith("/assets/")
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if lasts else "no-cache",
            "Content-Security-Policy": content_policy(host, self._tiles),
            "Permissions-Policy": _permissions(path),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        if file.name == "sw.js":
            headers["Service-Worker-Allowed"] = path.removesuffix("sw.js")
        return headers


def is_alias(host: str, public_url: str) -> bool:
    """Whether ``Host: host`` names this machine in another way than ``public_url``."""
    try:
        requested, public = urlsplit(f"//{host}"), urlsplit(public_url)
        same_port = requested.port == public.port
    except ValueError:
        return False
    both_here = requested.hostname in _THIS_MACHINE and public.hostname in _THIS_MACHINE
    return both_here and same_port and requested.hostname != public.hostname


def origin_of(url: str) -> str:
    """``https://tiles.example:8443`` of an address on that server; empty for an empty one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if url else ""


def content_policy(host: str, tiles: str = "") -> str:
    """The Content-Security-Policy. ``host`` is the browser's name for us: Safari before 15.4 does not treat a WebSocket
    to the same host as ``'self'``. ``tiles`` is a tile server's origin."""
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    beyond = f" {tiles}" if tiles else ""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: blob:{beyond}",
            "font-src 'self'",
            "media-src 'self'",
            f"connect-src 'self'{sockets}{beyond}",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _permissions(path: str) -> str:
    place = "(self)" if path.startswith(_LOCATES) else "()"
    camera = "(self)" if path.startswith(_SCANS) else "()"
    return f"geolocation={place}, screen-wake-lock=(self), camera={camera}, microphone=(), payment=()"


def _packed(file: PurePosixPath, plain: os.stat_result, accept_encoding: str) -> tuple[tuple[str, os.stat_result], str]:
    """The file to send with its stat result, and its encoding: the ``.gz`` beside it if the browser accepts gzip."""
    packed = f"{file}.gz"
    if not accepts_gzip(accept_encoding):
        return (str(file), plain), ""
    try:
        return (packed, os.stat(packed)), "gzip"  # noqa: PTH116 - as the library does
    except OSError:
        return (str(file), plain), ""
