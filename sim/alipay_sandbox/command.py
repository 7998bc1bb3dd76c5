"""The command ``taxi sandbox``: runs a sandbox for one or more demo merchants.

Imports are local, so that other commands start without the HTTP stack.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sim.alipay_sandbox.model.settings import BuyerAccount


def sandbox(
    keys: Annotated[Path, typer.Option(help="Directory of key files, created if it is empty.")],
    *,
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0: the system chooses.")] = 8088,
    accounts: Annotated[Path | None, typer.Option(help="File that preserves the accounts across restarts.")] = None,
    retry_time_factor: Annotated[float, typer.Option(help="Factor of the intervals between notifications.")] = 1.0,
    fault: Annotated[
        list[str] | None, typer.Option(help="A fault, for example drop-answer:call=alipay.trade.*,times=2. Repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of random faults.")] = 1,
    merchant: Annotated[list[str] | None, typer.Option(help="PID of an additional merchant. Repeatable.")] = None,
    callback_host: Annotated[list[str] | None, typer.Option(help="An additional callback host. Repeatable.")] = None,
    buyers: Annotated[Path | None, typer.Option(help="JSON list of buyers: buyer_id, balance, blocked, …")] = None,
    buyer: Annotated[str, typer.Option(help="Buyer of a browser that has not chosen one.")] = "",
    public_url: Annotated[str, typer.Option(help="Base address for browsers, if not the merchant's.")] = "",
) -> None:
    """Run a sandbox of Alipay: both gateways, the passenger's app, bills and faults."""
    from sim.alipay_sandbox.faults import FaultError, parse_fault
    from sim.alipay_sandbox.http.app import serve
    from sim.alipay_sandbox.key_directory import write_demo_merchants
    from sim.alipay_sandbox.model.settings import SandboxSettings

    try:
        settings = SandboxSettings(
            merchants=write_demo_merchants(keys, _partners(merchant or []), callback_host or []),
            host=host,
            port=port,
            accounts_file=accounts,
            retry_time_factor=retry_time_factor,
            faults=tuple(parse_fault(text) for text in fault or []),
            seed=seed,
            buyers=_buyers(buyers),
            default_buyer=buyer,
            public_url=public_url,
        )
    except (FaultError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    try:
        serve(settings, ready=lambda base: typer.echo(f"Alipay sandbox at {base}/gateway.do"))
    except OSError as error:
        typer.echo(f"cannot listen on {host}:{port}: {error.strerror}", err=True)
        raise typer.Exit(1) from error


def _partners(pids: list[str]) -> list[str]:
    from sim.alipay_sandbox.model.exchange import is_user_id

    wrong = [pid for pid in pids if not is_user_id(pid)]
    if wrong:
        raise ValueError(f"--merchant {wrong[0]}: a PID has 16 digits and begins with 2088")
    return pids


def _buyers(file: Path | None) -> tuple[BuyerAccount, ...]:
    from sim.alipay_sandbox.model.settings import read_buyers

    if file is None:
        return ()
    try:
        return read_buyers(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ValueError(f"--buyers {file}: {error}") from error
