# ruff: noqa: RUF001 - Chinese has colons, commas and brackets of its own
"""Reads Alipay's daily bill: a zip of tables, of which the detailed one is used.

The layout is that of published samples: GBK, comment lines that begin with ``#``, one header line, cells that may end
in a tab, refunds with a minus sign, and totals at the end: the number and the sum of each kind of row. A file that
disagrees with its own totals is refused, as is anything else that is not understood: a skipped row would be money that
is never reconciled.
"""

import csv
import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

import msgspec

from dispatch.values.money import Money

MAX_TABLE_BYTES: Final = 256 * 1024 * 1024
"""A row has about 300 bytes."""
MAX_MEMBERS: Final = 16
_DETAILS: Final = "业务明细"
_SUMMARY: Final = "汇总"
_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1
_PIECE: Final = 1024 * 1024

TRADE: Final = "支付宝交易号"
ORDER: Final = "商户订单号"
KIND: Final = "业务类型"
FINISHED: Final = "完成时间"
AMOUNT: Final = "订单金额(元)"
RECEIVED: Final = "商家实收(元)"
REFUND: Final = "退款批次号/请求号"
NEEDED: Final = (TRADE, ORDER, KIND, FINISHED, AMOUNT, RECEIVED, REFUND)

BillKind = Literal["trade", "refund"]
KINDS: Final[dict[str, BillKind]] = {"交易": "trade", "退款": "refund"}
_TOTALS: Final[dict[BillKind, re.Pattern[str]]] = {
    "trade": re.compile(r"#交易合计[:：]\s*([0-9]{1,9})笔[,，]\s*商家实收共(-?[0-9.]{1,20})元"),
    "refund": re.compile(r"#退款合计[:：]\s*([0-9]{1,9})笔[,，]\s*商家实收退款共(-?[0-9.]{1,20})元"),
}
_DAY: Final = "([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日"
_PERIOD: Final = re.compile(rf"#起始日期[:：]\[{_DAY}[^\]]*\]\s*终止日期[:：]\[{_DAY}")
_ACCOUNT: Final = re.compile(r"#账号[:：]\[([0-9]{1,32})\]")
_BRACKETS: Final = str.maketrans("（）", "()")
_AMOUNT: Final = re.compile(r"-?\d{1,15}(\.\d{1,2})?", re.ASCII)


class BillError(ValueError):
    """A file cannot be read as a bill; the text says where and why."""


class BillRow(msgspec.Struct, frozen=True, kw_only=True):
    """A payment or a refund; the amounts of a refund are negative."""

    line: int
    """Line of the table, from 1."""
    trade: str
    order: str
    kind: BillKind
    amount: Money
    """Of the order, or of the refunded part."""
    received: Money
    """The merchant's share: less than ``amount`` after a discount of the merchant."""
    finished: str
    """``yyyy-MM-dd HH:mm:ss`` in Beijing."""
    refund: str = ""
    """The refund's number; blank for a payment."""


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """A bill's detailed table. ``ends`` is the day after its last day."""

    account: str
    begins: dt.date
    ends: dt.date
    rows: tuple[BillRow, ...]

    @property
    def day(self) -> dt.date | None:
        """The bill's day; None for a longer period."""
        return self.begins if self.ends - self.begins == dt.timedelta(days=1) else None


def read_bill(content: bytes, currency: str, *, max_bytes: int = MAX_TABLE_BYTES) -> Bill:
    """Read the detailed table of a zip. Amounts are in ``currency`` (a bill names none). Raises :class:`BillError`."""
    return read_table(unpack(content, max_bytes=max_bytes), currency)


def unpack(content: bytes, *, max_bytes: int = MAX_TABLE_BYTES) -> bytes:
    """The bytes of the detailed table, at most ``max_bytes``. Raises :class:`BillError`.

    Names are in GBK even if the zip does not say so, and are never used as paths.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content), metadata_encoding="gbk") as archive:
            return _read(archive, _details_of(archive), max_bytes)
    except (zipfile.BadZipFile, zlib.error, UnicodeError, EOFError, OSError, RuntimeError, ValueError) as error:
        if isinstance(error, BillError):
            raise
        raise BillError(f"the zip cannot be read: {error}") from error


def _details_of(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise BillError(f"the zip holds {len(members)} files, a bill has two")
    found = [each for each in members if _DETAILS in each.filename and _SUMMARY not in each.filename]
    if len(found) != 1:
        raise BillError(f"the zip holds {len(found)} tables of a bill's details ({_DETAILS})")
    return found[0]


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, max_bytes: int) -> bytes:
    """The size that a member claims is not trusted."""
    if member.compress_type not in _PACKED or member.flag_bits & _ENCRYPTED:
        raise BillError("the table is compressed or encrypted in a way that Alipay does not use")
    found = bytearray()
    with archive.open(member) as packed:
        while piece := packed.read(_PIECE):
            found += piece
            if len(found) > max_bytes:
                raise BillError(f"the table is longer than {max_bytes} bytes")
    return bytes(found)


def read_table(content: bytes, currency: str) -> Bill:
    """Raises :class:`BillError`."""
    # A character cut in half is harmless: numbers and amounts are ASCII.
    lines = [line.rstrip("\r") for line in content.decode("gb18030", "replace").split("\n")]
    comments = [line for line in lines if line.startswith("#")]
    rows = tuple(_rows(lines, currency))
    _check_totals(comments, rows, currency)
    begins, ends = _period(comments)
    return Bill(account=_found(_ACCOUNT, comments, "账号")[1], begins=begins, ends=ends, rows=rows)


def _rows(lines: Sequence[str], currency: str) -> Iterator[BillRow]:
    header: list[str] | None = None
    for number, line in enumerate(lines, 1):
        if line.startswith("#") or not line.strip():
            continue
        cells = _cells(line, number)
        if header is None:
            header = [cell.translate(_BRACKETS) for cell in cells]
            _check_header(header)
            continue
        if len(cells) != len(header):
            raise BillError(f"line {number} has {len(cells)} cells, the header {len(header)}")
        yield _row(dict(zip(header, cells, strict=True)), number, currency)
    if header is None:
        raise BillError("the table has no header")


def _cells(line: str, number: int) -> list[str]:
    # Line by line: an unclosed quotation mark must not swallow the rows after it.
    try:
        return [cell.strip() for cell in next(csv.reader([line]))]
    except csv.Error as error:
        raise BillError(f"line {number}: {error}") from error


def _check_header(header: Sequence[str]) -> None:
    for name in NEEDED:
        if header.count(name) != 1:
            raise BillError(f"the header has {header.count(name)} columns {name}")


def _row(cells: dict[str, str], number: int, currency: str) -> BillRow:
    kind = KINDS.get(cells[KIND])
    if kind is None:
        raise BillError(f"line {number}: {KIND} {cells[KIND][:20]!r} is neither a payment nor a refund")
    if not cells[ORDER] or not cells[TRADE]:
        raise BillError(f"line {number} names no order")
    amount = _money(cells[AMOUNT], number, currency)
    if (amount.minor < 0) != (kind == "refund") and amount.minor:
        raise BillError(f"line {number}: {cells[KIND]} of {amount.plain()}")
    return BillRow(
        line=number,
        trade=cells[TRADE],
        order=cells[ORDER],
        kind=kind,
        amount=amount,
        received=_money(cells[RECEIVED], number, currency),
        finished=cells[FINISHED],
        refund=cells[REFUND] if kind == "refund" else "",
    )


def _money(text: str, number: int, currency: str) -> Money:
    try:
        if _AMOUNT.fullmatch(text):
            return Money.parse(text, currency)
    except (ValueError, InvalidOperation):
        pass
    raise BillError(f"line {number}: {text[:20]!r} is not an amount in {currency}")


def _check_totals(comments: Sequence[str], rows: Sequence[BillRow], currency: str) -> None:
    for kind, pattern in _TOTALS.items():
        said = _found(pattern, comments, "合计")
        of_kind = [row.received for row in rows if row.kind == kind]
        in_all = Money(sum(each.minor for each in of_kind), currency)
        if int(said[1]) != len(of_kind) or _decimal(said[2]) != in_all.decimal():
            raise BillError(
                f"the bill counts {said[1]} ({kind}) of {said[2]} in all, its rows {len(of_kind)} of {in_all}"
            )


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _period(comments: Sequence[str]) -> tuple[dt.date, dt.date]:
    numbers = [int(each) for each in _found(_PERIOD, comments, "起始日期").groups()]
    try:
        return dt.date(*numbers[:3]), dt.date(*numbers[3:])
    except (ValueError, OverflowError) as error:
        raise BillError("the bill's first or last day is not a date") from error


def _found(pattern: re.Pattern[str], comments: Sequence[str], what: str) -> re.Match[str]:
    """The only comment that matches; two matches are ambiguous."""
    found = [match for match in map(pattern.match, comments) if match]
    if len(found) != 1:
        raise BillError(f"the bill names its {what} {len(found)} times")
    return found[0]
