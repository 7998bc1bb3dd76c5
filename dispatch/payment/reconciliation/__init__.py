"""Pure. Reads Alipay's daily bill and compares it with the ledger. Imports ``payment.core`` and ``values``."""
