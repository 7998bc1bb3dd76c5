"""Nothing is believed that Alipay did not sign, and nothing that is not our order."""

from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.payment.core.port import Notification, RejectedNotification, TradeStatus
from dispatch.payment.protocols.notification import read_notification
from dispatch.payment.protocols.signing import Signer, canonical
from tests.dispatch.payment.protocols.notification_samples import FORM, SAMPLE, SIGNER, posted


def read(body: bytes, content_type: str = FORM) -> Notification:
    result = read_notification(body, content_type, SIGNER)
    assert isinstance(result, Notification), result
    return result


def test_sample_is_read() -> None:
    """The published shape of a mapi notification gives its facts."""
    notification = read(posted(SAMPLE))

    assert notification.out_trade_no == "20180212000343"
    assert notification.status is TradeStatus.SUCCESS
    assert notification.total == "0.01"
    assert notification.event == ("2018021221001004560535968215", "TRADE_SUCCESS", "")


@pytest.mark.parametrize(
    ("sent", "signed", "content_type", "extra"),
    [
        ("utf-8", "utf-8", FORM, {}),
        ("gbk", "gbk", FORM, {}),
        ("gbk", "gbk", FORM + "; charset=GBK", {}),
        ("gbk", "gbk", FORM, {"charset": "gb2312"}),
        ("utf-8", "gbk", FORM + ";charset=utf-8", {}),
        ("utf-8", "utf-8", FORM + ";charset=utf-7", {}),
        ("utf-8", "utf-8", "", {"_input_charset": "UTF-8"}),
    ],
)
def test_each_charset(sent: str, signed: str, content_type: str, extra: dict[str, str]) -> None:
    """A message verifies in its own charset, named or not, and its text comes out right."""
    notification = read(posted(SAMPLE | extra, sent=sent, signed=signed), content_type)

    assert notification.fields["subject"] == "预授权押金解冻转支付"


def test_blank_fields_signed_or_not() -> None:
    """A blank field verifies whether or not it was signed."""
    signed = read(posted(SAMPLE | {"body": ""}))
    unsigned = read(posted(SAMPLE) + b"&body=")

    assert signed.fields["body"] == unsigned.fields["body"] == ""


@pytest.mark.parametrize("name", sorted(SAMPLE))
def test_changed_field_is_rejected(name: str) -> None:
    """A message with any field changed or left out is not Alipay's."""
    genuine = posted(SAMPLE)
    value = quote_from_bytes(SAMPLE[name].encode())
    changed = genuine.replace(f"{name}={value}".encode(), f"{name}={value}0".encode())
    dropped = genuine.replace(f"{name}={value}&".encode(), b"")

    assert changed != genuine != dropped
    assert isinstance(read_notification(changed, FORM, SIGNER), RejectedNotification)
    assert isinstance(read_notification(dropped, FORM, SIGNER), RejectedNotification)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no signature"),
        (b"out_trade_no=1&total_fee=1", "no signature"),
        (posted(SAMPLE) + b"&total_fee=0.01", "twice"),
        (posted(SAMPLE, sign_type="RSA2"), "sign_type"),
        (posted({**SAMPLE, "trade_status": "TRADE_DREAMED"}), "unknown"),
        (posted({k: v for k, v in SAMPLE.items() if k != "notify_id"}), "fields missing: notify_id"),
        (b"a=" + b"x" * 70_000, "bytes"),
        (b"&".join(b"a%d=1" % n for n in range(300)), "fields"),
        (posted(SAMPLE).replace(b"subject=", b"subject=%ff%fe"), "verify"),
    ],
)
def test_unreadable_is_rejected(body: bytes, reason: str) -> None:
    """What cannot be read or is signed otherwise is rejected with its reason."""
    result = read_notification(body, FORM, SIGNER)

    assert isinstance(result, RejectedNotification)
    assert reason in result.reason


@given(st.binary(max_size=300), st.text(max_size=40))
def test_anything_may_arrive(body: bytes, content_type: str) -> None:
    """No body and no header makes the reader raise, and none is believed."""
    assert isinstance(read_notification(body, content_type, SIGNER), RejectedNotification)


@given(st.dictionaries(st.sampled_from(sorted(SAMPLE)), st.text(min_size=1, max_size=20)))
def test_changes_signed_with_another_key(changes: dict[str, str]) -> None:
    """A message signed with a key that is not Alipay's is rejected, whatever it says."""
    fields = SAMPLE | {k: v.encode("utf-8", "replace").decode() for k, v in changes.items()}
    forged = Signer.from_keys("MD5", md5_key="f" * 32).sign(canonical(fields).encode())
    body = urlencode(fields | {"sign": forged, "sign_type": "MD5"}).encode()

    assert isinstance(read_notification(body, FORM, SIGNER), RejectedNotification)


@pytest.mark.parametrize(
    ("merged", "gone"),
    [
        ({"quantity": "1&refund_fee=0.01"}, "refund_fee"),
        ({"buyer_id": "2088000000000002&gmt_create=2018-02-12 17:51:24"}, "gmt_create"),
    ],
)
def test_a_field_hidden_in_another(merged: dict[str, str], gone: str) -> None:
    """Merged fields are signed like separate ones; a message that could be read both ways is not read at all."""
    genuine = SAMPLE | {"refund_fee": "0.01"}
    left = {name: value for name, value in (genuine | merged).items() if name != gone}

    assert canonical(left) == canonical(genuine)
    assert read_notification(posted(left), FORM, SIGNER) == RejectedNotification("a field contains another field")
