"""I/O. Child processes, heartbeats, shutdown. Imports only the clock and ``observability``."""
