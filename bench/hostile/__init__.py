"""Bench ``hostile``: how hostile clients affect the others. May import the harness and the load bench."""
