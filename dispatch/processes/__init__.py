"""I/O. Child processes, heartbeats, background tasks and shutdown. Imports ``dispatch.clock`` only."""
