"""Bench ``load``: sockets, fixes and requests until the system saturates. May import the harness."""
