"""The terminal output of a demonstration: start, progress and results."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from rich.console import Console

from dispatch.processes.shutdown import run_until, stop_on_signals
from sim.city.terminal_progress import show_progress
from sim.demo.demo import Demo
from sim.demo.run_checks import RunVerdict

Beside = Callable[[Demo], Coroutine[Any, Any, None]]


async def present(demo: Demo, stop: asyncio.Event, *, quiet: bool, beside: Beside | None = None) -> None:
    """Start, run until ``stop``, check, and always stop everything. ``quiet``: no display; ``beside`` runs too."""
    console = Console(stderr=quiet, highlight=False)
    try:
        console.print("Starting the city: Alipay sandbox, Valkey, journal, Ray, hosts, matcher, gateway …")
        if not await run_until(stop, demo.start()):
            return
        stop_on_signals(stop)
        works = [_show(demo, console), *([] if beside is None else [beside(demo)])]
        running = [asyncio.ensure_future(work) for work in works]
        try:
            await demo.run(stop)
        finally:
            await _end(running)
        console.print("Stopping, and comparing the clients with journal and sandbox …")
        result = await demo.check()
        _print_verdict(result.verdict, console)
        _print_errors(demo, console)
    finally:
        await demo.stop()
        sys.stdout.flush()


async def _end(running: Sequence[asyncio.Future[None]]) -> None:
    """Cancel them. Raises the error of a task that failed."""
    for work in running:
        work.cancel()
    for outcome in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


async def _show(demo: Demo, console: Console) -> None:
    await show_progress(console, demo.title, _where(demo), demo.metrics.numbers)


def _where(demo: Demo) -> dict[str, str]:
    user = demo.accounts
    return {
        "console": f"{demo.url}/console/   {user.dispatcher}, password {user.password}",
        "passenger": f"{demo.url}/ride/   any phone number; its code: tail {demo.folder / 'sms.jsonl'}",
        "driver": f"{demo.url}/drive/   {user.driver}, PIN {user.pin}, car {user.vehicle}   (best with --speed 1)",
        "pay": f"{demo.pay_url}   (the page behind a car's QR code)",
        "clients": f"{demo.url.replace('http', 'ws', 1)}/v1/ws   {demo.url}/metrics",
        "data": str(demo.folder),
    }


def _print_verdict(verdict: RunVerdict, console: Console) -> None:
    for name in verdict.__struct_fields__:
        for line in getattr(verdict, name)[:10]:
            console.print(f"{name}: {line}")


def _print_errors(demo: Demo, console: Console) -> None:
    metrics = demo.metrics
    for name, counts in (("errors", metrics.errors), ("closes", metrics.closes), ("violations", metrics.violations)):
        if counts:
            console.print(f"{name}: " + ", ".join(f"{what} x {count}" for what, count in counts.most_common()))
