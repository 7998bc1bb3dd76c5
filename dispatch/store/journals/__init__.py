"""I/O: the journal on SQL and in memory. ``write_plan`` and ``shards`` are pure. Imports the port and the tables."""
