"""Benches ``nearest``, ``assign`` and ``matcher``: the matcher without the rest of the system."""
