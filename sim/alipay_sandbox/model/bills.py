# ruff: noqa: RUF001 - Chinese has commas and brackets of its own
"""Bills: what a merchant took and gave back on a day or in a month, as the zip of two GBK tables that Alipay makes.

The layout of the detailed table is that of published samples. That of the summary is from memory, and every amount
stands in its order's own currency under a heading that says yuan. ``signcustomer`` bills are not made.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Final, Literal

import msgspec

from sim.alipay_sandbox.model.books import to_text
from sim.alipay_sandbox.model.clock import beijing_day, beijing_text
from sim.alipay_sandbox.model.exchange import Exchange
from sim.alipay_sandbox.model.trades import Trade, TradeRefunded

COLUMNS: Final = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
SUMMARY_COLUMNS: Final = (
    "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,"
    "卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）"
)
_NONE: Final = "0.00"


class Period(msgspec.Struct, frozen=True):
    """A day or a month in Beijing, in unix seconds, and how file names write it."""

    begins: float
    ends: float
    name: str


class Row(msgspec.Struct, frozen=True):
    """One line of a bill."""

    trade: Trade
    refund: TradeRefunded | None
    at: float

    @property
    def minor(self) -> int:
        """What the merchant received; less than nothing for a refund."""
        return self.trade.terms.total_minor if self.refund is None else -self.refund.minor


def read_period(text: str) -> Period:
    """``yyyy-MM-dd`` or ``yyyy-MM``. Raises ``ValueError``."""
    if len(text) == 7:
        first = dt.datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a calendar's month
        after = (first + dt.timedelta(days=31)).replace(day=1)
    else:
        first = dt.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar's day
        after = first + dt.timedelta(days=1)
    return Period(beijing_day(first), beijing_day(after), text.replace("-", ""))


def available_at(period: Period, hour: int) -> float:
    """From when a bill is there: that hour of the next day, or of the third day of the next month."""
    whole_month = len(period.name) == 6
    return period.ends + (2 * 86400.0 if whole_month else 0.0) + hour * 3600.0


def rows_of(exchange: Exchange, partner: str, period: Period, spill_s: float = 0.0) -> list[Row]:
    """What happened in the period, in order; what happened in a day's last ``spill_s`` counts as the next day's."""
    rows = [row for trade in exchange.trades() if trade.terms.partner == partner for row in _rows(trade)]
    within = [row for row in rows if period.begins <= row.at + spill_s < period.ends]
    return sorted(within, key=lambda row: (row.at, row.trade.trade_no))


def _rows(trade: Trade) -> list[Row]:
    if trade.paid_at is None:
        return []
    return [Row(trade, None, trade.paid_at), *(Row(trade, refund, refund.at) for refund in trade.refunds.values())]


def bill_zip(exchange: Exchange, partner: str, period: Period, rows: list[Row]) -> bytes:
    """The zip, whose file names are GBK without a flag that says otherwise."""
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
    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - zipfile's own hook
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def _details(exchange: Exchange, partner: str, period: Period, rows: list[Row]) -> str:
    lines = [
        "#支付宝业务明细查询",
        *_heading(partner, period),
        "#-----------------------------------------业务明细列表----------------------------------------",
        COLUMNS,
        *(_line(exchange, row) for row in rows),
        "#-----------------------------------------业务明细列表结束------------------------------------",
        _total(rows, "交易", "商家实收共", "商家优惠共"),
        _total(rows, "退款", "商家实收退款共", "商家优惠退款共"),
        f"#导出时间：[{_chinese(exchange.now())}]",
    ]
    return "\r\n".join(lines) + "\r\n"


def _summary(exchange: Exchange, partner: str, period: Period, rows: list[Row]) -> str:
    paid, returned = _of("交易", rows), _of("退款", rows)
    total = _sum(rows)
    line = ["合计", "", str(len(paid)), str(len(returned)), total, total, *[_NONE] * 5, total]
    lines = [
        "#支付宝业务汇总查询",
        *_heading(partner, period),
        "#-----------------------------------------业务汇总列表----------------------------------------",
        SUMMARY_COLUMNS,
        ",".join(line),
        "#-----------------------------------------业务汇总列表结束------------------------------------",
        f"#导出时间：[{_chinese(exchange.now())}]",
    ]
    return "\r\n".join(lines) + "\r\n"


def _heading(partner: str, period: Period) -> list[str]:
    return [
        f"#账号：[{partner}0156]",
        f"#起始日期：[{_chinese(period.begins)}]   终止日期：[{_chinese(period.ends)}]",
    ]


def _line(exchange: Exchange, row: Row) -> str:
    terms, origin = row.trade.terms, row.trade.opened.origin
    amount = to_text_signed(row.minor, terms.currency)
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
        *[_NONE] * 5,
        "",
        *[_NONE] * 2,
        f"{'' if row.refund is None else row.refund.request_no}\t",
        *[_NONE] * 2,
        "" if row.refund is None else _cell(row.refund.reason),
    ]
    return ",".join(fields)


def _cell(text: str) -> str:
    """A text without what would end its cell or line."""
    return "".join(" " if sign in ",\r\n\t" else sign for sign in text)


def to_text_signed(minor: int, currency: str) -> str:
    """Minor units with their sign, ``"-0.04"``."""
    return f"{'-' if minor < 0 else ''}{to_text(abs(minor), currency)}"


def _of(kind: Literal["交易", "退款"], rows: list[Row]) -> list[Row]:
    return [row for row in rows if (row.refund is None) == (kind == "交易")]


def _sum(rows: list[Row]) -> str:
    return to_text_signed(sum(row.minor for row in rows), rows[0].trade.terms.currency if rows else "CNY")


def _total(rows: list[Row], kind: Literal["交易", "退款"], received: str, discount: str) -> str:
    of_kind = _of(kind, rows)
    return f"#{kind}合计：{len(of_kind)}笔，{received}{_sum(of_kind)}元，{discount}{_NONE}元"


def _chinese(at: float) -> str:
    day, _, time = beijing_text(at).partition(" ")
    year, month, number = day.split("-")
    return f"{year}年{month}月{number}日 {time}"
