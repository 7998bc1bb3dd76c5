"""Pure. The protocol of Alipay's openapi gateway: signed JSON, keys, encryption."""
