"""I/O. Backup and restore of the journal in one archive format for both databases."""
