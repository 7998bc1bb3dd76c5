"""Everything that leaves a host after a commit: replies, pushes, match entries, notices, calls and timers.

Rule: nothing is put in here before the transaction it belongs to is committed.
"""

from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.entity_types import StreamUpdate
from dispatch.actors.core.protocol import Refused, Reply
from dispatch.actors.core.reply_cache import ReplyCache
from dispatch.actors.core.subscribers import Subscribers
from dispatch.actors.core.timer_queue import CommandRef, TimerQueue, is_timer, outgoing, ref_of, timer_work
from dispatch.actors.core.work_items import Effects, Failure, ListingChange, PendingCommand, Staged
from dispatch.domain.errors import ErrorCode
from dispatch.domain.match_pool import MatchEntry
from dispatch.store.journal import StoredCommand


class EffectBuffer:
    """The effects of one host until the runtime takes them, with its timers and recent replies."""

    def __init__(self, subscribers: Subscribers) -> None:
        self.replies = ReplyCache()
        self.timers = TimerQueue()
        self._subscribers = subscribers
        self._effects = Effects()
        self._fired: dict[CommandRef, StoredCommand] = {}

    def take(self) -> Effects:
        effects, self._effects = self._effects, Effects()
        return effects

    def reply(self, token: int, reply: Reply) -> None:
        self._effects.replies.append((token, reply))

    def finish(self, work: PendingCommand, reply: Reply) -> None:
        self.replies.end(work, reply)
        if work.timer is not None:
            self._fired.pop(ref_of(work.timer), None)
        self._effects.replies.extend((token, reply) for token in work.tokens)

    def fail(self, where: str, error: Exception) -> None:
        self._effects.failures.append(Failure(where, error))

    def release(self, entry: CachedEntity | None, staged: Staged) -> None:
        """Let out the effects of a committed decision.

        The order matters. The timer that fired is disarmed before new ones are armed, because a decision may arm a
        timer under the same name. Dropped names come before armed ones for the same reason. Pushes and the match
        entry come before the reply, because finishing may let the caller send its next command.
        """
        work = staged.work
        if work.timer is not None:
            self.timers.disarm(ref_of(work.timer))
        for name in staged.decision.drop:
            self.timers.disarm(CommandRef(work.key, name))
        for scheduled in staged.scheduled:
            self.timers.arm(scheduled)
        self._effects.notices.extend(staged.decision.notices)
        if entry is not None:
            for update in staged.updates:
                self.publish(entry, update)
            self.relist(entry, staged.listing)
        if work.envelope.command_id:
            self.finish(work, staged.reply)

    def publish(self, entry: CachedEntity, update: StreamUpdate) -> None:
        if self._subscribers.publish(entry, update):
            self._effects.updates.append((entry.key, update))

    def relist(self, entry: CachedEntity, listing: MatchEntry | None) -> None:
        if listing != entry.listed:
            entry.listed = listing
            reason = entry.entity.state if listing is None and entry.entity is not None else ""
            self._effects.listings.append(ListingChange(entry.key, listing, reason))

    def answer_subscribers(self, entry: CachedEntity) -> None:
        self._effects.subscribed.extend(self._subscribers.answer(entry))

    def refuse_subscriber(self, token: int, refused: Refused) -> None:
        self._effects.subscribed.append((token, refused))

    def refuse_subscribers(self, entry: CachedEntity, code: ErrorCode) -> None:
        self._effects.subscribed.extend(self._subscribers.refuse(entry.key, code))

    def fire(self, now: float) -> list[PendingCommand]:
        """Fire everything that is due: calls become effects, timers are returned as commands for this host."""
        timers = []
        for scheduled in list(self.timers.pop(now)):
            self._fired[ref_of(scheduled)] = scheduled
            if is_timer(scheduled):
                timers.append(timer_work(scheduled))
            else:
                self._effects.calls.append(outgoing(scheduled))
        return timers

    def call_returned(self, scheduled: StoredCommand) -> None:
        self._fired.pop(ref_of(scheduled), None)

    def is_known(self, scheduled: StoredCommand) -> bool:
        ref = ref_of(scheduled)
        return scheduled in (self._fired.get(ref), self.timers.armed(ref))

    def arm_again(self, scheduled: StoredCommand) -> None:
        if not self.is_known(scheduled):
            self.timers.arm(scheduled)

    def is_rearmed(self, scheduled: StoredCommand) -> bool:
        """Whether another command was armed under the same name since this one fired."""
        armed = self.timers.armed(ref_of(scheduled))
        return armed is not None and armed != scheduled
