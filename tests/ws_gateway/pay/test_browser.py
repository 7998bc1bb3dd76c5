"""What a browser says of itself."""

from __future__ import annotations

import pytest

from ws_gateway.pay.browser import is_alipay, language_of


@pytest.mark.parametrize(
    ("agent", "expected"),
    [("… AliApp(AP/9.5.3) AlipayClient/9.5.3 Language/zh-Hans", True), ("ALIPAYCLIENT", True), ("Safari", False)],
)
def test_the_app(agent: str, expected: bool) -> None:
    """Its name in any case, anywhere in the User-Agent."""
    assert is_alipay(agent) == expected


@pytest.mark.parametrize(
    ("chosen", "agent", "accepted", "expected"),
    [
        ("", "", "", "en"),
        ("zh", "Language/en", "en", "zh"),
        ("xx", "", "zh", "zh"),
        ("", "AlipayClient/9 Language/zh-Hans", "en", "zh"),
        ("", "AlipayClient/9 Language/ja", "zh", "en"),
        ("", "", "zh-TW,zh;q=0.9", "zh"),
        ("", "", "en;q=0.3, zh;q=0.7", "zh"),
        ("", "", "zh;q=0, en", "en"),
        ("", "", "fr, de;q=0.5", "en"),
        ("", "", "zho;q=x, , ;q=1", "en"),
    ],
)
def test_the_language(chosen: str, agent: str, accepted: str, expected: str) -> None:
    """Chosen by hand, else as the app says, else as the browser asks, else English."""
    assert language_of(chosen, {"user-agent": agent, "accept-language": accepted}) == expected
