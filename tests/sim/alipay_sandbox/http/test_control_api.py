"""The interface for simulated passengers, tests and operators."""

from tests.sim.alipay_sandbox.openapi_requests import trade
from tests.sim.alipay_sandbox.sandbox_client import SandboxClient

CREATE = "alipay.trade.create"
QUERY = "alipay.trade.query"
NUMBER = {"out_trade_no": "T1_1_1"}


async def test_health(alipay: SandboxClient) -> None:
    """It says that it runs."""
    assert (await alipay.http.get("/sandbox/healthz")).json() == {"status": "ok"}


async def test_set_over_http(alipay: SandboxClient) -> None:
    """GET lists what is set and how often it struck, PUT replaces it, DELETE takes it away."""
    await alipay.set_faults({"name": "system-error-before", "times": 1}, {"name": "gbk-answers"})
    await alipay.openapi(QUERY, NUMBER)
    listed = (await alipay.http.get("/sandbox/faults")).json()
    fewer = (await alipay.http.delete("/sandbox/faults", params={"name": "gbk-answers"})).json()
    none = (await alipay.http.delete("/sandbox/faults")).json()
    wrong = await alipay.http.put("/sandbox/faults", json=[{"name": "nonsense"}])
    garbled = await alipay.http.put("/sandbox/faults", content=b"{")

    assert listed == [
        {"name": "system-error-before", "times": 1, "hits": 1},
        {"name": "gbk-answers", "hits": 1},
    ]
    assert [each["name"] for each in fewer] == ["system-error-before"]
    assert none == []
    assert (wrong.status_code, garbled.status_code) == (400, 400)


async def test_what_the_app_tells_the_page(alipay: SandboxClient) -> None:
    """The page may hear another code than what happened."""
    await alipay.set_faults({"name": "result-code", "code": "6004", "times": 1})
    trade_no = (await alipay.openapi(CREATE, trade())).node["trade_no"]

    assert (await alipay.pay(trade_no))[0] == "6004"
    assert (await alipay.order_of())["captures"] == 1
