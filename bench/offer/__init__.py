"""Bench ``offer``: request to offer through the whole system. May import the harness."""
