"""I/O. The payment gateways over HTTP. Imports ``payment.core``, ``payment.protocols`` and the settings."""
