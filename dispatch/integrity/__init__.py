"""Checks the journal's invariants and reports violations (``taxi verify``).

``checks`` is pure; ``scan`` feeds it from a running system's database, ``memory`` from a journal in memory.
"""
