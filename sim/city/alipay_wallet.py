"""The passenger's Alipay app, played by the sandbox's HTTP."""

from __future__ import annotations

from typing import Final

import httpx
import msgspec

NETWORK_ERROR: Final = "6002"


class _Outcome(msgspec.Struct, rename="camel"):
    result_code: str


class SandboxWallet:
    """``POST /sandbox/tradepay`` of Alipay's sandbox. ``http`` has the sandbox's address as its base."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def confirm(self, trade: str, buyer: str) -> str:
        """The ``resultCode`` of JSAPI's ``tradePay``; 6002 if the sandbox did not respond."""
        try:
            answer = await self._http.post("/sandbox/tradepay", json={"trade_no": trade, "buyer_id": buyer})
            return msgspec.json.decode(answer.content, type=_Outcome).result_code
        except (httpx.HTTPError, msgspec.DecodeError):
            return NETWORK_ERROR
