"""Bench ``load``: sockets, fixes and requests until the system is saturated. May import the harness."""
