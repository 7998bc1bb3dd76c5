"""How a fare is paid. Every record names one of these; sales are told apart by them."""

from __future__ import annotations

from typing import Final

from dispatch.payment.core.port import Way

ALIPAY_APP: Final = "alipay_app"
"""By the passenger who booked, inside our own app."""
ALIPAY_PAGE: Final = "alipay_page"
"""By whoever scanned the car's code, on the page inside Alipay."""
ALIPAY_SCAN: Final = "alipay_scan"
"""The driver scanned the passenger's code."""
ALIPAY_CODE: Final = "alipay_code"
"""The passenger scanned a code on the driver's screen."""
CASH: Final = "cash"
"""To the driver."""

WAYS: Final[dict[str, Way]] = {ALIPAY_APP: "page", ALIPAY_PAGE: "page", ALIPAY_SCAN: "scan", ALIPAY_CODE: "code"}
"""How each method through Alipay reaches its buyer."""
METHODS: Final = (*WAYS, CASH)
