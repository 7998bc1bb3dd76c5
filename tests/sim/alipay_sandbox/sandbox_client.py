"""A sandbox in this process, and a merchant and passengers before it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette

from sim.alipay_sandbox.http.app import Sandbox, create_app
from sim.alipay_sandbox.model.settings import BuyerAccount, SandboxSettings
from tests.sim.alipay_sandbox import openapi_requests
from tests.sim.alipay_sandbox.merchant import BUYER, NOW, Answer, demo, encoded, request

POOR = "2088000000000003"
BLOCKED = "2088000000000004"


@dataclass
class HandClock:
    """Stands still until it is set."""

    now: float = NOW

    def wall(self) -> float:
        return self.now


@dataclass
class SandboxClient:
    """A sandbox in this process, and its clock."""

    app: Starlette
    clock: HandClock
    pauses: list[float] = field(default_factory=list)
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://sandbox.invalid", trust_env=False
        )

    async def aclose(self) -> None:
        await self.http.aclose()
        await self.sandbox.notifier.aclose()

    @property
    def sandbox(self) -> Sandbox:
        sandbox = self.app.state.sandbox
        assert isinstance(sandbox, Sandbox)
        return sandbox

    async def mapi(self, fields: dict[str, str], sign_type: str = "MD5", charset: str = "UTF-8") -> Answer:
        return await self.send(request(fields, sign_type, charset), charset)

    async def send(self, params: dict[str, str], charset: str = "UTF-8") -> Answer:
        return Answer(
            await self.http.post(
                "/gateway.do",
                params={"_input_charset": params.get("_input_charset", charset)},
                content=encoded(params, charset),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
        )

    async def openapi(self, method: str, biz: dict[str, Any] | None = None, **more: Any) -> openapi_requests.JsonAnswer:
        """One call of the openapi gateway: common fields in the query, the business in the body."""
        keys, charset = more.get("keys"), more.get("charset", "utf-8")
        params = openapi_requests.request(method, biz, **more)
        common = {name: value for name, value in params.items() if name != "biz_content"}
        body = encoded({name: value for name, value in params.items() if name == "biz_content"}, charset)
        headers = {"Content-Type": f"application/x-www-form-urlencoded;charset={charset}"}
        answer = await self.http.post(f"/gateway.do?{encoded(common, charset)}", content=body, headers=headers)
        return openapi_requests.JsonAnswer(answer, method, keys)

    async def become(self, buyer_id: str = BUYER) -> None:
        """Make this client that buyer's browser."""
        await self.http.post("/wallet", data={"buyer_id": buyer_id})

    async def bar_code(self, buyer_id: str = BUYER) -> str:
        code: str = (await self.http.get(f"/sandbox/buyers/{buyer_id}/code")).json()["code"]
        return code

    async def set_faults(self, *faults: dict[str, Any]) -> None:
        assert (await self.http.put("/sandbox/faults", json=list(faults))).status_code == 200

    async def order_of(self, out_trade_no: str = "T1_1_1") -> dict[str, Any]:
        """The order as the books have it."""
        [found] = [each for each in (await self.accounts())["orders"] if each["out_trade_no"] == out_trade_no]
        return dict(found)

    async def query(self, out_trade_no: str = "T1_1_1") -> Answer:
        return await self.mapi({"service": "alipay.acquire.query", "out_trade_no": out_trade_no})

    async def close(self, out_trade_no: str = "T1_1_1") -> Answer:
        return await self.mapi({"service": "alipay.acquire.close", "out_trade_no": out_trade_no})

    async def pay(self, trade_no: str, buyer_id: str = BUYER, **more: Any) -> tuple[str, str]:
        asked = {"trade_no": trade_no, "buyer_id": buyer_id} | more
        said = (await self.http.post("/sandbox/tradepay", json=asked)).json()
        return said["resultCode"], said["memo"]

    async def accounts(self) -> dict[str, Any]:
        accounts: dict[str, Any] = (await self.http.get("/sandbox/accounts")).json()
        return accounts


def open_sandbox(inbox: Callable[[httpx.Request], httpx.Response] | None = None, **settings: Any) -> SandboxClient:
    """A sandbox with these settings; notifications go to ``inbox``."""
    clock = HandClock()
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    buyers = (
        BuyerAccount(buyer_id=POOR, balance={"USD": "1.00"}),
        BuyerAccount(buyer_id=BLOCKED, blocked=True),
    )
    chosen = SandboxSettings(**({"merchants": (demo().at_alipay(),), "buyers": buyers} | settings))
    transport = httpx.MockTransport(inbox) if inbox is not None else None
    return SandboxClient(create_app(chosen, clock=clock, pause=pause, transport=transport), clock, pauses)
