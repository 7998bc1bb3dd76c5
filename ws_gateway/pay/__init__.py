"""The passenger's page: what the QR code in a car leads to, inside Alipay's app."""
