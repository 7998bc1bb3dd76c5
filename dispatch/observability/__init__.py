"""I/O: logs and metrics of a process. Imports no other package of this repository."""
