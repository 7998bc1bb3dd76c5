"""The share of signatures in the rate of payments."""

from __future__ import annotations

from bench.payments.rate import SignatureTimer
from dispatch.payment.protocols.signing import Signer


def test_signatures_are_timed_while_the_timer_runs() -> None:
    """Signing and verifying; afterwards the signer is the old one."""
    timer, method = SignatureTimer(), Signer.sign
    signer = Signer.from_keys("MD5", md5_key="k" * 32)
    with timer.running():
        signature = signer.sign(b"text" * 100_000)
        after_signing = timer.seconds
        assert signer.verify(b"text" * 100_000, signature)
    assert 0 < after_signing < timer.seconds
    signer.sign(b"text" * 100_000)
    assert timer.seconds < 1.0
    assert Signer.sign is method
