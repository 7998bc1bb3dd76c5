"""I/O. Child processes, heartbeats and shutdown. Imports ``dispatch.clock`` only."""
