# ruff: noqa: RUF001 - Chinese punctuation
"""Bills: a merchant's payments and refunds of a day or a month, as Alipay's zip of two GBK tables.

The layout of the detailed table follows published samples. The layout of the summary is from memory. Every amount is in
the currency of its order, although the headings name yuan. ``signcustomer`` bills are not implemented.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Final, Literal

import msgspec

from sim.alipay_sandbox.model.books import format_amount
from sim.alipay_sandbox.model.clock import beijing_day, beijing_text
from sim.alipay_sandbox.model.exchange import Exchange
from sim.alipay_sandbox.model.trades import SandboxTrade, TradeRefunded

COLUMNS: Final = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
SUMMARY_COLUMNS: Final = (
    "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,"
    "卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）"
)
_ZERO: Final = "0.00"


class BillPeriod(msgspec.Struct, frozen=True):
    """A day or a month in Beijing, in Unix seconds, and its form in file names."""

    begins: float
    ends: float
    name: str


class BillEntry(msgspec.Struct, frozen=True):
    """One line of a bill: a payment, or a refund."""

    trade: SandboxTrade
    refund: TradeRefunded | None
    at: float

    @property
    def minor(self) -> int:
        """The amount that the merchant received; negative for a refund."""
        return self.trade.terms.total_minor if self.refund is None else -self.refund.minor


def read_period(text: str) -> BillPeriod:
    """``yyyy-MM-dd`` or ``yyyy-MM``. Raises ``ValueError``."""
    if len(text) == 7:
        first = dt.datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a calendar month
        after = (first + dt.timedelta(days=31)).replace(day=1)
    else:
        first = dt.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day
        after = first + dt.timedelta(days=1)
    return BillPeriod(beijing_day(first), beijing_day(after), text.replace("-", ""))


def available_at(period: BillPeriod, hour: int) -> float:
    """Unix seconds from which a bill is available: ``hour`` of the next day, or of the third day of the next month."""
    whole_month = len(period.name) == 6
    return period.ends + (2 * 86400.0 if whole_month else 0.0) + hour * 3600.0


def bill_entries(exchange: Exchange, partner: str, period: BillPeriod, spill_s: float = 0.0) -> list[BillEntry]:
    """The entries of a period, oldest first; those of a day's last ``spill_s`` seconds count to the next day."""
    rows = [row for trade in exchange.trades() if trade.terms.partner == partner for row in _trade_entries(trade)]
    within = [row for row in rows if period.begins <= row.at + spill_s < period.ends]
    return sorted(within, key=lambda row: (row.at, row.trade.trade_no))


def _trade_entries(trade: SandboxTrade) -> list[BillEntry]:
    if trade.paid_at is None:
        return []
    return [
        BillEntry(trade, None, trade.paid_at),
        *(BillEntry(trade, refund, refund.at) for refund in trade.refunds.values()),
    ]


def bill_zip(exchange: Exchange, partner: str, period: BillPeriod, rows: list[BillEntry]) -> bytes:
    """The zip; file names are GBK and the UTF-8 flag is off."""
    made = io.BytesIO()
    files = {
        "业务明细": _details(exchange, partner, period, rows),
        "业务明细(汇总)": _summary(exchange, partner, period, rows),
    }
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = _GbkName(f"{partner}0156_{period.name}_{name}.csv", (2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text.encode("gbk", "replace"))
    return made.getvalue()


class _GbkName(zipfile.ZipInfo):
    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - a hook of zipfile
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def _details(exchange: Exchange, partner: str, period: BillPeriod, rows: list[BillEntry]) -> str:
    lines = [
        "#支付宝业务明细查询",
        *_heading(partner, period),
        "#-----------------------------------------业务明细列表----------------------------------------",
        COLUMNS,
        *(_line(exchange, row) for row in rows),
        "#-----------------------------------------业务明细列表结束------------------------------------",
        _total(rows, "交易", "商家实收共", "商家优惠共"),
        _total(rows, "退款", "商家实收退款共", "商家优惠退款共"),
        f"#导出时间：[{_chinese_time(exchange.now())}]",
    ]
    return "\r\n".join(lines) + "\r\n"


def _summary(exchange: Exchange, partner: str, period: BillPeriod, rows: list[BillEntry]) -> str:
    paid, returned = _of_kind("交易", rows), _of_kind("退款", rows)
    total = _sum(rows)
    line = ["合计", "", str(len(paid)), str(len(returned)), total, total, *[_ZERO] * 5, total]
    lines = [
        "#支付宝业务汇总查询",
        *_heading(partner, period),
        "#-----------------------------------------业务汇总列表----------------------------------------",
        SUMMARY_COLUMNS,
        ",".join(line),
        "#-----------------------------------------业务汇总列表结束------------------------------------",
        f"#导出时间：[{_chinese_time(exchange.now())}]",
    ]
    return "\r\n".join(lines) + "\r\n"


def _heading(partner: str, period: BillPeriod) -> list[str]:
    return [
        f"#账号：[{partner}0156]",
        f"#起始日期：[{_chinese_time(period.begins)}]   终止日期：[{_chinese_time(period.ends)}]",
    ]


def _line(exchange: Exchange, row: BillEntry) -> str:
    terms, origin = row.trade.terms, row.trade.opened.origin
    amount = _signed_text(row.minor, terms.currency)
    fields = [
        f"{row.trade.trade_no}\t",
        f"{terms.out_trade_no}\t",
        "交易" if row.refund is None else "退款",
        _cell(terms.subject),
        beijing_text(row.trade.opened.at),
        beijing_text(row.at),
        f"{_cell(origin.store_id)}\t",
        "",
        f"{_cell(origin.operator_id)}\t",
        f"{_cell(origin.terminal_id)}\t",
        exchange.logon_id(row.trade.payer_id),
        amount,
        amount,
        *[_ZERO] * 5,
        "",
        *[_ZERO] * 2,
        f"{'' if row.refund is None else row.refund.request_no}\t",
        *[_ZERO] * 2,
        "" if row.refund is None else _cell(row.refund.reason),
    ]
    return ",".join(fields)


def _cell(text: str) -> str:
    return "".join(" " if sign in ",\r\n\t" else sign for sign in text)


def _signed_text(minor: int, currency: str) -> str:
    return f"{'-' if minor < 0 else ''}{format_amount(abs(minor), currency)}"


def _of_kind(kind: Literal["交易", "退款"], rows: list[BillEntry]) -> list[BillEntry]:
    return [row for row in rows if (row.refund is None) == (kind == "交易")]


def _sum(rows: list[BillEntry]) -> str:
    return _signed_text(sum(row.minor for row in rows), rows[0].trade.terms.currency if rows else "CNY")


def _total(rows: list[BillEntry], kind: Literal["交易", "退款"], received: str, discount: str) -> str:
    of_kind = _of_kind(kind, rows)
    return f"#{kind}合计：{len(of_kind)}笔，{received}{_sum(of_kind)}元，{discount}{_ZERO}元"


def _chinese_time(at: float) -> str:
    day, _, time = beijing_text(at).partition(" ")
    year, month, number = day.split("-")
    return f"{year}年{month}月{number}日 {time}"
