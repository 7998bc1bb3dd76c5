"""Alipay's side of a payment, for tests, simulated cities and development without an account.

Written from Alipay's public documents and from messages that merchants published, and from nothing of the product: it
shares no code with it, so that an agreement of the two says something. What the documents leave open is listed in
``docs/sandbox.md``, and in the modules beside the choice that was made.
"""
