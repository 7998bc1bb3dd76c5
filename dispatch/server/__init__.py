"""I/O. Starts, supervises and stops a whole system. Imports everything else in ``dispatch``."""
