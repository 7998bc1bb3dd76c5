"""Redacted facts contain no secret, no full phone number and no account."""

from __future__ import annotations

from dispatch.domain.redaction import masked_phone, redacted


def test_secrets_and_empty_values_are_left_out() -> None:
    """Codes, tokens and payers never pass, at any depth; fields without a value are noise."""
    facts = {"code": "4711", "auth_code": "28", "buyer": "2088", "note": "", "by": {"token": "x", "role": "driver"}}

    assert redacted(facts) == {"by": {"role": "driver"}}


def test_phone_numbers_keep_three_digits() -> None:
    """A number keeps its last three digits; a passenger's id in its place is no number."""
    assert redacted({"contact": "+14155550123"}) == {"contact": "…123"}
    assert masked_phone("person:p1") == "person:p1"


def test_accounts_are_masked_in_every_text() -> None:
    """An Alipay account is masked wherever it stands, also in lists."""
    assert redacted({"reasons": ["payer 2088102146225177 left"], "n": 3}) == {"reasons": ["payer … left"], "n": 3}
