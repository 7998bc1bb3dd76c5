"""I/O. The journal on SQL and in memory; ``write_plan`` and ``shards`` are pure."""
