"""Codes that are scanned: a merchant's, which a buyer scans, and a buyer's, which a merchant scans.

A merchant's code is no trade: only the scan opens one. A buyer's code pays at once, unless the amount or the buyer
asks for a password; then the trade waits for the buyer. Where the documents are silent: a refused payment opens no
trade; cancelling an order whose code nobody scanned withdraws the code; a code that is asked for again on the same
terms is the same code while it lives.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from sim.alipay_sandbox.model.exchange import BusinessError, Exchange, check_repeat
from sim.alipay_sandbox.model.trades import BarCodeShown, Origin, QrCodeMade, QrCodeWithdrawn, Terms, Trade, TradeOpened

BAR_CODE_LIFE_S: Final = 60.0
"""How long a buyer's code can be scanned."""


class Placing(msgspec.Struct, frozen=True, kw_only=True):
    """How an order is to be kept."""

    life_s: float
    """How long the trade may wait for its buyer."""
    notify_url: str
    sign_type: str
    charset: str
    origin: Origin


def precreate(exchange: Exchange, terms: Terms, placing: Placing, code_life_s: float) -> QrCodeMade:
    """A code to show to a buyer. Raises :class:`BusinessError`."""
    exchange.expire_due()
    order, now = (terms.partner, terms.out_trade_no), exchange.now()
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
        order_life_s=placing.life_s,
        notify_url=placing.notify_url,
        sign_type=placing.sign_type,
        charset=placing.charset,
        origin=placing.origin,
    )
    exchange.record(made)
    return made


def scan(exchange: Exchange, code: str, buyer_id: str) -> Trade:
    """A buyer scans a merchant's code: the trade opens, or is the one that this buyer opened.

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
    if exchange.state.qr_by_order.get((made.terms.partner, made.terms.out_trade_no)) is not made:
        raise BusinessError("TRADE_HAS_CLOSE")
    now = exchange.now()
    if made.expires_at <= now:
        raise BusinessError("NOW_TIME_AFTER_EXPIRE_TIME_ERROR")
    exchange.check_buyer(buyer_id)
    if buyer_id == made.terms.seller_id:
        raise BusinessError("BUYER_SELLER_EQUAL")
    opened = TradeOpened(
        trade_no=exchange.next_trade_no(made.terms.partner),
        terms=msgspec.structs.replace(made.terms, buyer_id=buyer_id),
        at=now,
        expires_at=now + made.order_life_s,
        notify_url=made.notify_url,
        sign_type=made.sign_type,
        charset=made.charset,
        origin=made.origin,
        qr_code=code,
    )
    exchange.record(opened)
    return exchange.trade(opened.trade_no)


def withdraw(exchange: Exchange, partner: str, out_trade_no: str) -> None:
    """End an order's code, if there is one that nobody scanned."""
    made = exchange.state.qr_by_order.get((partner, out_trade_no))
    if made is not None:
        exchange.record(QrCodeWithdrawn(code=made.code, at=exchange.now()))


def show_bar_code(exchange: Exchange, buyer_id: str) -> BarCodeShown:
    """A buyer's app shows a fresh code of 18 digits from 28. Raises :class:`BusinessError`."""
    exchange.check_buyer(buyer_id)
    digits = int.from_bytes(hashlib.sha256(exchange.new_id().encode()).digest()) % 10**16
    shown = BarCodeShown(code=f"28{digits:016d}", buyer_id=buyer_id, expires_at=exchange.now() + BAR_CODE_LIFE_S)
    exchange.record(shown)
    return shown


def pay_by_code(exchange: Exchange, terms: Terms, bar_code: str, placing: Placing) -> Trade:
    """A merchant scans a buyer's code: the trade is paid, or waits for a password.

    ``terms`` name no buyer. The same order again with the same code gives the trade as it stands; with a fresh code of
    the same buyer it is tried again. Raises :class:`BusinessError`.
    """
    exchange.expire_due()
    known = exchange.state.by_order.get((terms.partner, terms.out_trade_no))
    if known is not None:
        return _paid_again(exchange, known, terms, bar_code)
    shown = _shown(exchange, bar_code)
    exchange.check_buyer(shown.buyer_id)
    terms = msgspec.structs.replace(terms, buyer_id=shown.buyer_id)
    exchange.check_funds(shown.buyer_id, terms)
    now = exchange.now()
    opened = TradeOpened(
        trade_no=exchange.next_trade_no(terms.partner),
        terms=terms,
        at=now,
        expires_at=now + placing.life_s,
        notify_url=placing.notify_url,
        sign_type=placing.sign_type,
        charset=placing.charset,
        origin=placing.origin,
        bar_code=bar_code,
    )
    exchange.record(opened)
    trade = exchange.trade(opened.trade_no)
    if not exchange.asks_password(shown.buyer_id, terms):
        exchange.take(trade, shown.buyer_id)
    return trade


def _paid_again(exchange: Exchange, known: Trade, terms: Terms, bar_code: str) -> Trade:
    terms = msgspec.structs.replace(terms, buyer_id=known.terms.buyer_id)
    if known.opened.bar_code == bar_code and known.terms == terms and known.status != "TRADE_CLOSED":
        return known
    check_repeat(known, terms)
    buyer_id = _shown(exchange, bar_code).buyer_id
    if buyer_id != known.terms.buyer_id:
        raise BusinessError("TRADE_BUYER_NOT_MATCH")
    exchange.check_buyer(buyer_id)
    exchange.check_funds(buyer_id, terms)
    if not exchange.asks_password(buyer_id, terms):
        exchange.take(known, buyer_id, bar_code)
    return known


def _shown(exchange: Exchange, bar_code: str) -> BarCodeShown:
    shown = exchange.state.bar_codes.get(bar_code)
    if shown is None or shown.expires_at <= exchange.now():
        raise BusinessError("PAYMENT_AUTH_CODE_INVALID")
    return shown
