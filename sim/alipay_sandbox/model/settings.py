"""Settings of a sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from sim.alipay_sandbox.faults import SandboxFault
from sim.alipay_sandbox.model.merchants import Merchant

Charset = Literal["request", "utf-8", "gbk"]
"""The charset of responses: that of the request, or a fixed one."""


class BuyerAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A passenger's account that exists from the start."""

    buyer_id: str
    """16 digits from 2088."""
    logon_id: str = ""
    balance: dict[str, str] = {}
    """Money by currency, ``{"USD": "100.00"}``."""
    blocked: bool = False
    refused_with: str = ""
    """Error code of every payment of this buyer, for example ``BUYER_BANKCARD_BALANCE_NOT_ENOUGH``."""
    always_asked: bool = False
    """True if every scanned code of this buyer waits for the password."""


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts, address and behaviour of a sandbox."""

    merchants: tuple[Merchant, ...]
    buyers: tuple[BuyerAccount, ...] = ()
    open_buyers: bool = True
    """Every well-formed user id is a buyer, with ``opening_balance`` in each currency that it pays in."""
    opening_balance: str = "100000"
    """Major units."""
    host: str = "127.0.0.1"
    port: int = 0
    """0: the system chooses."""
    accounts_file: Path | None = None
    """Persists the accounts as lines of JSON; None: memory only."""
    answer_charset: Charset = "request"
    notify_charset: Charset = "request"
    retry_time_factor: float = 1.0
    """Multiplies Alipay's 4 minutes to 15 hours between repeated notifications."""
    notify_timeout_s: float = 10.0
    """Timeout of a merchant's reply to a notification, in wall seconds."""
    notify_closed: bool = True
    """Notify trades that close unpaid (documents differ by product)."""
    notify_refunds: bool = True
    """Notify refunds, and cancels of paid trades."""
    scan_limit: str = "2000"
    """Major units of any currency above which a payment by scanned code waits for the password."""
    whole_refunds_only: bool = False
    """Allow one refund per trade, of the whole amount, as in Alipay's own sandbox."""
    refund_window_days: int = 365
    """Days after payment until a trade is finished and can no longer be refunded."""
    bill_hour: int = 9
    """Hour in Beijing from which the bill of the previous day is available."""
    public_url: str = ""
    """Base address of the sandbox for browsers, in responses; blank: the host of the request."""
    default_buyer: str = ""
    """Buyer of a browser that has not chosen one; blank: the browser must choose."""
    faults: tuple[SandboxFault, ...] = ()
    """Faults from the start."""
    seed: int = 1
    """Seed of random faults."""


def read_buyers(content: bytes) -> tuple[BuyerAccount, ...]:
    """A JSON list of buyers. Raises ``ValueError``."""
    return tuple(msgspec.json.decode(content, type=list[BuyerAccount]))
