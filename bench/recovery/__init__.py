"""Benches ``backup``, ``cold`` and ``restart``: backup, cold start, a killed host. May import the harness."""
