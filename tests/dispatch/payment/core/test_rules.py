"""Rules are checked at start, and the times of queries follow from an attempt's age."""

import pytest

from dispatch.payment.core.rules import METHODS, WAYS, Account, PaymentRules

RULES = PaymentRules(account=Account(seller_id="2088", notify_url="https://x"))


@pytest.mark.parametrize(
    "wrong", [{"expires_min": 0}, {"expires_min": 21_601}, {"speed": 0.0}, {"growing_s": ()}, {"query_every_s": 0.0}]
)
def test_rules_that_cannot_be_kept_are_refused(wrong: dict[str, object]) -> None:
    """An expiry that Alipay does not take, or a step of nothing, is an error at start."""
    with pytest.raises(ValueError, match="must be"):
        PaymentRules(account=Account(seller_id="2088", notify_url="https://x"), **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("age_s", "wait_s"), [(0.0, 3.0), (59.0, 3.0), (60.0, 300.0), (360.0, 1443.0), (1803.0, 357.0), (2160.0, 7200.0)]
)
def test_queries_become_rarer(age_s: float, wait_s: float) -> None:
    """Every 3 s for a minute, then after 5 and 30 minutes, just after the expiry, and every two hours."""
    assert RULES.next_query_s(age_s) == wait_s


def test_a_company_without_an_account_uses_the_shared_one() -> None:
    """Only a listed company has its own account."""
    own = Account(seller_id="2089", notify_url="https://x/blue")
    rules = PaymentRules(account=RULES.account, companies={"blue": own})

    assert (rules.account_of("blue"), rules.account_of("red")) == (own, RULES.account)


def test_every_method_but_cash_has_a_way() -> None:
    """An order at Alipay always names its way."""
    assert set(METHODS) - set(WAYS) == {"cash"}
