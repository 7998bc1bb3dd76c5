# ruff: noqa: RUF001 - Chinese has colons and commas of its own
"""Bills: a zip of two GBK tables, as Alipay makes them, with everything that happened on a day."""

import datetime as dt
import io
import struct
import zipfile

import pytest

from tests.sim.alipay_sandbox.merchant import NOW, demo
from tests.sim.alipay_sandbox.openapi_requests import JsonAnswer, trade
from tests.sim.alipay_sandbox.sandbox_client import SandboxClient

BILL = "alipay.data.dataservice.bill.downloadurl.query"
DAY = "2020-09-13"
NEXT_MORNING = NOW + 3 * 3600 + 33 * 60 + 20 + 9 * 3600
"""09:00 of the next day in Beijing."""


async def bill_url(alipay: SandboxClient, date: str = DAY, kind: str = "trade") -> JsonAnswer:
    stamp = dt.datetime.fromtimestamp(alipay.clock.now, dt.timezone(dt.timedelta(hours=8)))
    return await alipay.openapi(BILL, {"bill_type": kind, "bill_date": date}, timestamp=f"{stamp:%Y-%m-%d %H:%M:%S}")


async def tables(alipay: SandboxClient, date: str = DAY) -> dict[str, str]:
    """The files of a day's bill by name, names read as GBK."""
    url = (await bill_url(alipay, date)).node["bill_download_url"]
    content = (await alipay.http.get(url)).content
    archive = zipfile.ZipFile(io.BytesIO(content), metadata_encoding="gbk")
    return {name: archive.read(name).decode("gbk") for name in archive.namelist()}


async def ride(alipay: SandboxClient, number: str, amount: str = "12.35", **more: str) -> str:
    trade_no: str = (
        await alipay.openapi("alipay.trade.create", trade(out_trade_no=number, total_amount=amount, **more))
    ).node["trade_no"]
    await alipay.pay(trade_no)
    return trade_no


async def test_the_detailed_table(alipay: SandboxClient) -> None:
    """Head, a row for each payment and refund with its tabs and signs, totals, and the time of export."""
    first = await ride(alipay, "T1", store_id="S1", operator_id="D7", terminal_id="V1")
    second = await ride(alipay, "T2", "1.00", subject="ride, long")
    await alipay.openapi("alipay.trade.create", trade(out_trade_no="T3"))
    alipay.clock.now += 5
    refund = {"out_trade_no": "T1", "refund_amount": "2.35", "out_request_no": "R1", "refund_reason": "lost"}
    await alipay.openapi("alipay.trade.refund", refund)
    alipay.clock.now = NEXT_MORNING
    files = await tables(alipay)

    pid = f"{demo().partner}0156"
    assert list(files) == [f"{pid}_20200913_业务明细.csv", f"{pid}_20200913_业务明细(汇总).csv"]
    lines = files[f"{pid}_20200913_业务明细.csv"].split("\r\n")
    assert lines[:4] == [
        "#支付宝业务明细查询",
        f"#账号：[{pid}]",
        "#起始日期：[2020年09月13日 00:00:00]   终止日期：[2020年09月14日 00:00:00]",
        "#-----------------------------------------业务明细列表----------------------------------------",
    ]
    assert lines[4].startswith("支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,")
    paid, other, back = (line.split(",") for line in lines[5:8])
    assert len(lines[4].split(",")) == len(paid) == len(other) == len(back) == 25
    assert paid[:12] == [
        f"{first}\t",
        "T1\t",
        "交易",
        "Taxi 车费",
        "2020-09-13 20:26:40",
        "2020-09-13 20:26:40",
        "S1\t",
        "",
        "D7\t",
        "V1\t",
        "139****0002",
        "12.35",
    ]
    assert (other[0], other[3], other[12]) == (f"{second}\t", "ride  long", "1.00")
    assert (back[1], back[2], back[5], back[11], back[12]) == ("T1\t", "退款", "2020-09-13 20:26:45", "-2.35", "-2.35")
    assert (paid[21], back[21], back[24]) == ("\t", "R1\t", "lost")
    assert lines[8:] == [
        "#-----------------------------------------业务明细列表结束------------------------------------",
        "#交易合计：2笔，商家实收共13.35元，商家优惠共0.00元",
        "#退款合计：1笔，商家实收退款共-2.35元，商家优惠退款共0.00元",
        "#导出时间：[2020年09月14日 09:00:00]",
        "",
    ]
    assert "合计,,2,1,11.00,11.00," in files[f"{pid}_20200913_业务明细(汇总).csv"]


async def test_names_are_gbk_without_a_flag(alipay: SandboxClient) -> None:
    """The zip does not say what its names are written in, as Alipay's does not."""
    await ride(alipay, "T1")
    alipay.clock.now = NEXT_MORNING
    content = (await alipay.http.get((await bill_url(alipay)).node["bill_download_url"])).content

    assert struct.unpack("<H", content[6:8])[0] & 0x800 == 0
    assert "业务明细".encode("gbk") in content


async def test_the_address_lives_30_seconds(alipay: SandboxClient) -> None:
    """Then, and when it was never given, there is nothing."""
    await ride(alipay, "T1")
    alipay.clock.now = NEXT_MORNING
    url = (await bill_url(alipay)).node["bill_download_url"]
    alipay.clock.now = NEXT_MORNING + 29
    in_time = await alipay.http.get(url)
    alipay.clock.now = NEXT_MORNING + 30
    late = await alipay.http.get(url)

    assert (in_time.status_code, late.status_code) == (200, 404)
    assert in_time.headers["content-type"] == "application/zip"
    assert (await alipay.http.get("/downloadBillFile.resource?fileId=x")).status_code == 404


async def test_days_and_months(alipay: SandboxClient) -> None:
    """A bill has its own day alone; the month's has all, from the third of the next; an empty one says so."""
    await ride(alipay, "T1")
    alipay.clock.now = NEXT_MORNING
    empty = await bill_url(alipay, "2020-09-12")
    too_early = await bill_url(alipay, "2020-09")
    alipay.clock.now += 20 * 86400
    month = await tables(alipay, "2020-09")

    assert empty.node["bill_file_code"] == "EMPTY_DATA_WITH_BILL_FILE"
    assert too_early.code == "40004 BILL_NOT_EXIST"
    assert any("T1\t" in text for text in month.values())


@pytest.mark.parametrize(
    ("date", "kind", "code"),
    [
        (DAY, "trade", "BILL_NOT_EXIST"),
        ("2020-09-12", "signcustomer", "BILL_NOT_EXIST"),
        ("2020-09-12", "poem", "INVAILID_ARGUMENTS"),
        ("yesterday", "trade", "INVAILID_ARGUMENTS"),
        ("2020-13", "trade", "INVAILID_ARGUMENTS"),
    ],
)
async def test_bills_that_are_not_there(alipay: SandboxClient, date: str, kind: str, code: str) -> None:
    """Today's bill, a kind that is not made, and dates that are none."""
    answer = await bill_url(alipay, date, kind)

    assert answer.code == f"40004 {code}"
    assert answer.genuine()


async def test_what_spills_into_the_next_day(alipay: SandboxClient) -> None:
    """Under the fault, the day's last minutes stand in the next day's bill, and in no other."""
    await alipay.set_faults({"name": "bill-spill", "seconds": 4 * 3600})
    await ride(alipay, "T1")
    alipay.clock.now = NEXT_MORNING + 86400
    own, following = await tables(alipay), await tables(alipay, "2020-09-14")

    assert not any("T1\t" in text for text in own.values())
    assert any("T1\t" in text for text in following.values())


async def test_refunds_stand_on_their_own_day(alipay: SandboxClient) -> None:
    """A refund of the next day is in the next day's bill."""
    await ride(alipay, "T1")
    alipay.clock.now = NEXT_MORNING
    stamp = "2020-09-14 09:00:00"
    refund = {"out_trade_no": "T1", "refund_amount": "12.35"}
    await alipay.openapi("alipay.trade.refund", refund, timestamp=stamp)
    alipay.clock.now = NEXT_MORNING + 86400
    first, second = await tables(alipay), await tables(alipay, "2020-09-14")

    assert sum(text.count("退款,") for text in first.values()) == 0
    assert any("T1\t,退款," in text and "#退款合计：1笔，商家实收退款共-12.35元" in text for text in second.values())
