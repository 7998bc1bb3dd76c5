"""Pure. The protocol of Alipay's mapi gateway: signed forms and XML."""
