"""Alipay's side of a payment, for tests, simulated cities and development without an account.

The sandbox is written from Alipay's public documents and published messages of merchants. It imports nothing of the
product, so that each is an independent check of the other. ``docs/sandbox.md`` and the module docstrings list the
choices where the documents are silent.
"""
