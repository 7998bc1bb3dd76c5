"""I/O: starts, supervises and stops a whole system. Imports all other packages of ``dispatch``."""
