"""Phones that send fixes, at a gateway with hosts in memory."""

from __future__ import annotations

import msgspec
import pytest

from bench.harness.fix_sender import FixSender, PhoneLocation, masked_frame, retry_online
from tests.ws_gateway.conftest import Running, eventually


@pytest.mark.integration
async def test_fixes_are_sent_at_the_rate(gateway: Running) -> None:
    """After sign-in; a rate of 0 stops."""
    sender = FixSender()
    await sender.open(gateway.port, [gateway.token("driver", "D1", "V1")])
    await eventually(lambda: len(gateway.hosts.rows) == 1)  # sent before going online
    await sender.rate(300.0)
    await eventually(lambda: len(gateway.hosts.rows) >= 30)
    await sender.rate(0)
    sent = (await sender.sent())["sent"]
    await eventually(lambda: len(gateway.hosts.rows) == 1 + sent)


def test_frames_have_the_length_of_their_payload() -> None:
    """In the short form and in the form of two bytes; the mask is zero, so that the payload stays readable."""
    assert masked_frame(b"x" * 125) == b"\x82\xfd" + bytes(4) + b"x" * 125
    assert masked_frame(b"x" * 126) == b"\x82\xfe\x00\x7e" + bytes(4) + b"x" * 126


def test_fixes_are_numbered_upwards() -> None:
    """Also those of a later run."""
    first, second = PhoneLocation(1), PhoneLocation(1)
    fixes = [first.fix(10.0), first.fix(11.0), second.fix(12.0)]
    assert fixes[0].n < fixes[1].n
    assert (fixes[1].at, msgspec.structs.asdict(fixes[2])["at"]) == (11.0, 12.0)


async def test_going_online_is_retried_a_limited_number_of_times() -> None:
    """A request that is never accepted is an error."""
    attempts: list[float] = []

    async def request(within_s: float) -> None:
        attempts.append(within_s)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await retry_online(request)
    assert len(attempts) == 12
