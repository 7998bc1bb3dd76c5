"""A bill is read as it was written, or refused."""

import datetime as dt
import io
import zipfile

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.payment.reconciliation.alipay_bill import Bill, BillError, BillRow, read_bill, read_table, unpack
from dispatch.values.money import Money
from tests.dispatch.payment.reconciliation.bill_samples import ACCOUNT, DAY, bill_file, packed, row, table

SOME = [row("T1_1_1", 1235), row("T1_1_1", -235, "T1_1_1_R1"), row("T2_1_1", 100)]
TEXT = table(SOME)


def gbk(text: str) -> bytes:
    return text.encode("gbk")


def test_a_bill() -> None:
    """Account, day and rows come out of the zip; refunds are below zero; tabs are no part of a number."""
    bill = read_bill(bill_file(SOME), "CNY")

    assert (bill.account, bill.begins, bill.day) == (ACCOUNT, DAY, DAY)
    assert [(each.order, each.refund, each.amount.minor, each.kind) for each in bill.rows] == [
        ("T1_1_1", "", 1235, "trade"),
        ("T1_1_1", "T1_1_1_R1", -235, "refund"),
        ("T2_1_1", "", 100, "trade"),
    ]
    assert [each.line for each in bill.rows] == [6, 7, 8]


def test_a_day_without_rides() -> None:
    """A table without rows is a bill."""
    assert read_bill(bill_file([]), "CNY").rows == ()


def test_a_month_is_no_day() -> None:
    """A month's bill says so."""
    bill = read_table(gbk(table([], dt.date(2026, 11, 1), days=30)), "CNY")

    assert (bill.day, bill.ends) == (None, dt.date(2026, 12, 1))


orders = st.text("abcXYZ0123456789_-", min_size=1, max_size=20)
rows = st.builds(
    lambda order, minor, refund: row(order, -minor if refund else minor, refund),
    orders,
    st.integers(0, 10**12),
    st.one_of(st.just(""), orders),
)


@given(st.lists(rows, max_size=20))
def test_what_is_written_is_read(written: list[BillRow]) -> None:
    """Any rows come back as they were, in their order."""
    read = read_bill(bill_file(written), "CNY").rows

    assert [msgspec.structs.replace(each, line=6) for each in read] == written


def test_other_currencies() -> None:
    """The amounts are in the currency that is said, where they can be."""
    (one,) = read_table(gbk(table([row("T1", 1200)])), "JPY").rows

    assert one.amount == Money(12, "JPY")
    with pytest.raises(BillError, match="not an amount in JPY"):
        read_table(gbk(TEXT), "JPY")


def test_a_name_that_was_cut_within_a_character() -> None:
    """Half a character in a text cell spoils neither its neighbours nor the bill."""
    cut = gbk(TEXT).replace(gbk("Taxi 车费"), gbk("Taxi 车费")[:-1], 1)

    assert [each.order for each in read_table(cut, "CNY").rows] == [each.order for each in SOME]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (",12.35,12.35,", ",12.35,12.34,", "counts 2"),
        (",12.35,12.35,", ",12.345,12.35,", "line 6: '12.345' is not an amount"),
        (",12.35,12.35,", ",1E3,12.35,", "is not an amount"),
        (",12.35,12.35,", ",-12.35,12.35,", "交易 of -12.35"),
        ("-2.35,-2.35", "2.35,2.35", "退款 of 2.35"),
        (",交易,", ",转账,", "line 6: 业务类型 '转账'"),
        ("T1_1_1\t,交易", "\t,交易", "names no order"),
        ("Taxi 车费", "a,b", "26 cells"),
        ("商户订单号", "订单", "0 columns 商户订单号"),
        ("退款批次号/请求号", "业务类型", "2 columns 业务类型"),
        ("#交易合计", "#合计", "names its 合计 0 times"),
        ("#账号", "#帐", "names its 账号 0 times"),
        ("2026年11月21日", "2026年13月21日", "first or last day"),
    ],
)
def test_what_is_not_understood(old: str, new: str, named: str) -> None:
    """Nothing is passed over: the error says what is wrong, and where."""
    assert old in TEXT
    with pytest.raises(BillError, match=named):
        read_table(gbk(TEXT.replace(old, new, 1)), "CNY")


@given(st.integers(0, len(gbk(TEXT)) - 200))
def test_a_file_that_was_cut_off(length: int) -> None:
    """It lacks its totals, wherever it ends."""
    with pytest.raises(BillError):
        read_table(gbk(TEXT)[:length], "CNY")


@given(st.binary(max_size=300), st.integers(0, 10_000), st.integers(0, 300))
def test_nothing_else_is_raised(noise: bytes, at: int, cut: int) -> None:
    """Whatever a file holds, it is a bill or a :class:`BillError`."""
    for content, read in ((bill_file(SOME), read_bill), (gbk(TEXT), read_table)):
        place = at % len(content)
        try:
            bill = read(content[:place] + noise + content[place + cut :], "CNY")
        except BillError:
            continue
        assert isinstance(bill, Bill)


def test_a_bomb() -> None:
    """A table that grows without end is not unpacked; what the zip says of its size is not asked."""
    bomb = packed(业务明细=bytes(3_000_000))

    assert len(bomb) < 10_000
    with pytest.raises(BillError, match="longer than 2000000 bytes"):
        unpack(bomb, max_bytes=2_000_000)


def test_zips_that_are_no_bills() -> None:
    """None of the tables, two of them, a crowd of files, a secret one, and no zip at all."""
    details = gbk(TEXT)
    crowd = {f"a{number}": b"" for number in range(20)}
    secret = bytearray(bill_file(SOME))
    for begin, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        secret[secret.index(begin) + flags] |= 1

    for content, named in (
        (packed(), "0 tables"),
        (packed(业务汇总=details), "0 tables"),
        (packed(业务明细=details, 业务明细2=details), "2 tables"),
        (packed(**crowd), "holds 20 files"),
        (bytes(secret), "compressed or encrypted in a way"),
        (b"PK\x05\x06", "cannot be read"),
        (b"<html>", "cannot be read"),
    ):
        with pytest.raises(BillError, match=named):
            unpack(content)


def test_a_strange_compression() -> None:
    """Only what Alipay uses is unpacked."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("业务明细.csv", gbk(TEXT))

    with pytest.raises(BillError, match="compressed or encrypted in a way"):
        unpack(made.getvalue())


def test_names_that_say_they_are_utf_8() -> None:
    """A bill that a person packed again is read too, wherever its name would lead."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("../../业务明细.csv", gbk(TEXT))

    assert unpack(made.getvalue()) == gbk(TEXT)
