"""Benches ``backup``, ``cold`` and ``restart``: journal backup, cold start and a killed host."""
