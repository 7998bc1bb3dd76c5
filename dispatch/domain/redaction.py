"""Redaction of facts before people see them or a log stores them.

Rule 1. Ride codes, payment codes, tokens and Alipay accounts are never shown.
Rule 2. Only the last three digits of a phone number are shown.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

SECRET: Final = frozenset({"code", "auth_code", "buyer", "payer", "token"})
PHONES: Final = frozenset({"contact", "phone"})
PERSON: Final = "person:"
"""Prefix of a passenger's id in the field that held a phone number in older events."""
_ACCOUNT: Final = re.compile(r"2088[0-9]{12}")


def masked_phone(phone: str) -> str:
    """The last three digits; a passenger's id (``person:…``) is not a number and stays as it is."""
    return phone if phone.startswith(PERSON) else f"…{phone[-3:]}"


def masked_accounts(text: str) -> str:
    """The text with every Alipay account replaced by an ellipsis."""
    return _ACCOUNT.sub("…", text)


def redacted(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values without secrets and without empty fields, with phone numbers and accounts masked."""
    kept = ((name, value) for name, value in facts.items() if name not in SECRET and value not in (None, "", [], ()))
    return {name: masked_phone(str(value)) if name in PHONES else _redacted_value(value) for name, value in kept}


def _redacted_value(value: Any) -> Any:  # noqa: ANN401 - plain values of any shape
    if isinstance(value, dict):
        return redacted(value)
    if isinstance(value, list | tuple):
        return [_redacted_value(each) for each in value]
    return masked_accounts(value) if isinstance(value, str) else value
