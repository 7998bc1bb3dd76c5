"""Bench ``ingest``: CPU time of a GPS fix. May import the harness."""
