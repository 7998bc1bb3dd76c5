"""How a sandbox is set up."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from sim.alipay_sandbox.faults import Fault
from sim.alipay_sandbox.model.merchants import Merchant

Charset = Literal["request", "utf-8", "gbk"]
"""Which charset Alipay writes in: that of the request, or always the one named."""


class BuyerAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A passenger's account that is there from the start."""

    buyer_id: str
    """16 digits from 2088."""
    logon_id: str = ""
    balance: dict[str, str] = {}
    """Money by currency, ``{"USD": "100.00"}``."""
    blocked: bool = False
    refused_with: str = ""
    """The code that every payment of this buyer is refused with, ``BUYER_BANKCARD_BALANCE_NOT_ENOUGH``."""
    always_asked: bool = False
    """Whether a scanned code of this buyer always waits for the password."""


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A sandbox: who is in it, where it listens, and how it behaves."""

    merchants: tuple[Merchant, ...]
    buyers: tuple[BuyerAccount, ...] = ()
    open_buyers: bool = True
    """Whether any well-formed user id is a buyer, with ``opening_balance`` in whatever currency it first pays."""
    opening_balance: str = "100000"
    """Major units."""
    host: str = "127.0.0.1"
    port: int = 0
    """0 lets the system choose."""
    accounts_file: Path | None = None
    """Where the accounts are kept as lines of JSON; None keeps them in memory alone."""
    answer_charset: Charset = "request"
    notify_charset: Charset = "request"
    retry_time_factor: float = 1.0
    """What Alipay's 4 minutes to 15 hours between repeated notifications are multiplied by."""
    notify_timeout_s: float = 10.0
    """Wall seconds in which a merchant must answer a notification."""
    notify_closed: bool = True
    """Whether a trade that closes unpaid is notified (documents differ by product)."""
    notify_refunds: bool = True
    """Whether refunds and cancels of paid trades are notified."""
    scan_limit: str = "2000"
    """Major units of any currency above which a scanned code is not enough: the trade waits for the password."""
    whole_refunds_only: bool = False
    """Whether a trade is refunded once and as a whole, as in Alipay's own sandbox."""
    refund_window_days: int = 365
    """After so many days a paid trade is finished: no refund any more."""
    bill_hour: int = 9
    """The hour in Beijing from which the bill of the day before is there."""
    public_url: str = ""
    """How browsers reach the sandbox, for the addresses in answers; blank takes the request's own host."""
    default_buyer: str = ""
    """Who a browser is that did not choose; blank lets it choose."""
    faults: tuple[Fault, ...] = ()
    """What goes wrong from the start."""
    seed: int = 1
    """Of the faults that come by chance."""


def read_buyers(content: bytes) -> tuple[BuyerAccount, ...]:
    """A JSON list of buyers. Raises ``ValueError``."""
    return tuple(msgspec.json.decode(content, type=list[BuyerAccount]))
