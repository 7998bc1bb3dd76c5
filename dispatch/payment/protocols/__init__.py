"""Pure. Alipay's and an acquirer's messages: formats, signatures, certificates. Imports ``payment.core``."""
