"""Asynchronous notifications: reads a posted form and checks its signature over the fields as received.

Whether a verified notification proves a payment is decided in :mod:`dispatch.payment.core.notification_checks`.

Charset: the form is signed in its own charset, named by ``charset`` or ``_input_charset`` in the form, by the
``Content-Type``, or not at all (then UTF-8 and after it GBK are tried). Only these charsets are used: the header is not
signed, so a sender must not be able to choose how signed bytes are read.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, Protocol
from urllib.parse import unquote, unquote_to_bytes

from dispatch.payment.core.port import Notification, RejectedNotification, TradeStatus
from dispatch.payment.protocols.signing import canonical

MAX_BODY_BYTES: Final = 64 * 1024
MAX_FIELDS: Final = 200
CHARSETS: Final[Mapping[str, str]] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "gbk": "gbk",
    "gb2312": "gbk",
    "gb18030": "gb18030",
}
"""Charsets of Alipay: the name as sent, in lower case, and the codec that reads it."""
_FACTS: Final = (
    *("notify_id", "out_trade_no", "trade_no", "trade_status", "total_fee", "total_amount", "trans_currency"),
    *("app_id", "seller_id", "seller_email", "buyer_id", "buyer_open_id", "gmt_payment", "refund_fee", "out_biz_no"),
)
"""The fields that are read; none of them contains a ``&``."""
_OTHERS: Final = (
    *("notify_time", "notify_type", "notify_action_type", "auth_app_id", "charset", "version", "subject", "body"),
    *("receipt_amount", "invoice_amount", "buyer_pay_amount", "point_amount", "send_back_fee", "price", "quantity"),
    *("gmt_create", "gmt_refund", "gmt_close", "buyer_logon_id", "buyer_email", "paytools_pay_amount"),
    *("fund_bill_list", "voucher_detail_list", "extra_common_param", "passback_params"),
)
_NAME: Final = re.compile(r"[A-Za-z0-9_.]+", re.ASCII)
_FIELD_INSIDE: Final = re.compile(rf"&(?:{'|'.join((*_FACTS, *_OTHERS))})=")
_HEADER_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?([\w-]+)""", re.IGNORECASE | re.ASCII)


class Verifier(Protocol):
    """Checks Alipay's signature: a ``signing.Signer``, or an application's keys."""

    @property
    def sign_type(self) -> str: ...

    def verify(self, text: bytes, sign: str) -> bool: ...


def read_notification(body: bytes, content_type: str, verifier: Verifier) -> Notification | RejectedNotification:
    """Read a mapi notification and check its signature. Never raises, whatever the body contains."""
    fields = _read_fields(body, content_type, verifier)
    if isinstance(fields, RejectedNotification):
        return fields
    return _notification(fields, total="total_fee", passback=fields.get("extra_common_param", ""))


def read_openapi_notification(
    body: bytes, content_type: str, verifier: Verifier, app_id: str
) -> Notification | RejectedNotification:
    """Like :func:`read_notification`, for openapi, whose messages are for one application."""
    fields = _read_fields(body, content_type, verifier)
    if isinstance(fields, RejectedNotification):
        return fields
    if fields.get("app_id") != app_id:
        return RejectedNotification(f"for application {fields.get('app_id', '')[:40]!r}, not for ours")
    return _notification(fields, total="total_amount", passback=unquote(fields.get("passback_params", "")))


def _read_fields(body: bytes, content_type: str, verifier: Verifier) -> dict[str, str] | RejectedNotification:
    if len(body) > MAX_BODY_BYTES:
        return RejectedNotification(f"more than {MAX_BODY_BYTES} bytes")
    pairs = _pairs(body)
    if isinstance(pairs, RejectedNotification):
        return pairs
    fields = _verified_fields(pairs, content_type, verifier)
    if not isinstance(fields, RejectedNotification) and _ambiguous(fields):
        return RejectedNotification("a field contains another field")
    return fields


def _ambiguous(fields: Mapping[str, str]) -> bool:
    """Names and values are signed raw, so a value that ends in ``&total_fee=1`` has the same signature as two fields: a
    genuine message could be sent again with fields hidden inside others."""
    hidden = any(map(_FIELD_INSIDE.search, fields.values())) or any("&" in fields.get(name, "") for name in _FACTS)
    return hidden or not all(map(_NAME.fullmatch, fields))


def _pairs(body: bytes) -> dict[bytes, bytes] | RejectedNotification:
    """The form's fields as bytes, percent-decoded once."""
    pairs: dict[bytes, bytes] = {}
    parts = [part for part in body.split(b"&") if part]
    if len(parts) > MAX_FIELDS:
        return RejectedNotification(f"more than {MAX_FIELDS} fields")
    for part in parts:
        name, _, value = part.partition(b"=")
        key = unquote_to_bytes(name.replace(b"+", b" "))
        if key in pairs:
            return RejectedNotification(f"field {key[:40]!r} occurs twice")
        pairs[key] = unquote_to_bytes(value.replace(b"+", b" "))
    return pairs


def _verified_fields(
    pairs: dict[bytes, bytes], content_type: str, verifier: Verifier
) -> dict[str, str] | RejectedNotification:
    sign = pairs.get(b"sign", b"").decode("ascii", "replace")
    sign_type = pairs.get(b"sign_type", b"").decode("ascii", "replace")
    if not sign:
        return RejectedNotification("no signature")
    # A message in another sign type would be checked with a key that is not meant for it.
    if sign_type != verifier.sign_type:
        return RejectedNotification(f"sign_type {sign_type[:10]!r}, but {verifier.sign_type} is configured")
    named = _named_charset(pairs, content_type)
    for fields in _readings(pairs, named):
        if _signature_holds(fields, sign, named, verifier):
            return fields
    return RejectedNotification("the signature does not verify")


def _named_charset(pairs: dict[bytes, bytes], content_type: str) -> str:
    in_form = pairs.get(b"charset") or pairs.get(b"_input_charset")
    header = _HEADER_CHARSET.search(content_type)
    named = in_form.decode("ascii", "replace") if in_form else header.group(1) if header else ""
    return CHARSETS.get(named.lower(), "")


def _readings(pairs: dict[bytes, bytes], named: str) -> Iterator[dict[str, str]]:
    """The form as text, in each possible charset in which its bytes are valid."""
    for charset in _candidates(named):
        try:
            yield {key.decode(charset): value.decode(charset) for key, value in pairs.items()}
        except UnicodeDecodeError:
            continue


def _candidates(named: str) -> list[str]:
    return list(dict.fromkeys(charset for charset in (named, "utf-8", "gbk") if charset))


def _signature_holds(fields: dict[str, str], sign: str, named: str, verifier: Verifier) -> bool:
    """A form sent in UTF-8 may have been signed in GBK (seen in a notification of 2015)."""
    texts = dict.fromkeys((canonical(fields), canonical(fields, keep_blank=True)))
    return any(_verifies(text, sign, charset, verifier) for text in texts for charset in _candidates(named))


def _verifies(text: str, sign: str, charset: str, verifier: Verifier) -> bool:
    try:
        return verifier.verify(text.encode(charset), sign)
    except UnicodeEncodeError:
        return False


def _notification(fields: dict[str, str], *, total: str, passback: str) -> Notification | RejectedNotification:
    missing = [k for k in ("notify_id", "out_trade_no", "trade_no", "trade_status", total) if not fields.get(k)]
    if missing:
        return RejectedNotification(f"fields missing: {', '.join(missing)}")
    try:
        status = TradeStatus(fields["trade_status"])
    except ValueError:
        return RejectedNotification(f"trade_status {fields['trade_status'][:40]!r} is unknown")
    return Notification(
        notify_id=fields["notify_id"],
        out_trade_no=fields["out_trade_no"],
        trade_no=fields["trade_no"],
        status=status,
        total=fields[total],
        currency=fields.get("trans_currency", ""),
        app_id=fields.get("app_id", ""),
        seller_id=fields.get("seller_id", ""),
        seller_email=fields.get("seller_email", ""),
        buyer_id=fields.get("buyer_id") or fields.get("buyer_open_id", ""),
        paid_at=fields.get("gmt_payment", ""),
        refunded=fields.get("refund_fee", ""),
        refund_no=fields.get("out_biz_no", ""),
        passback=passback,
        fields=fields,
    )
