# ruff: noqa: RUF001 - Chinese has colons and commas of its own
"""Bills as published samples lay them out, written for tests."""

import datetime as dt
import io
import zipfile
from collections.abc import Sequence

from dispatch.payment.reconciliation.alipay_bill import BillKind, BillRow
from dispatch.values.money import Money

DAY = dt.date(2026, 11, 21)
ACCOUNT = "20880219663881550156"
HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
CHINESE: dict[BillKind, str] = {"trade": "交易", "refund": "退款"}


def row(order: str, minor: int, refund: str = "", *, line: int = 6, kind: BillKind | None = None) -> BillRow:
    amount = Money(minor, "CNY")
    return BillRow(
        line=line,
        trade=f"2026112122001{order}",
        order=order,
        kind=kind or ("refund" if refund else "trade"),
        amount=amount,
        received=amount,
        finished="2026-11-21 12:00:00",
        refund=refund,
    )


def line_of(one: BillRow) -> str:
    cells = [
        *(f"{one.trade}\t", f"{one.order}\t", CHINESE[one.kind], "Taxi 车费", "2026-11-21 11:59:00", one.finished),
        *("\t", "", "\t", "\t", "a**@example.com", one.amount.plain(), one.received.plain(), *["0.00"] * 5, ""),
        *("0.00", "0.00", f"{one.refund}\t", "0.00", "0.00", ""),
    ]
    return ",".join(cells)


def total_of(rows: Sequence[BillRow], kind: BillKind) -> str:
    amounts = [one.received.minor for one in rows if one.kind == kind]
    back = "退款" if kind == "refund" else ""
    in_all = Money(sum(amounts), "CNY").plain()
    return f"#{CHINESE[kind]}合计：{len(amounts)}笔，商家实收{back}共{in_all}元，商家优惠{back}共0.00元"


def table(rows: Sequence[BillRow], day: dt.date = DAY, days: int = 1) -> str:
    ends = day + dt.timedelta(days=days)
    lines = [
        "#支付宝业务明细查询",
        f"#账号：[{ACCOUNT}]",
        f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{ends:%Y年%m月%d日} 00:00:00]",
        "#-----------------------------------------业务明细列表----------------------------------------",
        HEADER,
        *map(line_of, rows),
        "#-----------------------------------------业务明细列表结束------------------------------------",
        total_of(rows, "trade"),
        total_of(rows, "refund"),
        "#导出时间：[2026年11月22日 05:46:49]",
    ]
    return "\r\n".join(lines) + "\r\n"


def packed(**files: bytes) -> bytes:
    """A zip whose names are GBK and do not say so."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(_GbkName(f"{name}.csv", (2020, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


class _GbkName(zipfile.ZipInfo):
    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - zipfile's own hook
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def bill_file(rows: Sequence[BillRow], day: dt.date = DAY) -> bytes:
    name = f"{ACCOUNT}_{day:%Y%m%d}_业务明细"
    return packed(**{name: table(rows, day).encode("gbk"), f"{name}(汇总)": "#汇总".encode("gbk")})
