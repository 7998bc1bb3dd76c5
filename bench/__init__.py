"""Benches: each measures this system against an alternative in the same run.

May import the whole product except the CLI.
"""
