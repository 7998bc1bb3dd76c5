"""Bench ``map``: the live map of the operators' console. May import the harness."""
