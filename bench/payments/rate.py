"""Rides per second that one payment host collects over real sockets, and the share of CPU time for signatures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, cast

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bench.payments.alipay import BUYER
from bench.payments.host import SHARDS, perform_call
from bench.payments.matrix import CITY, journal_in
from dispatch.actors.core.entity_types import Shown, entity_kinds
from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.protocol import Done, Envelope, Hosts, Reply
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.core.work_items import ListingChange
from dispatch.actors.runtime.host_runtime import HostRuntime
from dispatch.clock import CityClock
from dispatch.config.loader import load_settings
from dispatch.domain.commands import OpenPayment, ReportOutcome, decode_command, encode_command
from dispatch.domain.entity import SYSTEM, Command, EntityKey, Signal
from dispatch.payment.core.methods import ALIPAY_PAGE
from dispatch.payment.gateways.factory import Gateways, open_gateways, payment_rules_of
from dispatch.payment.protocols.signing import Signer
from dispatch.store.journal import StoredCommand
from dispatch.values.money import Money
from sim.alipay_sandbox.http.app import running
from sim.demo.sandbox_process import SandboxProcess
from ws_gateway.http.alipay_webhook import AlipayWebhook

WITHIN_S: Final = 60.0


class CollectionRate(NamedTuple):
    """Rides paid per wall second; share of the host's CPU time spent on signatures."""

    rides_per_s: float
    signing_share: float


class SignatureTimer:
    """CPU time spent on signatures."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time every signature and verification."""
        sign, verify = Signer.sign, Signer.verify

        def timed_sign(signer: Signer, text: bytes) -> str:
            began = time.thread_time()
            try:
                return sign(signer, text)
            finally:
                self.seconds += time.thread_time() - began

        def timed_verify(signer: Signer, text: bytes, sign: str) -> bool:
            began = time.thread_time()
            try:
                return verify(signer, text, sign)
            finally:
                self.seconds += time.thread_time() - began

        Signer.sign, Signer.verify = timed_sign, timed_verify  # type: ignore[assignment,method-assign]
        try:
            yield
        finally:
            Signer.sign, Signer.verify = sign, verify  # type: ignore[method-assign]


class PayingPassengers:
    """The trips, and passengers who pay as soon as the phone shows the order. :class:`HostRuntime`'s outside."""

    def __init__(self, gateways: Gateways, clock: CityClock, sandbox: str, phones: int) -> None:
        self._gateways = gateways
        self._clock = clock
        limits = httpx.Limits(max_connections=phones, max_keepalive_connections=phones)
        self._phone = httpx.AsyncClient(base_url=sandbox, trust_env=False, limits=limits, timeout=WITHIN_S)
        self.paid: dict[str, asyncio.Event] = {}

    async def call(self, envelope: Envelope) -> Reply:
        """The payment reports its state to a trip."""
        outcome = decode_command(envelope.body)
        if isinstance(outcome, ReportOutcome) and outcome.state == "ordered":
            paid = {"trade_no": outcome.trade, "buyer_id": BUYER}
            (await self._phone.post("/sandbox/tradepay", json=paid)).raise_for_status()
        elif isinstance(outcome, ReportOutcome) and outcome.state == "paid":
            self.paid[EntityKey.parse(envelope.key).id].set()
        return Done(1, "")

    async def call_gateway(self, due: StoredCommand) -> Command:
        return await perform_call(self._gateways, due, self._clock)

    def listings(self, changes: Sequence[ListingChange]) -> None:
        """Payments have no listings."""

    def signals(self, signals: Sequence[Signal]) -> None:
        """Not recorded."""

    def shown(self, shown: Sequence[tuple[EntityKey, Shown]]) -> None:
        """Payments have no views."""

    async def aclose(self) -> None:
        await self._phone.aclose()


class _RuntimeHosts:
    """The part of a gateway's connection to the hosts that notifications use."""

    def __init__(self, shell: HostRuntime) -> None:
        self._shell = shell

    async def command(self, envelope: Envelope) -> Reply:
        (reply,) = await self._shell.submit([envelope])
        return reply


async def measure(
    sandbox: SandboxProcess, folder: Path, prefix: str, sign_type: str, *, rides: int, at_once: int
) -> CollectionRate:
    """Let so many rides be paid on their pages, ``at_once`` at a time. Their names begin with ``prefix``."""
    webhooks: list[AlipayWebhook] = []

    async def notify(request: Request) -> Response:
        accepted = await webhooks[0].receive_notification(await request.body(), request.headers["content-type"])
        return PlainTextResponse("success" if accepted else "fail")

    app = Starlette(routes=[Route("/alipay/notify", notify, methods=["POST"])])
    async with running(app) as url, journal_in(folder) as journal:
        md5_key = (sandbox.keys / "md5.key").read_text().strip()
        chosen = {"alipay.sign_type": sign_type, "alipay.md5_key": md5_key, "server.public_url": url}
        settings = load_settings(None, {**sandbox.settings(), **chosen})
        clock = CityClock()
        gateways = open_gateways(settings, clock)
        passengers = PayingPassengers(gateways, clock, sandbox.url, at_once)
        core = HostCore("payment", entity_kinds(CITY, payment_rules_of(settings)), PushQueues("payment"))
        shell = HostRuntime(core, journal, passengers, clock)
        webhooks.append(AlipayWebhook(gateways, cast("Hosts", _RuntimeHosts(shell))))
        await shell.start(lambda until: journal.scheduled_commands("payment", range(SHARDS), until=until))
        try:
            await _collect(shell, passengers, f"{prefix}W", at_once, at_once)
            return await _timed(shell, passengers, prefix, rides, at_once)
        finally:
            await shell.stop()
            await passengers.aclose()
            await gateways.aclose()


async def _timed(
    shell: HostRuntime, passengers: PayingPassengers, prefix: str, rides: int, at_once: int
) -> CollectionRate:
    watch = SignatureTimer()
    with watch.running():
        began, used = time.perf_counter(), time.process_time()
        await _collect(shell, passengers, prefix, rides, at_once)
        wall_s, processor_s = time.perf_counter() - began, time.process_time() - used
    return CollectionRate(rides / wall_s, watch.seconds / processor_s)


async def _collect(shell: HostRuntime, passengers: PayingPassengers, prefix: str, rides: int, at_once: int) -> None:
    room = asyncio.Semaphore(at_once)

    async def ride(number: int) -> None:
        trip = f"{prefix}{number}"
        passengers.paid[trip] = asyncio.Event()
        async with room:
            opening = OpenPayment(trip, "V1", Money(1235, "USD"), ALIPAY_PAGE, BUYER, "Taxi V1")
            body = encode_command(opening)
            await shell.submit([Envelope(f"payment:{trip}", f"open:{trip}", SYSTEM, body, digest=body)])
            await asyncio.wait_for(passengers.paid[trip].wait(), WITHIN_S)

    await asyncio.gather(*(ride(number) for number in range(rides)))
