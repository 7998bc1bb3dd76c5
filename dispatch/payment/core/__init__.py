"""Pure. The payment: state, collection, refunds, ledger, and the port through which it reaches a gateway. Imports the
domain.
"""
