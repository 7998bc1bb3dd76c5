"""I/O: SQL and Valkey. ``journal`` and ``bus`` are ports. Imports the domain, and ``dispatch.api`` for query rows."""
