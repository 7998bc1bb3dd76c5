"""Bench ``ingest``: processor time of a GPS fix. May import the harness."""
