"""``python -m sim.alipay_sandbox --keys DIR``: a sandbox for one demo merchant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.alipay_sandbox.app import serve
from sim.alipay_sandbox.merchants import write_demo_keys
from sim.alipay_sandbox.settings import SandboxSettings


def main(
    keys: Annotated[Path, typer.Option(help="Directory of key files; made where it is empty.")],
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 lets the system choose.")] = 8088,
    accounts: Annotated[Path | None, typer.Option(help="File that keeps the accounts over a restart.")] = None,
    retry_time_factor: Annotated[float, typer.Option(help="Speeds up repeated notifications.")] = 1.0,
) -> None:
    """Play Alipay's side of payments."""
    settings = SandboxSettings(
        merchants=(write_demo_keys(keys),),
        host=host,
        port=port,
        accounts_file=accounts,
        retry_time_factor=retry_time_factor,
    )
    try:
        serve(settings, ready=lambda base: typer.echo(f"Alipay sandbox at {base}/gateway.do"))
    except OSError as error:
        typer.echo(f"cannot listen on {host}:{port}: {error.strerror}", err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    typer.run(main)
