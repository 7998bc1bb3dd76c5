"""I/O: the journal on SQL and in memory. ``write_plan`` is pure. Imports the port and the tables."""
