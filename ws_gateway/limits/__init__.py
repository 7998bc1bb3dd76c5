"""Rate limits: per socket, per address, per account."""
