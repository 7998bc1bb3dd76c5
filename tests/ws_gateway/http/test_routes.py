"""Health, readiness, metrics and notifications over HTTP."""

from __future__ import annotations

import httpx
import pytest

from tests.ws_gateway.conftest import Running


@pytest.mark.integration
async def test_health_ready_and_metrics(gateway: Running, http: httpx.AsyncClient) -> None:
    """Who runs the gateway sees whether it lives, what it waits for, and what it counts."""
    assert (await http.get("/health")).json() == {"alive": True}
    assert (await http.get("/ready")).json() == {"ready": True, "parts": {"gateway": True, "journal": True}}
    gateway.journal_answers = False
    ready = await http.get("/ready")
    assert (ready.status_code, ready.json()["parts"]["journal"]) == (503, False)
    driver = await gateway.client("driver", "D1", "V1")
    await driver.send(t="rate", id="c", trip="t", stars=5)
    await driver.until("rejected")
    text = (await http.get("/metrics")).text
    assert 'taxi_connections{role="driver"} 1.0' in text
    assert 'taxi_refused_messages_total{code="2002"} 1.0' in text


@pytest.mark.integration
async def test_alipay_reads_exactly_one_word(http: httpx.AsyncClient) -> None:
    """A genuine notification is answered ``success``, anything else, also our own failure, ``failure``."""
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    for body, word in (
        (b"genuine", "success"),
        (b"forged", "failure"),
        (b"broken", "failure"),
        (b"x" * 99_999, "failure"),
    ):
        for path in ("/alipay/notify", "/alipay/notify/blue"):
            answer = await http.post(path, content=body, headers=form)
            assert (answer.status_code, answer.text) == (200, word)
