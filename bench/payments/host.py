"""The payment host of ``bench payments``: the product's core over a real journal, with crashes at chosen steps.

This host performs the runtime's steps one after another, so that a case can choose the two steps between which the
host crashes. A crash loses everything in memory, calls and answers in flight included; a new host takes over at once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

import msgspec

from bench.harness.local_hosts import SHARDS
from bench.payments.alipay import SandboxTransport
from dispatch.actors.core.entity_types import EntityKind
from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.protocol import Done, Envelope, HostsUnavailableError, Reply
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.core.work_items import OutgoingCall
from dispatch.clock import Clock
from dispatch.domain.commands import CallGateway, RecordGatewayResponse, ReportOutcome, decode_command, encode_command
from dispatch.domain.entity import SYSTEM, Command, EntityKey, Kind, Principal
from dispatch.payment.core.gateway_calls import company_of, perform
from dispatch.payment.gateways.factory import Gateways
from dispatch.payment.gateways.response_capture import capture_responses
from dispatch.store.journal import Batch, StoredCommand
from dispatch.store.journals.sql_journal import SqlJournal

NOTICE: Final = "notice"
"""Name of a notification among the calls at which a host crashes."""
FIRST_RETRYABLE: Final = 6000

CrashPoint = Literal["", "before", "unanswered", "committed"]
"""Before the call is made; after it, with its answer lost; after the answer's commit, with all else lost."""

_call = msgspec.msgpack.Decoder(CallGateway)


class Crash(msgspec.Struct):
    """A host crashes once: at call number ``nth`` of this name."""

    point: CrashPoint
    call: str
    nth: int = 1
    happened: bool = False

    def happens_at(self, point: CrashPoint, call: str) -> bool:
        if self.happened or (point, call) != (self.point, self.call):
            return False
        self.nth -= 1
        self.happened = self.nth == 0
        return self.happened


class _CrashedError(Exception):
    pass


class DelayedAnswer(msgspec.Struct):
    """An answer that arrives at ``at``."""

    at: float
    call: OutgoingCall
    command: RecordGatewayResponse


class HostObserver(Protocol):
    """The trip and the people of the ride."""

    def outcome_received(self, outcome: ReportOutcome) -> None:
        """The payment reports its state to the trip."""

    def before_call(self, call: str) -> None:
        """A call of the gateway port is about to be made."""


async def perform_call(gateways: Gateways, due: StoredCommand, clock: Clock) -> RecordGatewayResponse:
    with capture_responses() as pages:
        answer = await perform(gateways.for_company(company_of(due.command)), due.name, due.command)
    return msgspec.structs.replace(answer, received="\n".join(pages), heard_at=clock.wall())


class CrashingHost:
    """Implements :class:`dispatch.actors.core.protocol.Hosts` as far as notifications need it."""

    def __init__(
        self,
        journal: SqlJournal,
        kinds: Mapping[Kind, EntityKind],
        clock: Clock,
        *,
        gateways: Gateways,
        transport: SandboxTransport,
        observer: HostObserver,
        crashes: Sequence[Crash],
    ) -> None:
        self._journal = journal
        self._kinds = kinds
        self._clock = clock
        self._gateways = gateways
        self._transport = transport
        self._observer = observer
        self._crashes = crashes
        self._lock = asyncio.Lock()
        self._dues: dict[tuple[EntityKey, str], float] = {}
        self._tokens = 0
        self._committing = ""
        self.alarms: list[str] = []
        self.failures: list[str] = []

    async def start(self) -> None:
        """Start with an empty memory and the journal's timers; also after a crash."""
        self._core = HostCore("payment", self._kinds, PushQueues("payment"))
        self._calls: list[OutgoingCall] = []
        self._delayed: list[DelayedAnswer] = []
        self._replies: dict[int, Reply] = {}
        dues = await self._journal.scheduled_commands("payment", range(SHARDS))
        self._dues = {(due.owner, due.name): due.at for due in dues}
        self._core.arm(dues, self._clock.city())

    def next_at(self) -> float | None:
        """City time of the host's next timer or delayed answer."""
        now = self._clock.city()
        times = [*self._dues.values(), *(delayed.at for delayed in self._delayed)]
        return min((at for at in times if at > now), default=None)

    async def command(self, envelope: Envelope) -> Reply:
        if self._crashes_at("before", NOTICE):
            await self.start()
            raise HostsUnavailableError("crashed")
        return await self._submit(envelope, NOTICE)

    async def send(self, trip: str, command: Command, principal: Principal = SYSTEM, *, name: str) -> Reply:
        body = encode_command(command)
        return await self._submit(Envelope(f"payment:{trip}", name, principal, body, digest=body))

    async def work(self) -> bool:
        """Do everything that can be done now; whether there was anything."""
        worked = False
        while True:
            async with self._lock:
                self._core.tick(self._clock.city())
                await self._pump()
            arrived = [delayed for delayed in self._delayed if delayed.at <= self._clock.city()]
            calls, self._calls = self._calls, []
            if not (arrived or calls):
                return worked
            worked = True
            for delayed in arrived:
                if delayed in self._delayed:
                    self._delayed.remove(delayed)
                    await self._take_answer(delayed.call, delayed.command)
            for call in calls:
                await self._make_call(call)

    def _crashes_at(self, point: CrashPoint, call: str) -> bool:
        return any(crash.happens_at(point, call) for crash in self._crashes)

    async def _make_call(self, call: OutgoingCall) -> None:
        core = self._core
        if call.envelope is not None:
            command = decode_command(call.envelope.body)
            if isinstance(command, ReportOutcome):
                self._observer.outcome_received(command)
            core.call_done(call.scheduled, answered=True, retry_at=0.0)
            return
        name = _call.decode(call.scheduled.command).call
        if self._crashes_at("before", name):
            await self.start()
            return
        self._observer.before_call(name)
        answer = await perform_call(self._gateways, call.scheduled, self._clock)
        late_s = self._transport.late_s
        if self._core is not core:
            return  # crashed during the call
        if self._crashes_at("unanswered", name):
            await self.start()
        elif late_s:
            self._delayed.append(DelayedAnswer(self._clock.city() + late_s, call, answer))
        else:
            await self._take_answer(call, answer)

    async def _take_answer(self, call: OutgoingCall, answer: RecordGatewayResponse) -> None:
        core = self._core
        self._tokens += 1
        name = f"{call.scheduled.owner}/{call.scheduled.name}/{self._tokens}"
        envelope = Envelope(str(call.scheduled.owner), name, SYSTEM, encode_command(answer), keep=False)
        try:
            reply = await self._submit(envelope, _call.decode(call.scheduled.command).call)
        except HostsUnavailableError:
            return
        if self._core is core:
            core.call_done(call.scheduled, answered=is_final(reply), retry_at=self._clock.city() + 1.0)

    async def _submit(self, envelope: Envelope, call: str = "") -> Reply:
        async with self._lock:
            self._tokens += 1
            token, self._committing = self._tokens, call
            self._core.submit(token, envelope, self._clock.city())
            try:
                await self._pump()
            except _CrashedError:
                await self.start()
                raise HostsUnavailableError("crashed") from None
            finally:
                self._committing = ""
            reply = self._replies.pop(token, None)
        if reply is None:
            raise HostsUnavailableError("no answer")
        return reply

    async def _pump(self) -> None:
        core, journal = self._core, self._journal
        while True:
            self._release()
            loads, lookups = core.take_loads(), core.take_lookups()
            if loads:
                core.loaded(await journal.load(loads), self._clock.city())
            for look_up in lookups:
                core.reply_looked_up(look_up, await journal.reply(look_up.work.envelope.command_id), self._clock.city())
            batch = core.take_batch()
            if batch is not None:
                await self._commit(batch)
            elif not (loads or lookups or core.wants_commit):
                self._release()
                return

    async def _commit(self, batch: Batch) -> None:
        result = await self._journal.commit(batch)
        for owner, name in batch.commands_done:
            self._dues.pop((owner, name), None)
        for due in batch.commands_put:
            self._dues[due.owner, due.name] = due.at
        if self._committing and self._crashes_at("committed", self._committing):
            raise _CrashedError
        self._core.committed(result, self._clock.city())

    def _release(self) -> None:
        effects = self._core.take_effects()
        self._replies.update(effects.replies)
        self._calls.extend(effects.calls)
        self.failures.extend(f"{failure.where}: {failure.error!r}" for failure in effects.failures)
        self.alarms.extend(str(each.fields.get("cause")) for each in effects.notices if each.name == "payment_alarm")


def is_final(reply: Reply) -> bool:
    """Whether the same command would get the same reply again."""
    return isinstance(reply, Done) or reply.code < FIRST_RETRYABLE
