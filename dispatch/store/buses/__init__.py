"""I/O. The bus in Valkey and in memory, and the names of its keys."""
