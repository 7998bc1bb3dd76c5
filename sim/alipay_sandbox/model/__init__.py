"""Alipay's business rules and accounts, without HTTP: merchants, trades, refunds, codes, bills, notifications.

Imports nothing of ``gateways`` or ``http``.
"""
