"""Sign-ins that are ended: on live sockets, at every gateway, for new sockets and over HTTP."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest

from dispatch.clock import ManualClock
from dispatch.domain.errors import CloseCode, DispatchError, ErrorCode
from dispatch.store.journal import JournalUnavailableError
from dispatch.store.queries.revocations import Revocation, subject_name
from dispatch.values.roles import Role
from dispatch.values.units import WallTime
from tests.ws_gateway.conftest import SECRET, Start
from tests.ws_gateway.fakes import FakeRevocations
from ws_gateway.auth.revocations import Revocations
from ws_gateway.auth.tokens import Tokens

TOKENS = Tokens(SECRET, 1_000.0)


def _token(role: Role = "driver", subject: str = "D1", session: str = "s1", at: float = 100.0) -> str:
    return TOKENS.issue(role, subject, session=session, wall=WallTime(at), vehicle="V1")


@pytest.mark.integration
async def test_signing_out_closes_sockets_at_every_gateway(start: Start) -> None:
    """The sockets of this sign-in are closed with their own code, here and elsewhere; another of the same driver's is
    not; the token opens nothing any more, nor signs out twice."""
    here, there = await start(), await start()
    mine = here.tokens.issue("driver", "D1", session="mine", wall=here.clock.wall(), vehicle="V1")
    others = here.tokens.issue("dispatcher", "anna", session="other", wall=here.clock.wall())
    sockets = []
    for gateway, token in ((there, mine), (here, others)):
        client = await gateway.connect()
        await client.send(t="hello", token=token)
        await client.until("welcome")
        sockets.append(client)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{here.port}", timeout=20) as http:
        headers = {"Authorization": f"Bearer {mine}"}
        assert (await http.post("/v1/auth/sign_out", headers=headers)).status_code == 204
        again = await http.post("/v1/auth/sign_out", headers=headers)
        assert (again.status_code, again.json()["code"]) == (401, ErrorCode.TOKEN_REVOKED)
        assert (await http.post("/v1/auth/sign_out")).json()["code"] == ErrorCode.BAD_TOKEN
    assert await sockets[0].closed() == CloseCode.REVOKED
    assert (await sockets[1].ask(t="ping", id="p"))["t"] == "accepted"
    late = await here.connect()
    await late.send(t="hello", token=mine)
    assert (await late.receive())["code"] == ErrorCode.TOKEN_REVOKED
    assert await late.closed() == CloseCode.REVOKED


@pytest.mark.integration
async def test_whoever_is_deactivated_is_out_without_the_bus(start: Start) -> None:
    """With the bus away the journal is asked every few seconds: what was ended elsewhere ends here too."""
    gateway = await start(revocations_s=0.01)
    gateway.bus.available = False
    driver = await gateway.client("driver", "D1", "V1")
    other = await gateway.client("driver", "D2", "V2")
    wall = gateway.clock.wall()
    await gateway.revoked.add(Revocation(subject_name("driver", "D1"), wall, wall + 1_000.0))
    assert await driver.closed() == CloseCode.REVOKED
    assert (await other.ask(t="ping", id="p"))["t"] == "accepted"


class Away:
    """A journal that does not answer."""

    async def add(self, revocation: Revocation) -> None:
        raise JournalUnavailableError(revocation.id)

    async def since(self, at: float) -> Sequence[Revocation]:
        raise JournalUnavailableError(str(at))


async def test_before_the_journal_was_read_nobody_comes_in() -> None:
    """A gateway that cannot know what was ended believes no token, and says that one may ask again."""
    revocations = Revocations(Away(), TOKENS.verify, ManualClock(100.0))
    with pytest.raises(JournalUnavailableError):
        await revocations.refresh()
    with pytest.raises(DispatchError) as refused:
        revocations.verify(_token(), WallTime(150.0))
    assert refused.value.retryable


async def test_what_is_ended_and_what_is_not() -> None:
    """All sign-ins of somebody up to then, one session by its name, and in time nothing is remembered any more."""
    store, clock = FakeRevocations(), ManualClock(200.0)
    revocations = Revocations(store, TOKENS.verify, clock)
    assert not await revocations.refresh()
    await store.add(Revocation(subject_name("driver", "D1"), 200.0, 1_300.0))
    assert await revocations.refresh()
    assert not await revocations.refresh()
    wall = WallTime(250.0)
    with pytest.raises(DispatchError, match="2006"):
        revocations.verify(_token(at=199.0), wall)
    for good in (_token(at=201.0), _token(subject="D2"), _token(role="device", subject="D1")):
        assert revocations.verify(good, wall).session == "s1"
    await revocations.end_session(TOKENS.verify(_token(subject="D2", session="s2"), wall))
    await revocations.refresh()
    with pytest.raises(DispatchError, match="2006"):
        revocations.verify(_token(subject="D2", session="s2"), wall)
    assert revocations.verify(_token(subject="D2", session="s3"), wall).session == "s3"
    clock.advance(5_000.0)
    await store.add(Revocation(subject_name("driver", "D9"), clock.wall(), clock.wall() + 1.0))
    await revocations.refresh()
    assert not revocations.refuses(TOKENS.verify(_token(subject="D2", session="s2"), wall))
