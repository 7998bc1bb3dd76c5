"""The mapi gateway behaves as Alipay's documents say, towards requests that were made by hand."""

from pathlib import Path

import pytest

from sim.alipay_sandbox.http.app import create_app
from sim.alipay_sandbox.model.settings import SandboxSettings
from tests.sim.alipay_sandbox.merchant import BUYER, NOW, Answer, demo, encoded, order, request
from tests.sim.alipay_sandbox.sandbox_client import BLOCKED, POOR, HandClock, SandboxClient, open_sandbox


@pytest.mark.parametrize("sign_type", ["MD5", "RSA", "RSA2"])
@pytest.mark.parametrize("charset", ["UTF-8", "GBK", "gb2312"])
async def test_create_in_each_signature_and_charset(alipay: SandboxClient, sign_type: str, charset: str) -> None:
    """A signed create is answered with a trade number, signed the same way in the request's charset."""
    answer = await alipay.mapi(order(), sign_type, charset)

    assert answer.fields["result_code"] == "SUCCESS"
    assert answer.fields["out_trade_no"] == "T1_1_1"
    assert len(answer.fields["trade_no"]) == 28
    assert answer.genuine
    assert answer.response.headers["content-type"].startswith("text/xml;")
    assert answer.charset == ("utf-8" if charset == "UTF-8" else "gbk")
    assert '<param name="subject">Taxi 车费</param>' in answer.text


async def test_get_with_everything_in_the_query(alipay: SandboxClient) -> None:
    """A request may stand in the URL as a whole."""
    answer = Answer(await alipay.http.get(f"/gateway.do?{encoded(request(order()))}"))

    assert answer.fields["result_code"] == "SUCCESS"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"_input_charset": "latin-1"}, "ILLEGAL_CHARSET"),
        ({"service": "alipay.acquire.dream"}, "ILLEGAL_SERVICE"),
        ({"partner": "2088000000000099"}, "ILLEGAL_PARTNER"),
        ({"sign_type": "DSA"}, "ILLEGAL_SIGN_TYPE"),
        ({"sign": "0" * 32}, "ILLEGAL_SIGN"),
        ({"sign": ""}, "ILLEGAL_SIGN"),
        ({"total_fee": "0.01"}, "ILLEGAL_SIGN"),
        ({"partner": "2088000000000099", "sign": "0" * 32}, "ILLEGAL_PARTNER"),
    ],
)
async def test_the_gate(alipay: SandboxClient, changes: dict[str, str], error: str) -> None:
    """Who fails at the gate gets its code, unsigned, and nothing happens."""
    answer = await alipay.send(request(order()) | changes)

    assert answer.error == error
    assert "<sign>" not in answer.text
    assert (await alipay.accounts())["orders"] == []


async def test_keys_that_were_never_uploaded(alipay: SandboxClient) -> None:
    """A merchant without an RSA key cannot sign with RSA."""
    made = demo().at_alipay()
    bare = type(made)(partner=made.partner, md5_key=made.md5_key)
    other = SandboxClient(create_app(SandboxSettings(merchants=(bare,)), clock=HandClock()), HandClock())

    assert (await other.mapi(order(), "RSA2")).error == "HAS_NO_PUBLICKEY"
    await other.http.aclose()
    await other.sandbox.notifier.aclose()


@pytest.mark.parametrize(
    ("stamp", "error"),
    [
        ("2020-09-13 20:26:40", ""),
        ("2020-09-13 19:57:00", ""),
        ("2020-09-13 19:56:00", "ILLEGAL_ARGUMENT"),
        ("2020-09-13 20:57:00", "ILLEGAL_ARGUMENT"),
        ("1600000000000", ""),
        ("yesterday", "ILLEGAL_ARGUMENT"),
        ("", ""),
    ],
)
async def test_timestamps(alipay: SandboxClient, stamp: str, error: str) -> None:
    """Half an hour off is refused; milliseconds and none at all pass."""
    assert (await alipay.mapi(order(timestamp=stamp) | {"timestamp": stamp})).error == error


async def test_bytes_that_are_not_in_their_charset(alipay: SandboxClient) -> None:
    """What cannot be decoded, or stands there twice differently, is turned away."""
    garbled = await alipay.http.get("/gateway.do?_input_charset=UTF-8&subject=%ff")
    doubled = await alipay.http.get("/gateway.do?_input_charset=UTF-8&total_fee=1&total_fee=2")
    control = await alipay.http.get("/gateway.do?_input_charset=UTF-8&subject=%00")

    assert Answer(garbled).error == "INVALID_CHARACTER_SET"
    assert Answer(doubled).error == Answer(control).error == "ILLEGAL_ARGUMENT"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"total_fee": "0"}, "INVALID_PARAMETER"),
        ({"total_fee": "-1"}, "INVALID_PARAMETER"),
        ({"total_fee": "1.234"}, "INVALID_PARAMETER"),
        ({"total_fee": "1e3"}, "INVALID_PARAMETER"),
        ({"total_fee": "100.50", "trans_currency": "JPY"}, "INVALID_PARAMETER"),
        ({"trans_currency": "XXX"}, "INVALID_PARAMETER"),
        ({"currency": ""}, "INVALID_PARAMETER"),
        ({"out_trade_no": "no spaces"}, "INVALID_PARAMETER"),
        ({"subject": "x" * 257}, "INVALID_PARAMETER"),
        ({"product_code": "TIME_TRAVEL"}, "UN_SUPPORT_BIZ_TYPE"),
        ({"seller_id": "2088000000000099"}, "ACCESS_FORBIDDEN"),
        ({"seller_id": "someone"}, "SELLER_NOT_EXIST"),
        ({"buyer_id": ""}, "INVALID_PARAMETER"),
        ({"buyer_id": "12"}, "BUYER_NOT_EXIST"),
        ({"buyer_id": BLOCKED}, "BUYER_ENABLE_STATUS_FORBID"),
        ({"buyer_id": demo().partner}, "BUYER_SELLER_EQUAL"),
        ({"extend_params": ""}, "INVALID_PARAMETER"),
        ({"extend_params": '{"secondary_merchant_id":"1"}'}, "INVALID_PARAMETER"),
        ({"it_b_pay": "1.5h"}, "INVALID_PARAMETER"),
        ({"it_b_pay": "16d"}, "INVALID_PARAMETER"),
        ({"it_b_pay": "30s"}, "INVALID_PARAMETER"),
        ({"notify_url": "ftp://x"}, "INVALID_PARAMETER"),
        ({"price": "6.00", "quantity": "2"}, "INVALID_PARAMETER"),
    ],
)
async def test_orders_that_make_no_sense(alipay: SandboxClient, changes: dict[str, str], code: str) -> None:
    """A malformed order is a signed business failure with its code, and opens no trade."""
    answer = await alipay.mapi(order(**changes))

    assert answer.error == ""
    assert answer.fields["result_code"] == "FAIL"
    assert answer.fields["detail_error_code"] == code
    assert answer.genuine
    assert (await alipay.accounts())["orders"] == []


@pytest.mark.parametrize("name", ["out_trade_no", "subject", "product_code", "total_fee"])
async def test_mandatory_fields(alipay: SandboxClient, name: str) -> None:
    """A mandatory field that is missing is the gateway's own refusal."""
    assert (await alipay.mapi(order(**{name: ""}))).error == "ILLEGAL_ARGUMENT"


async def test_create_is_idempotent(alipay: SandboxClient) -> None:
    """The order number is the transaction: the same again gives the same trade, anything else an error."""
    first = await alipay.mapi(order())
    again = await alipay.mapi(order(), "RSA2")
    dearer = await alipay.mapi(order(total_fee="12.36"))
    other = await alipay.mapi(order(buyer_id="2088000000000009"))

    assert again.fields["trade_no"] == first.fields["trade_no"]
    assert dearer.fields["detail_error_code"] == "CONTEXT_INCONSISTENT"
    assert other.fields["detail_error_code"] == "TRADE_BUYER_NOT_MATCH"
    assert len((await alipay.accounts())["orders"]) == 1


async def test_paid_once(alipay: SandboxClient) -> None:
    """A trade is paid once, whatever is repeated; the books show one capture and balance."""
    trade_no = (await alipay.mapi(order())).fields["trade_no"]
    waiting = await alipay.query()

    assert waiting.fields["trade_status"] == "WAIT_BUYER_PAY"
    assert await alipay.pay(trade_no) == ("9000", "")
    assert await alipay.pay(trade_no) == ("9000", "")
    assert await alipay.pay(trade_no, "2088000000000009") == ("4000", "TRADE_BUYER_NOT_MATCH")

    paid = await alipay.query()
    accounts = await alipay.accounts()
    assert paid.genuine
    assert paid.fields == {
        "buyer_logon_id": "139****0002",
        "buyer_user_id": BUYER,
        "out_trade_no": "T1_1_1",
        "partner": demo().partner,
        "result_code": "SUCCESS",
        "send_pay_date": "2020-09-13 20:26:40",
        "total_fee": "12.35",
        "trade_no": trade_no,
        "trade_status": "TRADE_SUCCESS",
    }
    assert accounts["balanced"]
    assert accounts["orders"] == [
        {
            "partner": demo().partner,
            "out_trade_no": "T1_1_1",
            "trade_no": trade_no,
            "status": "TRADE_SUCCESS",
            "buyer_id": BUYER,
            "currency": "USD",
            "total_minor": 1235,
            "passback": "T1",
            "captures": 1,
            "captured_minor": 1235,
            "refunds": 0,
            "refunded_minor": 0,
        }
    ]
    assert {"account": f"merchant:{demo().partner}", "currency": "USD", "minor": 1235} in accounts["balances"]
    assert (await alipay.mapi(order())).fields["detail_error_code"] == "TRADE_HAS_SUCCESS"
    assert (await alipay.close()).fields["detail_error_code"] == "REASON_ILLEGAL_STATUS"


async def test_payments_that_do_not_happen(alipay: SandboxClient) -> None:
    """No money, no trade, or a passenger who leaves: nothing is captured."""
    trade_no = (await alipay.mapi(order(buyer_id=POOR))).fields["trade_no"]

    assert await alipay.pay(trade_no, POOR, confirm=False) == ("6001", "the user left the payment")
    assert await alipay.pay(trade_no, POOR) == ("4000", "BUYER_BALANCE_NOT_ENOUGH")
    assert await alipay.pay("no such trade") == ("4000", "TRADE_NOT_EXIST")
    assert (await alipay.http.post("/sandbox/tradepay", content=b"{")).status_code == 400
    assert (await alipay.accounts())["orders"][0]["captures"] == 0


async def test_close(alipay: SandboxClient) -> None:
    """An unpaid trade closes, once and for all."""
    trade_no = (await alipay.mapi(order())).fields["trade_no"]

    assert (await alipay.close()).fields["result_code"] == "SUCCESS"
    assert (await alipay.close()).fields["result_code"] == "SUCCESS"
    assert await alipay.pay(trade_no) == ("4000", "TRADE_HAS_CLOSE")
    assert (await alipay.query()).fields["trade_status"] == "TRADE_CLOSED"
    assert (await alipay.mapi(order())).fields["detail_error_code"] == "TRADE_HAS_CLOSE"


async def test_unknown_trades(alipay: SandboxClient) -> None:
    """What was never ordered is a signed TRADE_NOT_EXIST; asking for nothing is the gateway's refusal."""
    unknown = await alipay.query("T9")

    assert unknown.fields["detail_error_code"] == "TRADE_NOT_EXIST"
    assert unknown.genuine
    assert (await alipay.close("T9")).fields["detail_error_code"] == "TRADE_NOT_EXIST"
    assert (await alipay.query("")).error == "ILLEGAL_ARGUMENT"


@pytest.mark.parametrize(
    ("it_b_pay", "seconds"),
    [("15m", 900), ("2h", 7200), ("1d", 86400), ("1c", 3 * 3600 + 33 * 60 + 20), ("", 15 * 86400)],
)
async def test_expiry(alipay: SandboxClient, it_b_pay: str, seconds: int) -> None:
    """An unpaid trade closes when its time is over, not a second before."""
    await alipay.mapi(order(it_b_pay=it_b_pay))
    alipay.clock.now = NOW + seconds - 1
    before = (await alipay.accounts())["orders"][0]["status"]
    alipay.clock.now = NOW + seconds
    after = (await alipay.accounts())["orders"][0]["status"]

    assert (before, after) == ("WAIT_BUYER_PAY", "TRADE_CLOSED")


async def test_a_paid_trade_does_not_expire(alipay: SandboxClient) -> None:
    """Time does nothing to a trade that is paid."""
    await alipay.pay((await alipay.mapi(order())).fields["trade_no"])
    alipay.clock.now = NOW + 900

    assert (await alipay.accounts())["orders"][0]["status"] == "TRADE_SUCCESS"


async def test_answers_in_gbk_to_a_request_in_utf8() -> None:
    """Alipay may answer in GBK whatever it was asked in, and signs what it sends."""
    alipay = open_sandbox(answer_charset="gbk")
    await alipay.mapi(order())
    failed = await alipay.mapi(order(total_fee="1"))

    assert failed.charset == "gbk"
    assert failed.fields["detail_error_des"] == "交易信息被篡改"
    assert failed.genuine
    await alipay.http.aclose()
    await alipay.sandbox.notifier.aclose()


async def test_single_trade_query(alipay: SandboxClient) -> None:
    """The web products' query: a ``trade`` element, and unsigned refusals."""
    await alipay.mapi(order())
    known = await alipay.mapi({"service": "single_trade_query", "out_trade_no": "T1_1_1"})
    unknown = await alipay.mapi({"service": "single_trade_query", "out_trade_no": "T2"})
    nothing = await alipay.mapi({"service": "single_trade_query"})

    assert known.genuine
    assert known.fields["trade_status"] == "WAIT_BUYER_PAY"
    assert (unknown.error, nothing.error) == ("TRADE_NOT_EXIST", "ILLEGAL_ARGUMENT")


async def test_accounts_outlive_the_sandbox(tmp_path: Path) -> None:
    """A sandbox that is started again on its file has its trades, money and unsent notices."""
    file = tmp_path / "accounts.jsonl"
    first = open_sandbox(accounts_file=file)
    paid = (await first.mapi(order())).fields["trade_no"]
    await first.mapi(order(out_trade_no="T2"))
    await first.pay(paid)
    before = await first.accounts()
    first.sandbox.exchange.close_file()
    await first.http.aclose()
    await first.sandbox.notifier.aclose()
    with file.open("ab") as cut_short:
        cut_short.write(b'{"type":"paid","trade_no"')

    second = open_sandbox(accounts_file=file)

    assert await second.accounts() == before
    assert before["notices"] == {"made": 1, "acknowledged": 0, "given_up": 0}
    assert (await second.mapi(order(out_trade_no="T2"))).fields["result_code"] == "SUCCESS"
    assert len((await second.accounts())["orders"]) == 2
    second.sandbox.exchange.close_file()
    await second.http.aclose()
    await second.sandbox.notifier.aclose()


async def test_health(alipay: SandboxClient) -> None:
    """It says that it runs."""
    assert (await alipay.http.get("/sandbox/healthz")).json() == {"status": "ok"}
