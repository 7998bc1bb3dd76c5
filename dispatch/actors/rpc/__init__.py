"""I/O. Remote calls over sockets between the processes of a system. Imports ``actors.core`` for its messages."""
