"""What leaves a host after a commit: replies, pushes, listings, notices, and the dues that are armed and let go.

Rule: nothing is put in here before the transaction it belongs to is committed.
"""

from __future__ import annotations

from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.entity_types import Shown
from dispatch.actors.core.protocol import Done, Refused, Reply
from dispatch.actors.core.reply_cache import ReplyCache
from dispatch.actors.core.subscribers import Subscribers
from dispatch.actors.core.timer_queue import CommandRef, TimerQueue, is_timer, outgoing, ref_of, timer_work
from dispatch.actors.core.work_items import Effects, Failure, ListingChange, PendingCommand, Staged
from dispatch.domain.errors import ErrorCode
from dispatch.domain.match_pool import MatchEntry
from dispatch.store.journal import StoredCommand


class EffectBuffer:
    """The outlet of one host."""

    def __init__(self, subscribers: Subscribers) -> None:
        self.replies = ReplyCache()
        self.timers = TimerQueue()
        self._subscribers = subscribers
        self._effects = Effects()
        self._let_go: dict[CommandRef, StoredCommand] = {}

    def take(self) -> Effects:
        """Everything that may leave now."""
        effects, self._effects = self._effects, Effects()
        return effects

    def reply(self, token: int, reply: Reply) -> None:
        """An answer to one sender, without any work."""
        self._effects.replies.append((token, reply))

    def finish(self, work: PendingCommand, reply: Reply) -> None:
        """A command has come to its end."""
        self.replies.end(work, reply)
        if work.due is not None:
            self._let_go.pop(ref_of(work.due), None)
        self._effects.replies.extend((token, reply) for token in work.tokens)
        self._effects.counts.append(("accepted" if isinstance(reply, Done) else "refused", type(work.command).__name__))

    def fail(self, where: str, error: Exception) -> None:
        """An entity broke down."""
        self._effects.failures.append(Failure(where, error))

    def release(self, entry: CachedEntity | None, staged: Staged) -> None:
        """Let out what a committed decision brought."""
        work = staged.work
        if work.due is not None:
            self.timers.disarm(ref_of(work.due))
        for name in staged.decision.drop:
            self.timers.disarm(CommandRef(work.key, name))
        for due in staged.dues:
            self.timers.arm(due)
        self._effects.notices.extend(staged.decision.notices)
        if entry is not None:
            for shown in staged.shown:
                self.publish(entry, shown)
            self.relist(entry, staged.listing)
        if work.envelope.command_id:
            self.finish(work, staged.reply)

    # ── who follows, and the market ──────────────────────────────────────────────────────────────────────────────

    def publish(self, entry: CachedEntity, shown: Shown) -> None:
        """Tell followers one event, if it is new."""
        if self._subscribers.publish(entry, shown):
            self._effects.shown.append((entry.key, shown))

    def relist(self, entry: CachedEntity, listing: MatchEntry | None) -> None:
        """Tell the matcher, if it is new."""
        if listing != entry.listed:
            entry.listed = listing
            self._effects.listings.append(ListingChange(entry.key, listing))

    def answer_subscribers(self, entry: CachedEntity) -> None:
        """Answer those who wait to follow, if nothing is staged."""
        self._effects.attached.extend(self._subscribers.answer(entry))

    def refuse_subscriber(self, token: int, refused: Refused) -> None:
        """An answer to one who wants to follow what cannot be followed."""
        self._effects.attached.append((token, refused))

    def refuse_subscribers(self, entry: CachedEntity, code: ErrorCode) -> None:
        """Nobody can follow this now."""
        self._effects.attached.extend(self._subscribers.refuse(entry.key, code))

    # ── dues ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def fire(self, now: float) -> list[PendingCommand]:
        """Let go what is due: calls leave, timers are work for this host's own entities."""
        timers = []
        for due in list(self.timers.pop(now)):
            self._let_go[ref_of(due)] = due
            if is_timer(due):
                timers.append(timer_work(due))
            else:
                self._effects.calls.append(outgoing(due))
        return timers

    def called(self, due: StoredCommand) -> None:
        """A call has come back."""
        self._let_go.pop(ref_of(due), None)

    def knows(self, due: StoredCommand) -> bool:
        """Whether it is armed, at work or put off."""
        ref = ref_of(due)
        return due in (self._let_go.get(ref), self.timers.armed(ref))

    def arm_again(self, due: StoredCommand) -> None:
        """A due as the journal has it, unless it is known already."""
        if not self.knows(due):
            self.timers.arm(due)

    def is_rearmed(self, due: StoredCommand) -> bool:
        """Whether another due was armed under this one's name since it was let go."""
        armed = self.timers.armed(ref_of(due))
        return armed is not None and armed != due
