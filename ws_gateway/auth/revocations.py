"""Revoked tokens as this gateway knows them: read from the journal, on the bus's announcement.

Rule 1. A token is checked in memory; the journal is read when the bus announces a revocation, and every few seconds.
Rule 2. Until the journal has been read once, all tokens are refused, so that no revoked sign-in is accepted.
Rule 3. While the journal is unavailable, the revocations known so far apply.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from dispatch.clock import Clock
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.store.queries.revocations import Revocation, session_name, subject_name
from dispatch.values.units import WallTime
from ws_gateway.session.identity import Identity, Verify

_OVERLAP_S: Final = 60.0
"""Re-read margin for clock differences between machines and for transactions under way."""


class RevocationStore(Protocol):
    """The journal's side. Raises ``JournalUnavailableError``."""

    async def add(self, revocation: Revocation) -> None:
        """Write a revocation; replaces an earlier one of the same name."""

    async def since(self, at: float) -> Sequence[Revocation]:
        """Revocations written at or after a wall time."""


class Revocations:
    """``verify`` reads tokens; :meth:`verify` additionally refuses revoked ones."""

    def __init__(self, store: RevocationStore, verify: Verify, clock: Clock) -> None:
        self._store = store
        self._verify = verify
        self._clock = clock
        self._known: dict[str, Revocation] = {}
        self._read_until: float | None = None

    def verify(self, token: str, wall: WallTime) -> Identity:
        """Raises ``DispatchError``: as ``verify``, ``TOKEN_REVOKED``, ``UNAVAILABLE``."""
        identity = self._verify(token, wall)
        if self._read_until is None:
            raise DispatchError(ErrorCode.UNAVAILABLE)
        if self.refuses(identity):
            raise DispatchError(ErrorCode.TOKEN_REVOKED, field="token")
        return identity

    def refuses(self, identity: Identity) -> bool:
        if session_name(identity.role, identity.session) in self._known:
            return True
        of_all = self._known.get(subject_name(identity.role, identity.subject))
        return of_all is not None and identity.issued_at <= of_all.at

    async def refresh(self) -> bool:
        """Read new revocations; True if there were any. Raises ``JournalUnavailableError``."""
        wall = self._clock.wall()
        since = 0.0 if self._read_until is None else self._read_until - _OVERLAP_S
        found = {it.id: it for it in await self._store.since(since) if it.until > wall}
        new = any(self._known.get(name) != revocation for name, revocation in found.items())
        self._known = {name: it for name, it in self._known.items() if it.until > wall} | found if new else self._known
        self._read_until = wall
        return new

    async def end_session(self, identity: Identity) -> None:
        """Revoke one sign-in. Raises ``JournalUnavailableError``."""
        name = session_name(identity.role, identity.session)
        await self._store.add(Revocation(name, self._clock.wall(), identity.expires_at + 1.0))
        await self.refresh()
