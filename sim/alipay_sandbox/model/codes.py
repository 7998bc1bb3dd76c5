"""Payment codes: QR codes of merchants, which buyers scan, and bar codes of buyers, which merchants scan.

Rule 1: a QR code is not a trade; the scan opens the trade. Rule 2: a bar code pays at once, unless the amount or the
buyer requires a password; then the trade waits for the buyer. Choices where the documents are silent: a refused payment
opens no trade; cancelling an order whose QR code was not scanned withdraws the code; a repeated precreate on the same
terms returns the same code until the code expires.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from sim.alipay_sandbox.model.exchange import BusinessError, Exchange, check_repeat
from sim.alipay_sandbox.model.trades import (
    BarCodeShown,
    OrderOptions,
    OrderTerms,
    QrCodeMade,
    QrCodeWithdrawn,
    SandboxTrade,
)

BAR_CODE_LIFE_S: Final = 60.0
"""Lifetime of a buyer's bar code."""


def precreate(exchange: Exchange, terms: OrderTerms, options: OrderOptions, code_life_s: float) -> QrCodeMade:
    """A QR code for an order. Raises :class:`BusinessError`."""
    exchange.expire_due()
    order, now = terms.order_key, exchange.now()
    known = exchange.state.by_order.get(order)
    if known is not None:
        check_repeat(known, terms)
        raise BusinessError("CONTEXT_INCONSISTENT")
    shown = exchange.state.qr_by_order.get(order)
    if shown is not None and shown.expires_at > now:
        if shown.terms != terms:
            raise BusinessError("CONTEXT_INCONSISTENT")
        return shown
    made = QrCodeMade(
        code=f"bax{exchange.new_id()[:21]}",
        terms=terms,
        at=now,
        expires_at=now + code_life_s,
        order_life_s=options.life_s,
        **options.target_fields(),
    )
    exchange.record(made)
    return made


def scan_qr_code(exchange: Exchange, code: str, buyer_id: str) -> SandboxTrade:
    """A buyer scans a QR code: opens the trade, or returns the one that the same buyer opened.

    Raises :class:`BusinessError`.
    """
    exchange.expire_due()
    made = exchange.state.qr_codes.get(code)
    if made is None:
        raise BusinessError("TRADE_NOT_EXIST")
    if code in exchange.state.scanned:
        trade = exchange.trade(exchange.state.scanned[code])
        if trade.payer_id != buyer_id:
            raise BusinessError("TRADE_BUYER_NOT_MATCH")
        return trade
    if exchange.state.qr_by_order.get(made.terms.order_key) is not made:
        raise BusinessError("TRADE_HAS_CLOSE")
    if made.expires_at <= exchange.now():
        raise BusinessError("NOW_TIME_AFTER_EXPIRE_TIME_ERROR")
    exchange.check_buyer(buyer_id)
    if buyer_id == made.terms.seller_id:
        raise BusinessError("BUYER_SELLER_EQUAL")
    options = OrderOptions(life_s=made.order_life_s, **made.target_fields())
    return exchange.open_trade(msgspec.structs.replace(made.terms, buyer_id=buyer_id), options, qr_code=code)


def withdraw_qr_code(exchange: Exchange, partner: str, out_trade_no: str) -> None:
    made = exchange.state.qr_by_order.get((partner, out_trade_no))
    if made is not None:
        exchange.record(QrCodeWithdrawn(code=made.code, at=exchange.now()))


def show_bar_code(exchange: Exchange, buyer_id: str) -> BarCodeShown:
    """A new bar code of a buyer: 18 digits, beginning with 28. Raises :class:`BusinessError`."""
    exchange.check_buyer(buyer_id)
    digits = int.from_bytes(hashlib.sha256(exchange.new_id().encode()).digest()) % 10**16
    shown = BarCodeShown(code=f"28{digits:016d}", buyer_id=buyer_id, expires_at=exchange.now() + BAR_CODE_LIFE_S)
    exchange.record(shown)
    return shown


def pay_by_bar_code(exchange: Exchange, terms: OrderTerms, bar_code: str, options: OrderOptions) -> SandboxTrade:
    """A merchant scans a bar code: the trade is paid, or waits for a password.

    ``terms`` name no buyer. Repeating an order with the same code returns its trade; with a new code of the same buyer
    the payment is tried again. Raises :class:`BusinessError`.
    """
    exchange.expire_due()
    known = exchange.state.by_order.get(terms.order_key)
    if known is not None:
        return _retry_payment(exchange, known, terms, bar_code)
    shown = _valid_bar_code(exchange, bar_code)
    terms = msgspec.structs.replace(terms, buyer_id=shown.buyer_id)
    exchange.check_payer(shown.buyer_id, terms)
    trade = exchange.open_trade(terms, options, bar_code=bar_code)
    if not exchange.needs_password(shown.buyer_id, terms):
        exchange.capture(trade, shown.buyer_id)
    return trade


def _retry_payment(exchange: Exchange, known: SandboxTrade, terms: OrderTerms, bar_code: str) -> SandboxTrade:
    terms = msgspec.structs.replace(terms, buyer_id=known.terms.buyer_id)
    if known.opened.bar_code == bar_code and known.terms == terms and known.status != "TRADE_CLOSED":
        return known
    check_repeat(known, terms)
    buyer_id = _valid_bar_code(exchange, bar_code).buyer_id
    if buyer_id != known.terms.buyer_id:
        raise BusinessError("TRADE_BUYER_NOT_MATCH")
    exchange.check_payer(buyer_id, terms)
    if not exchange.needs_password(buyer_id, terms):
        exchange.capture(known, buyer_id, bar_code)
    return known


def _valid_bar_code(exchange: Exchange, bar_code: str) -> BarCodeShown:
    shown = exchange.state.bar_codes.get(bar_code)
    if shown is None or shown.expires_at <= exchange.now():
        raise BusinessError("PAYMENT_AUTH_CODE_INVALID")
    return shown
