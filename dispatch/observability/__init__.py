"""I/O. Logs and metrics of every process. Imports nothing of ours."""
