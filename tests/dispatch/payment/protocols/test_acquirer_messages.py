"""Messages to and from an acquirer are believed as they were signed, and not otherwise."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.payment.protocols.acquirer_messages import (
    AcquirerCredentials,
    AcquirerKeys,
    AcquirerMessage,
    SealedEnvelope,
)
from dispatch.payment.protocols.signing import AnswerError, KeyFormatError
from tests.dispatch.payment.protocols.signing_samples import RSA

SECRET = AcquirerCredentials(secret="s" * 32)
BY_KEY = AcquirerCredentials(
    sign_type="RSA2", private_key=RSA["private_key_pem_test_only"], acquirer_public_key=RSA["public_key_pem"]
)
MESSAGE = AcquirerMessage(kind="ask", merchant="cab1", at=1000, nonce="n", call="query", arguments={"order": "车1"})


@pytest.mark.parametrize("credentials", [SECRET, BY_KEY], ids=lambda credentials: credentials.sign_type)
def test_round_trip(credentials: AcquirerCredentials) -> None:
    """What is sealed opens, within five minutes, for whom it is; one changed character closes it."""
    keys = AcquirerKeys(credentials)
    sealed = keys.seal(MESSAGE)

    assert keys.open(sealed, kind="ask", merchant="cab1", now=1300.0) == MESSAGE
    for body, now in ((sealed, 1301.0), (sealed, 699.0), (sealed.replace(b"query", b"close"), 1000.0)):
        with pytest.raises(AnswerError):
            keys.open(body, kind="ask", merchant="cab1", now=now)


def test_other_keys_and_kinds() -> None:
    """Another secret, another kind of signature, another receiver or kind of message."""
    sealed = AcquirerKeys(SECRET).seal(MESSAGE)

    for keys, kind, merchant in (
        (AcquirerKeys(BY_KEY), "ask", "cab1"),
        (AcquirerKeys(AcquirerCredentials(secret="t" * 32)), "ask", "cab1"),
        (AcquirerKeys(SECRET), "answer", "cab1"),
        (AcquirerKeys(SECRET), "ask", "cab2"),
    ):
        with pytest.raises(AnswerError):
            keys.open(sealed, kind=kind, merchant=merchant, now=1000.0)


def test_refusal_without_signature() -> None:
    """A refusal comes back as what it is; with a signature beside it, it is a message that must verify."""
    keys = AcquirerKeys(SECRET)

    assert keys.open(b'{"refused":"X"}', kind="answer", merchant="cab1", now=0.0) == SealedEnvelope(refused="X")
    with pytest.raises(AnswerError):
        keys.open(b'{"refused":"X","sign":"y"}', kind="answer", merchant="cab1", now=0.0)


@given(st.binary(max_size=120) | st.builds(SealedEnvelope, message=st.text(), sign=st.text()).map(msgspec.json.encode))
def test_anything_may_come(body: bytes) -> None:
    """No bytes raise anything else."""
    with pytest.raises(AnswerError):
        AcquirerKeys(SECRET).open(body, kind="ask", merchant="cab1", now=1000.0)


@pytest.mark.parametrize("credentials", [AcquirerCredentials(), AcquirerCredentials(sign_type="RSA2")])
def test_missing_keys_are_named(credentials: AcquirerCredentials) -> None:
    """What is missing is called by its name."""
    with pytest.raises(KeyFormatError, match=r"acquirer_secret|private_key"):
        AcquirerKeys(credentials)


def test_repr_shows_no_key() -> None:
    """Keys never reach a log through ``repr``."""
    assert "s" * 32 not in repr(SECRET)
    assert repr(AcquirerKeys(SECRET)) == "AcquirerKeys(HMAC-SHA256)"
