"""The company's rules for collecting fares, built once from the settings, and the payment methods."""

from itertools import accumulate
from typing import Final

import msgspec

from dispatch.payment.core.port import MAX_EXPIRY_MIN, Way

ALIPAY_APP: Final = "alipay_app"
"""Paid by the passenger who booked, inside our own app."""
ALIPAY_PAGE: Final = "alipay_page"
"""Paid on the page inside Alipay, after scanning the car's code."""
ALIPAY_SCAN: Final = "alipay_scan"
"""The driver scans the passenger's code."""
ALIPAY_CODE: Final = "alipay_code"
"""The passenger scans a code on the driver's screen."""
CASH: Final = "cash"
"""Paid to the driver."""
WAYS: Final[dict[str, Way]] = {ALIPAY_APP: "page", ALIPAY_PAGE: "page", ALIPAY_SCAN: "scan", ALIPAY_CODE: "code"}
"""How each payment method through Alipay reaches its buyer."""
METHODS: Final = (*WAYS, CASH)

NOTIFY_PATH: Final = "/alipay/notify"
"""Path that receives notifications; the id of a company with its own account follows it."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account at Alipay. A notification counts only if this seller received the money."""

    seller_id: str
    seller_email: str = ""
    notify_url: str
    """Alipay posts results to this address."""
    currency: str = ""
    """The only currency that is collected, ISO 4217; empty: any."""


class PaymentRules(msgspec.Struct, frozen=True, kw_only=True):
    """All times are wall seconds, as Alipay uses no others; ``speed`` is city seconds per wall second.

    An open order is queried every ``query_every_s`` during the first ``query_for_s`` of its attempt, then after each of
    ``growing_s``, of which the last repeats, and once just after its expiry. A payment by the passenger's code is
    cancelled after ``query_for_s`` instead. A refund is repeated at the same intervals. Raises ``ValueError`` for an
    expiry that Alipay does not accept, and for intervals that are not positive.
    """

    account: Account
    """The account of every company without its own."""
    companies: dict[str, Account] = {}
    """Companies' own accounts, by company."""
    expires_min: int = 30
    """Wall minutes until an unpaid order closes by itself."""
    speed: float = 1.0
    query_every_s: float = 3.0
    query_for_s: float = 60.0
    growing_s: tuple[float, ...] = (300.0, 1800.0, 7200.0)
    answer_within_s: float = 60.0
    """A call without an answer by then is considered lost; a query follows."""
    methods: tuple[str, ...] = METHODS

    def __post_init__(self) -> None:
        if not 1 <= self.expires_min <= MAX_EXPIRY_MIN:
            raise ValueError(f"expires_min must be 1 to {MAX_EXPIRY_MIN}, not {self.expires_min}")
        steps = (self.speed, self.query_every_s, self.answer_within_s, *self.growing_s)
        if not self.growing_s or min(steps) <= 0:
            raise ValueError("speed, query_every_s, answer_within_s and growing_s must be above zero")

    def account_of(self, company: str) -> Account:
        return self.companies.get(company, self.account)

    @property
    def expires_s(self) -> float:
        return self.expires_min * 60.0

    def next_query_s(self, age_s: float) -> float:
        """Wall seconds until the next query of an attempt that is ``age_s`` wall seconds old."""
        if age_s < self.query_for_s:
            return self.query_every_s
        soonest = age_s + self.query_every_s
        ages = (*accumulate(self.growing_s, initial=self.query_for_s), self.expires_s + self.query_every_s)
        return min((age for age in ages if age >= soonest), default=age_s + self.growing_s[-1]) - age_s
