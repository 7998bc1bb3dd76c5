"""The Alipay sandbox of a demonstration: a separate process, accessed over HTTP only."""

from __future__ import annotations

import asyncio
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Final

import msgspec

from dispatch.processes import child_processes as processes

READY_WITHIN_S: Final = 30.0


class SandboxNotStartedError(Exception):
    """The sandbox did not start."""


class SandboxProcess:
    """One sandbox on a free port. ``keys`` is the folder of both sides' key files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.keys = folder / "keys"
        self._child: Popen[str] | None = None
        self.url = ""

    async def start(self) -> None:
        """Raises :class:`SandboxNotStartedError`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "sandbox.log").open("a", encoding="utf-8") as log:
            accounts = self._folder / "accounts.jsonl"
            self._child = processes.start_python(
                ["-m", "sim.alipay_sandbox", "--keys", str(self.keys), "--port", "0", "--accounts", str(accounts)],
                stdout=PIPE,
                stderr=log,
            )
        assert self._child.stdout is not None  # noqa: S101 - requested above
        try:
            line = await asyncio.wait_for(asyncio.to_thread(self._child.stdout.readline), READY_WITHIN_S)
        except TimeoutError as error:
            raise SandboxNotStartedError("the Alipay sandbox does not answer") from error
        if "http" not in line:
            raise SandboxNotStartedError(f"the Alipay sandbox did not start: see {self._folder / 'sandbox.log'}")
        self.url = line.strip().rpartition(" ")[2].removesuffix("/gateway.do")

    def settings(self) -> dict[str, str]:
        merchant = msgspec.json.decode((self.keys / "merchant.json").read_bytes())
        return {
            "alipay.gateway_url": f"{self.url}/gateway.do",
            "alipay.openapi_url": f"{self.url}/gateway.do",
            "alipay.authorize_url": f"{self.url}/oauth2/publicAppAuthorize.htm",
            "alipay.bridge_url": f"{self.url}/sandbox/bridge.js",
            "alipay.app_id": merchant["app_id"],
            "alipay.partner": merchant["partner"],
            "alipay.sign_type": "RSA",
            "alipay.private_key_file": str(self.keys / "merchant_private.pem"),
            "alipay.alipay_public_key_file": str(self.keys / "alipay_public.pem"),
            "alipay.secondary_merchant_id": "1",
            "alipay.secondary_merchant_name": "Golden Gate Cabs",
        }

    async def stop(self) -> None:
        if self._child is not None:
            await processes.terminate(self._child, within_s=3.0)
            if self._child.stdout is not None:
                self._child.stdout.close()
            self._child = None
