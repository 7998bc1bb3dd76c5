"""How the built web apps are served: paths, packing, caching, and what a page may do."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette

from ws_gateway.server.static_apps import content_policy, is_alias, web_routes

SCRIPT = b"export const answer = 42;" * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a build leaves, in small."""
    built = tmp_path / "web"
    for name, content in {
        "index.html": b"<title>choose</title>",
        "console/index.html": b"<title>console</title>",
        "ride/index.html": b"<title>ride</title>",
        "drive/index.html": b"<title>drive</title>",
        "drive/sw.js": b"self.addEventListener('fetch', () => {});",
        "drive/manifest.webmanifest": b"{}",
        "assets/main-3f9a.js": SCRIPT,
        "assets/main-3f9a.js.gz": gzip.compress(SCRIPT),
        "icons/192.png": b"\x89PNG",
    }.items():
        path = built / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "secret.txt").write_text("secret")
    return built


@pytest.fixture
def browser(folder: Path) -> AsyncClient:
    """A browser before a gateway that serves this build."""
    return browse(folder)


def browse(folder: Path, tiles: str = "") -> AsyncClient:
    app = Starlette(routes=[*web_routes(folder, tiles=tiles)])
    return AsyncClient(transport=ASGITransport(app), base_url="http://taxi.example:8080")


@pytest.mark.parametrize(
    ("path", "type_", "content"),
    [
        ("/", "text/html; charset=utf-8", b"choose"),
        ("/console/", "text/html; charset=utf-8", b"console"),
        ("/ride/", "text/html; charset=utf-8", b"ride"),
        ("/drive/", "text/html; charset=utf-8", b"drive"),
        ("/drive/sw.js", "text/javascript; charset=utf-8", b"fetch"),
        ("/drive/manifest.webmanifest", "application/manifest+json", b"{}"),
        ("/icons/192.png", "image/png", b"PNG"),
    ],
)
async def test_every_file_has_its_place_and_type(browser: AsyncClient, path: str, type_: str, content: bytes) -> None:
    """Pages stand at their folders; types are exact, because browsers are told not to guess."""
    answer = await browser.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, type_)
    assert content in answer.content
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await browser.head(path)).status_code == 200


async def test_an_app_without_its_slash_is_sent_on(browser: AsyncClient) -> None:
    """A typed address works; the address stays on this host, whatever the browser called it."""
    answer = await browser.get("/drive")

    assert (answer.status_code, answer.headers["location"]) == (308, "/drive/")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets//etc/passwd",
        "/assets/none.js",
        "/assets/%00",
        "/favicon.ico",
        "/ride/none",
    ],
)
async def test_nothing_beside_the_folder_is_served(browser: AsyncClient, path: str) -> None:
    """What is not there, or lies outside, is not found."""
    assert (await browser.get(path)).status_code == 404


async def test_assets_are_kept_for_ever_and_packed(browser: AsyncClient) -> None:
    """A file with a digest in its name is never asked for again; a browser gets the packing that it takes."""
    for accepts, encoding, content in (
        ("gzip, deflate", "gzip", SCRIPT),
        ("gzip;q=0, identity", None, SCRIPT),
        ("", None, SCRIPT),
    ):
        answer = await browser.get("/assets/main-3f9a.js", headers={"accept-encoding": accepts})
        assert answer.headers.get("content-encoding") == encoding
        assert answer.content == content
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["vary"] == "Accept-Encoding"


async def test_what_has_not_changed_is_not_sent_again(browser: AsyncClient) -> None:
    """A page's tag brings 304; another packing of the file has another tag."""
    first = await browser.get("/ride/")
    again = await browser.get("/ride/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    tags = {
        (await browser.get("/assets/main-3f9a.js", headers={"accept-encoding": encoding})).headers["etag"]
        for encoding in ("gzip", "identity")
    }
    assert len(tags) == 2


async def test_pages_may_do_little(browser: AsyncClient, folder: Path) -> None:
    """No inline script, no other host, no frame; a place only for the two apps that need it; a tile server if set."""
    headers = (await browser.get("/console/")).headers
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= set(policy)
    assert "connect-src 'self' ws://taxi.example:8080 wss://taxi.example:8080" in policy
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert "geolocation=()" in headers["permissions-policy"]
    for app in ("ride", "drive"):
        assert "geolocation=(self)" in (await browser.get(f"/{app}/")).headers["permissions-policy"]
    with_tiles = (await browse(folder, "https://tiles.example/{z}/{x}/{y}.png").get("/")).headers[
        "content-security-policy"
    ]
    assert "img-src 'self' data: blob: https://tiles.example;" in with_tiles
    assert "https://tiles.example; worker-src" in with_tiles


def test_a_host_that_is_none_stays_out_of_the_policy() -> None:
    """What a client calls us enters the policy only where it has the shape of a host."""
    assert "connect-src 'self';" in content_policy("evil; script-src *")
    assert "ws://[::1]:80" in content_policy("[::1]:80")


async def test_the_service_worker_is_asked_for_again(browser: AsyncClient) -> None:
    """It may rule its own folder only, and a new one is seen at once."""
    headers = (await browser.get("/drive/sw.js")).headers
    assert (headers["service-worker-allowed"], headers["cache-control"]) == ("/drive/", "no-cache")


async def test_apps_that_are_not_built(tmp_path: Path) -> None:
    """The root says how to build them; the rest is not there."""
    browser = browse(tmp_path / "none")
    answer = await browser.get("/")
    assert (answer.status_code, "make web" in answer.text) == (200, True)
    assert [(await browser.get(path)).status_code for path in ("/console/", "/assets/x.js")] == [404, 404]


@pytest.mark.parametrize(
    ("host", "public_url", "alias"),
    [
        ("localhost:8080", "http://127.0.0.1:8080", True),
        ("127.0.0.1:8080", "http://localhost:8080", True),
        ("[::1]:8080", "http://127.0.0.1:8080", True),
        ("127.0.0.1:8080", "http://127.0.0.1:8080", False),
        ("localhost:9000", "http://127.0.0.1:8080", False),
        ("taxi.example:8080", "http://127.0.0.1:8080", False),
        ("localhost:8080", "https://taxi.example", False),
        ("localhost:99999", "http://127.0.0.1:8080", False),
        ("", "http://127.0.0.1:8080", False),
        ("localhost", "", False),
    ],
)
def test_names_of_one_machine(host: str, public_url: str, *, alias: bool) -> None:
    """Two names of this machine with one port are one address; a forwarded port, a proxy and strangers are not."""
    assert is_alias(host, public_url) is alias


async def test_on_one_machine_there_is_one_address(folder: Path) -> None:
    """A page asked for by another name of this machine is sent on; its files are not."""
    app = Starlette(routes=[*web_routes(folder, public_url="http://127.0.0.1:8080")])
    async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost:8080") as other:
        answer = await other.get("/ride/")
        assert (answer.status_code, answer.headers["location"]) == (307, "http://127.0.0.1:8080/ride/")
        assert (await other.get("/")).headers["location"] == "http://127.0.0.1:8080/"
        assert (await other.get("/assets/main-3f9a.js")).status_code == 200
    async with AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1:8080") as same:
        assert (await same.get("/ride/")).status_code == 200
