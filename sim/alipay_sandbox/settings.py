"""How a sandbox is set up."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from sim.alipay_sandbox.merchants import Merchant

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
