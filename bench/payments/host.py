"""The payment host of ``bench payments``: the product's core and desk over a real journal, and its deaths.

The shell's duties are done by hand and one after another, so that a case can choose between which two steps the host
dies. A death loses all that is in memory, calls and answers under way among it; a new host takes over at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

import msgspec

from bench.payments.alipay import Wire
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
from dispatch.payment.gateways.response_capture import listening
from dispatch.store.journal import Batch, StoredCommand
from dispatch.store.journals.sql_journal import SqlJournal

SHARDS: Final = 4
NOTICE: Final = "notice"
"""How a death names a notification, among the calls of the port."""

Step = Literal["", "before", "unanswered", "committed"]
"""Before the call is made; after it, with its answer lost; after the answer is in the journal, with all else lost."""

_call = msgspec.msgpack.Decoder(CallGateway)


class Death(msgspec.Struct):
    """Where a host dies, once: at call number ``nth`` of this name."""

    step: Step
    call: str
    nth: int = 1
    died: bool = False

    def at(self, step: Step, call: str) -> bool:
        """Whether it dies here and now."""
        if self.died or (step, call) != (self.step, self.call):
            return False
        self.nth -= 1
        self.died = self.nth == 0
        return self.died


class _Died(Exception):  # noqa: N818 - no error: what the case is about
    pass


class Late(msgspec.Struct):
    """An answer that is still on its way."""

    at: float
    call: OutgoingCall
    told: RecordGatewayResponse


class People(Protocol):
    """The trip and those who ride."""

    def told(self, outcome: ReportOutcome) -> None:
        """What the payment tells the trip."""
        ...

    def watch(self, call: str) -> None:
        """A call of the port is about to be made."""
        ...


class Host:
    """Implements :class:`dispatch.actors.core.protocol.Hosts` as far as notifications need it."""

    def __init__(
        self,
        journal: SqlJournal,
        kinds: Mapping[Kind, EntityKind],
        clock: Clock,
        *,
        gateways: Gateways,
        wire: Wire,
        people: People,
        deaths: Sequence[Death],
    ) -> None:
        self._journal = journal
        self._kinds = kinds
        self._clock = clock
        self._gateways = gateways
        self._wire = wire
        self._people = people
        self._deaths = deaths
        self._one_at_a_time = asyncio.Lock()
        self._dues: dict[tuple[EntityKey, str], float] = {}
        self._tokens = 0
        self._hearing = ""
        self.alarms: list[str] = []
        self.failures: list[str] = []

    async def start(self) -> None:
        """Be born, with the journal's dues."""
        self._core = HostCore("payment", self._kinds, PushQueues("payment"))
        self._calls: list[OutgoingCall] = []
        self._late: list[Late] = []
        self._replies: dict[int, Reply] = {}
        dues = await self._journal.dues("payment", range(SHARDS))
        self._dues = {(due.owner, due.name): due.at for due in dues}
        self._core.wake(dues, self._clock.city())

    def _dies(self, step: Step, call: str) -> bool:
        return any(death.at(step, call) for death in self._deaths)

    def next_at(self) -> float | None:
        """When the host has something to do by itself next."""
        now = self._clock.city()
        times = [*self._dues.values(), *(late.at for late in self._late)]
        return min((at for at in times if at > now), default=None)

    async def command(self, envelope: Envelope) -> Reply:
        """A command from a gateway process: a notification."""
        if self._dies("before", NOTICE):
            await self.start()
            raise HostsUnavailableError("killed")
        return await self._submit(envelope, NOTICE)

    async def ask(self, trip: str, command: Command, principal: Principal = SYSTEM, *, name: str = "") -> Reply:
        """A command of the trip's, or of a person's."""
        body = encode_command(command)
        self._tokens += 1
        return await self._submit(Envelope(f"payment:{trip}", name or f"c{self._tokens}", principal, body, digest=body))

    async def work(self) -> bool:
        """Do all that can be done now; whether there was anything."""
        did = False
        while True:
            async with self._one_at_a_time:
                self._core.tick(self._clock.city())
                await self._pump()
            arrived = [late for late in self._late if late.at <= self._clock.city()]
            calls, self._calls = self._calls, []
            if not (arrived or calls):
                return did
            did = True
            for late in arrived:
                await self._arrive(late)
            for call in calls:
                await self._send(call)

    async def _arrive(self, late: Late) -> None:
        if late in self._late:
            self._late.remove(late)
            await self._hear(late.call, late.told)

    async def _send(self, call: OutgoingCall) -> None:
        core = self._core
        if call.envelope is not None:
            told = decode_command(call.envelope.body)
            if isinstance(told, ReportOutcome):
                self._people.told(told)
            core.call_done(call.due, answered=True, retry_at=0.0)
            return
        name = _call.decode(call.due.command).call
        if self._dies("before", name):
            await self.start()
            return
        self._people.watch(name)
        answer = await self.performed(call.due)
        late_s = self._wire.late_s
        if self._core is not core:
            return  # it died while the call was under way
        if self._dies("unanswered", name):
            await self.start()
        elif late_s:
            self._late.append(Late(self._clock.city() + late_s, call, answer))
        else:
            await self._hear(call, answer)

    async def performed(self, due: StoredCommand) -> RecordGatewayResponse:
        """What :class:`dispatch.actors.runtime.payment_worker.PaymentWorker` does with the outgoing work of a due."""
        with listening() as pages:
            told = await perform(self._gateways.of(company_of(due.command)), due.name, due.command)
        return msgspec.structs.replace(told, received="\n".join(pages), heard_at=self._clock.wall())

    async def _hear(self, call: OutgoingCall, told: RecordGatewayResponse) -> None:
        core = self._core
        self._tokens += 1
        name = f"{call.due.owner}/{call.due.name}/{self._tokens}"
        envelope = Envelope(str(call.due.owner), name, SYSTEM, encode_command(told), keep=False)
        try:
            reply = await self._submit(envelope, _call.decode(call.due.command).call)
        except HostsUnavailableError:
            return
        if self._core is core:
            final = isinstance(reply, Done) or reply.code < 6000
            core.call_done(call.due, answered=final, retry_at=self._clock.city() + 1.0)

    async def _submit(self, envelope: Envelope, hearing: str = "") -> Reply:
        async with self._one_at_a_time:
            self._tokens += 1
            token, self._hearing = self._tokens, hearing
            self._core.submit(token, envelope, self._clock.city())
            try:
                await self._pump()
            except _Died:
                await self.start()
                raise HostsUnavailableError("killed") from None
            finally:
                self._hearing = ""
            reply = self._replies.pop(token, None)
        if reply is None:
            raise HostsUnavailableError("no answer")
        return reply

    async def _pump(self) -> None:
        """Read and write until there is nothing left."""
        core, journal = self._core, self._journal
        while True:
            self._let_out()
            loads, lookups = core.take_loads(), core.take_lookups()
            if loads:
                core.loaded(await journal.load(loads), self._clock.city())
            for look_up in lookups:
                core.reply_looked_up(look_up, await journal.reply(look_up.work.envelope.command_id), self._clock.city())
            batch = core.take_batch()
            if batch is not None:
                await self._commit(batch)
            elif not (loads or lookups or core.wants_commit):
                self._let_out()
                return

    async def _commit(self, batch: Batch) -> None:
        result = await self._journal.commit(batch)
        for owner, name in batch.commands_done:
            self._dues.pop((owner, name), None)
        for due in batch.commands_put:
            self._dues[due.owner, due.name] = due.at
        if self._hearing and self._dies("committed", self._hearing):
            raise _Died
        self._core.committed(result, self._clock.city())

    def _let_out(self) -> None:
        effects = self._core.take_effects()
        self._replies.update(effects.replies)
        self._calls.extend(effects.calls)
        self.failures.extend(f"{failure.where}: {failure.error!r}" for failure in effects.failures)
        self.alarms.extend(str(each.fields.get("cause")) for each in effects.signals if each.name == "payment_alarm")
