"""Pure. The day's bill of Alipay, compared with the ledger."""
