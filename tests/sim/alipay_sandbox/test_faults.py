"""Each fault strikes as its table says, as often as it is told, and leaves the books right."""

import random
from pathlib import Path
from typing import Any

import httpx
import pytest

import sim.alipay_sandbox
from sim.alipay_sandbox.faults import ActiveFaults, FaultError, SandboxFault, fault_table, parse_fault
from tests.sim.alipay_sandbox.merchant import NOW, demo, form_fields, genuine, order, text_of
from tests.sim.alipay_sandbox.openapi_requests import trade
from tests.sim.alipay_sandbox.sandbox_client import SandboxClient, open_sandbox

CREATE = "alipay.trade.create"
QUERY = "alipay.trade.query"
NUMBER = {"out_trade_no": "T1_1_1"}
NOTIFY = {"notify_url": "http://merchant.invalid/notify"}


class Inbox:
    """A merchant that takes every notification."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.forms.append(form_fields(request.content))
        return httpx.Response(200, text="success")

    def told(self) -> list[tuple[str, bool]]:
        """Each notification's status, and whether Alipay signed it."""
        return [(form["trade_status"], _genuine(form)) for form in self.forms]


def _genuine(form: dict[str, str]) -> bool:
    try:
        return genuine(form["sign_type"], text_of(form).encode(), form["sign"])
    except Exception:  # noqa: BLE001 - whatever a verifier says to a forgery
        return False


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense", "unknown fault 'nonsense'; known: outage, drop-answer"),
        ("drop-answer:code=1", "drop-answer: takes seconds$"),
        ("refuse", "refuse: takes code$"),
        ("outage:times=0", "outage: chance must be from 0 to 1, times at least 1$"),
        ("drop-answer:chance=2", "drop-answer: chance must be from 0 to 1, times at least 1$"),
        ("retry-flag:seconds=1", "retry-flag: takes neither seconds nor code$"),
        ("x:y=z", "unknown field `y`"),
    ],
)
def test_faults_that_make_no_sense(text: str, reason: str) -> None:
    """A fault that does not exist, or has wrong fields, is refused with the reason."""
    with pytest.raises(FaultError, match=reason):
        parse_fault(text)


def test_what_is_told_on_the_command_line() -> None:
    """Name, call, count, chance and seconds are read from one word."""
    assert parse_fault("delay-answer:call=alipay.trade.*,times=2,chance=0.5,seconds=3") == SandboxFault(
        name="delay-answer", call="alipay.trade.*", times=2, chance=0.5, seconds=3.0
    )


def test_limits() -> None:
    """A fault strikes the calls that it names, so many times, and by chance as the seed has it."""
    faults = ActiveFaults((SandboxFault(name="drop-answer", call="alipay.trade.*", times=2),), random.Random(1), 0.0)
    struck = [faults.hit("drop-answer", call) is not None for call in ("alipay.acquire.query", QUERY, CREATE, QUERY)]

    def run(seed: int) -> list[bool]:
        by_chance = ActiveFaults((SandboxFault(name="drop-answer", chance=0.5),), random.Random(seed), 0.0)
        return [by_chance.hit("drop-answer", QUERY) is not None for _ in range(40)]

    assert struck == [False, True, True, False]
    assert run(1) == run(1)
    assert 0 < sum(run(1)) < 40
    assert faults.hit("delay-answer", QUERY) is None


async def noticed(*faults: dict[str, Any], method: str = "openapi") -> tuple[Inbox, SandboxClient]:
    """A payment under faults, and what the merchant heard of it."""
    inbox = Inbox()
    alipay = open_sandbox(inbox)
    await alipay.set_faults(*faults)
    created = (
        (await alipay.openapi(CREATE, trade(), **NOTIFY)).node
        if method == "openapi"
        else (await alipay.mapi(order(**NOTIFY), "RSA2")).fields
    )
    if (await alipay.order_of())["captures"] == 0:
        await alipay.pay(created["trade_no"])
    await alipay.sandbox.notifier.deliver_due()
    return inbox, alipay


@pytest.mark.parametrize("method", ["openapi", "mapi"])
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"name": "notice-lost"}, []),
        ({"name": "notice-late", "seconds": 60}, []),
        ({"name": "notice-duplicate"}, [("TRADE_SUCCESS", True)] * 2),
        ({"name": "notice-reorder"}, []),
        ({"name": "notice-forged"}, [("TRADE_SUCCESS", False), ("TRADE_SUCCESS", True)]),
        ({"name": "notice-before-answer"}, [("TRADE_SUCCESS", True)]),
        ({"name": "notice-forged", "call": "closed"}, [("TRADE_SUCCESS", True)]),
    ],
)
async def test_notices(method: str, fault: dict[str, Any], told: list[tuple[str, bool]]) -> None:
    """What the merchant hears at once of a payment under each fault; the money moved once."""
    inbox, alipay = await noticed(fault, method=method)

    assert inbox.told() == told
    assert (await alipay.order_of())["captures"] == 1
    await alipay.aclose()


async def test_forged_early() -> None:
    """A stranger says that an order is paid before anyone has paid it."""
    inbox = Inbox()
    alipay = open_sandbox(inbox)
    await alipay.set_faults({"name": "notice-forged-early"})
    await alipay.openapi(CREATE, trade(), **NOTIFY)
    await alipay.sandbox.notifier.deliver_due()

    assert inbox.told() == [("TRADE_SUCCESS", False)]
    assert (await alipay.order_of())["captures"] == 0
    await alipay.aclose()


async def test_late_and_lost() -> None:
    """A late notification comes when it said; a lost one never does."""
    inbox, alipay = await noticed({"name": "notice-late", "seconds": 60, "times": 1})
    alipay.clock.now = NOW + 60
    await alipay.sandbox.notifier.deliver_due()
    assert inbox.told() == [("TRADE_SUCCESS", True)]
    await alipay.aclose()

    inbox, alipay = await noticed({"name": "notice-lost"})
    alipay.clock.now = NOW + 86400
    await alipay.sandbox.notifier.deliver_due()
    assert inbox.told() == []
    assert (await alipay.accounts())["notices"]["given_up"] == 1
    await alipay.aclose()


async def test_reordered() -> None:
    """The refund is heard of before the payment."""
    inbox, alipay = await noticed({"name": "notice-reorder", "times": 1})
    await alipay.openapi("alipay.trade.refund", NUMBER | {"refund_amount": "12.35"})
    await alipay.sandbox.notifier.deliver_due()
    await alipay.sandbox.notifier.deliver_due()

    assert inbox.told() == [("TRADE_CLOSED", True), ("TRADE_SUCCESS", True)]
    await alipay.aclose()


@pytest.mark.parametrize(
    ("fault", "field", "wrong", "right"),
    [
        ("notice-wrong-amount", "total_amount", "12.36", "12.35"),
        ("notice-wrong-seller", "seller_id", "2088999999999999", demo().partner),
    ],
)
async def test_well_signed_lies(fault: str, field: str, wrong: str, right: str) -> None:
    """The first sending lies, well signed; a merchant that does not take it hears the truth later."""
    heard: list[dict[str, str]] = []

    def doubtful(request: httpx.Request) -> httpx.Response:
        heard.append(form_fields(request.content))
        return httpx.Response(200, text="success" if heard[-1][field] == right else "fail")

    alipay = open_sandbox(doubtful)
    await alipay.set_faults({"name": fault})
    await alipay.pay((await alipay.openapi(CREATE, trade(), **NOTIFY)).node["trade_no"])
    await alipay.sandbox.notifier.deliver_due()
    alipay.clock.now = NOW + 240
    await alipay.sandbox.notifier.deliver_due()

    assert [form[field] for form in heard] == [wrong, right]
    assert all(_genuine(form) for form in heard)
    assert heard[0]["notify_id"] == heard[1]["notify_id"]
    await alipay.aclose()


def test_the_table_is_in_the_documents() -> None:
    """docs/sandbox.md has the table as the code makes it."""
    root = Path(str(sim.alipay_sandbox.__file__)).parents[2]

    assert fault_table() in (root / "docs" / "sandbox.md").read_text(encoding="utf-8")
