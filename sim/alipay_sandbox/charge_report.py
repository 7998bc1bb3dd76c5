"""Captures and refunds per order, from the books: the reference for every test against the sandbox."""

from __future__ import annotations

from typing import Any, Final

from sim.alipay_sandbox.model.books import balanced
from sim.alipay_sandbox.model.exchange import Exchange
from sim.alipay_sandbox.model.trades import SandboxTrade

_COUNTERS: Final = {"capture": ("captures", "captured_minor"), "refund": ("refunds", "refunded_minor")}


def charge_report(exchange: Exchange) -> dict[str, Any]:
    exchange.expire_due()
    balances = exchange.books.balances()
    notifications = exchange.notifications.values()
    return {
        "orders": _orders(exchange),
        "balances": [
            {"account": account, "currency": currency, "minor": minor} for account, currency, minor in balances
        ],
        "balanced": balanced(balances),
        "notices": {
            "made": len(notifications),
            "acknowledged": sum(notification.acknowledged for notification in notifications),
            "given_up": sum(n.next_at is None and not n.acknowledged for n in notifications),
        },
    }


def _orders(exchange: Exchange) -> list[dict[str, Any]]:
    orders = {trade.trade_no: _order(trade) for trade in exchange.trades()}
    for entry in exchange.books.entries():
        if entry.purpose in _COUNTERS:
            count, amount = _COUNTERS[entry.purpose]
            orders[entry.trade_no][count] += 1
            orders[entry.trade_no][amount] += entry.minor
    return list(orders.values())


def _order(trade: SandboxTrade) -> dict[str, Any]:
    terms = trade.terms
    return {
        "partner": terms.partner,
        "out_trade_no": terms.out_trade_no,
        "trade_no": trade.trade_no,
        "status": trade.status,
        "buyer_id": trade.payer_id,
        "currency": terms.currency,
        "total_minor": terms.total_minor,
        "passback": terms.passback,
        "captures": 0,
        "captured_minor": 0,
        "refunds": 0,
        "refunded_minor": 0,
    }
