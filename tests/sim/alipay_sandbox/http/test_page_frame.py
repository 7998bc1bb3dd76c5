"""Which pages may embed the cashier and receive its result; the bridge that opens it."""

import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from sim.alipay_sandbox.http.page_frame import FOLDER
from tests.sim.alipay_sandbox.merchant import order
from tests.sim.alipay_sandbox.openapi_requests import code_in
from tests.sim.alipay_sandbox.sandbox_client import SandboxClient


@pytest.mark.integration
@pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine")
def test_the_bridge() -> None:
    """The bridge opens the cashier over the page, and believes nobody but it."""
    check, script = Path(__file__).parent / "bridge_check.js", FOLDER / "browser" / "bridge.js"
    run = subprocess.run(
        ["node", str(check), str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (run.returncode, run.stderr, run.stdout) == (0, "", "")


def policy(page: httpx.Response) -> dict[str, str]:
    rules = (rule.strip().partition(" ") for rule in page.headers["content-security-policy"].split(";"))
    return {name: sources for name, _, sources in rules}


@pytest.mark.parametrize(
    ("embedder", "told"),
    [
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://127.0.0.1", "https://127.0.0.1"),
        ("http://localhost:8080/path?x", "http://localhost:8080"),
        ("http://elsewhere.example", ""),
        ("http://x@localhost", ""),
        ("http://localhost:port", ""),
        ("*", ""),
        ("", ""),
    ],
)
async def test_who_may_hear_of_it(alipay: SandboxClient, embedder: str, told: str) -> None:
    """Only a page of one of the apps' hosts is told how a payment ended, and may hold the cashier in a frame."""
    trade_no = (await alipay.mapi(order())).fields["trade_no"]
    page = await alipay.http.get("/cashier", params={"trade_no": trade_no, "embedder": embedder})

    assert f'data-embedder="{told}"' in page.text
    assert "http://localhost:*" in policy(page)["frame-ancestors"]
    assert "elsewhere" not in policy(page)["frame-ancestors"]


async def test_a_page_hears_of_an_unknown_trade(alipay: SandboxClient) -> None:
    """The cashier tells the page that holds it that there is nothing to pay."""
    asked_for = {"trade_no": "1", "embedder": "http://localhost:8080"}
    page = await alipay.http.get("/cashier", params=asked_for)

    assert (page.status_code, code_in(page, "problem")) == (404, "TRADE_NOT_EXIST")
    assert 'data-embedder="http://localhost:8080" data-trade-no="1" data-result-code="4000"' in page.text
    assert "http://localhost:*" in policy(page)["frame-ancestors"]


async def test_pages_are_not_framed(alipay: SandboxClient) -> None:
    """No page but the cashier may be laid over another; scripts and styles come from the sandbox alone."""
    page = await alipay.http.get("/wallet")

    assert policy(page)["frame-ancestors"] == "'none'"
    assert policy(page)["script-src"] == policy(page)["style-src"] == "'self'"
    assert "<style" not in page.text
    assert " style=" not in page.text


@pytest.mark.parametrize(("name", "kind"), [("bridge.js", "text/javascript"), ("cashier.js", "text/javascript")])
async def test_scripts(alipay: SandboxClient, name: str, kind: str) -> None:
    """The bridge and the cashier's script are served, and touch neither inline code nor ``eval``."""
    script = await alipay.http.get(f"/sandbox/{name}")

    assert script.headers["content-type"].startswith(kind)
    assert "eval(" not in script.text
    assert "innerHTML" not in script.text
