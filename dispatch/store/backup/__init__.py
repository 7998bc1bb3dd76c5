"""I/O: backup and restore of the journal, in one archive format for both databases. Imports ``dispatch.store``."""
