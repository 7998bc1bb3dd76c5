"""Pure. The host of many entities without I/O: decisions, transactions, timers, subscribers. Imports the domain,
``payment.core`` and the store's ports.
"""
