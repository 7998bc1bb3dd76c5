"""Nothing is believed of a notification but what Alipay signed, whatever is done to it on its way.

Each example takes a genuine message of either protocol and changes it as a forger could who saw it: fields dropped,
doubled, merged, changed or added, other charsets named, other percent-encodings, signed anew with other keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote_from_bytes

import httpx
import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dispatch.clock import CityClock, ManualClock
from dispatch.payment.core.port import Notification, RejectedNotification
from dispatch.payment.gateways.alipay_mapi import MapiGateway
from dispatch.payment.gateways.alipay_openapi import OpenapiGateway
from dispatch.payment.protocols.acquirer_messages import (
    AcquirerCredentials,
    AcquirerKeys,
    AcquirerMessage,
    SealedEnvelope,
)
from dispatch.payment.protocols.signing import Credentials, Signer, canonical
from tests.dispatch.payment.gateways.acquirer_samples import ACCOUNT as ACQUIRER
from tests.dispatch.payment.gateways.acquirer_samples import TRADE, client
from tests.dispatch.payment.gateways.alipay_mapi_samples import MERCHANT
from tests.dispatch.payment.protocols.notification_samples import FORM, SAMPLE
from tests.dispatch.payment.protocols.openapi.account_samples import ACCOUNT
from tests.dispatch.payment.protocols.openapi.keys_samples import NEXT, private_pem
from tests.dispatch.payment.protocols.signing_samples import RSA, rsa_signer

Pairs = list[tuple[bytes, bytes]]
Verify = Callable[[bytes, str], Notification | RejectedNotification]

BY_KEY = Credentials(
    sign_type="RSA2", private_key=RSA["private_key_pem_test_only"], alipay_public_key=RSA["public_key_pem"]
)
MAPI_MD5 = MapiGateway(MERCHANT, ManualClock())
MAPI_RSA2 = MapiGateway(msgspec.structs.replace(MERCHANT, keys=BY_KEY), ManualClock())
OPENAPI = OpenapiGateway(ACCOUNT, ManualClock())
STRANGER = Signer.from_keys("RSA2", private_key=private_pem(NEXT), alipay_public_key=RSA["public_key_pem"])
STRANGERS_MD5 = Signer.from_keys("MD5", md5_key="f" * 32)

OPENAPI_SAMPLE: Final = {
    "notify_time": "2026-11-21 20:30:01",
    "notify_type": "trade_status_sync",
    "notify_id": "2026112100222203001",
    "app_id": ACCOUNT.app_id,
    "auth_app_id": ACCOUNT.app_id,
    "charset": "utf-8",
    "version": "1.0",
    "trade_no": "2026112122001",
    "out_trade_no": "T1_1_1",
    "buyer_id": "2088000000000002",
    "seller_id": "2088000000000001",
    "trade_status": "TRADE_SUCCESS",
    "total_amount": "12.35",
    "receipt_amount": "12.35",
    "refund_fee": "2.00",
    "out_biz_no": "T1_1_1_r1",
    "subject": "出租车 & more",
    "fund_bill_list": '[{"amount":"12.35","fundChannel":"ALIPAYACCOUNT"}]',
    "gmt_payment": "2026-11-21 20:30:00",
    "passback_params": "t%3D1",
}
REFUNDED: Final = {"refund_fee": "0.01", "out_biz_no": "r1", "extra_common_param": "T1"}
GENUINE: Final[list[tuple[Verify, Signer, dict[str, str]]]] = [
    (MAPI_MD5.verify_notification, Signer(MERCHANT.keys), SAMPLE),
    (MAPI_RSA2.verify_notification, rsa_signer("RSA2"), SAMPLE | REFUNDED),
    (OPENAPI.verify_notification, rsa_signer("RSA2"), OPENAPI_SAMPLE),
]
NAMES: Final = sorted({*SAMPLE, *OPENAPI_SAMPLE, "sign", "sign_type", "charset", "_input_charset", "amount"})
CHARSETS: Final = ["utf-8", "UTF8", "gbk", "GB2312", "gb18030", "utf-7", "utf-16", "latin-1", "ascii", "idna", ""]

messages = st.sampled_from(GENUINE)
names = st.sampled_from(NAMES).map(str.encode)
values = (
    st.sampled_from([b"", b"0.01", b"TRADE_SUCCESS", b"TRADE_CLOSED", b"2088000000000001", b"\xff", "车".encode("gbk")])
    | st.sampled_from(CHARSETS).map(str.encode)
    | st.binary(max_size=12)
)
sealed = st.sampled_from(["utf-8", "gbk"])


def pairs_of(fields: dict[str, str], signer: Signer, charset: str) -> Pairs:
    """A message as Alipay sends it, in its order."""
    named = fields | ({"charset": charset} if "charset" in fields else {})
    sign = signer.sign(canonical(named).encode(charset))
    full = named | {"sign": sign, "sign_type": signer.sign_type}
    return [(name.encode(), value.encode(charset)) for name, value in full.items()]


def posted(pairs: Pairs, safe: str = "") -> bytes:
    return "&".join(f"{quote_from_bytes(name)}={quote_from_bytes(value, safe=safe)}" for name, value in pairs).encode()


def facts(told: Notification) -> dict[str, object]:
    """All that is read of a notification."""
    return {name: value for name, value in msgspec.to_builtins(told).items() if name != "fields"}


@st.composite
def _changes(draw: st.DrawFn, pairs: Pairs) -> Pairs:
    """One change to a form."""
    changed = list(pairs)
    at = draw(st.integers(0, len(changed) - 1))
    name, value = changed[at]
    match draw(st.sampled_from(["drop", "double", "change", "add", "merge", "rename", "move", "re-encode", "case"])):
        case "drop":
            del changed[at]
        case "double":
            changed.insert(draw(st.integers(0, len(changed))), (name, draw(values | st.just(value))))
        case "change":
            changed[at] = (name, draw(values))
        case "add":
            changed.insert(0, (draw(names), draw(values)))
        case "merge":
            ordered = sorted(changed)
            at = min(at, len(ordered) - 2)
            (first, begun), (second, more) = ordered[at : at + 2]
            inside = (first, begun + b"&" + second + b"=" + more)
            outside = (first + b"=" + begun + b"&" + second, more)
            changed = [*ordered[:at], draw(st.sampled_from([inside, outside])), *ordered[at + 2 :]]
        case "rename":
            changed[at] = (draw(names), value)
        case "move":
            changed.insert(draw(st.integers(0, len(changed) - 1)), changed.pop(at))
        case "re-encode":
            text = value.decode("utf-8", "replace")
            changed[at] = (name, text.encode(draw(st.sampled_from(["gbk", "utf-8", "utf-16"])), "replace"))
        case _:
            changed[at] = (name.upper(), value)
    return changed


@settings(max_examples=400, deadline=None)
@given(messages, sealed, st.data())
def test_what_is_believed_is_what_was_signed(
    genuine: tuple[Verify, Signer, dict[str, str]], charset: str, data: st.DataObject
) -> None:
    """Whatever survives a forger's changes says what Alipay said, in every fact."""
    verify, signer, fields = genuine
    pairs = pairs_of(fields, signer, charset)
    told = verify(posted(pairs), FORM)
    assert isinstance(told, Notification), told
    for _ in range(data.draw(st.integers(1, 3), label="changes")):
        pairs = data.draw(_changes(pairs))
        assume(len(pairs) > 1)
    header = f"{FORM}; charset={data.draw(st.sampled_from(CHARSETS), label='header')}"

    believed = verify(posted(pairs, safe=data.draw(st.sampled_from(["", ":/ ", "&"]))), header)

    assert isinstance(believed, RejectedNotification) or facts(believed) == facts(told)


@settings(max_examples=200, deadline=None)
@given(messages, sealed, st.sampled_from([STRANGER, STRANGERS_MD5]), st.dictionaries(names, values, max_size=3))
def test_other_keys_sign_nothing(
    genuine: tuple[Verify, Signer, dict[str, str]], charset: str, stranger: Signer, changes: dict[bytes, bytes]
) -> None:
    """A message that is signed with any key but Alipay's is rejected, genuine in all else or not."""
    verify, signer, fields = genuine
    text = {name.decode(): value.decode(charset, "replace") for name, value in changes.items()}
    forged = pairs_of({k: v for k, v in (fields | text).items() if k not in ("sign", "sign_type")}, stranger, "utf-8")
    claims = [(name, signer.sign_type.encode() if name == b"sign_type" else value) for name, value in forged]

    assert isinstance(verify(posted(forged), FORM), RejectedNotification)
    assert isinstance(verify(posted(claims), FORM), RejectedNotification)


@settings(max_examples=200, deadline=None)
@given(messages, st.binary(max_size=40), st.integers(0, 2000), st.integers(0, 40))
def test_bytes_are_not_to_be_meddled_with(
    genuine: tuple[Verify, Signer, dict[str, str]], put: bytes, at: int, cut: int
) -> None:
    """Bytes cut out of a body and others put in their place change no fact."""
    verify, signer, fields = genuine
    body = posted(pairs_of(fields, signer, "utf-8"))
    told = verify(body, FORM)
    at %= len(body)

    believed = verify(body[:at] + put + body[at + cut :], FORM)

    assert isinstance(told, Notification)
    assert isinstance(believed, RejectedNotification) or facts(believed) == facts(told)


def test_one_protocols_message_is_no_others() -> None:
    """A genuine message of one protocol says nothing to the gateway of another, though one key signs both."""
    signer = rsa_signer("RSA2")

    assert isinstance(
        MAPI_RSA2.verify_notification(posted(pairs_of(OPENAPI_SAMPLE, signer, "utf-8")), FORM), RejectedNotification
    )
    assert isinstance(
        OPENAPI.verify_notification(posted(pairs_of(SAMPLE, signer, "utf-8")), FORM), RejectedNotification
    )


KEYS = AcquirerKeys(ACQUIRER.keys)
OTHER_KEYS = AcquirerKeys(AcquirerCredentials(secret="another-secret-of-32-characters-or-more"))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=20), st.integers(0, 600), st.integers(0, 20), st.sampled_from([KEYS, OTHER_KEYS]))
def test_acquirers_notices(put: bytes, at: int, cut: int, keys: AcquirerKeys) -> None:
    """The same of an acquirer's notices."""
    gateway = client(_no_network())
    now = int(CityClock().wall())
    notice = AcquirerMessage(kind="notice", merchant="cab1", at=now, nonce="1", result=TRADE)
    body, genuine = keys.seal(notice), gateway.verify_notification(KEYS.seal(notice), "")
    at %= len(body)

    believed = gateway.verify_notification(body[:at] + put + body[at + cut :], "")

    assert isinstance(genuine, Notification)
    if keys is OTHER_KEYS:
        assert isinstance(believed, RejectedNotification)
    else:
        assert isinstance(believed, RejectedNotification) or facts(believed) == facts(genuine)


def _no_network() -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: httpx.Response(500))


def test_an_acquirers_bare_words() -> None:
    """A notice without a signature is rejected."""
    bare = msgspec.json.encode(SealedEnvelope(message=msgspec.json.encode(TRADE).decode()))

    assert isinstance(client(_no_network()).verify_notification(bare, ""), RejectedNotification)
    assert isinstance(client(_no_network()).verify_notification(b'{"refused":"x"}', ""), RejectedNotification)
