"""Rides per second that one payment host collects over real sockets, and the share of CPU time for signatures."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, ParamSpec, TypeVar, cast

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bench.harness.local_hosts import LocalHosts, san_francisco
from bench.payments.alipay import BUYER
from bench.payments.host import perform_call
from bench.payments.matrix import new_journal
from dispatch.actors.core.protocol import Done, Envelope, Hosts, Reply
from dispatch.clock import CityClock
from dispatch.config.loader import Settings, load_settings
from dispatch.domain.commands import OpenPayment, ReportOutcome, decode_command, encode_command
from dispatch.domain.entity import SYSTEM, Command, EntityKey
from dispatch.payment.core.rules import ALIPAY_PAGE
from dispatch.payment.gateways.factory import open_gateways, payment_rules_of
from dispatch.payment.protocols.signing import Signer
from dispatch.store.journal import StoredCommand
from dispatch.values.money import Money
from sim.alipay_sandbox.http.app import running
from sim.demo.sandbox_process import SandboxProcess
from ws_gateway.http.alipay_webhook import AlipayWebhook

WITHIN_S: Final = 60.0
P = ParamSpec("P")
R = TypeVar("R")


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
        sign, verify = Signer.sign, Signer.verify

        def timed(method: Callable[P, R]) -> Callable[P, R]:
            def call(*args: P.args, **kwargs: P.kwargs) -> R:
                began = time.thread_time()
                try:
                    return method(*args, **kwargs)
                finally:
                    self.seconds += time.thread_time() - began

            return call

        Signer.sign, Signer.verify = timed(sign), timed(verify)  # type: ignore[method-assign]
        try:
            yield
        finally:
            Signer.sign, Signer.verify = sign, verify  # type: ignore[method-assign]


class PaymentHost(LocalHosts):
    """A payment host, its trips, and passengers who pay as soon as the phone shows the order."""

    def __init__(self, settings: Settings, sandbox: str, phones: int) -> None:
        super().__init__(CityClock(), san_francisco(payment_rules_of(settings)), ["payment"])
        self.gateways = open_gateways(settings, self._clock)
        limits = httpx.Limits(max_connections=phones, max_keepalive_connections=phones)
        self._phone = httpx.AsyncClient(base_url=sandbox, trust_env=False, limits=limits, timeout=WITHIN_S)
        self._paid: dict[str, asyncio.Event] = {}

    async def call(self, envelope: Envelope) -> Reply:
        outcome = decode_command(envelope.body)
        if isinstance(outcome, ReportOutcome) and outcome.state == "ordered":
            paid = {"trade_no": outcome.trade, "buyer_id": BUYER}
            (await self._phone.post("/sandbox/tradepay", json=paid)).raise_for_status()
        elif isinstance(outcome, ReportOutcome) and outcome.state == "paid":
            self._paid[EntityKey.parse(envelope.key).id].set()
        return Done(1, "")

    async def call_gateway(self, due: StoredCommand) -> Command:
        return await perform_call(self.gateways, due, self._clock)

    async def stop(self) -> None:
        await super().stop()
        await self._phone.aclose()
        await self.gateways.aclose()

    async def collect(self, prefix: str, rides: int, at_once: int) -> None:
        slots = asyncio.Semaphore(at_once)

        async def ride(number: int) -> None:
            trip = f"{prefix}{number}"
            self._paid[trip] = asyncio.Event()
            async with slots:
                opening = OpenPayment(trip, "V1", Money(1235, "USD"), ALIPAY_PAGE, BUYER, "Taxi V1")
                body = encode_command(opening)
                await self.command(Envelope(f"payment:{trip}", f"open:{trip}", SYSTEM, body, digest=body))
                await asyncio.wait_for(self._paid[trip].wait(), WITHIN_S)

        await asyncio.gather(*(ride(number) for number in range(rides)))


async def measure(
    sandbox: SandboxProcess, folder: Path, prefix: str, sign_type: str, *, rides: int, at_once: int
) -> CollectionRate:
    """Let so many rides be paid on their pages, ``at_once`` at a time. Their names begin with ``prefix``."""
    webhooks: list[AlipayWebhook] = []

    async def notify(request: Request) -> Response:
        accepted = await webhooks[0].receive_notification(await request.body(), request.headers["content-type"])
        return PlainTextResponse("success" if accepted else "fail")

    app = Starlette(routes=[Route("/alipay/notify", notify, methods=["POST"])])
    async with running(app) as url:
        md5_key = (sandbox.keys / "md5.key").read_text().strip()
        chosen = {"alipay.sign_type": sign_type, "alipay.md5_key": md5_key, "server.public_url": url}
        host = PaymentHost(load_settings(None, {**sandbox.settings(), **chosen}), sandbox.url, at_once)
        # Notifications use only ``command`` of a gateway's connection to the hosts.
        webhooks.append(AlipayWebhook(host.gateways, cast("Hosts", host)))
        await host.start(new_journal(folder))
        try:
            await host.collect(f"{prefix}W", at_once, at_once)
            timer = SignatureTimer()
            with timer.running():
                began, used = time.perf_counter(), time.process_time()
                await host.collect(prefix, rides, at_once)
                wall_s, cpu_s = time.perf_counter() - began, time.process_time() - used
            return CollectionRate(rides / wall_s, timer.seconds / cpu_s)
        finally:
            await host.stop()
